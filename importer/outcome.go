package importer

import (
	"context"
	"fmt"

	"kommo-import/internal/kommo"
)

// maxRefusals is how many refusals in a row stop a run.
const maxRefusals = 10

// accept records that Kommo has m. resolved says that the chat showed m after an unknown outcome.
func (r *run) accept(cv *conversation, m *outgoing, accepted kommo.Accepted, resolved bool) error {
	err := r.file.transition(cv, m, Accepted, func(cv *conversation, m *outgoing) {
		m.remoteID = accepted.MessageID
		if accepted.ChatID != "" {
			cv.chatID = accepted.ChatID
		}
	})
	if err != nil {
		return err
	}
	r.requests.pace.Accepted()
	r.count(func(report *SendReport) {
		r.refusals = 0
		report.Accepted++
		report.AsText += btoi(m.asText)
		report.Notified += btoi(cv.notifier.Valid && cv.notifier.Int64 == m.place && (m.notifies || resolved))
		report.Settled += btoi(resolved)
	})
	return nil
}

// refuse records that Kommo rejects m. A message that may exist already is looked for first: its id may be the reason
// for the refusal. Media are posted once more as text.
func (r *run) refuse(ctx context.Context, cv *conversation, m *outgoing, tries *tries, refused *kommo.RefusedError) error {
	if m.mayExist {
		if err := r.seek(ctx, cv, m, tries); err != nil || m.state == Accepted {
			return err
		}
	}
	if m.content.Media != nil && !m.asText && m.media.Status == mediaFound {
		r.requests.log.Warn("Kommo refused a file; sending its link as text", "conversation", cv.externalID, "why", refused)
		return r.file.transition(cv, m, Planned, func(cv *conversation, m *outgoing) {
			m.asText = true
			clearNotifier(cv, m)
		})
	}
	err := r.file.transition(cv, m, Refused, func(cv *conversation, m *outgoing) {
		m.reason = refused.Detail
		clearNotifier(cv, m)
	})
	if err != nil {
		return err
	}
	var inARow int
	r.count(func(report *SendReport) {
		r.refusals++
		inARow = r.refusals
		report.Refused++
		if m.notifies && !m.mayExist {
			report.Unnotified = appendListed(report.Unnotified, cv.externalID)
		}
	})
	if inARow >= maxRefusals {
		return &StoppedError{fmt.Sprintf("Kommo refused %d messages in a row, the last with", inARow), refused}
	}
	return nil
}
