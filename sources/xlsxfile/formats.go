package xlsxfile

import (
	"regexp"
	"strings"

	"github.com/xuri/excelize/v2"
)

// plainFormats changes the number formats of a workbook in memory, so that each cell reads the same whatever the country
// and the taste of its author: dates and times in the one form that nobody misreads, and other numbers with all digits.
func plainFormats(file *excelize.File) error {
	ids := make(map[string]*int)
	for _, code := range []string{"yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd", "hh:mm:ss"} {
		style, err := file.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			return err
		}
		ids[code] = file.Styles.CellXfs.Xf[style].NumFmtID
	}
	custom := make(map[int]string)
	if file.Styles.NumFmts != nil {
		for _, format := range file.Styles.NumFmts.NumFmt {
			custom[format.NumFmtID] = format.FormatCode
		}
	}
	for i := range file.Styles.CellXfs.Xf {
		xf := &file.Styles.CellXfs.Xf[i]
		if xf.NumFmtID != nil {
			xf.NumFmtID = ids[plainFormat(*xf.NumFmtID, custom)] // nil, which is General, for other numbers
		}
	}
	return nil
}

// plainFormat returns the format that takes the place of another one, "" for numbers that are no times.
func plainFormat(id int, custom map[int]string) string {
	code, isCustom := custom[id]
	if !isCustom {
		code = builtIn(id)
	}
	code = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^hms\]][^\]]*\]`).ReplaceAllString(strings.ToLower(code), "")
	code, _, _ = strings.Cut(code, ";")          // the form of positive numbers
	if code == "standard" || code == "general" { // the names of the format of no format
		return ""
	}
	date, hour := strings.ContainsAny(code, "yd"), strings.ContainsAny(code, "hs")
	switch {
	case date && hour:
		return "yyyy-mm-dd hh:mm:ss"
	case date || strings.Contains(code, "mmm"):
		return "yyyy-mm-dd"
	case hour:
		return "hh:mm:ss"
	}
	return ""
}

// builtIn returns a format with the parts of a built-in one, "" for those that are no times. The ids are those of ECMA-376,
// 18.8.30; 27 to 36 and 50 to 58 are dates in East Asia.
func builtIn(id int) string {
	switch {
	case id == 22:
		return "yyyy-mm-dd hh:mm"
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id >= 50 && id <= 58, id == 36:
		return "yyyy-mm-dd"
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47:
		return "hh:mm"
	}
	return ""
}
