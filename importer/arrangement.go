package importer

import (
	"database/sql"
	"errors"

	"kommo-import/sources"
)

// An arrangement is one conversation while messages are added to it.
type arrangement struct {
	*arranger
	id         int64
	externalID string
	reason     string // why the whole conversation is left out, or ""
	fresh      bool   // it holds nothing but what is being added, in order
	first      int64  // the message that arrived first, if fresh

	time     int64 // of the message before
	msec     int64 // msec_timestamp of the message before
	ordinals map[ordinalKey]int
	added    map[State]int
}

// An ordinalKey is what the n of "the n-th of those with the same content" counts by.
type ordinalKey struct {
	identity        identity
	source, reading int64
}

// begin finds the conversation of m, or makes it.
func (a *arranger) begin(m *spooled) (*arrangement, error) {
	c := &arrangement{arranger: a, externalID: m.conversation, first: m.id, added: make(map[State]int), ordinals: make(map[ordinalKey]int)}
	news, err := a.clients.of(m.conversation)
	if err != nil {
		return nil, err
	}
	var kind string
	var old sources.Client
	err = a.find.QueryRow(m.conversation).
		Scan(&c.id, &kind, &old.ID, &old.Name, &old.Phone, &old.Email, &old.Avatar)
	c.fresh = errors.Is(err, sql.ErrNoRows)
	if err != nil && !c.fresh {
		return nil, err
	}
	if c.fresh {
		kind = string(news.kind)
	}
	client := merge(old, news.client, m.conversation)
	err = a.keep.QueryRow(m.conversation, kind, m.id, client.ID, client.Name, client.Phone, client.Email,
		client.Avatar).Scan(&c.id)
	c.reason = a.filter.conversation(m.conversation, sources.ConversationKind(kind))
	return c, err
}

// add puts m in its place, unless it is known.
func (c *arrangement) add(m *spooled) error {
	if m.time != c.time {
		clear(c.ordinals)
	}
	key := ordinalKey{identity(m.identity), m.source, m.reading}
	c.ordinals[key]++
	ordinal, id := c.ordinals[key], key.identity
	if m.counted {
		id = id.nth(ordinal)
	}
	state, reason := decide(c.reason, c.filter.message(fromMillis(m.time)))
	c.msec, c.time = followingMillis(m.time, c.msec), m.time
	result, err := c.insert.Exec(c.id, m.time, m.id, id[:], m.source, m.reading, m.direction, m.kind, m.author, m.length,
		c.msec, state, reason)
	if err != nil {
		return err
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted == 0 {
		return errors.Join(err, c.again(m, id, ordinal))
	}
	c.first = min(c.first, m.id)
	c.added[state]++
	c.report.Added++
	if state == Planned {
		return c.wantMedia(m.lookup)
	}
	return nil
}

func (a *arranger) wantMedia(url sql.NullString) error {
	if !url.Valid {
		return nil
	}
	_, err := a.tx.Exec(`INSERT INTO media (url) VALUES (?) ON CONFLICT DO NOTHING`, url.String)
	return err
}

// again takes up a message that stands in the plan already. Read again from the same source, it brings the source's
// present words as long as it was not sent. From another source, or a second time in one reading, it is a duplicate.
func (c *arrangement) again(m *spooled, id identity, ordinal int) error {
	var time, spool, source, reading int64
	var state State
	if err := c.known.QueryRow(c.id, id[:]).Scan(&time, &spool, &source, &reading, &state); err != nil {
		return err
	}
	if _, err := c.drop.Exec(m.id); err != nil {
		return err
	}
	switch {
	case source != m.source:
		return c.addDuplicate(m, id, ordinal)
	case reading == m.reading:
		return c.addDuplicate(m, id, max(ordinal, 2))
	}
	c.report.Known++
	if _, err := c.seen.Exec(m.reading, c.id, time, spool); err != nil || !unsent(state) {
		return err
	}
	c.fresh = false
	if _, err := c.renew.Exec(m.id, spool); err != nil {
		return err
	}
	if _, err := c.reset.Exec(c.id, time, spool); err != nil {
		return err
	}
	return c.wantMedia(m.lookup)
}

func (c *arrangement) addDuplicate(m *spooled, id identity, number int) error {
	result, err := c.tx.Exec(`INSERT INTO duplicate (conversation, identity, source, copy) VALUES (?, ?, ?, ?)
		ON CONFLICT DO NOTHING`, c.id, id[:], m.source, number)
	if err != nil {
		return err
	}
	added, err := result.RowsAffected()
	if err != nil || added == 0 {
		c.report.Known++
		return err
	}
	c.report.Duplicate++
	_, err = c.tx.Exec(`UPDATE conversation SET duplicate = duplicate + 1 WHERE id = ?`, c.id)
	return err
}
