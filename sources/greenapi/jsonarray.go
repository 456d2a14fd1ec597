package greenapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// A jsonArray reads an answer that is an array. It holds a single element in memory.
type jsonArray struct {
	answer    *answer
	body      *bufio.Reader
	decoder   *json.Decoder
	commas    *commaReader
	read      int64 // bytes that the decoder got
	readError error // why the decoder got no more; io.EOF: the answer has ended
	err       error // why the array was not read to its end
}

var errLongElement = errors.New("it has an element of more than 16 MB")

func (a *answer) array() *jsonArray {
	return &jsonArray{answer: a, body: bufio.NewReaderSize(a.body, maxErrorBody)}
}

// all yields the elements as they stand in the answer, but without the token. It yields an error at the end if the answer
// breaks off, is not a valid array, or has an element of more than maxValue bytes. A null is an empty array.
func (l *jsonArray) all(yield func(json.RawMessage, error) bool) {
	if l.err = l.begin(); l.err == io.EOF {
		l.err = nil
		return
	}
	for l.err == nil && l.decoder.More() {
		var element json.RawMessage
		if l.decoder.Decode(&element) != nil {
			l.err = l.failure()
		} else if !yield(l.answer.client.scrubber().ReplaceSecrets(element), nil) {
			return
		}
	}
	if l.err == nil {
		l.err = l.end()
	}
	if l.err != nil {
		yield(nil, l.err)
	}
}

// begin reads the opening bracket. It returns io.EOF for null.
func (l *jsonArray) begin() error {
	first, err := l.firstByte()
	if err == nil && first == '[' {
		l.decoder, l.commas = json.NewDecoder(l), &commaReader{from: l.body}
		_, err := l.decoder.Token()
		return err
	}
	if err != nil && err != io.EOF {
		return l.answer.broken(err)
	}
	body, err := io.ReadAll(io.LimitReader(l.body, maxErrorBody))
	switch {
	case err != nil:
		return l.answer.broken(err)
	case string(bytes.TrimSpace(body)) == "null":
		return io.EOF
	case !json.Valid(body):
		return l.answer.notJSON(body)
	}
	return l.answer.unexpectedShape(l.answer.kind(body))
}

// firstByte returns the first byte that is not white space, and leaves it in the body.
func (l *jsonArray) firstByte() (byte, error) {
	for {
		first, err := l.body.ReadByte()
		if err != nil {
			return 0, err
		}
		if first != ' ' && first != '\t' && first != '\r' && first != '\n' {
			return first, l.body.UnreadByte()
		}
	}
}

// end reads the closing bracket and checks that nothing but white space follows. A connection that breaks after the
// bracket does no harm.
func (l *jsonArray) end() error {
	if token, err := l.decoder.Token(); err != nil || token != json.Delim(']') {
		return l.failure()
	}
	if _, err := l.decoder.Token(); err != nil && err == l.readError {
		return nil
	}
	return l.answer.notJSON([]byte("["))
}

// failure returns why the decoder has failed.
func (l *jsonArray) failure() error {
	switch l.readError {
	case nil:
		return l.answer.notJSON([]byte("["))
	case errLongElement:
		return l.answer.unexpectedShape(errLongElement.Error())
	}
	return l.answer.broken(l.readError)
}

// Read passes the answer on to the decoder, until an element is longer than maxValue.
func (l *jsonArray) Read(p []byte) (n int, err error) {
	if l.read-l.decoder.InputOffset() > maxValue {
		l.readError = errLongElement
		return 0, l.readError
	}
	n, l.readError = l.commas.Read(p)
	l.read += int64(n)
	return n, l.readError
}
