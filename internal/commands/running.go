package commands

import (
	"context"
	"time"
)

// whileRunning calls tell twice a second, and says so when ctx ends and what runs is about to stop. The function that it
// returns ends that, and takes the progress away.
func (d *desk) whileRunning(ctx context.Context, tell func()) (ended func()) {
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(500 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-running.Done():
				return
			case <-ticks.C:
				tell()
			}
		}
	}()
	forget := context.AfterFunc(ctx, func() {
		if running.Err() == nil {
			d.talk.say("Stopping after the requests under way. Press Ctrl-C again to stop at once.")
		}
	})
	return func() {
		forget()
		stop()
		<-done
		d.talk.endProgress()
	}
}
