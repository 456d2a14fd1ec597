package importer

import (
	"cmp"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A ConversationRow is a conversation as the sheet shows it, with the decision about it.
type ConversationRow struct {
	ID       string                   `json:"conversation_id"`
	Name     string                   `json:"name,omitempty"`
	Phone    string                   `json:"phone,omitempty"`
	Messages int                      `json:"messages"` // that were read, without duplicates
	First    time.Time                `json:"first,omitzero"`
	Last     time.Time                `json:"last,omitzero"`
	Kind     sources.ConversationKind `json:"kind"`
	Plan     string                   `json:"plan"` // what would happen now, in words
	// MatchedContact is the contact of the account that match has found, or to which the chat was linked; 0 without a contact, or
	// with several: then ContactName names some of these. MatchedBy is phone, e-mail, or link; elsewhere, if the chat belonged to
	// another contact, and refused, if Kommo refused the link.
	MatchedContact int64  `json:"matched_contact,omitempty"`
	ContactName    string `json:"contact_name,omitempty"`
	MatchedBy      string `json:"matched_by,omitempty"`
	Decision
}

// Conversations yields a row for each conversation, in the order in which the chats were read: first the conversation that
// gives a chat its id, then those that joined it. only selects the chats of some conversations; empty, all.
func (f *File) Conversations(composer Composer, only []string) iter.Seq2[ConversationRow, error] {
	return func(yield func(ConversationRow, error) bool) {
		composer, err := composer.withPolicy(f.Reader)
		var all decisions
		var clients map[string]sources.Client
		var filter Filter
		if err == nil {
			_, err = migration.Setting(f.Reader, settingFilter, &filter)
		}
		if err == nil {
			err = errors.Join(loadedSomething(f.Reader), (Selection{Only: only}).check(f.Reader))
		}
		if err == nil {
			all, err = readDecisions(f.Reader)
		}
		if err == nil {
			clients, err = joinedClients(f.Reader)
		}
		if err != nil {
			yield(ConversationRow{}, f.Explain(err))
			return
		}
		query, args := listedChats(composer.Notify, only)
		for chat, err := range migration.Query(f.Reader, scanListedChat, query, args...) {
			rows := []ConversationRow{chat.row}
			if err == nil && len(all.members[chat.row.ID]) > 0 {
				rows, err = chat.conversations(f.Reader, all, clients, filter.Country)
			}
			if err != nil {
				yield(ConversationRow{}, f.Explain(err))
				return
			}
			for _, row := range rows {
				row.Decision = all.decided(row.ID)
				if !yield(row, nil) {
					return
				}
			}
		}
	}
}

// A listedChat is a row of the table conversation as the list needs it.
type listedChat struct {
	id                                 int64
	row                                ConversationRow
	skipped, planned, sent, doubt, bad int
	notified, notifies                 bool
	reason                             string // why its first skipped message is skipped
}

// listedChats returns the query of the chats, and its arguments.
func listedChats(policy NotifyPolicy, only []string) (query string, args []any) {
	query = `SELECT id, external_id, client_name, iif(client_phone = '', phone_read, client_phone), kind, skipped, planned, accepted + verified, sending, refused,
		coalesce((SELECT time FROM message WHERE conversation = conversation.id ORDER BY time LIMIT 1), 0),
		coalesce((SELECT time FROM message WHERE conversation = conversation.id ORDER BY time DESC LIMIT 1), 0),
		notifier IS NOT NULL AND NOT EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND place = notifier AND state = 'planned'),
		` + policy.wanted(`(SELECT time`+lastPending+`)`) + `,
		iif(skipped > 0, (SELECT reason FROM message WHERE conversation = conversation.id AND state = 'skipped' LIMIT 1), ''),
		coalesce(matched.contact, link.contact, 0), coalesce(found_by, iif(link.state = 'linked', 'link', link.state), ''),
		coalesce('several: ' || nullif(candidates, ''), (SELECT name FROM contact WHERE contact.id = coalesce(matched.contact, link.contact)), '')
		FROM conversation LEFT JOIN matched ON matched.conversation = external_id LEFT JOIN link ON link.conversation = external_id`
	if len(only) > 0 {
		query += ` WHERE external_id IN (` + chatsOf("?") + `)`
		args = append(args, jsonList(only))
	}
	return query + ` ORDER BY first`, args
}

func scanListedChat(rows *sql.Rows) (c listedChat, err error) {
	var first, last int64
	r := &c.row
	err = rows.Scan(&c.id, &r.ID, &r.Name, &r.Phone, &r.Kind, &c.skipped, &c.planned, &c.sent, &c.doubt, &c.bad, &first, &last,
		&c.notified, &c.notifies, &c.reason, &r.MatchedContact, &r.MatchedBy, &r.ContactName)
	r.Messages = c.skipped + c.planned + c.sent + c.doubt + c.bad
	r.First, r.Last = fromMillis(first), fromMillis(last)
	r.Plan = c.plan()
	return c, err
}

// plan says what would happen with the chat now.
func (c *listedChat) plan() string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{c.sent, "sent"}, {c.doubt, "in doubt"}, {c.planned, "to send"}, {c.bad, "refused"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	switch {
	case len(parts) == 0:
		return c.reason
	case c.skipped > 0:
		parts = append(parts, fmt.Sprintf("%d left out", c.skipped))
	}
	plan := strings.Join(parts, ", ")
	switch {
	case c.planned+c.doubt == 0:
		return plan
	case c.notified || !c.notifies:
		return plan + ", all silent"
	}
	return plan + ", the last notifies"
}

// conversations returns the rows of the conversations of a chat of several.
func (c *listedChat) conversations(q migration.Querier, all decisions, clients map[string]sources.Client, country string) ([]ConversationRow, error) {
	var rows []ConversationRow
	for _, member := range all.membersOf(c.row.ID) {
		row := ConversationRow{ID: member, Kind: c.row.Kind, Plan: "in the chat of " + c.row.ID}
		if member == c.row.ID {
			row.Plan = "with others in one chat: " + c.row.Plan
		}
		var first, last sql.NullInt64
		err := q.QueryRow(`SELECT count(*), min(s.time), max(s.time) FROM (SELECT staging FROM message WHERE conversation = ?1
			UNION SELECT staging FROM duplicate WHERE conversation = ?1) m JOIN staging s ON s.id = m.staging
			WHERE s.conversation = ?2`, c.id, member).Scan(&row.Messages, &first, &last)
		if err != nil {
			return nil, err
		}
		if first.Valid {
			row.First, row.Last = fromMillis(first.Int64), fromMillis(last.Int64)
		}
		own := clients[member]
		row.Name, row.Phone = own.Name, cmp.Or(phoneOf(own, member, country), own.Phone)
		rows = append(rows, row)
	}
	return rows, nil
}

// joinedClients returns the clients of the conversations in chats of several.
func joinedClients(q migration.Querier) (map[string]sources.Client, error) {
	clients := make(map[string]sources.Client)
	for s, err := range migration.Query(q, scanSighting, sightings+` WHERE NOT pending AND conversation IN (
		SELECT conversation FROM decision WHERE chat <> '' UNION SELECT chat FROM decision WHERE chat <> '') ORDER BY id`) {
		if err != nil {
			return nil, err
		}
		clients[s.conversation] = merge(clients[s.conversation], s.client, s.conversation)
	}
	return clients, nil
}
