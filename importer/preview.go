package importer

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"time"

	"kommo-import/internal/migration"
)

// A Preview describes a send before it starts. Making it changes nothing and sends no request to Kommo.
type Preview struct {
	Conversations int `json:"conversations"` // of which something is to be sent
	Messages      int `json:"messages"`      // to be sent
	InDoubt       int `json:"in_doubt"`      // messages in doubt among them: sent once, outcome unknown
	Unsure        int `json:"unsure"`        // conversations of which it is not known what was sent: their chats are read first
	// UserMessages counts the messages to be sent in the name of a Kommo user. That Kommo sends no webhook for imported
	// messages is documented for those of the bot alone: a live integration could deliver these to clients.
	UserMessages  int `json:"user_messages"`
	Notifications int `json:"notifications"` // conversations whose last message is sent with silent=false
	// SilentBySheet and SilentByDate count the conversations of which nobody is notified because the sheet says so, or because
	// their last message is older than the notify policy says.
	SilentBySheet int `json:"silent_by_sheet,omitempty"`
	SilentByDate  int `json:"silent_by_date,omitempty"`
	Joined        int `json:"joined,omitempty"`   // chats of several conversations, of those with something to be sent
	LeftOut       int `json:"left_out,omitempty"` // conversations that are left out in the sheet
	// Silent is the notify policy. SilentBefore is that of the sends before, or "".
	Silent       NotifyPolicy `json:"silent"`
	SilentBefore NotifyPolicy `json:"silent_before,omitempty"`
	// Requests is the number of requests to Kommo if nothing goes wrong. They take Seconds at Rate per second.
	Requests int     `json:"requests"`
	Rate     float64 `json:"rate"`
	Seconds  float64 `json:"seconds"`

	First time.Time `json:"first,omitzero"` // time of the oldest message to be sent
	Last  time.Time `json:"last,omitzero"`  // time of the newest message to be sent

	// NotTakenOver is the source whose last load was not brought into the plan, or "".
	NotTakenOver string `json:"not_taken_over,omitempty"`

	Links      Links          `json:"links"`
	Kinds      map[string]int `json:"kinds"`      // messages to be sent, by the kind that they are sent as
	Directions map[string]int `json:"directions"` // messages to be sent
	Status     Status         `json:"status"`     // of the whole migration
	Skipped    []Group        `json:"skipped"`
	Invalid    []Group        `json:"invalid"`
	Warnings   []Warning      `json:"warnings"`
}

// A Group counts messages with the same reason.
type Group struct {
	Reason   string   `json:"reason"`
	Messages int      `json:"messages"`
	Examples []string `json:"examples"` // positions of some of them in the source
}

// Preview returns the preview of sending the selection at perSecond requests per second.
func (f *File) Preview(composer Composer, selection Selection, perSecond float64) (Preview, error) {
	p := &Preview{Rate: perSecond, Kinds: make(map[string]int), Directions: make(map[string]int), Warnings: []Warning{}}
	err := f.View(func(tx *sql.Tx) (err error) {
		if p.SilentBefore, err = storedPolicy(tx); err != nil {
			return err
		}
		if composer, err = composer.withPolicy(tx); err != nil {
			return err
		}
		p.Silent = composer.Notify
		if err := p.readNumbers(tx, composer, selection); err != nil {
			return err
		}
		if p.Links, err = readLinks(tx, selection); err != nil {
			return err
		}
		p.Requests += linkRequests * p.Links.ToLink
		p.Seconds = float64(p.Requests) / p.Rate
		if err := errors.Join(p.readKinds(tx, selection), p.readTimes(tx, selection)); err != nil {
			return err
		}
		if p.Invalid, err = invalidGroups(tx); err != nil {
			return err
		}
		if p.Skipped, err = messageGroups(tx, Skipped); err != nil {
			return err
		}
		if err := p.readWarnings(tx, composer, selection); err != nil {
			return err
		}
		p.Status, err = readStatus(tx)
		return err
	})
	return *p, err
}

func (p *Preview) readNumbers(tx *sql.Tx, composer Composer, selection Selection) error {
	if err := errors.Join(loadedSomething(tx), tablesFinished(tx)); err != nil {
		return err
	}
	if _, err := migration.Setting(tx, settingNotTaken, &p.NotTakenOver); err != nil {
		return err
	}
	if err := selection.check(tx); err != nil {
		return err
	}
	condition, args := selection.where()
	err := tx.QueryRow(`SELECT count(*), coalesce(sum(planned + sending), 0), coalesce(sum(sending), 0), coalesce(sum(open AND wanted), 0),
			coalesce(sum(open AND policy AND silenced), 0), coalesce(sum(open AND policy AND NOT wanted AND NOT silenced), 0),
			coalesce(sum(joined), 0), coalesce(sum(unsure), 0), (SELECT count(*) FROM decision WHERE import = 'no')
		FROM (SELECT planned, sending, `+composer.Notify.wanted(`(SELECT time`+lastPending+`)`)+` AS wanted, `+isUnsure+` AS unsure,
			notifier IS NULL OR EXISTS (SELECT 1 FROM message
				WHERE conversation = conversation.id AND place = notifier AND state IN ('planned', 'sending')) AS open,
			EXISTS (SELECT 1 FROM decision WHERE decision.conversation = external_id AND notify = 'no') AS silenced,
			EXISTS (SELECT 1 FROM decision WHERE chat = external_id) AS joined,
			`+fmt.Sprint(composer.Notify != SilentAll)+` AS policy
			FROM conversation WHERE `+condition+`)`, args...).
		Scan(&p.Conversations, &p.Messages, &p.InDoubt, &p.Notifications, &p.SilentBySheet, &p.SilentByDate, &p.Joined, &p.Unsure, &p.LeftOut)
	p.Requests = p.Messages + p.InDoubt + p.Unsure // the chats of messages in doubt and of unsure conversations are read first
	return err
}

