package greenapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// A list reads an answer that is an array, one element at a time, and holds no more of it than one element.
type list struct {
	answer  *answer
	input   *bounded
	decoder *json.Decoder // nil until the array has begun
	err     error         // why reading ended; io.EOF: at the end of the array
}

func (a *answer) list() *list { return &list{answer: a} }

// all yields the elements as they stand in the answer, and the error that ends it too soon. It can be ranged over
// once; another time goes on where the first stopped.
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
	if l.err == nil && l.decoder == nil {
		l.err = l.begin()
	}
	if l.err != nil {
		return nil, l.err
	}
	l.input.limit = l.decoder.InputOffset() + maxValue + 1<<10 // what stands between two elements is short
	if !l.decoder.More() {
		l.err = l.end()
		return nil, l.err
	}
	var element json.RawMessage // a new one: the last belongs to who got it
	err := l.decoder.Decode(&element)
	if err == nil && len(element) > maxValue {
		element, err = nil, errTooLong
	}
	if err != nil {
		l.err = l.problem(err)
		return nil, l.err
	}
	return element, nil
}

// begin reads the bracket. A null is an array without elements.
func (l *list) begin() error {
	buffered := bufio.NewReaderSize(l.answer.body, maxProblem)
	first, err := firstByte(buffered)
	if err == nil && first == '[' {
		l.input = &bounded{input: buffered, limit: maxValue}
		l.decoder = json.NewDecoder(l.input)
		_, err = l.decoder.Token()
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
		if first != ' ' && first != '\t' && first != '\r' && first != '\n' {
			return first, input.UnreadByte()
		}
	}
}

// end reads the closing bracket and makes sure that nothing but white space follows. A connection that breaks behind
// it has given all there is.
func (l *list) end() error {
	if _, err := l.decoder.Token(); err != nil {
		return l.problem(err)
	}
	_, err := l.decoder.Token()
	if _, wrong := errors.AsType[*json.SyntaxError](err); err == nil || wrong {
		return l.answer.noJSON([]byte("["))
	}
	return io.EOF
}

// problem returns the error that err of the decoder stands for.
func (l *list) problem(err error) error {
	if errors.Is(err, errTooLong) {
		return l.answer.misshapen("an entry of it is longer than 16 MB")
	}
	if _, wrong := errors.AsType[*json.SyntaxError](err); wrong {
		return l.answer.noJSON([]byte("["))
	}
	return l.answer.broken(err)
}

// bounded is a reader that fails beyond a limit, which moves on with the elements.
type bounded struct {
	input       io.Reader
	read, limit int64
}

var errTooLong = errors.New("an element is too long")

func (b *bounded) Read(p []byte) (int, error) {
	if b.read >= b.limit {
		return 0, errTooLong
	}
	n, err := b.input.Read(p[:min(int64(len(p)), b.limit-b.read)])
	b.read += int64(n)
	return n, err
}
