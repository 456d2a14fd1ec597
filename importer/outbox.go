package importer

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"iter"
	"kommo-import/internal/migration"
	"strings"

	"kommo-import/sources"
)

// A Selection chooses among the conversations that have something to send; the zero value means all of them.
// Only whole conversations can be chosen, so that the last message of each is still the one that notifies.
type Selection struct {
	Only             []string // ids at the source; empty: all
	MaxConversations int      // the first so many, in the order in which they were read; 0: all
}

// where returns the condition that chooses rows of conversation.
func (s Selection) where() (condition string, args []any) {
	condition = "planned + sending > 0"
	if len(s.Only) > 0 {
		condition += " AND external_id IN (?" + strings.Repeat(", ?", len(s.Only)-1) + ")"
		for _, id := range s.Only {
			args = append(args, id)
		}
	}
	if s.MaxConversations > 0 {
		condition = "id IN (SELECT id FROM conversation WHERE " + condition + " ORDER BY first LIMIT ?)"
		args = append(args, s.MaxConversations)
	}
	return condition, args
}

// check reports the first of the ids in Only that is no conversation of the migration file.
func (s Selection) check(q migration.Querier) error {
	for _, id := range s.Only {
		var known int
		err := q.QueryRow(`SELECT count(*) FROM conversation WHERE external_id = ?`, id).Scan(&known)
		if err != nil {
			return err
		}
		if known == 0 {
			return fmt.Errorf("--only %s: there is no such conversation in the migration file", id)
		}
	}
	return nil
}

// A conversation is what sending needs of one.
type conversation struct {
	id         int64
	externalID string
	kind       sources.ConversationKind
	first      int64
	client     sources.Client
	chatID     string        // at Kommo, "" if not known yet
	loud       sql.NullInt64 // the message that was sent with silent=false
}

// openConversations yields the chosen conversations in the order in which they are sent. It reads some at a time, so
// that they may change meanwhile.
func openConversations(q migration.Querier, s Selection) iter.Seq2[*conversation, error] {
	return func(yield func(*conversation, error) bool) {
		last := int64(-1)
		for left := s.MaxConversations; ; {
			page, err := openAfter(q, s.Only, last)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, cv := range page {
				if !yield(cv, nil) {
					return
				}
				last = cv.first
				if left--; left == 0 {
					return
				}
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

func openAfter(q migration.Querier, only []string, last int64) (page []*conversation, err error) {
	condition, args := Selection{Only: only}.where()
	rows, err := q.Query(`SELECT id, external_id, kind, first, client_id, client_name, client_phone, client_email,
		client_avatar, chat_id, loud FROM conversation WHERE first > ? AND `+condition+` ORDER BY first LIMIT 100`,
		append([]any{last}, args...)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		cv := new(conversation)
		c := &cv.client
		if err := rows.Scan(&cv.id, &cv.externalID, &cv.kind, &cv.first, &c.ID, &c.Name, &c.Phone, &c.Email, &c.Avatar,
			&cv.chatID, &cv.loud); err != nil {
			return nil, err
		}
		page = append(page, cv)
	}
	return page, rows.Err()
}

// An outgoing message is all that is known of one that is to be sent.
type outgoing struct {
	time, spool int64 // with the conversation, its key
	identity    identity
	sourceKind  string
	state       State
	msec        int64 // msec_timestamp
	direction   sources.Direction
	content     sources.Message
	media       mediaInfo // what its media URL answered; found if nobody had to ask
	quotes      identity  // of the message that it answers; zero if it answers none
	asText      bool      // its media were refused
	doubtful    bool      // it was sent once, and nobody knows what came of it
	loud        bool      // it goes out with silent=false
}

// openMessages yields what is to be sent of a conversation, in order. It reads some at a time, so that they may change
// meanwhile.
func openMessages(q migration.Querier, cv *conversation, allSilent bool) iter.Seq2[*outgoing, error] {
	return func(yield func(*outgoing, error) bool) {
		loud, err := loudOf(q, cv)
		if err != nil {
			yield(nil, err)
			return
		}
		for last := (&outgoing{time: -1}); ; {
			page, err := openMessagesAfter(q, cv, last)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, m := range page {
				m.loud = m.spool == loud && !allSilent
				if !yield(m, complete(q, cv, m)) {
					return
				}
				last = &outgoing{time: m.time, spool: m.spool}
			}
			if len(page) == 0 {
				return
			}
		}
	}
}

// loudOf returns the message of a conversation that goes out with silent=false: the one that did already, as far as
// anybody knows, else the last that will be sent.
func loudOf(q migration.Querier, cv *conversation) (spool int64, err error) {
	err = q.QueryRow(`SELECT coalesce(
		(SELECT loud FROM conversation WHERE id = ?1),
		(SELECT spool FROM message WHERE conversation = ?1 AND state IN ('planned', 'sending')
			ORDER BY time DESC, spool DESC LIMIT 1), 0)`, cv.id).Scan(&spool)
	return spool, err
}

// openMessagesAfter returns the next some messages without their contents, which may be large.
func openMessagesAfter(q migration.Querier, cv *conversation, last *outgoing) (page []*outgoing, err error) {
	rows, err := q.Query(`SELECT time, spool, identity, state, msec, direction, kind, as_text, doubtful,
			(SELECT name FROM source WHERE id = message.source)
		FROM message WHERE conversation = ? AND (time, spool) > (?, ?) AND state IN ('planned', 'sending')
		ORDER BY time, spool LIMIT 100`, cv.id, last.time, last.spool)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		m := new(outgoing)
		var id []byte
		var sourceName string
		if err := rows.Scan(&m.time, &m.spool, &id, &m.state, &m.msec, &m.direction, &m.content.Kind, &m.asText, &m.doubtful,
			&sourceName); err != nil {
			return nil, err
		}
		m.identity, m.sourceKind = identity(id), kindOf(sourceName)
		page = append(page, m)
	}
	return page, rows.Err()
}

// complete reads the content of m, and what is known of what it refers to. An answer names the message that it answers
// if that comes before it and was not refused: it would be refused too.
func complete(q migration.Querier, cv *conversation, m *outgoing) error {
	var content []byte
	if err := q.QueryRow(`SELECT content FROM spool WHERE id = ?`, m.spool).Scan(&content); err != nil {
		return err
	}
	if err := json.Unmarshal(content, &m.content); err != nil {
		return fmt.Errorf("message %d in the migration file: %w", m.spool, err)
	}
	var err error
	if m.media, err = mediaOf(q, cv, m); err != nil || m.content.ReplyTo == "" {
		return err
	}
	quoted := identifyByID(m.sourceKind, cv.externalID, m.content.ReplyTo)
	var there bool
	err = q.QueryRow(`SELECT EXISTS (SELECT 1 FROM message WHERE conversation = ? AND identity = ?
		AND (time, spool) < (?, ?) AND state IN ('planned', 'sending', 'accepted', 'verified'))`,
		cv.id, quoted[:], m.time, m.spool).Scan(&there)
	if there {
		m.quotes = quoted
	}
	return err
}
