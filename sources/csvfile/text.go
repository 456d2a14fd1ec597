package csvfile

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// A text is a file as UTF-8.
type text struct {
	io.Reader
	file     *counter
	encoding string // its name, for people
	// legacy is the encoding of a file whose bytes may stand for no character; "" for UTF-8 and UTF-16.
	legacy string
}

// A counter counts the bytes of a file that were read.
type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// textOf returns the text of a file from its beginning. A byte order mark comes before the name of an encoding, because
// it cannot be wrong; without both the file is UTF-8.
func textOf(file io.ReadSeeker, name string) (*text, error) {
	mark, err := readMark(file)
	if err != nil {
		return nil, err
	}
	t := &text{file: &counter{Reader: file}, encoding: "UTF-8"}
	switch {
	case isUTF16(mark):
		t.encoding = "UTF-16"
		t.Reader = transform.NewReader(t.file, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	case name == "" || strings.HasPrefix(mark, "\ufeff"):
		t.Reader = t.file
	default:
		err = t.decode(name)
	}
	return t, err
}

// isUTF16 reports whether a file that begins so is UTF-16, by its byte order mark.
func isUTF16(start string) bool {
	return strings.HasPrefix(start, "\xff\xfe") || strings.HasPrefix(start, "\xfe\xff")
}

// readMark returns the first four bytes of a file, fewer if it has no more, and goes back to its beginning.
func readMark(file io.ReadSeeker) (string, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	mark := make([]byte, 4)
	n, err := io.ReadFull(file, mark)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	_, err = file.Seek(0, io.SeekStart)
	return string(mark[:n]), err
}

func (t *text) decode(name string) error {
	encoding, canonical, err := encodingNamed(name)
	if err != nil {
		return err
	}
	switch t.encoding = canonical; canonical {
	case "utf-8":
		t.Reader = t.file
		return nil
	case "utf-16le", "utf-16be":
	default:
		t.legacy = canonical
	}
	t.Reader = transform.NewReader(t.file, encoding.NewDecoder())
	return nil
}

// encodingNamed returns the encoding that a web page would name so, and the name that the standard prefers.
func encodingNamed(name string) (encoding.Encoding, string, error) {
	found, err := htmlindex.Get(name)
	if err != nil {
		return nil, "", fmt.Errorf("there is no encoding %q; want a name such as windows-1251, windows-1252 or utf-16le", name)
	}
	canonical, err := htmlindex.Name(found)
	return found, canonical, err
}

// CheckEncoding returns an error if there is no encoding of that name.
func CheckEncoding(name string) error {
	_, _, err := encodingNamed(name)
	return err
}