func (p *Preview) readKinds(tx *sql.Tx, selection Selection) error {
	condition, args := selection.where()
	rows, err := tx.Query(`SELECT kind, direction, sum(messages) FROM pending
		WHERE messages > 0 AND conversation IN (SELECT id FROM conversation WHERE `+condition+`) GROUP BY kind, direction`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, direction string
		var messages int
		if err := rows.Scan(&kind, &direction, &messages); err != nil {
			return err
		}
		p.Kinds[kind] += messages
		p.Directions[direction] += messages
	}
	return rows.Err()
}

// readTimes reads the times of the oldest and the newest message to be sent.
func (p *Preview) readTimes(tx *sql.Tx, selection Selection) error {
	condition, args := selection.where()
	const pending = `(SELECT time FROM message WHERE conversation = conversation.id AND state IN ('planned', 'sending') ORDER BY `
	var first, last sql.NullInt64
	err := tx.QueryRow(`SELECT min(`+pending+`time LIMIT 1)), max(`+pending+`time DESC LIMIT 1)) FROM conversation WHERE `+condition, args...).
		Scan(&first, &last)
	if err == nil && first.Valid {
		p.First, p.Last = fromMillis(first.Int64), fromMillis(last.Int64)
	}
	return err
}

const (
	maxGroups    = 50 // further reasons go into one group
	otherReasons = "other reasons"
)

// invalidGroups counts the invalid messages by reason.
func invalidGroups(tx *sql.Tx) ([]Group, error) {
	return groupByReason(tx, `SELECT reason, position FROM invalid WHERE NOT pending ORDER BY id`)
}

// messageGroups counts the messages in a state, skipped or refused, by reason.
func messageGroups(tx *sql.Tx, state State) ([]Group, error) {
	return groupByReason(tx, `SELECT m.reason, (SELECT coalesce(content ->> '$.position', '') FROM staging WHERE id = m.staging)
		FROM message m WHERE m.conversation IN (SELECT id FROM conversation WHERE `+string(state)+` > 0) AND m.state = ?`, state)
}

// quotedPart matches the part of a reason that quotes the source, as %q writes it.
var quotedPart = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)

// groupByReason counts the rows of a query, which are a reason and a position, by reason. Reasons that differ only
// in their quoted parts are one group.
func groupByReason(tx *sql.Tx, query string, args ...any) ([]Group, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]*Group)
	for rows.Next() {
		var reason, position string
		if err := rows.Scan(&reason, &position); err != nil {
			return nil, err
		}
		key := quotedPart.ReplaceAllString(reason, `"…"`)
		if found[key] == nil && len(found) >= maxGroups {
			key, reason = otherReasons, otherReasons
		}
		if found[key] == nil {
			found[key] = &Group{Reason: reason}
		}
		found[key].add(key, reason, position)
	}
	return largestFirst(found), rows.Err()
}

// add counts a message. A group of messages with different reasons is called by its key.
func (g *Group) add(key, reason, position string) {
	if g.Reason != reason {
		g.Reason = key
	}
	g.Messages++
	if len(g.Examples) < maxExamples {
		g.Examples = append(g.Examples, position)
	}
}

func largestFirst(found map[string]*Group) []Group {
	groups := make([]Group, 0, len(found))
	for _, group := range found {
		groups = append(groups, *group)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Reason, b.Reason))
	})
	return groups
}

// Payloads yields the exact bodies that sending the selection would post, conversation by conversation. Messages in doubt
// are among them: send posts them again if Kommo turns out not to have them. A message that quotes a message refused
// meanwhile is posted without the quote.
func (f *File) Payloads(composer Composer, selection Selection) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		composer, err := composer.withPolicy(f.Reader)
		err = errors.Join(err, loadedSomething(f.Reader), tablesFinished(f.Reader), selection.check(f.Reader), composer.check(f.Reader, selection))
		if err != nil {
			yield(nil, f.Explain(err))
			return
		}
		for cv, err := range pendingConversations(f.Reader, selection) {
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
	for m, err := range pendingMessages(q, cv, composer.Notify) {
		if err != nil {
			return true, err
		}
		body, err := composer.body(cv, m)
		if err != nil {
			return true, err
		}
		if !yield(body, nil) {
			return false, nil
		}
	}
	return true, nil
}
