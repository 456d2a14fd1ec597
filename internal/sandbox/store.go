package sandbox

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// A store is everything that Kommo has taken. The server's mutex guards it.
type store struct {
	chats   []*chat // in order of appearance
	byConv  map[string]*chat
	byUUID  map[string]*chat
	byMsgID map[string][]*message // several only if duplicates are kept
	byID    map[string]*message
	people  map[string]*Participant // by our id
	crm     crm
	quirks  quirks
}

func newStore(all quirks) store {
	return store{
		quirks:  all,
		crm:     newCRM(),
		byConv:  map[string]*chat{},
		byUUID:  map[string]*chat{},
		byMsgID: map[string][]*message{},
		byID:    map[string]*message{},
		people:  map[string]*Participant{},
	}
}

type chat struct {
	conversation string // our id
	id           string // Kommo's
	answered     string // the id that the answers to messages name
	people       []*Participant
	messages     []*message // in order of arrival
	newestFirst  []*message // messages as the history shows them; nil if outdated
}

// A message keeps the fields that are counted and sorted by; the others are read from its body again when needed.
type message struct {
	chat             *chat
	id               string // Kommo's
	msgid            string // ours
	msec             int64
	silent           bool
	sender, receiver *Participant // receiver is nil for a message from the client
	arrived          time.Time
	body             []byte // as received
}

// open returns the chat of that conversation, which it creates if need be.
func (s *store) open(conversation string) *chat {
	if c := s.byConv[conversation]; c != nil {
		return c
	}
	c := &chat{conversation: conversation, id: uuidOf("chat", conversation)}
	c.answered = s.quirks.answeredID(conversation, c.id)
	s.chats = append(s.chats, c)
	s.byConv[conversation] = c
	s.byUUID[c.id] = c
	return c
}

// bind lets our conversation id lead to that chat, unless it leads to a chat already.
func (s *store) bind(conversation string, c *chat) {
	if conversation != "" && s.byConv[conversation] == nil {
		s.byConv[conversation] = c
	}
}

// join returns the person that p stands for, who belongs to the chat from now on. A person is known by our id, or
// without one by Kommo's, and stays as first seen, but a ref_id binds our id to Kommo's.
func (s *store) join(c *chat, p participant) *Participant {
	key := cmp.Or(p.ID, p.RefID)
	person := s.people[key]
	if person == nil {
		person = &Participant{ClientID: p.ID, ID: uuidOf("participant", p.ID), Name: p.Name, Avatar: p.Avatar,
			Phone: p.Profile.Phone, Email: p.Profile.Email}
		s.people[key] = person
	}
	person.ID = cmp.Or(p.RefID, person.ID)
	if !slices.Contains(c.people, person) {
		c.people = append(c.people, person)
	}
	return person
}

// add stores a message in a chat.
func (s *store) add(c *chat, p payload, body []byte, now time.Time) *message {
	m := &message{
		chat:    c,
		id:      uuidOf("message", p.MsgID, strconv.Itoa(len(s.byMsgID[p.MsgID]))),
		msgid:   p.MsgID,
		arrived: now,
	}
	s.set(m, p, bytes.Clone(body))
	c.messages = append(c.messages, m)
	s.byMsgID[m.msgid] = append(s.byMsgID[m.msgid], m)
	s.byID[m.id] = m
	return m
}

// set gives a message another content.
func (s *store) set(m *message, p payload, body []byte) {
	m.body, m.msec, m.silent = body, p.MsecTimestamp, p.Silent
	m.sender, m.receiver = s.join(m.chat, p.Sender), nil
	if p.Receiver != nil {
		m.receiver = s.join(m.chat, *p.Receiver)
	}
	m.chat.newestFirst = nil
}

// payload reads the body again, which was checked at its arrival.
func (m *message) payload() payload {
	var e envelope
	if err := json.Unmarshal(m.body, &e); err != nil {
		return payload{}
	}
	e.Payload.fillTimes()
	return e.Payload
}

// uuidOf returns an id in the form of a uuid of version 5 that depends on its arguments alone.
func uuidOf(parts ...string) string {
	h := sha1.New()
	for _, p := range parts {
		h.Write([]byte(p + "\x00"))
	}
	b := h.Sum(nil)[:16]
	b[6], b[8] = b[6]&0x0f|0x50, b[8]&0x3f|0x80
	x := hex.EncodeToString(b)
	return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
