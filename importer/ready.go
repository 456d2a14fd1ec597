package importer

import (
	"database/sql"
	"errors"
	"fmt"

	"kommo-import/sources"
)

// A NotReadyError means that a load was interrupted, so that the plan is not complete.
type NotReadyError struct {
	Source string // that was not read to its end; "" if only media were not looked up
	Media  int    // URLs that were not looked up yet
}

func (e *NotReadyError) Error() string {
	if e.Source != "" {
		return fmt.Sprintf("%s was not read to its end, so the plan is not complete", e.Source)
	}
	return fmt.Sprintf("%d media links were not looked up yet, so the plan is not complete", e.Media)
}

// ready makes sure that every load went to its end, as far as it matters for the chosen conversations.
func (f *File) ready(selection Selection) error {
	if err := loadedSomething(f.read); err != nil {
		return f.explain(err)
	}
	e := new(NotReadyError)
	err := f.read.QueryRow(`SELECT name FROM source WHERE finished = 0 ORDER BY id LIMIT 1`).Scan(&e.Source)
	if err == nil {
		return e
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return f.explain(err)
	}
	err = f.read.QueryRow(`SELECT count(*) FROM media WHERE status IN ('pending', 'failed') AND status = 'pending'`).Scan(&e.Media)
	if err != nil || e.Media == 0 {
		return f.explain(err)
	}
	condition, args := selection.where()
	err = f.read.QueryRow(`SELECT count(DISTINCT s.lookup) FROM message m JOIN spool s ON s.id = m.spool
		WHERE m.conversation IN (SELECT id FROM conversation WHERE `+condition+`) AND m.state IN ('planned', 'sending')
		AND NOT m.as_text AND s.lookup IN (SELECT key FROM media WHERE status = 'pending')`, args...).Scan(&e.Media)
	if err == nil && e.Media > 0 {
		return e
	}
	return f.explain(err)
}

// loadedSomething returns ErrNothingLoaded if nothing was ever read.
func loadedSomething(q querier) error {
	var some bool
	if err := q.QueryRow(`SELECT EXISTS (SELECT 1 FROM source)`).Scan(&some); err != nil {
		return err
	}
	if !some {
		return ErrNothingLoaded
	}
	return nil
}

// A BoundError means that the migration file belongs to another scope, or has another conversation prefix: going on
// would send its conversations a second time.
type BoundError struct {
	What           string // "scope" or "conversation prefix"
	Stored, Wanted string
}

func (e *BoundError) Error() string {
	return fmt.Sprintf("this migration was begun with %s %q and cannot go on with %q", e.What, e.Stored, e.Wanted)
}

// bind ties the file to the scope and the prefix of the first send.
func (f *File) bind(scope, prefix string) error {
	if err := f.bound(scope, prefix); err != nil {
		return err
	}
	return f.update(func(tx *sql.Tx) error {
		return errors.Join(setSetting(tx, settingScope, scope), setSetting(tx, settingPrefix, prefix))
	})
}

// bound makes sure that the file is tied to this scope and prefix, or to none yet. As long as nothing can have arrived
// there, the tie does not hold: a slip in the first scope can be mended.
func (f *File) bound(scope, prefix string) error {
	var arrived bool
	err := f.read.QueryRow(`SELECT EXISTS (SELECT 1 FROM conversation WHERE sending + accepted + verified + refused > 0)
		OR EXISTS (SELECT 1 FROM message WHERE doubtful)`).Scan(&arrived)
	if err != nil || !arrived {
		return f.explain(err)
	}
	for _, tie := range []struct{ setting, what, wanted string }{
		{settingScope, "scope", scope},
		{settingPrefix, "conversation prefix", prefix},
	} {
		var stored string
		known, err := setting(f.read, tie.setting, &stored)
		if err != nil {
			return f.explain(err)
		}
		if known && stored != tie.wanted {
			return &BoundError{tie.what, stored, tie.wanted}
		}
	}
	return nil
}

// A NoSenderError means that outgoing messages have neither a bot nor a Kommo user to be from.
type NoSenderError struct {
	Authors []UnmappedAuthor
}

// An UnmappedAuthor wrote outgoing messages and is no Kommo user.
type UnmappedAuthor struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Messages int    `json:"messages"`
}

func (e *NoSenderError) Error() string {
	messages := 0
	for _, author := range e.Authors {
		messages += author.Messages
	}
	return fmt.Sprintf("no sender for %d outgoing messages", messages)
}

// check makes sure that every outgoing message has a sender.
func (c Composer) check(q querier, s Selection) error {
	if c.BotID != "" {
		return nil
	}
	authors, err := c.unmapped(q, s)
	if err != nil || len(authors) == 0 {
		return err
	}
	return &NoSenderError{authors}
}

// unmapped returns the authors of what is to be sent who are no Kommo users.
func (c Composer) unmapped(q querier, s Selection) (unmapped []UnmappedAuthor, err error) {
	condition, args := s.where()
	rows, err := q.Query(`SELECT coalesce(external_id, ''), coalesce(name, ''), count(*)
		FROM message LEFT JOIN author ON author.id = message.author
		WHERE direction = 'outgoing' AND state IN ('planned', 'sending')
			AND conversation IN (SELECT id FROM conversation WHERE `+condition+`)
		GROUP BY author ORDER BY 3 DESC`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var a UnmappedAuthor
		if err := rows.Scan(&a.ID, &a.Name, &a.Messages); err != nil {
			return nil, err
		}
		if c.user(sources.Author{ID: a.ID, Name: a.Name}) == "" {
			unmapped = append(unmapped, a)
		}
	}
	return unmapped, rows.Err()
}

// open is what is left to be sent.
type open struct{ conversations, messages int }

func countOpen(q querier, s Selection) (o open, err error) {
	condition, args := s.where()
	err = q.QueryRow(`SELECT count(*), coalesce(sum(planned + sending), 0) FROM conversation WHERE `+condition, args...).
		Scan(&o.conversations, &o.messages)
	return o, err
}
