package csvfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// maxRow is the largest size of a row in bytes. It bounds the memory that a quote needs that is never closed.
const maxRow = 4 << 20

var errRowTooLong = errors.New("row is longer than 4 MiB: is a quote in it never closed?")

// A file may begin with byte order marks, also with several: programs that join files leave those. The second is a mark
// that a program has taken for three letters.
var byteOrderMarks = []string{"\ufeff", "ï»¿", "\ufeff"}

// lines feeds a csv.Reader, one physical line per Read. A csv.Reader uses up each line before it asks for the next, so
// lines knows exactly which bytes belong to a row. If a row turns out to be broken, lines puts back all its lines but
// the first. Reading goes on there, whatever an open quote has swallowed.
type lines struct {
	src    *bufio.Reader
	file   *counter  // the file behind src
	hash   hash.Hash // of the bytes before offset
	offset int64     // of the current row in the text
	line   int       // number of the line on which the current row begins
	atEnd  int64     // size of the file, if the last row ended only because the file did; see cursor.End

	buf   []byte // the file from offset on, as far as it was read
	space []byte // the whole memory of which buf is a part
	end   int    // buf[:end] is the current row, as far as the csv.Reader asked for it
	fed   int    // buf[:fed] has been given to the csv.Reader

	delimiter byte // of columns

	instead []byte // bytes to give to the csv.Reader next, in place of those of the file
}

func newLines(t *text) *lines {
	l := &lines{src: bufio.NewReaderSize(t, 64<<10), file: t.file, hash: sha256.New(), line: 1, delimiter: ','}
	for _, mark := range byteOrderMarks {
		for l.skip(mark) {
		}
	}
	return l
}

// skip passes over mark if it comes next.
func (l *lines) skip(mark string) bool {
	next, _ := l.src.Peek(len(mark))
	if string(next) != mark {
		return false
	}
	l.buf = append(l.buf, next...)
	l.src.Discard(len(mark))
	l.commit(len(mark))
	return true
}

// begin starts the next row. It passes over lines that hold only delimiters and spaces. It returns io.EOF if there is no
// other row.
func (l *lines) begin() error {
	blanks := string(rune(l.delimiter)) + " \t\r\n"
	for {
		l.end, l.fed, l.instead = 0, 0, nil
		if err := l.fetch(); err != nil {
			return err
		}
		row := l.row()
		if len(bytes.Trim(row, blanks)) > 0 {
			return nil
		}
		if row[len(row)-1] != '\n' {
			return io.EOF
		}
		l.commit(len(row))
	}
}

// row returns the lines of the current row. They are valid until the next row begins.
func (l *lines) row() []byte {
	return l.buf[:l.end]
}

// firstLine returns the first line of the current row.
func (l *lines) firstLine() []byte {
	if i := bytes.IndexByte(l.buf, '\n'); i >= 0 {
		return l.buf[:i+1]
	}
	return l.buf
}

// Read returns the next line of the current row, or a part of it. Before its line end it leaves out all carriage returns:
// some programs write two of them, and a csv.Reader passes over only one.
func (l *lines) Read(p []byte) (int, error) {
	if len(l.instead) > 0 {
		n := copy(p, l.instead)
		l.instead = l.instead[n:]
		return n, nil
	}
	if l.fed == l.end {
		if err := l.fetch(); err != nil {
			return 0, err
		}
	}
	line := l.buf[l.fed:l.end]
	text := bytes.TrimRight(line, "\r\n")
	n := copy(p, text)
	if n < len(text) || n == len(p) {
		l.fed += n
		return n, nil
	}
	if line[len(line)-1] == '\n' {
		p[n] = '\n'
		n++
	}
	l.fed = l.end
	return n, nil
}

// retry gives the csv.Reader text in place of the current row, which is the first n bytes.
func (l *lines) retry(n int, text []byte) {
	l.end, l.fed, l.instead = n, n, text
}

// fetch adds a line to the current row: a line that was put back, or the next line of the file.
func (l *lines) fetch() error {
	if i := bytes.IndexByte(l.buf[l.end:], '\n'); i >= 0 {
		l.end += i + 1
		return nil
	}
	for {
		piece, err := l.src.ReadSlice('\n')
		l.buf = append(l.buf, piece...)
		if cap(l.buf) > cap(l.space) {
			l.space = l.buf
		}
		switch {
		case len(l.buf) > maxRow:
			return errRowTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && l.end == len(l.buf):
			if l.end > 0 {
				l.atEnd = l.file.n
			}
			return io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		l.end = len(l.buf)
		return nil
	}
}

// accept ends the current row after all its lines.
func (l *lines) accept() {
	l.commit(l.end)
}

// reject ends the current row after its first line, however long this line is.
func (l *lines) reject() error {
	line := l.firstLine()
	whole := bytes.HasSuffix(line, []byte{'\n'})
	l.commit(len(line))
	for !whole {
		piece, err := l.src.ReadSlice('\n')
		l.buf = append(l.buf, piece...)
		l.commit(len(l.buf))
		switch {
		case errors.Is(err, io.EOF):
			l.atEnd = l.file.n
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
		whole = err == nil
	}
	return nil
}

// commit takes the first n bytes of buf off and counts them.
func (l *lines) commit(n int) {
	l.hash.Write(l.buf[:n])
	l.offset += int64(n)
	l.line += bytes.Count(l.buf[:n], []byte{'\n'})
	l.buf = l.buf[n:]
	if len(l.buf) == 0 {
		l.buf = l.space[:0]
	}
}

// A cursor is a place between two rows, stored as JSON:
//
//	{"offset":48213,"line":172,"layout":";","sha256":"9f86d081…"}
type cursor struct {
	Offset int64  `json:"offset"` // number of bytes of UTF-8 before the next row
	Line   int    `json:"line"`   // line number of the next row; the first line is 1
	Layout string `json:"layout"` // see [layout.String]
	SHA256 string `json:"sha256"` // of all bytes before Offset
	// End is the size of the file if the last row ended only because the file did: it has no line end, or a quote in
	// it is still open. When the file has grown, that row may be another. End is 0 otherwise.
	End int64 `json:"end,omitempty"`
}

// parseCursor returns the zero cursor if text is not a cursor of this package.
func parseCursor(text string) cursor {
	var c cursor
	if json.Unmarshal([]byte(text), &c) != nil || c.Offset < 0 || c.Line < 1 {
		return cursor{}
	}
	return c
}

func (c cursor) String() string {
	text, _ := json.Marshal(c) // numbers and strings never fail
	return string(text)
}

// cursor returns the place before the next row.
func (l *lines) cursor() cursor {
	return cursor{Offset: l.offset, Line: l.line, SHA256: hex.EncodeToString(l.hash.Sum(nil)), End: l.atEnd}
}

// seek reads on to c and reports whether c is still valid: the file, which has the given size, begins with the text
// that c stands for. After false or an error, l must not be used any more.
func (l *lines) seek(c cursor, size int64) (bool, error) {
	if c.Offset < l.offset || c.End > 0 && size > c.End {
		return false, nil
	}
	_, err := io.CopyN(l.hash, l.src, c.Offset-l.offset)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read again up to byte %d: %w", c.Offset, err)
	}
	l.offset, l.line, l.atEnd = c.Offset, c.Line, c.End
	return l.cursor().SHA256 == c.SHA256, nil
}
