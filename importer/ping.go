package importer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"kommo-import/internal/kommo"
)

// read asks Kommo for something that changes nothing, or is safe to repeat, until it gets a usable answer or another try
// makes no sense. An answer that is no JSON is asked for twice at most.
func (r *requester) read(ctx context.Context, ask func(context.Context) error) error {
	garbled := 0
	for tries := new(tries); ; {
		if err := r.turn(ctx); err != nil {
			return err
		}
		departed := time.Now()
		err := ask(context.WithoutCancel(ctx))
		r.answered(departed, err)
		if err == nil {
			return nil
		}
		if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](err); ok && unknown.Garbled {
			if garbled++; garbled == 2 {
				return &StoppedError{"gave up after 2 tries", err}
			}
		}
		if err := r.retry(ctx, tries, departed, err); err != nil {
			return err
		}
	}
}

// ping returns an error unless Kommo grants access: it answers about a chat that does not exist. Only one ping is under way at
// a time; its result serves all who wait.
func (r *requester) ping(ctx context.Context, client *kommo.Client) error {
	_, err, _ := r.pings.Do("", func() (any, error) {
		return nil, r.read(ctx, func(ctx context.Context) error {
			_, err := client.Ping(ctx)
			if isAccess(err) {
				return nil
			}
			return err
		})
	})
	return err
}

// isAccess reports whether the answer to a ping means access: a 400 and a 404 are about the chat, but for the 404 of a
// channel that is not connected (documented).
func isAccess(err error) bool {
	if _, refused := errors.AsType[*kommo.RefusedError](err); refused {
		return true
	}
	denied, ok := errors.AsType[*kommo.DeniedError](err)
	return err == nil || ok && denied.Status == http.StatusNotFound && denied.Type != "ORIGIN_NOT_REGISTERED"
}
