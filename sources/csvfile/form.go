package csvfile

import (
	"bytes"
	"errors"
	"io"
)

// CheckForm returns an error if a file is of another form than "csv", "xlsx" or "jsonl", whichever is wanted, by its first bytes.
// The error says what the file is, and how to load it. CheckForm goes back to the beginning of the file.
func CheckForm(file io.ReadSeeker, want string) error {
	start := make([]byte, 64)
	n, err := io.ReadFull(file, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	start = bytes.TrimSpace(bytes.TrimPrefix(start[:n], []byte("\ufeff")))
	begins := func(with string) bool {
		return len(start) >= len(with) && bytes.EqualFold(start[:len(with)], []byte(with))
	}
	form, reason := "csv", "is text, and no workbook: load it with --csv"
	switch {
	case begins("PK\x03\x04"):
		form, reason = "xlsx", "is an Excel workbook (or another zip archive): load it with --xlsx"
	case begins("\xd0\xcf\x11\xe0"):
		form, reason = "", "is an old Excel workbook, or has a password: save it as .xlsx without one, and load it with --xlsx"
	case begins("<html"), begins("<!doctype"), begins("<table"), begins("<?xml"):
		form, reason = "", "is a web page (or XML), whatever its name: open it in Excel, save it as .xlsx, and load it with --xlsx"
	case begins(`{"`), begins("{}"), begins("[{"), begins("[\n"), begins("[\r\n"):
		form, reason = "jsonl", "holds JSON: load it with --jsonl"
	case want == "jsonl": // a broken line may be the first
		return nil
	}
	if form == want {
		return nil
	}
	return errors.New(reason)
}
