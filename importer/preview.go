package importer

import (
	"database/sql"
	"errors"
	"iter"
	"kommo-import/internal/migration"
	"time"

	"kommo-import/internal/kommo"
)

// A Preview tells what sending would do. Making it changes nothing and asks Kommo nothing.
type Preview struct {
	Conversations int `json:"conversations"` // of which something is to be sent
	Messages      int `json:"messages"`      // to be sent
	InDoubt       int `json:"in_doubt"`      // of these, sent once with an outcome that nobody knows
	Notifications int `json:"notifications"` // conversations whose last message is sent with silent=false
	// Requests is how many requests to Kommo it takes if nothing goes wrong, and Seconds how long they take at
	// Rate per second.
	Requests int     `json:"requests"`
	Rate     float64 `json:"rate"`
	Seconds  float64 `json:"seconds"`

	First time.Time `json:"first,omitzero"` // when the oldest message was written
	Last  time.Time `json:"last,omitzero"`  // when the newest was

	Kinds      map[string]int `json:"kinds"`      // messages to be sent, by what they are sent as
	Directions map[string]int `json:"directions"` // messages to be sent
	Status     Status         `json:"status"`     // of the whole migration
	Skipped    []Group        `json:"skipped"`
	Invalid    []Group        `json:"invalid"`
	Warnings   []Warning      `json:"warnings"`
}

// A Group is how many messages have the same reason, with some of them as examples.
type Group struct {
	Reason   string   `json:"reason"`
	Messages int      `json:"messages"`
	Examples []string `json:"examples"` // positions in the source
}

// Preview returns what sending the selection would do at that many requests per second.
func (f *File) Preview(composer Composer, selection Selection, perSecond float64) (Preview, error) {
	p := &Preview{Rate: perSecond, Kinds: make(map[string]int), Directions: make(map[string]int), Warnings: []Warning{}}
	err := f.View(func(tx *sql.Tx) error {
		for _, part := range []func(*sql.Tx, Composer, Selection) error{
			p.readNumbers, p.readKinds, p.readGroups, p.readWarnings,
		} {
			if err := part(tx, composer, selection); err != nil {
				return err
			}
		}
		var err error
		p.Status, err = readStatus(tx)
		return err
	})
	return *p, err
}

func (p *Preview) readNumbers(tx *sql.Tx, composer Composer, selection Selection) error {
	if err := loadedSomething(tx); err != nil {
		return err
	}
	if err := selection.check(tx); err != nil {
		return err
	}
	condition, args := selection.where()
	err := tx.QueryRow(`SELECT count(*), coalesce(sum(planned + sending), 0), coalesce(sum(sending), 0),
			coalesce(sum(loud IS NULL OR EXISTS (SELECT 1 FROM message m JOIN spool s ON s.id = m.spool AND s.time = m.time
				WHERE m.conversation = conversation.id AND s.id = loud AND state IN ('planned', 'sending'))), 0)
		FROM conversation WHERE `+condition, args...).Scan(&p.Conversations, &p.Messages, &p.InDoubt, &p.Notifications)
	if composer.AllSilent {
		p.Notifications = 0
	}
	p.Requests = p.Messages + p.InDoubt // each of those has its chat's history read first
	p.Seconds = float64(p.Requests) / p.Rate
	return err
}

func (p *Preview) readKinds(tx *sql.Tx, _ Composer, selection Selection) error {
	condition, args := selection.where()
	rows, err := tx.Query(`SELECT kind, direction, count(*), min(time), max(time) FROM message
		WHERE state IN ('planned', 'sending') AND conversation IN (SELECT id FROM conversation WHERE `+condition+`)
		GROUP BY kind, direction`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, direction string
		var messages int
		var first, last int64
		if err := rows.Scan(&kind, &direction, &messages, &first, &last); err != nil {
			return err
		}
		p.Kinds[kind] += messages
		p.Directions[direction] += messages
		p.First = earliest(p.First, fromMillis(first))
		p.Last = latest(p.Last, fromMillis(last))
	}
	return rows.Err()
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// Payloads yields the exact bodies that sending the selection would post, conversation by conversation. What is in
// doubt is among them: it is posted again if Kommo turns out not to have it. An answer to a message that Kommo refuses
// meanwhile is posted as if it answered none.
func (f *File) Payloads(composer Composer, selection Selection) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		err := errors.Join(loadedSomething(f.Reader), selection.check(f.Reader), composer.check(f.Reader, selection))
		if err != nil {
			yield(nil, f.Explain(err))
			return
		}
		for cv, err := range openConversations(f.Reader, selection) {
			wanted := true
			if err == nil {
				wanted, err = conversationPayloads(f.Reader, composer, cv, yield)
			}
			if err != nil {
				yield(nil, f.Explain(err))
			}
			if err != nil || !wanted {
				return
			}
		}
	}
}

// conversationPayloads yields the bodies of one conversation, and reports whether more are wanted.
func conversationPayloads(q migration.Querier, composer Composer, cv *conversation, yield func([]byte, error) bool) (bool, error) {
	for m, err := range openMessages(q, cv, composer.AllSilent) {
		if err != nil {
			return true, err
		}
		message, err := composer.compose(cv, m)
		if err != nil {
			return true, err
		}
		body, err := kommo.Marshal(message)
		if err != nil {
			return true, err
		}
		if !yield(body, nil) {
			return false, nil
		}
	}
	return true, nil
}
