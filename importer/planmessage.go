package importer

import (
	"database/sql"
	"errors"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// wasSent selects the messages that Kommo has or may have.
const wasSent = `(state IN ('sending', 'accepted', 'verified') OR may_exist)`

// A knownMessage is a message of the plan with the identity of a row.
type knownMessage struct {
	time, place, staging, source int64
	held                         sql.NullInt64
	words                        int64
	state                        State
	reason                       string
	asText, sent                 bool
	planning                     int64 // the last planning that found it
}

// lookUp finds the message of the plan with the identity of r.
func (c *conversationPlan) lookUp(r *stagingRow) error {
	m := new(knownMessage)
	err := c.tx.QueryRow(`SELECT time, place, staging, held, source, words, state, reason, as_text, `+wasSent+`, planning FROM message
		WHERE conversation = ? AND identity = ?`, c.id, r.identity[:]).
		Scan(&m.time, &m.place, &m.staging, &m.held, &m.source, &m.words, &m.state, &m.reason, &m.asText, &m.sent, &m.planning)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	r.known = m
	c.common += btoi(err == nil && r.fresh && m.planning != c.number && (m.time == r.time || m.words == r.words))
	return err
}

// sentIn returns the messages that were sent with a time in the moment of time.
func (c *conversationPlan) sentIn(time int64) ([]sentMessage, error) {
	scan := func(rows *sql.Rows) (m sentMessage, err error) {
		var id []byte
		var source, staging int64
		if err = rows.Scan(&id, &source, &staging, &m.direction, &m.kind, &m.words); err == nil {
			m.identity = identity(id)
			m.origin, m.joinID, err = c.originOf(source, staging)
		}
		return m, err
	}
	return migration.All(c.tx, scan, `SELECT identity, source, staging, direction, kind, words FROM message
		WHERE conversation = ? AND time BETWEEN ? AND ? AND `+wasSent+` ORDER BY time, place`, c.id, time/c.moment*c.moment, time/c.moment*c.moment+c.moment-1)
}

// state returns the state of a message that was not sent, and the reason if it is skipped.
func (c *conversationPlan) state(r *stagingRow) (State, string) {
	return decide(c.reasons[r.conversation], r.skip, c.filtered(r, r.deleted))
}

// leavesOut reports whether the settings or the sheet leave the conversation or the time of a row out. A message that its author
// deleted does not count: an equal message of another source does not take its place.
func (c *conversationPlan) leavesOut(r *stagingRow) bool {
	state, _ := decide(c.reasons[r.conversation], c.filtered(r, false))
	return state == Skipped
}

// filtered returns why the filter leaves the message of a row out, "" if it does not. deleted says that its author deleted it.
func (c *conversationPlan) filtered(r *stagingRow, deleted bool) string {
	filter := c.filter
	if c.decisions.of[r.conversation].Import == Yes {
		filter.Since, filter.Until = time.Time{}, time.Time{}
	}
	return filter.message(fromMillis(r.time), sources.Kind(r.kind), deleted)
}

// insert adds the message of a row to the plan. It reports whether the plan did not have its identity.
func (c *conversationPlan) insert(r *stagingRow) (bool, error) {
	state, reason := c.state(r)
	asText := c.filter.asText(sources.Kind(r.kind))
	msec := nextMillis(r.time, c.msec)
	added, before, err := c.formerOf(r)
	if err != nil {
		return false, err
	}
	inserted, err := affected(c.tx.Exec(`INSERT INTO message (conversation, time, place, staging, held, identity, source, direction, kind, author,
			length, words, msec, added, planning, state, reason, as_text)
		VALUES (?1, ?2, ?3, ?4, ?4, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (conversation, identity) DO NOTHING`,
		c.id, r.time, r.place, r.staging, r.identity[:], r.source, r.direction, r.kind, r.author,
		r.length, r.words, msec, added, c.number, state, reason, asText))
	if err != nil || inserted == 0 {
		return false, err
	}
	c.countReversed(r)
	if c.isNew && (c.first == 0 || r.staging < c.first) {
		c.first = r.staging
	}
	c.msec = msec
	if state == Planned {
		c.delay = max(c.delay, msec-r.time)
	}
	c.added[state]++
	c.countChange(r, before, state)
	if state == Planned && r.hasMediaKey && !asText {
		return true, c.wantMedia(r.staging)
	}
	return true, nil
}

// formerOf returns the planning that added the message of r, and the state that it had before; "" if it is new.
func (c *conversationPlan) formerOf(r *stagingRow) (added int64, before State, err error) {
	if c.former == 0 {
		return c.number, "", nil
	}
	var time, words int64
	err = c.tx.QueryRow(`SELECT added, state, time, words FROM former WHERE identity = ?`, r.identity[:]).Scan(&added, &before, &time, &words)
	if errors.Is(err, sql.ErrNoRows) {
		return c.number, "", nil
	}
	c.common += btoi(err == nil && r.fresh && (time == r.time || words == r.words))
	return added, before, err
}

// countChange counts a message that was in the state before and is in another one now; "" means that it is new.
func (c *conversationPlan) countChange(r *stagingRow, before, now State) {
	c.report.Added += btoi(r.fresh && before == "")
	c.report.Known += btoi(r.fresh && before != "")
	c.dropped += btoi(before == Planned && now == Skipped)
	c.restored += btoi(before == Skipped && now == Planned)
	c.former -= btoi(before != "")
}

// update gives a message that was not sent the content and the place of a row. A message that Kommo refused stays refused
// until its content changes.
func (c *conversationPlan) update(r *stagingRow) error {
	m := r.known
	state, reason := c.state(r)
	asText := c.filter.asText(sources.Kind(r.kind))
	if m.state == Refused {
		same, err := c.sameContent(m.staging, r.staging)
		if err != nil {
			return err
		}
		if same {
			state, reason, asText = Refused, m.reason, m.asText
		}
	}
	_, err := c.tx.Exec(`UPDATE message SET time = ?4, place = ?5, staging = ?6, held = ?6, source = ?7, direction = ?8, kind = ?9,
			author = ?10, length = ?11, words = ?12, state = ?13, reason = ?14, as_text = ?15, planning = ?16
		WHERE conversation = ?1 AND time = ?2 AND place = ?3`,
		c.id, m.time, m.place, r.time, r.place, r.staging, r.source, r.direction, r.kind, r.author, r.length, r.words,
		state, reason, asText, c.number)
	if err != nil {
		return err
	}
	c.countReversed(r)
	c.dropped += btoi(m.state == Planned && state == Skipped)
	c.restored += btoi(m.state == Skipped && state == Planned)
	if state == Planned && r.hasMediaKey && !asText {
		return c.wantMedia(r.staging)
	}
	return nil
}

// holdSent records that a row holds a message that was sent. The message stays as it was sent. A row of another source is a
// duplicate: the source from which the message was sent may hold it with another text now.
func (c *conversationPlan) holdSent(r *stagingRow) error {
	m := r.known
	if r.source != m.source {
		r.twin, r.byID = r.identity, !r.counted
		return c.addOfOtherSource(r, m.source, m.time, m.words)
	}
	staging := m.staging
	if r.staging != m.staging {
		same, err := c.sameContent(m.staging, r.staging)
		if err != nil {
			return err
		}
		if same && m.time == r.time && m.words == r.words {
			staging = r.staging
		}
	}
	held, err := affected(c.tx.Exec(`UPDATE message SET planning = ?1, held = ?, staging = ? WHERE conversation = ? AND time = ? AND place = ?
		AND planning <> ?1`, c.number, r.staging, staging, c.id, m.time, m.place))
	if err != nil {
		return err
	}
	if held == 0 { // another row holds it, too
		r.twin, r.byID = r.identity, !r.counted
		return c.addDuplicate(r)
	}
	c.report.Known += btoi(r.fresh)
	c.report.Changed += btoi(r.fresh && (m.time != r.time || m.words != r.words))
	if staging != m.staging && r.family == sources.GreenAPI {
		return c.drop(m.staging)
	}
	return nil
}

// placeAgain handles a row whose message was placed in another second, with another row.
func (c *conversationPlan) placeAgain(r *stagingRow) error {
	c.isNew = false // the numbers that were counted so far no longer hold
	m := r.known
	other := &stagingRow{staging: m.held.Int64, source: m.source, family: r.family, time: m.time, words: m.words, identity: r.identity, byID: true,
		fresh: m.source == c.source.id && m.held.Int64 > c.reading.after}
	if m.source == r.source && r.beats(other.fresh, other.staging) {
		if err := c.update(r); err != nil {
			return err
		}
		r, other = other, r
	}
	r.yieldTo(other.fresh, r.identity)
	if r.source != other.source {
		r.role = asDuplicate
	}
	if r.role == superseded {
		return c.drop(r.staging)
	}
	if r.source != other.source {
		return c.addOfOtherSource(r, other.source, other.time, other.words)
	}
	return c.addDuplicate(r)
}

// addOfOtherSource records that a row is the same message as one of another source. If they have only the id in common, the
// ids may number the rows.
func (c *conversationPlan) addOfOtherSource(r *stagingRow, source, time, words int64) error {
	if r.time != time && r.words != words {
		if err := c.noteNumbered(r, source); err != nil {
			return err
		}
	}
	return c.addDuplicate(r)
}

// addDuplicate records that a row is the same message as another one.
func (c *conversationPlan) addDuplicate(r *stagingRow) error {
	c.duplicates++
	c.report.Duplicate += btoi(r.fresh)
	_, err := c.tx.Exec(`INSERT INTO duplicate (conversation, staging, source, identity, differs) VALUES (?1, ?2, ?3, ?4,
			?5 AND (SELECT words <> ?6 FROM message WHERE conversation = ?1 AND identity = ?4))`,
		c.id, r.staging, r.source, r.twin[:], r.byID, r.words)
	if err == nil && r.hasMediaKey {
		err = c.adoptRenewer(r.staging)
	}
	return err
}

// sameContent reports whether two staging rows have the same content, at whatever place of the source.
func (c *conversationPlan) sameContent(a, b int64) (same bool, err error) {
	err = c.tx.QueryRow(`SELECT json_remove(a.content, '$.position') = json_remove(b.content, '$.position') AND a.direction = b.direction
		AND a.kind = b.kind FROM staging a, staging b WHERE a.id = ? AND b.id = ?`, a, b).Scan(&same)
	return same, err
}

// drop marks a staging row for deletion.
func (p *planner) drop(staging int64) error {
	_, err := p.tx.Exec(`INSERT INTO dropped (id) VALUES (?)`, staging)
	return err
}
