package importer

import (
	"database/sql"
	"errors"
	"fmt"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/internal/web"
)

// Check makes sure that the plan is complete, that every outgoing message has a sender, that no media link is known to
// be dead, and that the migration file belongs to this scope. It changes nothing and asks Kommo nothing; Send begins
// with it.
func (s *Sender) Check() error {
	if err := s.File.ready(s.Selection); err != nil {
		return err
	}
	if err := s.Selection.check(s.File.Reader); err != nil {
		return err
	}
	if err := s.Composer.check(s.File.Reader, s.Selection); err != nil {
		return err
	}
	if err := errors.Join(s.CheckLinks(), s.checkLinks()); err != nil {
		return err
	}
	return s.File.CheckScope(s.Client.ScopeID, s.Composer.Prefix)
}

// begin counts the messages to send, and claims the migration file for the scope. It returns the composer with the
// notify policy that holds.
func (s *Sender) begin() (Composer, error) {
	if err := s.Check(); err != nil {
		return Composer{}, err
	}
	composer, err := s.Composer.withPolicy(s.File.Reader)
	if err != nil {
		return composer, s.File.Explain(err)
	}
	messages, err := countPending(s.File.Reader, s.Selection)
	if err != nil || messages == 0 {
		return composer, err
	}
	s.progress.begin(messages, s.Pace)
	return composer, s.claim(composer)
}

// A NotReadyError means that a load was interrupted, so that the plan is not complete.
type NotReadyError struct {
	Source string // a table that was not read to its end; "" if only media were not looked up
	Media  int    // links that were not looked up yet
}

func (e *NotReadyError) Error() string {
	if e.Source != "" {
		return fmt.Sprintf("the load of %s is not finished", e.Source)
	}
	return fmt.Sprintf("%d media links were not looked up yet, so the plan is not complete", e.Media)
}

// ready makes sure that every load was finished, as far as it matters for the selected conversations.
func (f *File) ready(selection Selection) error {
	if err := loadedSomething(f.Reader); err != nil {
		return f.Explain(err)
	}
	if err := tablesFinished(f.Reader); err != nil {
		return f.Explain(err)
	}
	e := new(NotReadyError)
	// The second query takes long; the first uses an index and nearly always answers 0.
	err := f.Reader.QueryRow(`SELECT count(*) FROM media WHERE ` + mediaPending).Scan(&e.Media)
	if err != nil || e.Media == 0 {
		return f.Explain(err)
	}
	condition, args := selection.where()
	err = f.Reader.QueryRow(`SELECT count(DISTINCT s.media_key) FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation IN (SELECT id FROM conversation WHERE `+condition+`) AND m.state IN ('planned', 'sending')
		AND NOT m.as_text AND s.media_key IN (SELECT key FROM media WHERE status = 'pending')`, args...).Scan(&e.Media)
	if err == nil && e.Media > 0 {
		return e
	}
	return f.Explain(err)
}

// tablesFinished returns a [NotReadyError] if a reading of a table is not in the plan yet.
func tablesFinished(q migration.Querier) error {
	e := new(NotReadyError)
	err := q.QueryRow(`SELECT name FROM source JOIN unfinished ON source = source.id
		WHERE family = 'table' ORDER BY source.id LIMIT 1`).Scan(&e.Source)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return e
}

// A ScopeMismatchError means that the migration file belongs to another scope, or has another conversation prefix.
// With the wanted one, all conversations would be sent a second time.
type ScopeMismatchError struct {
	What           string // "scope" or "conversation prefix"
	Stored, Wanted string
	Rehearsal      bool // the file was sent to this computer only
}

func (e *ScopeMismatchError) Error() string {
	return fmt.Sprintf("this migration was begun with %s %q and cannot go on with %q", e.What, e.Stored, e.Wanted)
}

// claim stores the scope and the prefix of the first send, which later sends must have too, and the notify policy of
// this send. From then on messages may leave.
func (s *Sender) claim(composer Composer) error {
	noted := s.Client.ScopeID
	if web.IsLoopback(s.Client.BaseURL) {
		noted = "" // a rehearsal
	}
	return s.File.BeginSending(noted, s.LookFirst, func(tx *sql.Tx) error {
		return errors.Join(migration.SetSetting(tx, settingRehearsal, noted == ""), migration.SetSetting(tx, settingScope, s.Client.ScopeID), migration.SetSetting(tx, settingPrefix, composer.Prefix),
			migration.SetSetting(tx, settingNotify, composer.Notify))
	})
}

// CheckScope makes sure that the migration file belongs to this scope and has this conversation prefix, or to none
// yet. The error is a [ScopeMismatchError]. As long as nothing can have arrived in the stored scope, any other is
// accepted: the first may have been a slip.
func (f *File) CheckScope(scope, prefix string) error {
	var arrived bool
	err := f.Reader.QueryRow(`SELECT EXISTS (SELECT 1 FROM conversation WHERE sending + accepted + verified + refused > 0)
		OR EXISTS (SELECT 1 FROM message WHERE may_exist = 1)`).Scan(&arrived)
	if err != nil || !arrived {
		return f.Explain(err)
	}
	for _, claim := range []struct{ setting, what, wanted string }{
		{settingScope, "scope", scope},
		{settingPrefix, "conversation prefix", prefix},
	} {
		var stored string
		known, err := migration.Setting(f.Reader, claim.setting, &stored)
		if err != nil {
			return f.Explain(err)
		}
		if known && stored != claim.wanted {
			e := &ScopeMismatchError{What: claim.what, Stored: stored, Wanted: claim.wanted}
			_, err := migration.Setting(f.Reader, settingRehearsal, &e.Rehearsal)
			return errors.Join(err, e)
		}
	}
	return nil
}

// A DeadLinksError means that links to media have died since they were loaded, and that nothing can make new ones.
type DeadLinksError struct {
	Links int
}

func (e *DeadLinksError) Error() string {
	return fmt.Sprintf("links to media that have died since they were loaded: %d", e.Links)
}

// CheckLinks makes sure that no media link of the selected messages is known to be dead, unless the sender can make a
// new one. The error is a [DeadLinksError].
func (s *Sender) CheckLinks() error {
	renewing := ""
	if s.Renew != nil {
		renewing = s.RenewOf
	}
	const isDead = `renewer <> coalesce((SELECT id FROM source WHERE name = ?), 0)
		AND (status = 'found' AND expires BETWEEN 1 AND ? OR status = 'failed' AND url = '')`
	condition, args := s.Selection.where()
	args = append([]any{renewing, time.Now().UnixMilli()}, args...)
	e := new(DeadLinksError)
	// The second query takes long; the first nearly always answers 0.
	err := s.File.Reader.QueryRow(`SELECT count(*) FROM media WHERE `+isDead, args[:2]...).Scan(&e.Links)
	if err == nil && e.Links > 0 {
		err = s.File.Reader.QueryRow(`SELECT count(*) FROM media WHERE `+isDead+`
			AND key IN (SELECT s.media_key FROM message m JOIN staging s ON s.id = m.staging
				WHERE m.state IN ('planned', 'sending') AND NOT m.as_text
				AND m.conversation IN (SELECT id FROM conversation WHERE `+condition+`))`, args...).Scan(&e.Links)
	}
	if err == nil && e.Links > 0 {
		return e
	}
	return s.File.Explain(err)
}
