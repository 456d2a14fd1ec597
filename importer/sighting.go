package importer

import (
	"cmp"
	"database/sql"

	"kommo-import/sources"
)

// A clientReader reads the sightings in step with the staging rows: both are sorted by conversation.
type clientReader struct {
	rows *sql.Rows
	next sighting
	more bool
}

type sighting struct {
	conversation string
	kind         sources.ConversationKind
	client       sources.Client
}

func readClients(read *sql.DB) (*clientReader, error) {
	rows, err := read.Query(`SELECT conversation, kind, client_id, name, phone, email, avatar FROM sighting
		ORDER BY conversation, id`)
	if err != nil {
		return nil, err
	}
	r := &clientReader{rows: rows}
	return r, r.advance()
}

func (r *clientReader) close() { r.rows.Close() }

func (r *clientReader) advance() error {
	if r.more = r.rows.Next(); !r.more {
		return r.rows.Err()
	}
	c := &r.next.client
	return r.rows.Scan(&r.next.conversation, &r.next.kind, &c.ID, &c.Name, &c.Phone, &c.Email, &c.Avatar)
}

// of returns the client of a conversation, merged from its sightings. Calls must be in ascending order of the
// conversation's id.
func (r *clientReader) of(conversation string) (sum sighting, err error) {
	for r.more && r.next.conversation <= conversation {
		if r.next.conversation == conversation {
			sum.kind = r.next.kind
			sum.client = merge(sum.client, r.next.client, conversation)
		}
		if err := r.advance(); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// merge returns the client after newer data. The newer data count, but a name that is only a phone or an id does not
// replace a real name. The first id stays: Kommo knows participants by it.
func merge(old, news sources.Client, conversation string) sources.Client {
	name := cmp.Or(news.Name, old.Name)
	if isStandIn(name, news, conversation) && old.Name != "" {
		name = old.Name
	}
	return sources.Client{
		ID:     cmp.Or(old.ID, news.ID),
		Name:   name,
		Phone:  cmp.Or(news.Phone, old.Phone),
		Email:  cmp.Or(news.Email, old.Email),
		Avatar: cmp.Or(news.Avatar, old.Avatar),
	}
}

// isStandIn reports whether a name is only the client's phone or an id.
func isStandIn(name string, client sources.Client, conversation string) bool {
	return name == client.Phone || name == client.ID || name == conversation
}
