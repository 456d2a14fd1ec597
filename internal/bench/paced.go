package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/internal/sandbox"
)

const (
	pacePerSecond = 20
	paceLatency   = 150 * time.Millisecond
	paceWindow    = 30 * time.Second
	minShare      = 0.99
	maxArrivals   = 21
)

// measurePaced makes three sends at a pace at the same time, because they do little but wait: one as it should be,
// one that is interrupted and resumed, and one where Kommo is slower than the pace.
func (b *bench) measurePaced(ctx context.Context) ([]figure, error) {
	b.say("sending at %d/s for about 70 s", pacePerSecond)
	var even, resumed, slow []figure
	group, ctx := errgroup.WithContext(ctx)
	for _, send := range []struct {
		measure func(context.Context) ([]figure, error)
		figures *[]figure
	}{{b.measureEven, &even}, {b.measureResumed, &resumed}, {b.measureSlow, &slow}} {
		group.Go(func() (err error) {
			*send.figures, err = send.measure(ctx)
			return err
		})
	}
	err := group.Wait()
	return append(append(even, resumed...), slow...), err
}

// measureEven tells how well the pace is held, and the ETA of a first run.
func (b *bench) measureEven(ctx context.Context) (figures []figure, err error) {
	source := pacedChats(220)
	file, err := b.migration(ctx, "even", source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	kommo := sandbox.NewKommo(sandbox.Options{Latency: paceLatency})
	guesses, err := watch(ctx, sender(file, kommo, pacePerSecond), 30*time.Second)
	if err != nil {
		return nil, err
	}
	if err := checkArrived(kommo, source.total()); err != nil {
		return nil, err
	}
	share, busiest := paceShare(kommo), kommo.Summary().BusiestSecond
	return append([]figure{
		{fmt.Sprintf("pace of %d/s, %v latency, %v", pacePerSecond, paceLatency, paceWindow), fmt.Sprintf("%.1f %%", 100*share),
			"≥ 99 %", share >= minShare},
		{"most arrivals in any second", fmt.Sprint(busiest), "≤ 21", busiest <= maxArrivals},
	}, guesses.figures("first run")...), nil
}

// paceShare returns which part of the arrivals that the pace allows took place in the window that begins with the
// first one.
func paceShare(kommo *sandbox.Kommo) float64 {
	requests, arrived := kommo.Requests(), 0
	for _, r := range requests {
		if r.At.Sub(requests[0].At) < paceWindow {
			arrived++
		}
	}
	return float64(arrived) / (pacePerSecond * paceWindow.Seconds())
}

var errEnough = errors.New("interrupted by the bench")

// measureResumed interrupts a send after 10 seconds and tells the ETA of the next one, which knows nothing but the
// migration file.
func (b *bench) measureResumed(ctx context.Context) (figures []figure, err error) {
	source := pacedChats(250)
	file, err := b.migration(ctx, "resumed", source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	kommo := sandbox.NewKommo(sandbox.Options{Latency: paceLatency})
	short, cancel := context.WithTimeoutCause(ctx, 10*time.Second, errEnough)
	defer cancel()
	if _, err := sender(file, kommo, pacePerSecond).Send(short); !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("an interrupted send ended with %v", err)
	}
	guesses, err := watch(ctx, sender(file, kommo, pacePerSecond), 5*time.Second, 30*time.Second)
	if err != nil {
		return nil, err
	}
	return guesses.figures("resumed"), checkArrived(kommo, source.total())
}

// measureSlow tells the ETA where the workers cannot hold the pace: each of the four waits 400 ms for its answer.
func (b *bench) measureSlow(ctx context.Context) (figures []figure, err error) {
	source := pacedChats(110)
	file, err := b.migration(ctx, "slow", source)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	kommo := sandbox.NewKommo(sandbox.Options{Latency: 400 * time.Millisecond})
	guesses, err := watch(ctx, sender(file, kommo, pacePerSecond), 30*time.Second)
	if err != nil {
		return nil, err
	}
	return guesses.figures("Kommo slower than the pace"), checkArrived(kommo, source.total())
}

// pacedChats returns so many conversations of 3 to 9 messages. They are short because a run of a minute has to show
// what one of hours is like: in the end the last conversations are alone, and the longer they are the slower it is.
func pacedChats(conversations int) chats {
	return chats{conversations, func(i int) int { return 3 + i*5%7 }}
}

func (c chats) total() (n int) {
	for i := range c.conversations {
		n += c.messages(i)
	}
	return n
}
