package sandbox

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// A crm holds the contacts of the account, which chat belongs to which of them, and its incoming leads. The server's mutex
// guards it.
type crm struct {
	contacts []*contact // by id
	byID     map[int64]*contact
	links    map[string]*chatLink // by Kommo's id of the chat
	leads    []*lead              // in order of appearance
	lastID   int64                // of a link or a contact
}

// firstID is below the ids that the sandbox gives to contacts and links.
const firstID = 40_000_000

func newCRM() crm {
	return crm{byID: map[int64]*contact{}, links: map[string]*chatLink{}, lastID: firstID}
}

// Contact is a person in the account's CRM. ReadContacts reads contacts from a file.
type Contact struct {
	ID      int64    `json:"id"` // 0 in Options: the sandbox gives one
	Name    string   `json:"name"`
	Phones  []string `json:"phones,omitempty"`
	Emails  []string `json:"emails,omitempty"`
	Deleted bool     `json:"is_deleted,omitempty"` // it is in the bin
	// Conversations are our ids of the conversations whose chats belong to the contact.
	Conversations []string `json:"conversations,omitempty"`
	// OfLead means that the contact belongs to an incoming lead that nobody has accepted, so that it is not listed. The
	// lead comes from its conversations.
	OfLead bool `json:"of_lead,omitempty"`
}

type contact struct {
	Contact
	since time.Time // it is listed from then on
}

// A chatLink says that a chat belongs to a contact since some time. Before, it belonged to another or to nobody.
type chatLink struct {
	id      int64
	contact *contact
	since   time.Time
	before  *chatLink // nil: to nobody
}

// A lead is an incoming lead that a message has made.
type lead struct {
	chat     *chat
	contact  *contact
	since    time.Time
	accepted bool
}

// nextID returns an id that no contact and no link has.
func (c *crm) nextID() int64 {
	c.lastID++
	for c.byID[c.lastID] != nil {
		c.lastID++
	}
	return c.lastID
}

// addContact adds a contact, with a new id unless it has one.
func (c *crm) addContact(of Contact, since time.Time) (*contact, error) {
	if of.ID == 0 {
		of.ID = c.nextID()
	}
	if of.ID < 0 || c.byID[of.ID] != nil {
		return nil, fmt.Errorf("contact %d: there is one with this id already, or it is no id", of.ID)
	}
	added := &contact{Contact: of, since: since}
	place, _ := slices.BinarySearchFunc(c.contacts, of.ID, func(have *contact, id int64) int { return cmp.Compare(have.ID, id) })
	c.contacts = slices.Insert(c.contacts, place, added)
	c.byID[of.ID] = added
	return added, nil
}

// link lets a chat belong to a contact.
func (c *crm) link(of *chat, to *contact, since time.Time) *chatLink {
	l := &chatLink{id: c.nextID(), contact: to, since: since, before: c.links[of.id]}
	c.links[of.id] = l
	return l
}

// shown returns the link as it was at a time, nil if the chat belonged to nobody.
func (l *chatLink) shown(at time.Time) *chatLink {
	for l != nil && l.since.After(at) {
		l = l.before
	}
	return l
}

// notify makes the incoming lead of a message that notifies, with its contact, if the chat belongs to nobody. With the quirks
// of leads it makes other things.
func (s *store) notify(c *chat, m *message, now time.Time) {
	if s.crm.links[c.id] != nil {
		return
	}
	client := m.receiver
	if client == nil {
		client = m.sender
	}
	of, _ := s.quirks.of(LeadOf, c.conversation)
	makesLead := !m.silent && (of.Value != "incoming" || m.receiver == nil)
	if !makesLead && !s.quirks.has(SilentContact, c.conversation) {
		return
	}
	person := Contact{Name: client.Name, OfLead: makesLead && of.Value != "accepted"}
	if client.Phone != "" {
		person.Phones = []string{client.Phone}
	}
	if client.Email != "" {
		person.Emails = []string{client.Email}
	}
	made, err := s.crm.addContact(person, now)
	if err != nil {
		panic("sandbox: " + err.Error()) // the id is new
	}
	s.crm.link(c, made, now)
	if makesLead {
		s.crm.leads = append(s.crm.leads, &lead{chat: c, contact: made, since: now, accepted: !made.OfLead})
	}
}

// AddContact adds a contact to the account, and returns its id. Chats of its conversations are made and belong to it.
func (k *Kommo) AddContact(c Contact) (id int64, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.seed(c, k.now())
}

func (s *store) seed(c Contact, now time.Time) (id int64, err error) {
	conversations := c.Conversations
	c.Conversations = nil // the links are the truth
	added, err := s.crm.addContact(c, now)
	if err != nil {
		return 0, err
	}
	for _, conversation := range conversations {
		chat := s.open(conversation)
		s.crm.link(chat, added, now)
		if c.OfLead {
			s.crm.leads = append(s.crm.leads, &lead{chat: chat, contact: added, since: now})
		}
	}
	return added.ID, nil
}

// DeleteContact puts a contact into the bin. Its chats still belong to it.
func (k *Kommo) DeleteContact(id int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.crm.byID[id]
	if c == nil {
		return fmt.Errorf("contact %d: not here", id)
	}
	c.Deleted = true
	return nil
}

// AcceptLeads accepts all incoming leads, as a person in the account does, and returns how many they were. Their contacts are
// listed from now on.
func (k *Kommo) AcceptLeads() (accepted int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.store.crm.leads {
		if !l.accepted {
			l.accepted, l.contact.OfLead, l.contact.since = true, false, k.now()
			accepted++
		}
	}
	return accepted
}

// Link says that a chat belongs to a contact.
type Link struct {
	ID             int64  `json:"id"`
	ConversationID string `json:"conversation_id"` // ours
	ChatID         string `json:"chat_id"`
	ContactID      int64  `json:"contact_id"`
	Times          int    `json:"times"` // how often the chat was linked; the last one counts
}

// Lead is an incoming lead, made by a notifying message in a chat that belonged to nobody.
type Lead struct {
	ConversationID string `json:"conversation_id"` // ours
	ContactID      int64  `json:"contact_id"`
	Accepted       bool   `json:"accepted"`
}

// linkedWithoutLead returns the number of chats that belong to a contact that no incoming lead has made.
func (c *crm) linkedWithoutLead() (n int) {
	ofLeads := make(map[*contact]bool, len(c.leads))
	for _, l := range c.leads {
		ofLeads[l.contact] = true
	}
	for _, l := range c.links {
		if !ofLeads[l.contact] {
			n++
		}
	}
	return n
}

// dumpCRM adds the contacts, links and leads to a state.
func (s *store) dumpCRM(to *State) {
	conversations := make(map[*contact][]string)
	for _, c := range s.chats {
		if l := s.crm.links[c.id]; l != nil {
			conversations[l.contact] = append(conversations[l.contact], c.conversation)
			times := 0
			for before := l; before != nil; before = before.before {
				times++
			}
			to.Links = append(to.Links, Link{l.id, c.conversation, c.id, l.contact.ID, times})
		}
	}
	for _, c := range s.crm.contacts {
		shown := c.Contact
		shown.Conversations = conversations[c]
		to.Contacts = append(to.Contacts, shown)
	}
	for _, l := range s.crm.leads {
		to.Leads = append(to.Leads, Lead{l.chat.conversation, l.contact.ID, l.accepted})
	}
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
