package importer

import (
	"database/sql"
	"time"
)

// A Warning is something about the plan that an administrator may want to change before sending.
type Warning struct {
	Kind     WarningKind `json:"kind"`
	Count    int         `json:"count"`              // of messages, conversations or media links, as the kind says
	Examples []string    `json:"examples,omitempty"` // conversation ids, authors
}

// WarningKind is the kind of a warning.
type WarningKind string

// The kinds of warning.
const (
	NoSender             WarningKind = "no_sender"       // outgoing messages with neither bot nor Kommo user; send refuses to start
	OldLast              WarningKind = "old_last"        // conversations whose last message is more than a year old
	NoPhone              WarningKind = "no_phone"        // conversations with clients of whom no phone is known
	SuspectedPhone       WarningKind = "suspected_phone" // conversations with a phone that may be another person's; it is not sent
	NoName               WarningKind = "no_name"         // conversations with clients without a name
	LongText             WarningKind = "long_text"       // messages with more than LongTextLength characters
	MediaGone            WarningKind = "media_gone"      // media links whose file is gone: sent as text
	MediaUnknown         WarningKind = "media_unknown"   // media links that did not answer: sent as text
	MediaPrivate         WarningKind = "media_private"   // media links into private networks: sent as text
	MediaDying           WarningKind = "media_dying"     // media links that are dead or expire within a day: send renews them
	UnusablePhone        WarningKind = "phone"           // conversations with a phone that cannot be brought into E.164; it is not sent
	KeptAsSent           WarningKind = "kept"            // conversations that stay as they were sent, because of --keep-sent
	ConflictingDuplicate WarningKind = "differs"         // duplicates that have the id of another message, but another content
	SameClient           WarningKind = "same_client"     // pairs of conversations that seem to be of one client, one under an @lid
	SamePhone            WarningKind = "same_phone"      // phones that several conversations have
	SimilarIDs           WarningKind = "similar_ids"     // groups of conversations whose ids differ only in look
	Unnotified           WarningKind = "unnotified"      // conversations that were sent without a notifying message
	Unfinished           WarningKind = "unfinished"      // loads that were interrupted
)

// LongTextLength is how many characters a text may have without a warning. Kommo documents no limit; messengers allow
// about as many.
const LongTextLength = 4096

// maxExamples is how many examples a warning or a group of reasons has.
const maxExamples = 3

const oldAfter = 365 * 24 * time.Hour

func (p *Preview) readWarnings(tx *sql.Tx, composer Composer, selection Selection) error {
	if err := p.readSenders(tx, composer, selection); err != nil {
		return err
	}
	if err := p.warnOfClients(tx, selection); err != nil {
		return err
	}
	for _, warning := range warningQueries(composer, selection) {
		if err := p.warn(tx, warning.kind, warning.query, warning.args); err != nil {
			return err
		}
	}
	return nil
}

// A warningQuery yields the subjects of a warning: rows of a count, an example, and the conversation, 0 if it is about no conversation.
type warningQuery struct {
	kind  WarningKind
	query string
	args  []any
}

// warningQueries returns the queries of the warnings that hold under the notify policy of a composer.
func warningQueries(composer Composer, selection Selection) []warningQuery {
	condition, args := selection.where()
	among := ` FROM conversation WHERE ` + condition + ` AND `
	return []warningQuery{
		{OldLast, `SELECT 1, external_id, id` + among + composer.Notify.wanted(`(SELECT time`+lastPending+`)`) + ` AND (SELECT time FROM message WHERE conversation = conversation.id
			AND state IN ('planned', 'sending') ORDER BY time DESC LIMIT 1) < ?`,
			append(args[:len(args):len(args)], time.Now().Add(-oldAfter).UnixMilli())},
		{NoPhone, `SELECT 1, external_id, id` + among + `kind = 'person' AND client_phone = '' AND phone_read = '' AND suspected = ''`, args},
		{SuspectedPhone, `SELECT 1, external_id || iif(suspected = external_id, '', ': ' || suspected), id` + among +
			`kind = 'person' AND client_phone = '' AND phone_read = '' AND suspected <> ''`, args},
		{NoName, `SELECT 1, external_id, id` + among + `client_name IN ('', client_phone, client_id, external_id)`, args},
		{LongText, `SELECT sum(long), (SELECT external_id FROM conversation WHERE id = pending.conversation), conversation FROM pending
			WHERE long > 0 AND conversation IN (SELECT id FROM conversation WHERE ` + condition + `) GROUP BY conversation`, args},
		{MediaGone, `SELECT 1, '', 0 FROM media WHERE status = 'gone'`, nil},
		{MediaUnknown, `SELECT 1, '', 0 FROM media WHERE status IN ('pending', 'failed')`, nil},
		{MediaPrivate, `SELECT 1, '', 0 FROM media WHERE status = 'refused'`, nil},
		{MediaDying, `SELECT 1, '', 0 FROM media WHERE status = 'found' AND renewer IS NOT NULL AND expires BETWEEN 1 AND ?`,
			[]any{time.Now().Add(24 * time.Hour).UnixMilli()}},
		{KeptAsSent, `SELECT 1, external_id, id FROM conversation WHERE kept`, nil},
		{ConflictingDuplicate, `SELECT 1, coalesce(content ->> '$.position', ''), duplicate.conversation
			FROM duplicate JOIN staging ON staging.id = duplicate.staging WHERE differs`, nil},
		{Unnotified, `SELECT 1, external_id, id FROM conversation
			WHERE accepted + verified > 0 AND planned + sending = 0 AND notifier IS NULL AND ` +
			composer.Notify.wanted(`(SELECT time FROM message WHERE conversation = conversation.id ORDER BY time DESC LIMIT 1)`), nil},
		{UnusablePhone, `SELECT 1, external_id || ': ' || phone_read, id` + among + `phone_read <> '' AND client_phone = ''`, args},
		{Unfinished, `SELECT 1, name, 0 FROM source JOIN unfinished ON source = source.id`, nil},
	}
}

func (p *Preview) warn(tx *sql.Tx, kind WarningKind, query string, args []any) error {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	w := Warning{Kind: kind}
	for rows.Next() {
		var count int
		var example string
		var conversation int64
		if err := rows.Scan(&count, &example, &conversation); err != nil {
			return err
		}
		w.Count += count
		if len(w.Examples) < maxExamples && example != "" {
			w.Examples = append(w.Examples, example)
		}
	}
	if w.Count > 0 {
		p.Warnings = append(p.Warnings, w)
	}
	return rows.Err()
}
