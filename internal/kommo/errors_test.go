package kommo

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// Only an UnknownOutcomeError leaves a message in doubt, also when it wraps the end of the context.
func TestOutcome(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want Result
	}{
		{nil, ResultAccepted},
		{&RefusedError{}, ResultRefused},
		{&DeniedError{Status: 403}, ResultNotAccepted},
		{&BlockedError{}, ResultNotAccepted},
		{&RateLimitError{}, ResultNotAccepted},
		{&UnreachableError{Err: errors.New("no route")}, ResultNotAccepted},
		{context.Canceled, ResultNotAccepted},
		{&UnknownOutcomeError{Status: 502, Err: errors.New("bad gateway")}, ResultUnknown},
		{&UnknownOutcomeError{Err: context.Canceled}, ResultUnknown},
	} {
		for _, err := range []error{tt.err, wrap(tt.err)} {
			if got := Outcome(err); got != tt.want {
				t.Errorf("%v: got %s, want %s", err, got, tt.want)
			}
		}
	}
}

func wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("POST /v2: %w", err)
}
