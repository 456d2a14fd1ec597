package sandbox

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"strconv"
	"time"
)

// A store is everything that Kommo has taken. Kommo.mu guards it.
type store struct {
	chats   []*chat // in order of appearance
	byConv  map[string]*chat
	byUUID  map[string]*chat
	byMsgID map[string][]*message // several only if duplicates are kept
	byID    map[string]*message
	people  map[string]*Participant // by our id
}

func newStore() store {
	return store{
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
	people       []*Participant
	known        map[*Participant]bool // people as a set
	messages     []*message            // in order of arrival
	newestFirst  []*message            // sorted when the history is read; behind if shorter than messages
}

// A message keeps what counts and sorts it; the rest is read from body again when somebody asks.
type message struct {
	chat             *chat
	id               string // Kommo's
	msgid            string // ours
	msec             int64
	silent           bool
	sender, receiver *Participant // receiver is nil for what comes from the client
	arrived          time.Time
	body             []byte // as received
}

// chatFor returns the chat that a message belongs to, or nil if it is the first of a new one. Kommo's id of a chat
// wins over ours; that an unknown one is refused is the sandbox's choice.
func (s *store) chatFor(conversation, ref string) (*chat, error) {
	if ref == "" {
		return s.byConv[conversation], nil
	}
	if c := s.byUUID[ref]; c != nil {
		return c, nil
	}
	return nil, misfitf("no chat has this id")
}

// open returns the chat of that conversation, a new one if there is none.
func (s *store) open(conversation string) *chat {
	if c := s.byConv[conversation]; c != nil {
		return c
	}
	c := &chat{conversation: conversation, id: uuidOf("chat", conversation), known: map[*Participant]bool{}}
	s.chats = append(s.chats, c)
	s.byConv[conversation] = c
	s.byUUID[c.id] = c
	return c
}

// join returns the participant that p stands for, who is in the chat from now on. Who is known by our id stays as first
// seen, but a ref_id binds that id to Kommo's.
func (s *store) join(c *chat, p party) *Participant {
	person := s.people[p.ID]
	if person == nil {
		person = &Participant{ClientID: p.ID, ID: p.kommoID(), Name: p.Name, Avatar: p.Avatar,
			Phone: p.Profile.Phone, Email: p.Profile.Email}
		s.people[p.ID] = person
	}
	if p.RefID != "" {
		person.ID = p.RefID
	}
	if !c.known[person] {
		c.known[person] = true
		c.people = append(c.people, person)
	}
	return person
}

// add stores a message in chat c, or in a new one if c is nil. The chat answers to that conversation id from now on.
func (s *store) add(c *chat, p payload, body []byte, now time.Time) *message {
	if c == nil {
		c = s.open(p.ConversationID)
	}
	if s.byConv[p.ConversationID] == nil {
		s.byConv[p.ConversationID] = c
	}
	m := &message{
		chat:    c,
		id:      uuidOf("message", p.MsgID, strconv.Itoa(len(s.byMsgID[p.MsgID]))),
		msgid:   p.MsgID,
		msec:    p.MsecTimestamp,
		silent:  p.Silent,
		sender:  s.join(c, p.Sender),
		arrived: now,
		body:    bytes.Clone(body),
	}
	if p.Receiver != nil {
		m.receiver = s.join(c, *p.Receiver)
	}
	c.messages = append(c.messages, m)
	s.byMsgID[m.msgid] = append(s.byMsgID[m.msgid], m)
	s.byID[m.id] = m
	return m
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
