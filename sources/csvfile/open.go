package csvfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// open begins a scan at the cursor or, if the cursor is no longer valid, at the beginning.
func (f *File) open(cursor string) (*scan, error) {
	file, size, err := openRegular(f.Path)
	if broken, ok := errors.AsType[*fs.PathError](err); ok {
		err = broken.Err // without the path, which follows
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	settings, err := f.withPreset()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("--preset: %w", err)
	}
	s := &scan{file: file, name: filepath.Base(f.Path), settings: settings, open: f.Text, noHeaderLine: f.NoHeaderLine, lenient: f.lenient,
		converter: &converter{location: f.Location, country: f.Country, now: now()}}
	if err := s.start(parseCursor(cursor), size); err != nil {
		s.close()
		return nil, fmt.Errorf("%s: %w", f.Path, err)
	}
	return s, nil
}

func openRegular(path string) (file *os.File, size int64, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, err
	}
	if info.IsDir() {
		return nil, 0, errors.New("is a directory: name the CSV file in it")
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("is not a regular file: save it to disk first")
	}
	file, err = os.Open(path)
	return file, info.Size(), err
}

// start reads the header and goes to c. It stays at the first row if c is not valid for the file.
func (s *scan) start(c cursor, size int64) error {
	if err := s.checkText(c.Offset == 0); err != nil {
		return err
	}
	if err := s.readHeader(); err != nil {
		return err
	}
	if c.Offset > 0 && c.Layout == s.layout.String() {
		if resumed, err := s.lines.seek(c, size); err != nil || resumed {
			return err
		}
		if err := s.readHeader(); err != nil {
			return err
		}
	}
	s.fromStart = true
	return nil
}

// checkText refuses files that are no text. The whole file is looked at only before its first reading.
func (s *scan) checkText(isFirst bool) error {
	if s.open != nil {
		return nil
	}
	if err := CheckForm(s.file, "csv"); err != nil || !isFirst || s.settings.Encoding != "" {
		return err
	}
	if mark, err := readMark(s.file); err != nil || isUTF16(mark) {
		return err
	}
	return checkUTF8(s.file)
}

// text returns the text of the file from its beginning.
func (s *scan) text() (*text, error) {
	if s.open == nil {
		return textOf(s.file, s.settings.Encoding)
	}
	s.closeText()
	opened, err := s.open(s.file.Name())
	if err != nil {
		return nil, err
	}
	s.opened = opened
	return &text{Reader: opened, file: &counter{}}, nil
}

// close ends the scan. The file was only read from: no data can be lost.
func (s *scan) close() {
	s.closeText()
	s.file.Close()
}

func (s *scan) closeText() {
	if s.opened != nil {
		s.opened.Close()
		s.opened = nil
	}
}
