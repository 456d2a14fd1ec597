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
	id, err := c.identityOf(m)
	if err != nil {
		return err
	}
	state, reason := c.fate(m)
	asText := c.filter.asText(sources.Kind(m.kind))
	msec := followingMillis(m.time, c.msec)
	c.time = m.time
	result, err := c.insert.Exec(c.id, m.time, m.id, id[:], m.source, m.reading, m.direction, m.kind, m.author, m.length,
		msec, state, reason, asText)
	if err != nil {
		return err
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted == 0 {
		return errors.Join(err, c.again(m, id))
	}
	c.msec, c.first = msec, min(c.first, m.id)
	c.added[state]++
	c.report.Added++
	if state == Planned && m.lookup && !asText {
		return c.wantMedia(m.id)
	}
	return nil
}

// fate returns what becomes of m if it was not sent, and why.
func (c *arrangement) fate(m *spooled) (State, string) {
	return decide(c.reason, m.skip, c.filter.message(fromMillis(m.time), sources.Kind(m.kind)))
}

// identityOf returns the identity of m. Where the source has no ids, it is that of the first of those with the same
// content that the reading has not come to yet, in this arrangement or, if it goes on, in one before.
func (c *arrangement) identityOf(m *spooled) (identity, error) {
	base := identity(m.identity)
	if !m.counted {
		return base, nil
	}
	if m.time != c.time {
		clear(c.ordinals)
	}
	key := ordinalKey{base, m.source, m.reading}
	n, counting := c.ordinals[key]
	for n++; !counting && !c.fresh; n++ {
		id := base.nth(n)
		var used bool
		if err := c.used.QueryRow(c.id, id[:], m.source, m.reading).Scan(&used); err != nil {
			return id, err
		}
		if !used {
			break
		}
	}
	c.ordinals[key] = n
	return base.nth(n), nil
}

// wantMedia lets the media of a row of spool be asked about, if there are any and that was not done before.
func (a *arranger) wantMedia(spool int64) error {
	_, err := a.media.Exec(spool)
	return err
}

// again takes up a message that stands in the plan already. Read again from the same source, it brings the source's
// present words, and its present place among those of the same time, as long as Kommo has not taken it. From another
// source, or a second time in one reading, it is a duplicate.
func (c *arrangement) again(m *spooled, id identity) error {
	var time, spool, source, reading int64
	var state State
	var doubtful bool
	if err := c.known.QueryRow(c.id, id[:]).Scan(&time, &spool, &source, &reading, &state, &doubtful); err != nil {
		return err
	}
	if source != m.source || reading == m.reading {
		if _, err := c.drop.Exec(m.id); err != nil {
			return err
		}
		if m.lookup && source != m.source {
			if _, err := c.remake.Exec(m.id); err != nil {
				return err
			}
		}
		return c.addCopy(m, id, spool)
	}
	c.report.Known++
	if doubtful || !unsent(state) && state != Refused {
		if _, err := c.drop.Exec(m.id); err != nil {
			return err
		}
		_, err := c.seen.Exec(m.reading, c.id, time, spool)
		return err
	}
	c.fresh = false
	if _, err := c.drop.Exec(spool); err != nil {
		return err
	}
	if _, err := c.renew.Exec(m.id, m.reading, c.id, time, spool); err != nil {
		return err
	}
	if state, _ := c.fate(m); state == Planned && m.lookup && !c.filter.asText(sources.Kind(m.kind)) {
		return c.wantMedia(m.id)
	}
	return nil
}

// addCopy counts m as a copy of the message whose content stands at spool.
func (c *arrangement) addCopy(m *spooled, id identity, spool int64) error {
	var known sql.NullInt64
	var last int64
	if err := c.copied.QueryRow(c.id, id[:], m.source, m.reading).Scan(&known, &last); err != nil {
		return err
	}
	number := last + 1
	if known.Valid {
		number = known.Int64
	}
	if _, err := c.copy.Exec(c.id, id[:], m.source, number, m.reading, !m.counted, m.id, spool); err != nil {
		return err
	}
	if known.Valid {
		c.report.Known++
		return nil
	}
	c.report.Duplicate++
	_, err := c.tx.Exec(`UPDATE conversation SET duplicate = duplicate + 1 WHERE id = ?`, c.id)
	return err
}
