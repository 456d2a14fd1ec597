package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A takeover is what planning finds out about a reading before it takes the place of the last reading of its source.
type takeover struct {
	common   int // rows of the reading whose message was in the plan before, with their time or their text
	conflict ConflictError
	gone     int            // conversations with sent messages that the reading does not have at all
	numbered LookAlikeError // rows with the id of another message of another source
	reversed sources.Repair // rows of a table that were placed in reverse order
	dialled  sources.Repair // phones that were brought into the form that is dialled
}

// A NotTakenOverError means that a reading was not brought into the plan, because that could put messages into Kommo twice.
// The plan is as it was before. Its cause is a [ConflictError] or a [LookAlikeError].
type NotTakenOverError struct {
	Source string
	Cause  error
}

func (e *NotTakenOverError) Error() string { return e.Source + ": " + e.Cause.Error() }

func (e *NotTakenOverError) Unwrap() error { return e.Cause }

// A ConflictError means that messages that were sent are not in the new reading of their table. They may be in it with
// another time, text or id, and would then be sent a second time.
type ConflictError struct {
	Messages      int                 // that were sent and are not in the new reading
	Conversations int                 // of these messages
	Absent        int                 // of these, conversations that the new reading does not have at all
	Nothing       bool                // the new reading has no message of the last one
	SameFile      bool                // the file is the same, byte for byte: its ids read differently now
	Renamed       bool                // conversations that it does not have are in it with other ids
	Invalid       int                 // rows of the new reading that could not be parsed
	Shape         map[string][]string // the settings of the last reading, if they were others
	Now           map[string][]string // the settings of the new reading
	Examples      []Change            // at most two
}

// A Change is a message that was sent, and the row of the new reading that is most like it.
type Change struct {
	Conversation string
	Sent, Now    Excerpt // Now is empty if the new reading has no other message of the conversation
}

// An Excerpt is a message for people.
type Excerpt struct {
	Position string
	Time     int64 // Unix milliseconds; 0: there is no message
	Text     string
}

func (e *ConflictError) Error() string {
	if e.Messages == 0 {
		return "conversations that were sent have other ids in it now"
	}
	are := "are"
	if e.Messages == 1 {
		are = "is"
	}
	return fmt.Sprintf("%s of %s %s not in it as it reads now", countOf(e.Messages, "sent message"), countOf(e.Conversations, "conversation"), are)
}

