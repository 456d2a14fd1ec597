package importer

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A Selection selects among the conversations that have something to send; the zero value means all of them. Only
// whole conversations can be selected, so that the last message of each is still the one that notifies.
type Selection struct {
	Only             []string // ids at the source, of any conversation of a chat; empty: all
	MaxConversations int      // the first conversations, in the order in which they were read; 0: all
}

// where returns the condition that selects rows of the table conversation.
func (s Selection) where() (condition string, args []any) {
	condition = "planned + sending > 0"
	if len(s.Only) > 0 {
		condition += " AND external_id IN (" + chatsOf("?") + ")"
		args = append(args, jsonList(s.Only))
	}
	if s.MaxConversations > 0 {
		condition = "id IN (SELECT id FROM conversation WHERE " + condition + " ORDER BY first LIMIT ?)"
		args = append(args, s.MaxConversations)
	}
	return condition, args
}

// chatsOf selects the chats of the conversations of a list, a parameter in JSON.
func chatsOf(list string) string {
	return `SELECT ` + chatIDOf("value") + ` FROM json_each(` + list + `)`
}

// jsonList returns a list as a parameter for json_each: a statement takes no more than 32,766 parameters.
func jsonList[T string | int64](items []T) string {
	if items == nil {
		return "[]"
	}
	list, _ := json.Marshal(items) // texts and numbers never fail
	return string(list)
}

// check returns an error for the first id in Only that is not a conversation of the migration file.
func (s Selection) check(q migration.Querier) error {
	for _, id := range s.Only {
		var known int
		err := q.QueryRow(`SELECT count(*) FROM conversation WHERE external_id IN (`+chatsOf("?")+`)`, jsonList([]string{id})).Scan(&known)
		if err != nil {
			return err
		}
		if known == 0 {
			return fmt.Errorf("--only %s: there is no such conversation in the migration file", id)
		}
	}
	return nil
}

// countPending returns how many messages of the selection are to be sent.
func countPending(q migration.Querier, s Selection) (messages int, err error) {
	condition, args := s.where()
	err = q.QueryRow(`SELECT coalesce(sum(planned + sending), 0) FROM conversation WHERE `+condition, args...).Scan(&messages)
	return messages, err
}

// A conversation is a conversation as sending and verifying need it.
type conversation struct {
	id         int64
	externalID string
	kind       sources.ConversationKind
	first      int64 // staging.id of its first message
	pending    int   // messages to be sent when it was read
	client     sources.Client
	unsure     bool          // its chat may hold messages of the plan that no record says were sent
	aside      string        // why the last send set it aside; "" if it did not
	noAvatar   bool          // the client's avatar is not sent: Kommo refused it
	chatID     string        // at Kommo, "" if not known yet
	notifier   sql.NullInt64 // message.place of the message that was sent with silent=false
}

// longestFirst yields the selected conversations in the order in which they are sent: those with the most messages first, so
// that a send does not end with one conversation that takes its time. Their rows may change during the loop.
func longestFirst(q migration.Querier, s Selection) iter.Seq2[*conversation, error] {
	return func(yield func(*conversation, error) bool) {
		condition, args := s.where()
		ids, err := migration.All(q, scanID, `SELECT id FROM conversation WHERE `+condition+` ORDER BY planned + sending DESC, first`, args...)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, id := range ids {
			conversations, err := migration.All(q, scanConversation, conversationColumns+` FROM conversation WHERE id = ?`, id)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, cv := range conversations {
				if !yield(cv, nil) {
					return
				}
			}
		}
	}
}

// pendingConversations yields the selected conversations in the order in which they were read. Their rows may change
// during the loop.
func pendingConversations(q migration.Querier, s Selection) iter.Seq2[*conversation, error] {
	pages := migration.Paged(-1, func(cv *conversation) int64 { return cv.first }, func(first int64) ([]*conversation, error) {
		return pendingConversationsAfter(q, s.Only, first)
	})
	return func(yield func(*conversation, error) bool) {
		left := s.MaxConversations
		for cv, err := range pages {
			if left--; !yield(cv, err) || left == 0 {
				return
			}
		}
	}
}

func pendingConversationsAfter(q migration.Querier, only []string, first int64) ([]*conversation, error) {
	condition, args := Selection{Only: only}.where()
	return migration.All(q, scanConversation, conversationColumns+` FROM conversation WHERE first > ? AND `+condition+` ORDER BY first LIMIT 100`,
		append([]any{first}, args...)...)
}

// conversationColumns are the columns that scanConversation scans.
const conversationColumns = `SELECT id, external_id, kind, first, planned + sending, client_id, client_name, client_phone, client_email, client_avatar, no_avatar,
	chat_id, notifier, ` + isUnsure + `, aside`

func scanConversation(rows *sql.Rows) (*conversation, error) {
	cv := new(conversation)
	c := &cv.client
	err := rows.Scan(&cv.id, &cv.externalID, &cv.kind, &cv.first, &cv.pending, &c.ID, &c.Name, &c.Phone, &c.Email, &c.Avatar,
		&cv.noAvatar, &cv.chatID, &cv.notifier, &cv.unsure, &cv.aside)
	return cv, err
}

