package importer

import (
	"database/sql"
	"errors"

	"kommo-import/sources"
)

// A conversationPlan is one conversation while messages are added to it.
type conversationPlan struct {
	planner    *planner
	id         int64
	externalID string
	reason     string // why the whole conversation is left out, "" if it is not
	fresh      bool   // it holds nothing but the messages that are being added, in order
	first      int64  // the message that arrived first, if fresh

	time     int64 // of the message before
	msec     int64 // msec_timestamp of the message before
	ordinals map[ordinalKey]int
	added    map[State]int
}

// An ordinalKey tells apart the counts of messages with the same content.
type ordinalKey struct {
	identity        identity
	source, reading int64
}

// begin finds the conversation of m, or creates it.
func (p *planner) begin(m *stagedMessage) (*conversationPlan, error) {
	c := &conversationPlan{planner: p, externalID: m.conversation, first: m.id, added: make(map[State]int), ordinals: make(map[ordinalKey]int)}
	sighted, err := p.clients.of(m.conversation)
	if err != nil {
		return nil, err
	}
	var kind string
	var known sources.Client
	err = p.sql.QueryRow(`SELECT id, kind, client_id, client_name, client_phone, client_email, client_avatar
		FROM conversation WHERE external_id = ?`, m.conversation).
		Scan(&c.id, &kind, &known.ID, &known.Name, &known.Phone, &known.Email, &known.Avatar)
	c.fresh = errors.Is(err, sql.ErrNoRows)
	if err != nil && !c.fresh {
		return nil, err
	}
	if c.fresh {
		kind = string(sighted.kind)
	}
	client := merge(known, sighted.client, m.conversation)
	err = p.sql.QueryRow(`INSERT INTO conversation (external_id, kind, first, client_id, client_name, client_phone, client_email,
			client_avatar) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (external_id) DO UPDATE SET client_name = excluded.client_name,
			client_phone = excluded.client_phone, client_email = excluded.client_email, client_avatar = excluded.client_avatar
		RETURNING id`,
		m.conversation, kind, m.id, client.ID, client.Name, client.Phone, client.Email, client.Avatar).Scan(&c.id)
	c.reason = p.filter.conversation(m.conversation, sources.ConversationKind(kind))
	return c, err
}

// add plans m, unless the plan holds it already.
func (c *conversationPlan) add(m *stagedMessage) error {
	id, err := c.identityOf(m)
	if err != nil {
		return err
	}
	state, reason := c.decide(m)
	asText := c.planner.filter.asText(sources.Kind(m.kind))
	msec := nextMillis(m.time, c.msec)
	c.time = m.time
	result, err := c.planner.sql.Exec(`INSERT INTO message (conversation, time, staging, identity, source, reading, direction, kind, author,
		length, msec, state, reason, as_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (conversation, identity) DO NOTHING`,
		c.id, m.time, m.id, id[:], m.source, m.reading, m.direction, m.kind, m.author, m.length, msec, state, reason, asText)
	if err != nil {
		return err
	}
	if inserted, err := result.RowsAffected(); err != nil || inserted == 0 {
		return errors.Join(err, c.addKnown(m, id))
	}
	c.msec, c.first = msec, min(c.first, m.id)
	c.added[state]++
	c.planner.report.Added++
	if state == Planned && m.hasMediaKey && !asText {
		return c.planner.wantMedia(m.id)
	}
	return nil
}

// decide returns the state of m if it was not sent, and the reason if it is skipped.
func (c *conversationPlan) decide(m *stagedMessage) (State, string) {
	return decide(c.reason, m.skip, c.planner.filter.message(fromMillis(m.time), sources.Kind(m.kind), m.deleted))
}

// identityOf returns the identity of m. Without ids at the source, the n-th message with the same content gets the
// n-th identity; counting goes on where an interrupted load stopped.
func (c *conversationPlan) identityOf(m *stagedMessage) (identity, error) {
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
		var held bool
		err := c.planner.sql.QueryRow(`SELECT EXISTS (SELECT 1 FROM message WHERE conversation = ?1 AND identity = ?2 AND source = ?3 AND reading = ?4)
			OR EXISTS (SELECT 1 FROM duplicate WHERE conversation = ?1 AND identity = ?2 AND source = ?3 AND reading = ?4)`,
			c.id, id[:], m.source, m.reading).Scan(&held)
		if err != nil {
			return id, err
		}
		if !held {
			break
		}
	}
	c.ordinals[key] = n
	return base.nth(n), nil
}

