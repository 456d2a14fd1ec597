package importer

import (
	"cmp"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"kommo-import/sources"
)

// A conversationPlan is one chat while it is planned: a conversation, or several that were joined.
type conversationPlan struct {
	*planner
	id         int64
	externalID string
	members    []string          // its conversations, first that which gives it its id; empty if that was joined to another
	reasons    map[string]string // why whole conversations of it are left out
	kept       bool              // some of its sent messages were held by no source before
	homes      []int64           // of a joined chat: the chats that hold its rows
	isNew      bool              // the plan has no message of it, but those that were added since
	former     int               // messages that the plan had, and that are planned anew; see the table former

	time, msec int64 // of the message before
	first      int64 // the message that arrived first, if isNew
	delay      int64 // how much later than it was written a planned message is shown at most, in milliseconds
	fresh      int   // rows of the reading
	added      map[State]int
	duplicates int

	dropped, restored int // messages that the settings leave out from now on, and that they no longer leave out
}

// former holds the messages that the plan had of a conversation of which nothing was sent or refused. They are deleted and
// planned anew, which takes a third of the time of changing them one by one.
const createFormer = `CREATE TEMP TABLE former (identity BLOB PRIMARY KEY, added INTEGER NOT NULL, state TEXT NOT NULL,
	time INTEGER NOT NULL, words INTEGER NOT NULL) WITHOUT ROWID`

// planConversation plans all rows of a conversation anew: those that the plan holds, without the rows of a reading that
// is replaced, and those of the reading.
func (p *planner) planConversation(externalID string) error {
	c, err := p.beginConversation(externalID)
	if err != nil {
		return err
	}
	held := readRows(c.heldRows())
	defer held.stop()
	for {
		rows := c.nextMoment(held)
		if len(rows) == 0 {
			break
		}
		if err := c.planMoment(rows); err != nil {
			return err
		}
	}
	if err := errors.Join(held.err, p.fresh.err); err != nil {
		return err
	}
	err = c.finish()
	c.reportDelay()
	p.report.Dropped += c.dropped
	p.report.Restored += c.restored
	return err
}

// heldRows yields the rows of the conversation in the plan, without those of a reading that is replaced.
func (c *conversationPlan) heldRows() iter.Seq2[[]stagingRow, error] {
	replaced := int64(0)
	if c.replaces {
		replaced = c.source.id
	}
	if c.isJoined() {
		return rowPages(c.before, joinedRows, ownChat, jsonList(c.homes), jsonList(c.members), replaced, c.retired)
	}
	if c.isNew && c.former == 0 {
		return func(func([]stagingRow, error) bool) {}
	}
	return rowPages(c.before, heldRows, ownChat, c.id, replaced, c.retired)
}

// nextMoment takes the rows of the next moment in which a row was written; see [Filter.moment].
func (c *conversationPlan) nextMoment(held *rowReader) (rows []*stagingRow) {
	for {
		r, reader := held.peek(), held
		if fresh := c.planner.fresh.peek(); fresh != nil && fresh.chat == c.externalID && (r == nil || byPlace(fresh, r) < 0) {
			r, reader = fresh, c.planner.fresh
		}
		if r == nil || len(rows) > 0 && r.time/c.moment != rows[0].time/c.moment {
			return rows
		}
		reader.take()
		if r.fresh = reader == c.planner.fresh; r.fresh {
			c.fresh++
		}
		rows = append(rows, r)
	}
}

// beginConversation finds a conversation or creates it, with the client that its sources name now. The id of a client to
// whom messages were sent stays.
func (p *planner) beginConversation(externalID string) (*conversationPlan, error) {
	c := &conversationPlan{planner: p, externalID: externalID, added: make(map[State]int), members: p.decisions.membersOf(externalID)}
	sighted, err := p.sighted.of(externalID)
	if err != nil {
		return nil, err
	}
	var kind sources.ConversationKind
	var clientID string
	var sent, begun bool
	err = p.tx.QueryRow(`SELECT id, kind, kept, client_id, sending + accepted + verified + refused > 0, sending + accepted + verified + refused > 0
			OR EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND may_exist) FROM conversation WHERE external_id = ?`,
		externalID).Scan(&c.id, &kind, &c.kept, &clientID, &sent, &begun)
	c.isNew = errors.Is(err, sql.ErrNoRows)
	if err != nil && !c.isNew {
		return nil, err
	}
	client, phone := c.client(sighted.client)
	if kind = cmp.Or(sighted.kind, kind, c.kindOfOthers()); sent || client.ID == "" {
		client.ID = cmp.Or(clientID, client.ID, externalID)
	}
	p.countPhone(externalID, client.Phone, phone)
	err = p.tx.QueryRow(`INSERT INTO conversation (external_id, kind, first, client_id, client_name, client_phone, phone_read, suspected,
			client_email, client_avatar) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (external_id) DO UPDATE SET kind = excluded.kind, client_id = excluded.client_id, client_name = excluded.client_name,
			client_phone = excluded.client_phone, phone_read = excluded.phone_read, suspected = excluded.suspected,
			client_email = excluded.client_email, client_avatar = excluded.client_avatar
		RETURNING id`,
		externalID, kind, client.ID, client.Name, phone, client.Phone, client.SuspectedPhone, client.Email, client.Avatar).Scan(&c.id)
	c.leaveOut(kind)
	if err == nil && !c.isNew {
		if _, err = p.tx.Exec(`DELETE FROM duplicate WHERE conversation = ?`, c.id); err == nil && (!begun || c.moved[externalID]) {
			err = c.forget()
		}
	}
	if err == nil && c.isJoined() {
		err = c.gather()
	}
	return c, err
}

