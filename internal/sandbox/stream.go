package sandbox

import (
	"context"
	"errors"
	"io"
	"iter"
)

// A stream is a body that is made piece by piece while it is sent. An error breaks the connection there. Pieces are not
// changed after they were yielded.
type stream iter.Seq2[[]byte, error]

// pieces returns the body as a stream, whichever it is.
func (a answer) pieces() stream {
	if a.stream != nil {
		return a.stream
	}
	return func(yield func([]byte, error) bool) {
		if len(a.body) > 0 {
			yield(a.body, nil)
		}
	}
}

// cutShort returns the stream up to the middle of its last piece that is more than one byte, such as the last entry of
// an array. What follows is broken, or the end if that is nil.
func (s stream) cutShort(broken error) stream {
	return func(yield func([]byte, error) bool) {
		var held [][]byte // the last long piece and what followed it
		for piece, err := range s {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(piece) > 1 && !yieldAll(held, yield) {
				return
			}
			if len(piece) > 1 {
				held = held[:0]
			}
			held = append(held, piece)
		}
		if len(held) > 0 && !yield(held[0][:(len(held[0])+1)/2], nil) {
			return
		}
		if broken != nil {
			yield(nil, broken)
		}
	}
}

func yieldAll(pieces [][]byte, yield func([]byte, error) bool) bool {
	for _, p := range pieces {
		if !yield(p, nil) {
			return false
		}
	}
	return true
}

var errClosed = errors.New("sandbox: read of a closed body")

// A body reads a stream in the goroutine of its reader. As over a network, nothing can be read once the request's
// context has ended.
type body struct {
	ctx    context.Context
	pieces stream
	done   func()

	next func() ([]byte, error, bool) // nil until something is read
	stop func()
	rest []byte
	err  error // why nothing follows rest
}

func (b *body) Read(p []byte) (n int, err error) {
	if b.ctx.Err() != nil {
		return 0, context.Cause(b.ctx)
	}
	for n < len(p) && b.fill() {
		copied := copy(p[n:], b.rest)
		b.rest = b.rest[copied:]
		n += copied
	}
	if n == 0 && len(p) > 0 {
		return 0, b.err
	}
	return n, nil
}

// fill reports whether there is something in rest, after it has taken the next piece if there was nothing.
func (b *body) fill() bool {
	if b.next == nil && b.err == nil {
		b.next, b.stop = iter.Pull2(iter.Seq2[[]byte, error](b.pieces))
	}
	for len(b.rest) == 0 && b.err == nil {
		piece, err, ok := b.next()
		switch {
		case !ok:
			b.end(io.EOF)
		case err != nil:
			b.end(err)
		}
		b.rest = piece
	}
	return len(b.rest) > 0
}

func (b *body) end(why error) {
	b.err = why
	if b.stop != nil {
		b.stop()
	}
	b.done()
}

func (b *body) Close() error {
	b.rest = nil
	b.end(errClosed)
	return nil
}
