package greenapi

import (
	"context"
	"iter"
)

// maxAhead is how many chats are asked for at a time, so that the pace is held also if an answer takes long.
const maxAhead = 4

// ahead yields what is read of each chat, in order, and reads some ahead. When the loop ends, so has all that it began.
func (r *reading) ahead(ctx context.Context) iter.Seq[chatHistory] {
	return func(yield func(chatHistory) bool) {
		ctx, cancel := context.WithCancel(ctx)
		answers := make([]chan chatHistory, len(r.left))
		next, i := 0, 0
		defer func() {
			cancel()
			for ; i < next; i++ {
				if read := <-answers[i]; read.history != nil {
					read.history.close()
				}
			}
		}()
		for i < len(r.left) {
			for ; next < min(i+maxAhead, len(r.left)); next++ {
				answer := make(chan chatHistory, 1)
				answers[next] = answer
				go func(c Chat) { answer <- r.read(ctx, c) }(r.left[next])
			}
			read := <-answers[i]
			i++
			if !yield(read) {
				return
			}
		}
	}
}
