package xlsxfile

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// A timeKind is how a cell shows a time. The number format of such a cell becomes the kind between marks and the number of
// days, because excelize needs some 50 µs to write a time.
type timeKind string

const (
	dayAndHour timeKind = "dh"
	dayAlone   timeKind = "d" // but for an hour that it has nevertheless
	hourAlone  timeKind = "h"
)

const mark = "\x01" // cannot be in a cell

// plainFormats changes the number formats of a workbook in memory, so that each cell reads the same whatever the country
// and the taste of its author: dates and times as [text.time] reads them, and other numbers with all digits.
func plainFormats(file *excelize.File) error {
	none := 1 << 30 // has no format, so numbers keep all digits: General shows a phone of 13 digits as 5.51199E+12
	ids := map[timeKind]*int{"": &none}
	for _, kind := range []timeKind{dayAndHour, dayAlone, hourAlone} {
		code := `"` + mark + string(kind) + mark + `"0.0000000000`
		style, err := file.NewStyle(&excelize.Style{CustomNumFmt: &code})
		if err != nil {
			return err
		}
		ids[kind] = file.Styles.CellXfs.Xf[style].NumFmtID
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
			xf.NumFmtID = ids[plainFormat(*xf.NumFmtID, custom)]
		}
	}
	return nil
}

// time returns a cell that is a time as 2023-04-11 10:00:00, or the part of it that the cell has, and any other cell as it is.
func (t *text) time(cell string) string {
	rest, isTime := strings.CutPrefix(cell, mark)
	if !isTime {
		return cell
	}
	kind, number, _ := strings.Cut(rest, mark)
	days, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return number
	}
	seconds := int(math.Round(days * 24 * 60 * 60))
	at := t.epoch.Add(time.Duration(seconds) * time.Second)
	const day = 24 * 60 * 60
	switch hasHour := seconds%day != 0; {
	case timeKind(kind) == hourAlone || seconds < day:
		return at.Format(time.TimeOnly)
	case timeKind(kind) == dayAlone && !hasHour:
		return at.Format(time.DateOnly)
	}
	return at.Format(time.DateTime)
}

// epoch returns the day with the number 0 in a workbook. Excel for the Mac counted from another day.
func epoch(file *excelize.File) (time.Time, error) {
	properties, err := file.GetWorkbookProps()
	if properties.Date1904 != nil && *properties.Date1904 {
		return time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC), err
	}
	return time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC), err
}

// plainFormat returns the kind of time that a format shows, "" for numbers that are no times.
func plainFormat(id int, custom map[int]string) timeKind {
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
		return dayAndHour
	case date || strings.Contains(code, "mmm"):
		return dayAlone
	case hour:
		return hourAlone
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
