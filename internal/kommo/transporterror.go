package kommo

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	"kommo-import/internal/web"
)

// A connection records whether net/http looked for a connection for a request and got it.
type connection struct {
	asked, got atomic.Bool
}

func traceConnection(ctx context.Context) (context.Context, *connection) {
	c := new(connection)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { c.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { c.got.Store(true) },
	}), c
}

// transportError returns the typed error for a request without an answer. ctx is the caller's, limited the attempt's.
func transportError(ctx, limited context.Context, err error, c *connection, scrub *web.Scrubber) error {
	unsent := neverSent(err, c)
	if unsent && ctx.Err() != nil {
		return ctx.Err()
	}
	switch ended := ctx.Err(); {
	case ended == nil && limited.Err() != nil:
		err = context.Cause(limited)
	case ended != nil && !errors.Is(err, ended):
		err = fmt.Errorf("%w: %w", ended, err) // net/http returns the cause of the end, which need not wrap it
	}
	err = scrub.Error(err)
	if unsent {
		return &UnreachableError{Err: err}
	}
	return &UnknownOutcomeError{Err: err}
}

// neverSent reports whether it is certain that no byte of the request left. That is so if net/http looked for a
// connection and got none, and after an error that only the making of a connection has. Only net/http's own transport
// is traced; for others the error alone counts.
//
// A [tls.RecordHeaderError] is no proof: it also comes from a connection that breaks later.
func neverSent(err error, c *connection) bool {
	if c.asked.Load() && !c.got.Load() {
		return true
	}
	if operation, ok := errors.AsType[*net.OpError](err); ok {
		return operation.Op == "dial" || operation.Op == "proxyconnect"
	}
	_, lookup := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	return lookup || certificate
}
