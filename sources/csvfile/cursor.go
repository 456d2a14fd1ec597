package csvfile

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
)

// A cursor is a place between two rows, stored as JSON:
//
//	{"offset":48213,"line":172,"sha256":"9f86d081…"}
type cursor struct {
	Offset int64  `json:"offset"` // bytes before the next row
	Line   int    `json:"line"`   // line of the next row, the first is 1
	SHA256 string `json:"sha256"` // of all bytes before Offset
	// End is the size of the file if that decided what its last row is: the row has no line end, or a quote is still
	// open there. When the file has grown, it may be another row. 0 otherwise.
	End int64 `json:"end,omitempty"`
	// Zone is where times without a zone were taken to be written down, "" if nowhere.
	Zone string `json:"zone,omitempty"`
}

// parseCursor returns the zero cursor for text that no cursor of this package has.
func parseCursor(text string) cursor {
	var c cursor
	if json.Unmarshal([]byte(text), &c) != nil || c.Offset < 0 || c.Line < 1 {
		return cursor{}
	}
	return c
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // which numbers and a string always allow
	return string(text)
}

// cursor returns the place before the next row.
func (l *lines) cursor() cursor {
	return cursor{Offset: l.offset, Line: l.line, SHA256: hex.EncodeToString(l.hash.Sum(nil)), End: l.cut}
}

// seek reads on to c and reports whether c is still valid: it lies ahead in a file of the given size, whose bytes up
// to there are those that c has seen. After false or an error l is of no use any more.
func (l *lines) seek(c cursor, size int64) (bool, error) {
	if c.Offset < l.offset || c.Offset > size || c.End > 0 && size > c.End {
		return false, nil
	}
	if _, err := io.CopyN(l.hash, l.src, c.Offset-l.offset); err != nil {
		return false, fmt.Errorf("read again up to byte %d: %w", c.Offset, err)
	}
	l.offset, l.line, l.cut = c.Offset, c.Line, c.End
	return l.cursor().SHA256 == c.SHA256, nil
}
