package importer

import (
	"cmp"
	"database/sql"
	"strings"

	"kommo-import/sources"
)

// A clientReader reads the sightings in ascending order of conversations.
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

// readClients reads the sightings of the plan and of a source that is being planned. If that reading replaces the last one,
// the sightings of the last one do not count, nor do those of a retired source.
func readClients(read *sql.DB, source int64, replaces bool, retired int64) (*clientReader, error) {
	rows, err := read.Query(sightings+` WHERE iif(source = ?, pending OR NOT ?, NOT pending) AND source <> ? ORDER BY conversation, id`, source, replaces, retired)
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
	var err error
	r.next, err = scanSighting(r.rows)
	return err
}

// sightings selects the sightings that scanSighting scans.
const sightings = `SELECT conversation, kind, client_id, name, phone, suspected, email, avatar FROM sighting`

func scanSighting(rows *sql.Rows) (s sighting, err error) {
	c := &s.client
	err = rows.Scan(&s.conversation, &s.kind, &c.ID, &c.Name, &c.Phone, &c.SuspectedPhone, &c.Email, &c.Avatar)
	return s, err
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
		ID:             cmp.Or(old.ID, news.ID),
		Name:           name,
		Phone:          cmp.Or(news.Phone, old.Phone),
		SuspectedPhone: cmp.Or(news.SuspectedPhone, old.SuspectedPhone),
		Email:          cmp.Or(news.Email, old.Email),
		Avatar:         cmp.Or(news.Avatar, old.Avatar),
	}
}

// isStandIn reports whether a name is only the client's phone or an id.
func isStandIn(name string, client sources.Client, conversation string) bool {
	return name == client.Phone || name == client.ID || name == conversation
}

// phoneOf returns the phone of a client in E.164, "" without one that can be dialled. A phone in an id counts where the
// source has no other, or an unusable one.
func phoneOf(client sources.Client, conversation, country string) string {
	phone, _ := sources.ParsePhone(client.Phone, country)
	return cmp.Or(phone, sources.PhoneOfID(conversation), sources.PhoneOfID(client.ID))
}

// cloned returns c with strings of its own, so that they do not keep a whole batch in memory.
func cloned(c sources.Client) sources.Client {
	for _, field := range []*string{&c.ID, &c.Name, &c.Phone, &c.SuspectedPhone, &c.Email, &c.Avatar} {
		*field = strings.Clone(*field)
	}
	return c
}
