package importer

import (
	"database/sql"
	"iter"
	"slices"
	"time"

	"kommo-import/internal/migration"
)

// A Report is the outcome of a migration so far.
type Report struct {
	Made   time.Time `json:"made"`
	Status Status    `json:"status"`

	FirstWritten time.Time `json:"first_written,omitzero"` // time of the oldest message that Kommo accepted
	LastWritten  time.Time `json:"last_written,omitzero"`  // time of the newest message that Kommo accepted
	FirstSent    time.Time `json:"first_sent,omitzero"`    // when the first accepted message was sent
	LastSent     time.Time `json:"last_sent,omitzero"`     // when the last accepted message was sent

	// Kinds counts messages by kind and state.
	Kinds    map[string]map[State]int `json:"kinds"`
	Notified int                      `json:"notified"` // conversations with a message that Kommo accepted with silent=false
	Linked   int                      `json:"linked"`   // conversations whose chat belongs to the contact that was matched
	Unlinked int                      `json:"unlinked"` // conversations whose chat belongs to another contact, or whose link Kommo refused
	LeftOut  int                      `json:"left_out"` // conversations that are left out in the sheet
	Media    MediaReport              `json:"media"`
	// Skipped, Invalid and Refused count messages by reason. Nil in an anonymised report.
	Skipped []Group `json:"skipped,omitzero"`
	Invalid []Group `json:"invalid,omitzero"`
	Refused []Group `json:"refused,omitzero"`
	// Verification is the result of the last verify; nil if verify did not run.
	Verification *VerifyReport `json:"verification,omitempty"`
}

// A MediaReport counts the media links that were asked, and messages with files.
type MediaReport struct {
	Found   int `json:"found"`
	Gone    int `json:"gone"`    // sent as text
	Unknown int `json:"unknown"` // gave no answer; sent as text
	Renewed int `json:"renewed"` // links that the source renewed
	AsText  int `json:"as_text"` // messages whose files are or were sent as text
}

// A ReportedConversation is the outcome of one conversation.
type ReportedConversation struct {
	ID       string        `json:"id"` // at the source
	Name     string        `json:"name"`
	Phone    string        `json:"phone,omitempty"`
	Messages map[State]int `json:"messages"` // the states that occur
	First    time.Time     `json:"first"`    // time of its oldest message
	Last     time.Time     `json:"last"`     // time of its newest message
}

// Report counts the messages of the whole migration file.
func (f *File) Report() (Report, error) {
	r := &Report{Made: time.Now().UTC(), Kinds: make(map[string]map[State]int)}
	err := f.View(func(tx *sql.Tx) error {
		if err := loadedSomething(tx); err != nil {
			return err
		}
		for _, part := range []func(*sql.Tx) error{r.readStatus, r.readTimes, r.readKinds, r.readMedia, r.readChats, r.readReasons} {
			if err := part(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return *r, err
	}
	r.Verification, err = f.LastVerification()
	return *r, err
}

// Anonymised returns the report without names, texts and lists, for somebody who must not learn who the clients are.
// Counts and times stay. Of the sources only their family stays, "table" or "green-api": a path or an instance may name
// somebody. Reasons go too, as they quote the source, and Kommo's error texts may quote messages.
func (r Report) Anonymised() Report {
	r.Status.Sources = slices.Clone(r.Status.Sources)
	for i, source := range r.Status.Sources {
		r.Status.Sources[i].Name = string(source.Family)
	}
	r.Skipped, r.Invalid, r.Refused = nil, nil, nil
	return r
}

// LastVerification returns the result of the last verify so far; nil if verify did not run.
func (f *File) LastVerification() (*VerifyReport, error) {
	verification, err := f.lastVerification()
	if err != nil || verification.Conversations+verification.Unread+verification.Open == 0 {
		return nil, err
	}
	return &verification, nil
}

func (r *Report) readStatus(tx *sql.Tx) (err error) {
	r.Status, err = readStatus(tx)
	return err
}

func (r *Report) readTimes(tx *sql.Tx) error {
	var first, last, firstSent, lastSent sql.NullInt64
	err := tx.QueryRow(`SELECT min(time), max(time), min(sent_at), max(sent_at) FROM message
		WHERE state IN ('accepted', 'verified')`).Scan(&first, &last, &firstSent, &lastSent)
	for to, from := range map[*time.Time]sql.NullInt64{
		&r.FirstWritten: first, &r.LastWritten: last, &r.FirstSent: firstSent, &r.LastSent: lastSent,
	} {
		if from.Valid {
			*to = fromMillis(from.Int64)
		}
	}
	return err
}

func (r *Report) readKinds(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT kind, state, count(*) FROM message GROUP BY kind, state`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var state State
		var messages int
		if err := rows.Scan(&kind, &state, &messages); err != nil {
			return err
		}
		if r.Kinds[kind] == nil {
			r.Kinds[kind] = make(map[State]int)
		}
		r.Kinds[kind][state] = messages
	}
	return rows.Err()
}

func (r *Report) readMedia(tx *sql.Tx) error {
	err := tx.QueryRow(`SELECT coalesce(sum(status = 'found'), 0), coalesce(sum(status = 'gone'), 0),
		coalesce(sum(status IN ('pending', 'failed', 'refused')), 0), coalesce(sum(renewed), 0) FROM media`).
		Scan(&r.Media.Found, &r.Media.Gone, &r.Media.Unknown, &r.Media.Renewed)
	if err != nil {
		return err
	}
	return tx.QueryRow(`SELECT count(*), (SELECT count(*) FROM conversation WHERE EXISTS (SELECT 1 FROM message
			WHERE conversation = conversation.id AND place = notifier AND state IN ('accepted', 'verified')))
		FROM message WHERE as_text`).Scan(&r.Media.AsText, &r.Notified)
}

// readChats counts the outcomes of whole chats.
func (r *Report) readChats(tx *sql.Tx) error {
	return tx.QueryRow(`SELECT count(*) FILTER (WHERE state = 'linked'), count(*) FILTER (WHERE state IN ('elsewhere', 'refused')),
		(SELECT count(*) FROM decision WHERE import = 'no') FROM link`).Scan(&r.Linked, &r.Unlinked, &r.LeftOut)
}

func (r *Report) readReasons(tx *sql.Tx) (err error) {
	if r.Invalid, err = invalidGroups(tx); err != nil {
		return err
	}
	if r.Skipped, err = messageGroups(tx, Skipped); err != nil {
		return err
	}
	r.Refused, err = messageGroups(tx, Refused)
	return err
}

// ReportedConversations yields the outcome of each conversation, in the order of sending.
func (f *File) ReportedConversations() iter.Seq2[ReportedConversation, error] {
	return migration.Rows(f.File, scanReported, `SELECT external_id, client_name, client_phone,
		skipped, planned, sending, accepted, verified, refused,
		(SELECT min(time) FROM message WHERE conversation = conversation.id),
		(SELECT max(time) FROM message WHERE conversation = conversation.id)
	FROM conversation WHERE skipped + planned + sending + accepted + verified + refused > 0 ORDER BY first`)
}

func scanReported(rows *sql.Rows) (c ReportedConversation, err error) {
	states := []State{Skipped, Planned, Sending, Accepted, Verified, Refused}
	counts := make([]int, len(states))
	var first, last int64
	err = rows.Scan(&c.ID, &c.Name, &c.Phone, &counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5],
		&first, &last)
	c.First, c.Last, c.Messages = fromMillis(first), fromMillis(last), make(map[State]int)
	for i, state := range states {
		if counts[i] > 0 {
			c.Messages[state] = counts[i]
		}
	}
	return c, err
}
