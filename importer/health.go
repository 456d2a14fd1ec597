package importer

import (
	"context"
	"errors"
	"fmt"

	"kommo-import/internal/migration"
)

// A Health lists the faults of a migration file.
type Health struct {
	// Damage is the damage that SQLite finds in the file; the first 10 lines.
	Damage []string
	// Miscounted are conversations whose stored numbers of messages differ from a recount; the first 10.
	Miscounted []string
	// Plan says why nothing can be sent: a [NotReadyError], or [migration.ErrNothingLoaded]; nil if the plan is complete.
	Plan error
	// Status is where the migration stands.
	Status Status
}

// maxDamage is how many lines of damage are reported.
const maxDamage = 10

// Health reads the whole migration file and checks it. It changes nothing, and works while another process writes. It
// takes about a minute for ten gigabytes.
func (f *File) Health(ctx context.Context) (h Health, err error) {
	h.Damage, err = f.texts(ctx, fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxDamage))
	if err != nil {
		return h, f.Explain(err)
	}
	if len(h.Damage) == 1 && h.Damage[0] == "ok" {
		h.Damage = nil
	}
	if len(h.Damage) > 0 {
		return h, nil
	}
	if h.Miscounted, err = f.miscounted(ctx); err != nil {
		return h, f.Explain(err)
	}
	err = f.ready(Selection{})
	if _, notReady := errors.AsType[*NotReadyError](err); notReady || errors.Is(err, migration.ErrNothingLoaded) {
		h.Plan, err = err, nil
	}
	if err != nil {
		return h, err
	}
	h.Status, err = f.Status()
	return h, err
}

// miscounted compares the numbers of every conversation with its messages, in one statement and so at one moment.
func (f *File) miscounted(ctx context.Context) ([]string, error) {
	return f.texts(ctx, `
		SELECT c.external_id FROM conversation c
		LEFT JOIN (SELECT conversation, sum(state = 'skipped') AS skipped, sum(state = 'planned') AS planned,
				sum(state = 'sending') AS sending, sum(state = 'accepted') AS accepted,
				sum(state = 'verified') AS verified, sum(state = 'refused') AS refused
			FROM message GROUP BY conversation) m ON m.conversation = c.id
		LEFT JOIN (SELECT conversation, count(*) AS copies FROM duplicate GROUP BY conversation) d ON d.conversation = c.id
		WHERE c.duplicate <> coalesce(d.copies, 0) OR c.skipped <> coalesce(m.skipped, 0)
			OR c.planned <> coalesce(m.planned, 0) OR c.sending <> coalesce(m.sending, 0)
			OR c.accepted <> coalesce(m.accepted, 0) OR c.verified <> coalesce(m.verified, 0)
			OR c.refused <> coalesce(m.refused, 0)
			OR c.planned + c.sending <> coalesce((SELECT sum(messages) FROM pending WHERE conversation = c.id), 0)
		ORDER BY c.id LIMIT 10`)
}

// texts returns the one column of a query.
func (f *File) texts(ctx context.Context, query string) (texts []string, err error) {
	rows, err := f.Reader.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
