package importer

import (
	"cmp"
	"slices"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// This file plans chats of several conversations. Such a chat is planned as if its conversations were several sources of
// one conversation.

// readDecisions reads the decisions, and the clients of the conversations in chats of several.
func (p *planner) readDecisions() (err error) {
	if p.decisions, err = readDecisions(p.tx); err != nil || len(p.decisions.members) == 0 {
		return err
	}
	joined := p.decisions.joined()
	slices.Sort(joined)
	sighted, err := readClients(p.before, p.source.id, p.replaces, p.retired)
	if err != nil {
		return err
	}
	defer sighted.close()
	p.clients = make(map[string]sighting, len(joined))
	for _, conversation := range joined {
		if p.clients[conversation], err = sighted.of(conversation); err != nil {
			return err
		}
	}
	return nil
}

// isJoined reports whether the chat is made of several conversations, or was.
func (c *conversationPlan) isJoined() bool { return len(c.members) != 1 || c.moved[c.externalID] }

// several reports whether the chat may hold messages more than once.
func (c *conversationPlan) several() bool { return c.sources > 1 || len(c.members) > 1 }

// leaveOut finds out which conversations of the chat are left out.
func (c *conversationPlan) leaveOut(kind sources.ConversationKind) {
	c.reasons = make(map[string]string, len(c.members))
	for _, member := range c.members {
		c.reasons[member] = c.reasonOf(member, kind)
	}
}

// kindOfOthers returns the kind of the first conversation in the chat that a source has.
func (c *conversationPlan) kindOfOthers() (kind sources.ConversationKind) {
	for _, member := range c.members {
		kind = cmp.Or(kind, c.clients[member].kind)
	}
	return kind
}

// client returns the client of the chat and the phone in E.164. What the conversation that gives the chat its id does not
// know is taken from the first other that does.
func (c *conversationPlan) client(own sources.Client) (client sources.Client, phone string) {
	country := c.filter.Country
	client, phone = own, phoneOf(own, c.externalID, country)
	if len(c.members) < 2 {
		return client, phone
	}
	for _, member := range c.members[1:] {
		other := c.clients[member].client
		if !isStandIn(other.Name, other, member) && (client.Name == "" || isStandIn(client.Name, client, c.externalID)) {
			client.Name = cmp.Or(other.Name, client.Name)
		}
		if otherPhone := phoneOf(other, member, country); phone == "" && (otherPhone != "" || client.Phone == "") {
			client.Phone, phone = other.Phone, otherPhone
		}
		client.SuspectedPhone = cmp.Or(client.SuspectedPhone, other.SuspectedPhone)
		client.Email = cmp.Or(client.Email, other.Email)
		client.Avatar = cmp.Or(client.Avatar, other.Avatar)
	}
	return client, phone
}

// gather finds the chats that hold the rows of a joined chat. If its conversations have changed, their messages are planned anew
// from there; nothing of them was sent.
func (c *conversationPlan) gather() (err error) {
	c.homes, err = migration.All(c.before, scanID, `SELECT DISTINCT c.id FROM json_each(?) m JOIN conversation c ON c.external_id =
		`+chatIDOf("m.value"), jsonList(c.members))
	if err != nil || !c.moved[c.externalID] {
		return err
	}
	c.former = 0
	if _, err := c.tx.Exec(`DELETE FROM former`); err != nil {
		return err
	}
	rows, err := c.before.Query(`SELECT m.identity, m.added, m.state, m.time, m.words FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation IN (SELECT value FROM json_each(?)) AND s.conversation IN (SELECT value FROM json_each(?))`,
		jsonList(c.homes), jsonList(c.members))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id []byte
		var added, time, words int64
		var state State
		if err := rows.Scan(&id, &added, &state, &time, &words); err != nil {
			return err
		}
		if _, err := c.tx.Exec(`INSERT INTO former VALUES (?, ?, ?, ?, ?)`, id, added, state, time, words); err != nil {
			return err
		}
		c.former++
	}
	return rows.Err()
}

// setOrigins sets the origins of rows.
func (c *conversationPlan) setOrigins(rows []*stagingRow) (err error) {
	for _, r := range rows {
		if r.origin, r.joinID, err = c.originOf(r.source, r.staging); err != nil {
			return err
		}
	}
	return nil
}

// originOf returns the origin of a row. That of the conversation that gives the chat its id comes first. joinID is "" unless
// the chat has several conversations.
func (c *conversationPlan) originOf(source, staging int64) (origin int64, joinID string, err error) {
	if len(c.members) < 2 {
		return source, "", nil
	}
	var conversation, space, id, part string
	err = c.tx.QueryRow(`SELECT s.conversation, o.id_space, coalesce(content ->> '$.id', ''), coalesce(content ->> '$.part', '')
		FROM staging s, source o WHERE s.id = ? AND o.id = ?`, staging, source).Scan(&conversation, &space, &id, &part)
	if id != "" {
		joinID = space + "\x00" + id + "\x00" + part
	}
	return int64(slices.Index(c.members, conversation))<<32 | source, joinID, err
}
