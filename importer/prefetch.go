package importer

import (
	"context"
	"iter"
)

// prefetch yields what seq yields, and runs seq one element ahead in a goroutine of its own: reading and storing
// then take place at the same time. The goroutine has ended when the loop over prefetch has.
func prefetch[T any](ctx context.Context, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	type pair struct {
		value T
		err   error
	}
	return func(yield func(T, error) bool) {
		outer := ctx
		ctx, stop := context.WithCancel(ctx)
		pairs := make(chan pair)
		defer func() {
			stop()
			for range pairs {
			}
		}()
		go func() {
			defer close(pairs)
			for value, err := range seq {
				select {
				case pairs <- pair{value, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		for p := range pairs {
			if !yield(p.value, p.err) {
				return
			}
		}
		if err := context.Cause(outer); err != nil { // seq may have been cut off without a word
			var none T
			yield(none, err)
		}
	}
}
