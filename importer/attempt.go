package importer

import (
	"context"
	"errors"
	"fmt"
	"kommo-import/internal/pace"
	"time"

	"kommo-import/internal/kommo"
)

// attempt sends m once and records what came of it. Afterwards m is accepted, refused, or planned for another
// attempt. An error ends the run.
func (r *run) attempt(ctx context.Context, cv *conversation, m *outgoing, tries *tries) error {
	if err := r.freshen(ctx, cv, m); err != nil {
		return err
	}
	message, err := r.Composer.compose(cv, m)
	if err != nil {
		return err
	}
	body, err := kommo.Marshal(message)
	if err != nil {
		return err
	}
	if err := r.Pace.Turn(ctx); err != nil {
		return err
	}
	if err := r.File.markSending(cv, m, time.Now()); err != nil {
		return err
	}
	if err := r.Pace.Depart(ctx); err != nil {
		return errors.Join(r.File.markPlanned(cv, m), unless(err, pace.ErrHeldBack))
	}
	departed := time.Now()
	accepted, err := r.Client.Send(r.underWay(ctx), body)
	if err == nil {
		return r.accept(cv, m, accepted, false)
	}
	return r.turnedDown(ctx, cv, m, tries, departed, err)
}

// turnedDown records what an attempt came to that left at departed and ended with failure. The error types of package
// kommo tell what each means; any other error means that nothing was sent.
func (r *run) turnedDown(ctx context.Context, cv *conversation, m *outgoing, tries *tries, departed time.Time, failure error) error {
	if refused, ok := errors.AsType[*kommo.RefusedError](failure); ok {
		return r.refused(ctx, cv, m, tries, refused)
	}
	if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](failure); ok {
		if err := r.File.markDoubtful(cv, m); err != nil {
			return err
		}
		r.Log.Warn("it is not known whether Kommo took a message; looking into the chat", "conversation", cv.externalID, "why", unknown)
		if err := r.settleDoubt(ctx, cv, m, tries); err != nil || m.state != Planned {
			return err
		}
		return tries.another(failure)
	}
	if err := r.File.markPlanned(cv, m); err != nil {
		return err
	}
	return r.again(ctx, tries, departed, failure)
}

// accept records that Kommo has m; settled says that history told.
func (r *run) accept(cv *conversation, m *outgoing, accepted kommo.Accepted, settled bool) error {
	if err := r.File.markAccepted(cv, m, accepted); err != nil {
		return err
	}
	r.Pace.Accepted()
	r.count(func(report *SendReport) {
		r.refusals = 0
		report.Accepted++
		report.AsText += one(m.asText)
		report.Notified += one(cv.loud.Valid && cv.loud.Int64 == m.spool)
		report.Settled += one(settled)
	})
	return nil
}

// refused records that Kommo does not want m. A message that Kommo may have taken before is looked for first: its
// id may be what it is refused for. Media are tried once more as text.
func (r *run) refused(ctx context.Context, cv *conversation, m *outgoing, tries *tries, refusal *kommo.RefusedError) error {
	if m.doubtful {
		taken, err := r.seek(ctx, cv, m, tries)
		if err != nil || taken {
			return err
		}
	}
	if m.content.Media != nil && !m.asText && m.media.Status == mediaFound {
		r.Log.Warn("Kommo refused a file; sending its link as text", "conversation", cv.externalID, "why", refusal)
		return r.File.markAsText(cv, m)
	}
	if err := r.File.markRefused(cv, m, refusal.Detail); err != nil {
		return err
	}
	var streak int
	r.count(func(report *SendReport) {
		r.refusals++
		streak = r.refusals
		report.Refused++
		if m.loud && !m.doubtful && len(report.Unnotified) < maxUnnotified {
			report.Unnotified = append(report.Unnotified, cv.externalID)
		}
	})
	if streak >= maxRefusals {
		return &StoppedError{fmt.Sprintf("Kommo refused %d messages in a row, the last with", streak), refusal}
	}
	return nil
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