// An outgoing message is a message that is to be sent or was sent, with all that its payload is made of.
type outgoing struct {
	time, place int64 // with the conversation, its key
	staging     int64 // its content
	identity    identity
	family      sources.Family
	idSpace     string // in which the message ids of its source are unique
	state       State
	reason      string // why Kommo refused it
	msec        int64  // msec_timestamp
	direction   sources.Direction
	// conversation is the id at the source of its conversation, which may be another than that of its chat.
	conversation string
	content      sources.Message
	media        mediaInfo     // the answer about its media link; found if the link need not be asked
	quotes       identity      // of the message that it answers; zero if it answers no message
	quoteText    string        // the text of that message, "" if it is not known
	form                       // in which it is sent
	whole        form          // the form before the first refusal in this run
	rungs        []form        // the forms that are left to be tried; nil before the first refusal
	mayExist     bool          // a request with it once had an unknown outcome
	notifies     bool          // it is sent with silent=false
	sentAt       sql.NullInt64 // when it was last marked as sending, in Unix milliseconds
	remoteID     string        // its id at Kommo
}

// A messageKey identifies a message within its conversation, in the order of sending.
type messageKey struct{ time, place int64 }

func (m *outgoing) key() messageKey { return messageKey{m.time, m.place} }

// pendingMessages yields the messages of a conversation that are to be sent, in order. Their rows may change during
// the loop.
func pendingMessages(q migration.Querier, cv *conversation, policy NotifyPolicy) iter.Seq2[*outgoing, error] {
	return func(yield func(*outgoing, error) bool) {
		notifier, wanted, err := notifierOf(q, cv, policy)
		if err != nil {
			yield(nil, err)
			return
		}
		pages := migration.Paged(messageKey{time: -1}, (*outgoing).key, func(after messageKey) ([]*outgoing, error) {
			return pendingMessagesAfter(q, cv, after)
		})
		for m, err := range pages {
			if cv.notifier.Valid { // the chat may have shown that another message notified
				notifier = cv.notifier.Int64
			}
			if err == nil {
				m.notifies = wanted && m.place == notifier
				err = readContent(q, cv, m)
			}
			if !yield(m, err) {
				return
			}
		}
	}
}

// notifierOf returns the message of a conversation that is sent with silent=false: the message that was sent so
// already, unless it is known not to have arrived, else the last message that will be sent. wanted says whether it is to notify.
func notifierOf(q migration.Querier, cv *conversation, policy NotifyPolicy) (place int64, wanted bool, err error) {
	err = q.QueryRow(`SELECT coalesce(notifier, (SELECT place`+lastPending+`), 0), `+policy.wanted(`(SELECT time`+lastPending+`)`)+`
		FROM conversation WHERE id = ?`, cv.id).Scan(&place, &wanted)
	return place, wanted, err
}

// pendingMessagesAfter returns the next messages without their contents, which may be large.
func pendingMessagesAfter(q migration.Querier, cv *conversation, after messageKey) ([]*outgoing, error) {
	return migration.All(q, scanOutgoing, outgoingColumns+` FROM message WHERE conversation = ? AND (time, place) > (?, ?) AND state IN ('planned', 'sending')
		ORDER BY time, place LIMIT 100`, cv.id, after.time, after.place)
}

// outgoingColumns are the columns that scanOutgoing scans.
const outgoingColumns = `SELECT time, place, staging, identity, state, reason, msec, direction, kind, as_text, quote_as_text, may_exist, sent_at, remote_id,
	(SELECT family FROM source WHERE id = message.source), (SELECT id_space FROM source WHERE id = message.source)`

func scanOutgoing(rows *sql.Rows) (*outgoing, error) {
	m := new(outgoing)
	var id []byte
	err := rows.Scan(&m.time, &m.place, &m.staging, &id, &m.state, &m.reason, &m.msec, &m.direction, &m.content.Kind, &m.asText, &m.quoteAsText, &m.mayExist,
		&m.sentAt, &m.remoteID, &m.family, &m.idSpace)
	if err == nil {
		m.identity = identity(id)
	}
	return m, err
}

// readContent reads the content of m, the answer about its media link, and the message that it answers. A reply names
// the message that it answers if that comes before it and was not refused: Kommo would refuse the reply too.
func readContent(q migration.Querier, cv *conversation, m *outgoing) error {
	var content []byte
	if err := q.QueryRow(`SELECT content, conversation FROM staging WHERE id = ?`, m.staging).Scan(&content, &m.conversation); err != nil {
		return err
	}
	if err := json.Unmarshal(content, &m.content); err != nil {
		return fmt.Errorf("message %d in the migration file: %w", m.staging, err)
	}
	return readReferences(q, cv, m)
}

// readReferences reads the references of m: the answer about its media link, and the message that it answers.
func readReferences(q migration.Querier, cv *conversation, m *outgoing) (err error) {
	m.noAvatar, m.quoteText = cv.noAvatar, m.content.Quote
	if m.media, err = mediaOf(q, m); err != nil || m.content.ReplyTo == "" {
		return err
	}
	conversations, err := migration.All(q, scanText, `SELECT ?1 UNION ALL SELECT ?2 WHERE ?2 <> ?1
		UNION ALL SELECT conversation FROM decision WHERE chat = ?2 AND chat <> '' AND conversation <> ?1`, m.conversation, cv.externalID)
	if err != nil {
		return err
	}
	for _, conversation := range conversations {
		found, err := m.quote(q, cv, identifyByID(m.idSpace, conversation, m.content.ReplyTo, 0))
		if err != nil || found {
			return err
		}
	}
	return nil
}

// quote lets m answer the message of an identity, if m can name it. In a chat of several conversations, the same message
// may be there from each of them.
func (m *outgoing) quote(q migration.Querier, cv *conversation, quoted identity) (found bool, err error) {
	var text string
	err = q.QueryRow(`SELECT coalesce(s.content ->> '$.text', '') FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation = ? AND m.identity = ? AND (m.time, place) < (?, ?) AND state IN ('planned', 'sending', 'accepted', 'verified')`,
		cv.id, quoted[:], m.time, m.place).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	m.quotes, m.quoteText = quoted, cmp.Or(m.quoteText, text)
	return err == nil, err
}