// addKnown handles a message that the plan holds already. Read again from the same source and not accepted by Kommo
// so far, the message takes the source's present content and its present place among the messages of its time. From
// another source, or a second time in one reading, it is a duplicate.
func (c *conversationPlan) addKnown(m *stagedMessage, id identity) error {
	p := c.planner
	var time, staging, source, reading int64
	var state State
	var mayExist bool
	err := p.sql.QueryRow(`SELECT time, staging, source, reading, state, may_exist FROM message WHERE conversation = ? AND identity = ?`,
		c.id, id[:]).Scan(&time, &staging, &source, &reading, &state, &mayExist)
	if err != nil {
		return err
	}
	if source != m.source || reading == m.reading {
		if err := p.drop(m.id); err != nil {
			return err
		}
		if m.hasMediaKey && source != m.source {
			if err := p.adoptRenewer(m.id); err != nil {
				return err
			}
		}
		return c.addDuplicate(m, id, staging)
	}
	p.report.Known++
	if mayExist || !unsent(state) && state != Refused {
		if err := p.drop(m.id); err != nil {
			return err
		}
		_, err := p.sql.Exec(`UPDATE message SET reading = ? WHERE conversation = ? AND time = ? AND staging = ?`, m.reading, c.id, time, staging)
		return err
	}
	return c.updateContent(m, time, staging)
}

// updateContent gives the message at (time, staging) the content and the place of m.
func (c *conversationPlan) updateContent(m *stagedMessage, time, staging int64) error {
	c.fresh = false
	if err := c.planner.drop(staging); err != nil {
		return err
	}
	_, err := c.planner.sql.Exec(`UPDATE message SET (time, staging, direction, kind, author, length, reading) =
		(SELECT time, id, direction, kind, author, length, ?2 FROM staging WHERE id = ?1)
		WHERE conversation = ?3 AND time = ?4 AND staging = ?5`, m.id, m.reading, c.id, time, staging)
	if err != nil {
		return err
	}
	if state, _ := c.decide(m); state == Planned && m.hasMediaKey && !c.planner.filter.asText(sources.Kind(m.kind)) {
		return c.planner.wantMedia(m.id)
	}
	return nil
}

// addDuplicate counts m as a duplicate of the message whose content is at staging. The duplicates of one source are
// numbered; a new reading of that source finds the same numbers again.
func (c *conversationPlan) addDuplicate(m *stagedMessage, id identity, staging int64) error {
	var known sql.NullInt64
	var last int64
	err := c.planner.sql.QueryRow(`SELECT min(iif(reading < ?4, number, NULL)), coalesce(max(number), 0) FROM duplicate
		WHERE conversation = ?1 AND identity = ?2 AND source = ?3`, c.id, id[:], m.source, m.reading).Scan(&known, &last)
	if err != nil {
		return err
	}
	number := last + 1
	if known.Valid {
		number = known.Int64
	}
	_, err = c.planner.sql.Exec(`INSERT INTO duplicate (conversation, identity, source, number, reading, position, differs)
		SELECT ?1, ?2, ?3, ?4, ?5, coalesce(new.content ->> '$.position', ''),
			?6 AND json_remove(new.content, '$.position') <> json_remove(old.content, '$.position')
		FROM staging new, staging old WHERE new.id = ?7 AND old.id = ?8
		ON CONFLICT DO UPDATE SET reading = excluded.reading, position = excluded.position, differs = excluded.differs`,
		c.id, id[:], m.source, number, m.reading, !m.counted, m.id, staging)
	if err != nil {
		return err
	}
	if known.Valid {
		c.planner.report.Known++
		return nil
	}
	c.planner.report.Duplicate++
	_, err = c.planner.sql.Exec(`UPDATE conversation SET duplicate = duplicate + 1 WHERE id = ?`, c.id)
	return err
}

// finish records the numbers of the current conversation. A conversation that held messages before is replanned.
func (p *planner) finish() error {
	c := p.current
	if c == nil {
		return nil
	}
	p.current = nil
	_, err := p.sql.Exec(`UPDATE conversation SET planned = planned + ?, skipped = skipped + ?, first = iif(?, ?, first) WHERE id = ?`,
		c.added[Planned], c.added[Skipped], c.fresh, c.first, c.id)
	if err != nil || c.fresh {
		return err
	}
	return p.replan(c.id, c.reason)
}

// drop marks a staging row for deletion.
func (p *planner) drop(staging int64) error {
	_, err := p.sql.Exec(`INSERT INTO dropped (id) VALUES (?)`, staging)
	return err
}

// wantMedia makes the media of a staging row pending, if it has media and their link was not asked before.
func (p *planner) wantMedia(staging int64) error {
	_, err := p.sql.Exec(`INSERT INTO media (key, source_url, url, renewer)
		SELECT media_key, coalesce(content ->> '$.media.url', ''), coalesce(content ->> '$.media.url', ''),
			iif(content ->> '$.media.renewable', source, NULL) FROM staging WHERE id = ? AND media_key IS NOT NULL
		ON CONFLICT DO UPDATE SET source_url = excluded.source_url, url = excluded.source_url, renewer = excluded.renewer, status = 'pending'
			WHERE excluded.source_url NOT IN ('', source_url) AND NOT (status = 'found' AND excluded.source_url = url)`, staging)
	return err
}

// adoptRenewer lets the source of a staging row make the new links to the media that the row shares with another
// source: the source that was loaded last.
func (p *planner) adoptRenewer(staging int64) error {
	_, err := p.sql.Exec(`UPDATE media SET renewer = s.source, status = iif(status = 'found', status, 'pending')
		FROM staging s WHERE s.id = ? AND key = s.media_key AND renewer <> s.source`, staging)
	return err
}
