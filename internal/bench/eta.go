package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"kommo-import/importer"
)

const maxETAError = 0.05

// A guess is how long a sender believed that it would take, and how long it took.
type guess struct {
	after            time.Duration // since the sender began
	remaining, truth time.Duration
}

type guesses []guess

// watch sends, and asks the sender at these times how long it will still take.
func watch(ctx context.Context, sender *importer.Sender, at ...time.Duration) (asked guesses, err error) {
	started := time.Now()
	ended := make(chan error, 1)
	go func() {
		_, err := sender.Send(ctx)
		ended <- err
	}()
	for _, after := range at {
		select {
		case err := <-ended:
			return nil, fmt.Errorf("the send ended before its %v were over: %v", after, err)
		case <-time.After(time.Until(started.Add(after))):
			asked = append(asked, guess{after: after, remaining: sender.Progress().Remaining, truth: time.Since(started)})
		}
	}
	err = <-ended
	took := time.Since(started)
	for i, g := range asked {
		asked[i].truth = took - g.truth
	}
	return asked, err
}

// figures tells for each guess how far it is from the truth.
func (gs guesses) figures(which string) (figures []figure) {
	for _, g := range gs {
		off := float64(g.remaining)/float64(g.truth) - 1
		figures = append(figures, figure{
			fmt.Sprintf("ETA after %v, %s", g.after, which),
			fmt.Sprintf("%.1f s for %.1f s: %+.1f %%", g.remaining.Seconds(), g.truth.Seconds(), 100*off),
			"within 5 %", math.Abs(off) <= maxETAError,
		})
	}
	return figures
}
