package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"kommo-import/internal/migration"

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
	if err := loadedSomething(f.Reader); err != nil {
		return f.Explain(err)
	}
	e := new(NotReadyError)
	err := f.Reader.QueryRow(`SELECT name FROM source WHERE finished = 0 ORDER BY id LIMIT 1`).Scan(&e.Source)
	if err == nil {
		return e
	}
	if !errors.Is(err, sql.ErrNoRows) {
		return f.Explain(err)
	}
	err = f.Reader.QueryRow(`SELECT count(*) FROM media WHERE status IN ('pending', 'failed') AND status = 'pending'`).Scan(&e.Media)
	if err != nil || e.Media == 0 {
		return f.Explain(err)
	}
	condition, args := selection.where()
	err = f.Reader.QueryRow(`SELECT count(DISTINCT s.lookup) FROM message m JOIN spool s ON s.id = m.spool
		WHERE m.conversation IN (SELECT id FROM conversation WHERE `+condition+`) AND m.state IN ('planned', 'sending')
		AND NOT m.as_text AND s.lookup IN (SELECT key FROM media WHERE status = 'pending')`, args...).Scan(&e.Media)
	if err == nil && e.Media > 0 {
		return e
	}
	return f.Explain(err)
}

// loadedSomething returns migration.ErrNothingLoaded if nothing was ever read.
func loadedSomething(q migration.Querier) error {
	var some bool
	if err := q.QueryRow(`SELECT EXISTS (SELECT 1 FROM source)`).Scan(&some); err != nil {
		return err
	}
	if !some {
		return migration.ErrNothingLoaded
	}
	return nil
}

// A ScopeMismatchError means that the migration file belongs to another scope, or has another conversation prefix: going on
// would send its conversations a second time.
type ScopeMismatchError struct {
	What           string // "scope" or "conversation prefix"
	Stored, Wanted string
}

func (e *ScopeMismatchError) Error() string {
	return fmt.Sprintf("this migration was begun with %s %q and cannot go on with %q", e.What, e.Stored, e.Wanted)
}

// bind ties the file to the scope and the prefix of the first send.
func (f *File) bind(scope, prefix string) error {
	if err := f.bound(scope, prefix); err != nil {
		return err
	}
	return f.Update(func(tx *sql.Tx) error {
		return errors.Join(migration.SetSetting(tx, settingScope, scope), migration.SetSetting(tx, settingPrefix, prefix))
	})
}

// bound makes sure that the file is tied to this scope and prefix, or to none yet. As long as nothing can have arrived
// there, the tie does not hold: a slip in the first scope can be mended.
func (f *File) bound(scope, prefix string) error {
	var arrived bool
	err := f.Reader.QueryRow(`SELECT EXISTS (SELECT 1 FROM conversation WHERE sending + accepted + verified + refused > 0)
		OR EXISTS (SELECT 1 FROM message WHERE doubtful)`).Scan(&arrived)
	if err != nil || !arrived {
		return f.Explain(err)
	}
	for _, tie := range []struct{ setting, what, wanted string }{
		{settingScope, "scope", scope},
		{settingPrefix, "conversation prefix", prefix},
	} {
		var stored string
		known, err := migration.Setting(f.Reader, tie.setting, &stored)
		if err != nil {
			return f.Explain(err)
		}
		if known && stored != tie.wanted {
			return &ScopeMismatchError{tie.what, stored, tie.wanted}
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
func (c Composer) check(q migration.Querier, s Selection) error {
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
func (c Composer) unmapped(q migration.Querier, s Selection) (unmapped []UnmappedAuthor, err error) {
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

func countOpen(q migration.Querier, s Selection) (o open, err error) {
	condition, args := s.where()
	err = q.QueryRow(`SELECT count(*), coalesce(sum(planned + sending), 0) FROM conversation WHERE `+condition, args...).
		Scan(&o.conversations, &o.messages)
	return o, err
}
