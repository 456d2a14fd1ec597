package greenapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"slices"
)

// A list reads an answer that is an array, one element at a time, and holds no more of it than one element. It finds
// where an element ends by itself, and does not look inside: one that is not valid JSON, or nested too deep for the
// decoder, leaves the others as they are.
type list struct {
	answer  *answer
	input   *bufio.Reader // nil until the array has begun
	element []byte        // the one that is being read, as far as it is kept
	behind  bool          // an element has been read
	err     error         // why reading ended; io.EOF: at the end of the array
}

// maxCut is how much is kept of an element that is longer than maxValue, in bytes.
const maxCut = 4 << 10

func (a *answer) list() *list { return &list{answer: a} }

// all yields the elements as they stand in the answer but for the token, and the error that ends it too soon. One that is
// longer than maxValue is cut. It can be ranged over once; another time goes on where the first stopped.
func (l *list) all(yield func(json.RawMessage, error) bool) {
	for {
		element, err := l.next()
		if err == io.EOF {
			return
		}
		if !yield(element, err) || err != nil {
			return
		}
	}
}

// broken returns why the array could not be read to its end; nil if it was, or was not read so far.
func (l *list) broken() error {
	if l.err == io.EOF {
		return nil
	}
	return l.err
}

func (l *list) next() (json.RawMessage, error) {
	if l.err == nil && l.input == nil {
		l.err = l.begin()
	}
	if l.err == nil {
		l.err = l.toElement()
	}
	if l.err == nil {
		l.err = l.readElement()
	}
	if l.err != nil {
		return nil, l.err
	}
	if len(l.element) > maxValue {
		cut := l.answer.client.scrubber().ReplaceSecrets(l.element[:2*maxCut]) // before it is cut, which may divide it
		return slices.Clone(cut[:min(len(cut), maxCut)]), nil
	}
	return slices.Clone(l.answer.client.scrubber().ReplaceSecrets(l.element)), nil // a new one: the last belongs to who got it
}

// begin reads the bracket. A null is an array without elements.
func (l *list) begin() error {
	buffered := bufio.NewReaderSize(l.answer.body, maxProblem)
	first, err := firstByte(buffered)
	if err == nil && first == '[' {
		l.input = buffered
		_, err = buffered.Discard(1)
		return err
	}
	if err != nil && err != io.EOF {
		return l.answer.broken(err)
	}
	body, err := io.ReadAll(io.LimitReader(buffered, maxProblem))
	switch {
	case err != nil:
		return l.answer.broken(err)
	case string(bytes.TrimSpace(body)) == "null":
		return io.EOF
	case !json.Valid(body):
		return l.answer.noJSON(body)
	}
	return l.answer.misshapen(tellKind(body, l.answer.client.words(body)))
}

// firstByte returns the first byte that is no white space, and leaves it to be read.
func firstByte(input *bufio.Reader) (byte, error) {
	for {
		first, err := input.ReadByte()
		if err != nil {
			return 0, err
		}
		if !isSpace(first) {
			return first, input.UnreadByte()
		}
	}
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }

// toElement reads up to the next element, or to the end of the array.
func (l *list) toElement() error {
	first, err := firstByte(l.input)
	if err == nil && first == ']' {
		return l.end()
	}
	if err == nil && l.behind {
		if first != ',' {
			return l.notJSON()
		}
		_, _ = l.input.Discard(1) // it is in the buffer
		first, err = firstByte(l.input)
	}
	switch {
	case err != nil:
		return l.answer.broken(err)
	case first == ',' || first == ']' || first == '}':
		return l.notJSON()
	}
	l.behind = true
	return nil
}

// readElement reads an element: an object, a list or a text up to where it closes, anything else up to what cannot
// belong to it.
func (l *list) readElement() error {
	l.element = l.element[:0]
	depth, inText, escaped := 0, false, false
	for {
		b, err := l.input.ReadByte()
		if err != nil {
			return l.answer.broken(err)
		}
		if depth == 0 && !inText && (b == ',' || b == ']' || b == '}' || isSpace(b)) {
			return l.input.UnreadByte()
		}
		if len(l.element) <= maxValue {
			l.element = append(l.element, b)
		}
		switch {
		case escaped:
			escaped = false
		case inText:
			escaped = b == '\\'
			inText = b != '"'
		case b == '"':
			inText = true
		case b == '{' || b == '[':
			depth++
		case b == '}' || b == ']':
			depth--
		default:
			continue
		}
		if depth == 0 && !inText {
			return nil
		}
	}
}

// end reads the closing bracket and makes sure that nothing but white space follows. A connection that breaks behind
// it has given all there is.
func (l *list) end() error {
	_, _ = l.input.Discard(1) // it is in the buffer
	if _, err := firstByte(l.input); err == nil {
		return l.notJSON()
	}
	return io.EOF
}

// notJSON returns the error for an array whose elements do not stand as they must.
func (l *list) notJSON() error { return l.answer.noJSON([]byte("[")) }
