package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// State is everything that a Kommo knows, as Dump returns it.
type State struct {
	Summary  Summary   `json:"summary"`
	Chats    []Chat    `json:"chats"`    // in order of appearance
	Requests []Request `json:"requests"` // in order of arrival

	Contacts []Contact `json:"contacts,omitempty"` // by id
	Links    []Link    `json:"links,omitempty"`    // in the order of Chats
	Leads    []Lead    `json:"leads,omitempty"`    // incoming leads, in order of appearance
}

// Chat is a chat with every message that was taken into it.
type Chat struct {
	ConversationID string        `json:"conversation_id"` // ours
	ID             string        `json:"id"`              // Kommo's
	Participants   []Participant `json:"participants"`
	Messages       []Message     `json:"messages"` // in order of arrival
}

// Participant is a person or a bot in a chat. Kommo distinguishes them by our id.
type Participant struct {
	ClientID string `json:"client_id"` // ours
	ID       string `json:"id"`        // Kommo's: the ref_id, if a message had it
	Name     string `json:"name"`
	Avatar   string `json:"avatar,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
}

// Message is a message as it was taken.
type Message struct {
	MsgID         string          `json:"msgid"` // ours
	ID            string          `json:"id"`    // Kommo's
	Type          string          `json:"type"`
	Text          string          `json:"text"`
	Silent        bool            `json:"silent"`
	Timestamp     int64           `json:"timestamp"`
	MsecTimestamp int64           `json:"msec_timestamp"`
	Side          string          `json:"side"`               // in: from the client; out: to the client
	Sender        string          `json:"sender"`             // our id
	Receiver      string          `json:"receiver,omitempty"` // our id
	Arrived       time.Time       `json:"arrived"`
	Body          json.RawMessage `json:"body"` // the bytes of the request; as JSON, without their white space
}

// Request is a request as it arrived, also if it was refused.
type Request struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"` // with the query
	Endpoint Endpoint  `json:"endpoint,omitempty"`
	Status   int       `json:"status"` // of the answer; 0: no answer, or not yet
}

func newRequest(q request, now time.Time) Request {
	r := Request{At: now, Method: q.method, Path: q.path, Endpoint: q.endpoint}
	if q.query != "" {
		r.Path += "?" + q.query
	}
	return r
}

// Dump returns a copy of everything. Its time and memory grow with the number of messages and requests.
func (k *Kommo) Dump() State {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := State{Summary: k.summarize(), Chats: []Chat{}, Requests: append([]Request{}, k.requests...)}
	for _, c := range k.store.chats {
		s.Chats = append(s.Chats, c.dump())
	}
	k.store.dumpCRM(&s)
	return s
}

func (c *chat) dump() Chat {
	d := Chat{ConversationID: c.conversation, ID: c.id, Participants: []Participant{}, Messages: []Message{}}
	for _, p := range c.people {
		d.Participants = append(d.Participants, *p)
	}
	for _, m := range c.messages {
		p := m.payload()
		message := Message{
			MsgID: m.msgid, ID: m.id, Type: p.Message.Type, Text: p.Message.Text, Silent: m.silent,
			Timestamp: p.Timestamp, MsecTimestamp: p.MsecTimestamp,
			Side: "in", Sender: m.sender.ClientID, Arrived: m.arrived, Body: m.body,
		}
		if m.receiver != nil {
			message.Side, message.Receiver = "out", m.receiver.ClientID
		}
		d.Messages = append(d.Messages, message)
	}
	return d
}

// Summary counts the messages that arrived, and the faults in them.
type Summary struct {
	Chats               int `json:"chats"`
	Messages            int `json:"messages"`
	Distinct            int `json:"distinct"`               // different msgids
	Doubled             int `json:"doubled"`                // messages whose msgid had arrived before
	OutOfOrder          int `json:"out_of_order"`           // messages older than the previous arrival in the same chat
	Loud                int `json:"loud"`                   // messages without silent:true
	Linked              int `json:"linked"`                 // chats that belong to a contact that no incoming lead has made
	IncomingLeads       int `json:"incoming_leads"`         // made by messages in chats that belonged to nobody
	ChatsWithoutOneLoud int `json:"chats_without_one_loud"` // chats with messages, of which not exactly one is loud
	Incoming            int `json:"incoming"`
	Outgoing            int `json:"outgoing"`
	Requests            int `json:"requests"`
	TooManyRequests     int `json:"too_many_requests"` // answered with 429
	BusiestSecond       int `json:"busiest_second"`    // most requests in any second
}

// Summary returns the counts of this moment.
func (k *Kommo) Summary() Summary {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.summarize()
}

func (k *Kommo) summarize() Summary {
	s := Summary{Chats: len(k.store.chats), Distinct: len(k.store.byMsgID), Requests: len(k.requests)}
	s.IncomingLeads = len(k.store.crm.leads)
	s.Linked = k.store.crm.linkedWithoutLead()
	for _, c := range k.store.chats {
		s.countChat(c)
	}
	s.Doubled = s.Messages - s.Distinct
	s.Incoming = s.Messages - s.Outgoing
	first := 0
	for i, r := range k.requests {
		if r.Status == http.StatusTooManyRequests {
			s.TooManyRequests++
		}
		for r.At.Sub(k.requests[first].At) >= time.Second {
			first++
		}
		s.BusiestSecond = max(s.BusiestSecond, i-first+1)
	}
	return s
}

func (s *Summary) countChat(c *chat) {
	loud := 0
	for i, m := range c.messages {
		if i > 0 && m.msec < c.messages[i-1].msec {
			s.OutOfOrder++
		}
		if !m.silent {
			loud++
		}
		if m.receiver != nil {
			s.Outgoing++
		}
	}
	s.Messages += len(c.messages)
	s.Loud += loud
	if len(c.messages) > 0 && loud != 1 {
		s.ChatsWithoutOneLoud++
	}
}

// serveInspection answers GET /sandbox/state and /sandbox/summary, which are not part of Kommo: they need no
// signature, meet no fault and are not among the requests. It reports whether the request was one of them.
func (k *Kommo) serveInspection(w http.ResponseWriter, r *http.Request) bool {
	var v any
	switch {
	case r.Method != http.MethodGet:
		return false
	case r.URL.Path == "/sandbox/state":
		v = k.Dump()
	case r.URL.Path == "/sandbox/summary":
		v = k.Summary()
	default:
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.Encode(v) // an error here means that the client has gone away
	return true
}
