package csvfile

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
)

// maxRow bounds a row in bytes, so that a quote that is never closed does not swallow the memory.
const maxRow = 4 << 20

var errRowTooLong = errors.New("row is longer than 4 MiB: is a quote in it never closed?")

var byteOrderMark = []byte("\ufeff")

// lines feeds a csv.Reader, one physical line per Read. Since a csv.Reader uses up each line before it asks for the
// next, lines knows exactly which bytes a row was made of, and can put back all but the first line of a row that
// turned out to be broken: reading goes on there, whatever the open quote has swallowed.
type lines struct {
	src    *bufio.Reader
	hash   hash.Hash // of the bytes before offset
	offset int64     // of the current row in the file
	line   int       // number of the line it begins on
	cut    int64     // what cursor.End is to be

	buf   []byte // the file from offset on, as far as it was read
	space []byte // all of the memory that buf is a part of
	end   int    // buf[:end] is the current row, as far as the csv.Reader asked for it
	fed   int    // buf[:fed] is what the csv.Reader has got
}

func newLines(r io.Reader) *lines {
	l := &lines{src: bufio.NewReaderSize(r, 64<<10), hash: sha256.New(), line: 1}
	if mark, _ := l.src.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) {
		l.buf = append(l.buf, mark...)
		l.src.Discard(len(mark))
		l.commit(len(mark))
	}
	return l
}

// begin starts the next row, past lines that have nothing but commas and spaces. It returns io.EOF if there is none.
func (l *lines) begin() error {
	for {
		l.end, l.fed = 0, 0
		if err := l.fetch(); err != nil {
			return err
		}
		row := l.row()
		if len(bytes.Trim(row, ", \t\r\n")) > 0 {
			return nil
		}
		if row[len(row)-1] != '\n' {
			return io.EOF
		}
		l.commit(len(row))
	}
}

// row returns the lines of the current row. They are valid until the next one begins.
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

// Read gives the next line of the current row, or a part of it.
func (l *lines) Read(p []byte) (int, error) {
	if l.fed == l.end {
		if err := l.fetch(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.buf[l.fed:l.end])
	l.fed += n
	return n, nil
}

// fetch adds a line to the current row: one that was put back, or the next of the file.
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
				l.cut = l.offset + int64(l.end)
			}
			return io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return err
		}
		l.end = len(l.buf)
		return nil
	}
}

// accept ends the current row, all of which was understood.
func (l *lines) accept() {
	l.commit(l.end)
}

// reject ends the current row after its first line.
func (l *lines) reject() error {
	whole := bytes.IndexByte(l.buf, '\n') >= 0
	l.commit(len(l.firstLine()))
	if whole {
		return nil
	}
	for {
		piece, err := l.src.ReadSlice('\n')
		l.buf = append(l.buf, piece...)
		l.commit(len(l.buf))
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF):
			l.cut = l.offset
			return nil
		}
		return err
	}
}

// commit counts the first n bytes of buf as read.
func (l *lines) commit(n int) {
	l.hash.Write(l.buf[:n])
	l.offset += int64(n)
	l.line += bytes.Count(l.buf[:n], []byte{'\n'})
	l.buf = l.buf[n:]
	if len(l.buf) == 0 {
		l.buf = l.space[:0]
	}
}
