package importer

import (
	"context"
	"errors"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"

	"kommo-import/internal/kommo"
)

// A pinger finds out whether Kommo grants access after an answer that leaves that open. Only one ping is under way at a
// time; its result serves all who wait.
type pinger struct {
	client   *kommo.Client
	requests *requester
	flight   singleflight.Group
}

// ping returns nil if Kommo grants access to the scope. It asks again after a 429, and some times if there is no answer. Its
// error ends the run.
func (p *pinger) ping(ctx context.Context) error {
	_, err, _ := p.flight.Do("", func() (any, error) {
		tries := new(tries)
		for {
			if err := p.requests.turn(ctx); err != nil {
				return nil, err
			}
			departed := time.Now()
			_, err := p.client.Ping(context.WithoutCancel(ctx))
			if grantsAccess(err) {
				return nil, nil
			}
			if err := p.requests.retry(ctx, tries, departed, err); err != nil {
				return nil, err
			}
		}
	})
	return err
}

// notRegistered is the error_type of an answer to a scope that does not exist (documented).
const notRegistered = "ORIGIN_NOT_REGISTERED"

// grantsAccess reports whether a ping that ended with err shows that Kommo grants access to the scope: it answers with a
// history, with a 400, or with a 404 about the chat.
func grantsAccess(err error) bool {
	if _, refused := errors.AsType[*kommo.RefusedError](err); refused {
		return true
	}
	denied, ok := errors.AsType[*kommo.DeniedError](err)
	return err == nil || ok && denied.Status == http.StatusNotFound && denied.Type != notRegistered
}
