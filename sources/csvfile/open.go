package csvfile

import (
	"errors"
	"fmt"
	"io"
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
	s := &scan{file: file, name: filepath.Base(f.Path), settings: f.Settings, lenient: f.lenient, converter: &converter{location: f.Location, now: now()}}
	if err := s.start(parseCursor(cursor), size); err != nil {
		file.Close()
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
	if err := refuseBinary(s.file); err != nil {
		return err
	}
	if c.Offset == 0 && s.settings.Encoding == "" {
		if err := checkUTF8(s.file); err != nil {
			return err
		}
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

// refuseBinary returns an error for workbooks.
func refuseBinary(file io.ReadSeeker) error {
	start, err := readMark(file)
	if err != nil {
		return err
	}
	for _, format := range []struct{ magic, name string }{
		{"PK\x03\x04", "is an Excel workbook (or another zip archive)"},
		{"\xd0\xcf\x11\xe0", "is an old Excel workbook"},
	} {
		if start == format.magic {
			return fmt.Errorf(`%s, not a CSV file: save it as "CSV UTF-8"`, format.name)
		}
	}
	return nil
}
