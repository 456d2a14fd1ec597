package greenapi

import (
	"context"
	"iter"
)

const (
	maxAhead = 6  // chats that are asked for at a time, so that the pace is held also if an answer takes long
	maxKept  = 32 // chats that are begun and not yet taken, so that none waits for one that takes longer
)

// ahead yields what is read of each chat, in order, and reads some ahead. When the loop ends, so has all that it began.
func (r *reading) ahead(ctx context.Context) iter.Seq[chatHistory] {
	return func(yield func(chatHistory) bool) {
		ctx, cancel := context.WithCancel(ctx)
		begun := make(chan chan chatHistory, maxKept-maxAhead)
		go r.feed(ctx, begun)
		defer func() {
			cancel()
			for answer := range begun {
				read := <-answer
				read.history.close()
			}
		}()
		for answer := range begun {
			if !yield(<-answer) {
				return
			}
		}
	}
}

// feed begins one chat after the other, and hands over where its answer will be. When ctx ends, the answers tell so.
func (r *reading) feed(ctx context.Context, begun chan<- chan chatHistory) {
	defer close(begun)
	room := make(chan struct{}, maxAhead)
	for _, c := range r.left {
		answer := make(chan chatHistory, 1)
		select {
		case room <- struct{}{}:
			go func() {
				answer <- r.read(ctx, c)
				<-room
			}()
		case <-ctx.Done():
			answer <- chatHistory{chat: c, err: context.Cause(ctx)}
		}
		begun <- answer
		if ctx.Err() != nil {
			return
		}
	}
}