// forget deletes the messages of the conversation, and remembers them in the table former.
func (c *conversationPlan) forget() error {
	_, err := c.tx.Exec(`DELETE FROM former`)
	if err == nil {
		c.former, err = affected(c.tx.Exec(`INSERT INTO former SELECT identity, added, state, time, words FROM message WHERE conversation = ?`, c.id))
	}
	if err == nil {
		_, err = c.tx.Exec(`DELETE FROM message WHERE conversation = ?`, c.id)
	}
	c.isNew = true
	return err
}

// planMoment plans the rows of one moment.
func (c *conversationPlan) planMoment(rows []*stagingRow) error {
	if err := c.setOrigins(rows); err != nil {
		return err
	}
	countEqual(rows)
	var sent []sentMessage
	if !c.isNew {
		for _, r := range rows {
			if err := c.lookUp(r); err != nil {
				return err
			}
		}
		if c.several() {
			var err error
			if sent, err = c.sentIn(rows[0].time); err != nil {
				return err
			}
		}
	}
	for _, r := range rows {
		r.leftOut = c.several() && c.leavesOut(r)
	}
	assignRoles(rows, sent, c.several())
	slices.SortFunc(rows, func(a, b *stagingRow) int { // a duplicate comes behind its message
		return cmp.Or(cmp.Compare(btoi(a.role == asDuplicate), btoi(b.role == asDuplicate)), byPlace(a, b))
	})
	for _, r := range rows {
		if err := c.place(r); err != nil {
			return err
		}
	}
	return nil
}

// place brings a row into the plan, in its role.
func (c *conversationPlan) place(r *stagingRow) error {
	switch r.role {
	case superseded:
		if r.known != nil && r.known.staging == r.staging && r.known.sent {
			return nil // it is the content of the message as it was sent
		}
		return c.drop(r.staging)
	case asDuplicate:
		return c.addDuplicate(r)
	case asSent:
		return c.holdSent(r)
	}
	if r.known != nil && r.known.planning == c.number {
		return c.placeAgain(r)
	}
	if r.known == nil {
		inserted, err := c.insert(r)
		if err != nil || inserted {
			return err
		}
		if err := c.lookUp(r); err != nil { // a row of another second has the identity
			return err
		}
		return c.placeAgain(r)
	}
	c.report.Known += btoi(r.fresh)
	return c.update(r)
}

// finish removes what no source holds any more, and records the numbers of the conversation.
func (c *conversationPlan) finish() error {
	if c.isNew {
		c.report.Removed += c.former
		_, err := c.tx.Exec(`UPDATE conversation SET planned = ?, skipped = ?, refused = 0, duplicate = ?, first = ? WHERE id = ?`,
			c.added[Planned], c.added[Skipped], c.duplicates, c.first, c.id)
		return errors.Join(err, c.countPending(), c.dropEmpty())
	}
	removed, err := affected(c.tx.Exec(`DELETE FROM message WHERE conversation = ? AND planning <> ? AND NOT `+wasSent, c.id, c.number))
	if err != nil {
		return err
	}
	c.report.Removed += removed
	if err := c.keepSentMessages(); err != nil {
		return err
	}
	if err := c.assignMillis(); err != nil {
		return err
	}
	_, err = c.tx.Exec(`UPDATE conversation SET (first, planned, skipped, refused, duplicate) =
		(SELECT coalesce(min(staging), 0), count(*) FILTER (WHERE state = 'planned'), count(*) FILTER (WHERE state = 'skipped'),
			count(*) FILTER (WHERE state = 'refused'), (SELECT count(*) FROM duplicate WHERE conversation = ?1)
		FROM message WHERE conversation = ?1) WHERE id = ?1`, c.id)
	return errors.Join(err, c.countPending(), c.dropEmpty())
}

// dropEmpty deletes the conversation if the plan has no message of it.
func (c *conversationPlan) dropEmpty() error {
	_, err := c.tx.Exec(`DELETE FROM conversation WHERE id = ? AND NOT EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id)`, c.id)
	return err
}
