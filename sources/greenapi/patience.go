package greenapi

import (
	"context"
	"fmt"
	"io"
	"time"

	"kommo-import/internal/web"
)

const defaultPatience = 3 * time.Minute

// A watch cancels a request whose connection has been silent for too long. It counts only while somebody waits for the
// connection: from the request to the beginning of the answer, and during each read of its body.
type watch struct {
	ctx      context.Context // of the request
	cancel   context.CancelCauseFunc
	timer    *time.Timer
	patience time.Duration
}

func startWatch(ctx context.Context, patience time.Duration) *watch {
	silent := &web.Error{Text: fmt.Sprintf("no data for %v", patience), Err: context.DeadlineExceeded}
	watched, cancel := context.WithCancelCause(ctx)
	return &watch{watched, cancel, time.AfterFunc(patience, func() { cancel(silent) }), patience}
}

func (w *watch) rest() { w.timer.Stop() }

func (w *watch) end() {
	w.timer.Stop()
	w.cancel(context.Canceled)
}

// over returns body, watched.
func (w *watch) over(body io.Reader) io.Reader { return &watchedReader{w, body} }

type watchedReader struct {
	watch *watch
	body  io.Reader
}

func (r *watchedReader) Read(p []byte) (int, error) {
	if r.watch.ctx.Err() != nil {
		return 0, context.Cause(r.watch.ctx)
	}
	r.watch.timer.Reset(r.watch.patience)
	defer r.watch.timer.Stop()
	return r.body.Read(p)
}
