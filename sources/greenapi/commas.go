package greenapi

import "io"

// maxHeld is the most white space after a comma that a [commaReader] holds back.
const maxHeld = 4 << 10

// A commaReader reads JSON without the commas that JSON does not allow: before another comma, before a closing bracket, and
// after an opening one. Green-API has written some into long histories (issue #800). All else stays as it is.
type commaReader struct {
	from io.Reader

	inText, escaped bool
	last            byte   // the last byte outside texts, but for white space and commas
	held            []byte // a comma and the white space after it
	ready           []byte
	buffer          [8 << 10]byte
}

func (r *commaReader) Read(p []byte) (int, error) {
	for len(r.ready) == 0 {
		n, err := r.from.Read(r.buffer[:])
		r.take(r.buffer[:n])
		if err != nil && len(r.ready) == 0 {
			return 0, err
		}
	}
	n := copy(p, r.ready)
	r.ready = r.ready[n:]
	return n, nil
}

// take makes the next part ready.
func (r *commaReader) take(part []byte) {
	r.ready = r.ready[:0]
	for _, c := range part {
		switch {
		case r.inText:
			r.inText, r.escaped = r.escaped || c != '"', !r.escaped && c == '\\'
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			if len(r.held) > 0 && len(r.held) < maxHeld {
				r.held = append(r.held, c)
				continue
			}
		case c == ',':
			if r.last != '[' && r.last != '{' {
				r.held = append(r.held[:0], c)
			}
			continue
		default:
			if c != ']' && c != '}' {
				r.ready = append(r.ready, r.held...)
			}
			r.held, r.last, r.inText = r.held[:0], c, c == '"'
		}
		r.ready = append(r.ready, c)
	}
}