// countOf returns a number with its noun.
func countOf(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// KeepSentReason is why messages of a conversation are left out after --keep-sent.
const KeepSentReason = "the conversation stays as it was sent (--keep-sent): messages of it that were sent are not in the source now"

// maxChanges is how many examples a conflict has.
const maxChanges = 2

// keepSentMessages looks for sent messages of the conversation that no source holds any more. Nothing is added to such a
// conversation if the administrator has decided so with --keep-sent; otherwise they are a conflict.
func (c *conversationPlan) keepSentMessages() error {
	unheld, err := affected(c.tx.Exec(`UPDATE message SET held = NULL WHERE conversation = ? AND planning <> ? AND `+wasSent, c.id, c.number))
	if err != nil {
		return err
	}
	if unheld == 0 {
		if c.kept {
			_, err = c.tx.Exec(`UPDATE conversation SET kept = 0 WHERE id = ?`, c.id)
		}
		return err
	}
	c.gone += btoi(c.fresh == 0)
	if !c.kept {
		if err := c.noteConflict(unheld); err != nil || !c.keepSent {
			return err
		}
	}
	left, err := affected(c.tx.Exec(`UPDATE message SET state = 'skipped', reason = ? WHERE conversation = ? AND NOT `+wasSent, KeepSentReason, c.id))
	if err != nil {
		return err
	}
	c.report.Kept += left
	c.dropped, c.restored = 0, 0
	_, err = c.tx.Exec(`UPDATE conversation SET kept = 1 WHERE id = ?`, c.id)
	return err
}

// noteConflict counts sent messages that the reading does not hold, and keeps two examples.
func (c *conversationPlan) noteConflict(unheld int) error {
	c.conflict.Messages += unheld
	c.conflict.Conversations++
	c.conflict.Absent += btoi(c.fresh == 0)
	if len(c.conflict.Examples) == maxChanges {
		return nil
	}
	change := Change{Conversation: c.externalID}
	var words int64
	err := c.tx.QueryRow(`SELECT coalesce(s.content ->> '$.position', ''), m.time, coalesce(s.content ->> '$.text', ''), m.words
		FROM message m JOIN staging s ON s.id = m.staging WHERE m.conversation = ? AND planning <> ? AND `+wasSent+` ORDER BY m.time, m.place LIMIT 1`,
		c.id, c.number).Scan(&change.Sent.Position, &change.Sent.Time, &change.Sent.Text, &words)
	if err != nil {
		return err
	}
	err = c.tx.QueryRow(`SELECT coalesce(s.content ->> '$.position', ''), m.time, coalesce(s.content ->> '$.text', '')
		FROM message m JOIN staging s ON s.id = m.staging WHERE m.conversation = ? AND m.source = ? AND added = ?
		ORDER BY m.words <> ?, abs(m.time - ?) LIMIT 1`, c.id, c.source.id, c.number, words, change.Sent.Time).
		Scan(&change.Now.Position, &change.Now.Time, &change.Now.Text)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	c.conflict.Examples = append(c.conflict.Examples, change)
	return err
}

// checkTakeover returns a [NotTakenOverError] if the reading must not be brought into the plan.
func (p *planner) checkTakeover(ctx context.Context, l *Loader, shape string) error {
	p.reportRepairs()
	if !p.reading.open {
		return nil
	}
	cause, err := p.conflictOf(ctx, l.KeepSent)
	if err == nil && cause == nil && !p.source.added {
		cause, err = p.lookAlike(ctx, l.Named, shape)
	}
	if cause != nil {
		return &NotTakenOverError{Source: p.source.name, Cause: cause}
	}
	return err
}

// conflictOf returns the conflict between the reading and the messages that were sent, or nil. With keepSent,
// only one is left: conversations read with other ids, so everything would go into new chats.
func (p *planner) conflictOf(ctx context.Context, keepSent bool) (error, error) {
	e := &p.conflict
	e.SameFile = e.Absent > 0 && p.replaces && p.reading.cursor == p.source.cursor
	if p.gone > 0 {
		var err error
		if e.Renamed, err = p.renamed(ctx); err != nil {
			return nil, err
		}
	}
	if !e.Renamed && !(keepSent && e.SameFile) && (keepSent || e.Messages == 0) {
		return nil, nil
	}
	e.Nothing = p.common == 0
	err := p.tx.QueryRowContext(ctx, `SELECT count(*) FROM invalid WHERE source = ? AND pending`, p.source.id).Scan(&e.Invalid)
	if err := errors.Join(err, json.Unmarshal([]byte(p.reading.shape), &e.Now)); err != nil {
		return nil, err
	}
	if p.source.shape != "" && p.source.shape != p.reading.shape {
		if err := json.Unmarshal([]byte(p.source.shape), &e.Shape); err != nil {
			return nil, err
		}
		for name := range e.Now {
			if e.Shape[name] == nil {
				e.Shape[name] = []string{""}
			}
		}
	}
	return e, nil
}

// renamed reports whether the reading adds most of the messages of a conversation, which were sent, to another one.
func (p *planner) renamed(ctx context.Context) (renamed bool, err error) {
	err = p.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM (
			SELECT old.conversation, count(DISTINCT old.identity) AS moved
			FROM (SELECT conversation, identity, time / 1000 AS second, direction, kind, words FROM message WHERE held IS NULL AND words <> 0 AND `+wasSent+`) old
			JOIN (SELECT conversation, time / 1000 AS second, direction, kind, words FROM message WHERE source = ? AND added = ?) new
				ON new.words = old.words AND new.second = old.second AND new.direction = old.direction AND new.kind = old.kind
					AND new.conversation <> old.conversation
			GROUP BY old.conversation) m
		WHERE 2 * moved > (SELECT count(*) FROM message WHERE conversation = m.conversation AND `+wasSent+`))`,
		p.source.id, p.number).Scan(&renamed)
	return renamed, err
}

// refuseReading drops a reading that was not brought into the plan, and remembers that. A reading of Green-API is kept: it
// takes hours, and the next load goes on with it.
func (f *File) refuseReading(s *stager, refused *NotTakenOverError) error {
	return f.Update(func(tx *sql.Tx) error {
		if s.source.family == sources.Table {
			if err := discardReading(tx, s.source.name); err != nil {
				return err
			}
		}
		return migration.SetSetting(tx, settingNotTaken, refused.Source)
	})
}
