package sandbox

import (
	"encoding/json"
	"net/http"
	"time"
)

// State is all that a Kommo knows, as Dump returns it.
type State struct {
	Summary  Summary   `json:"summary"`
	Chats    []Chat    `json:"chats"`    // in order of appearance
	Requests []Request `json:"requests"` // in order of arrival
}

// Chat is one chat with everything that was taken into it.
type Chat struct {
	ConversationID string        `json:"conversation_id"` // ours
	ID             string        `json:"id"`              // Kommo's
	Participants   []Participant `json:"participants"`
	Messages       []Message     `json:"messages"` // in order of arrival
}

// Participant is somebody in a chat. Kommo tells them apart by our id.
type Participant struct {
	ClientID string `json:"client_id"` // ours
	ID       string `json:"id"`        // Kommo's: the ref_id, if one was sent
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

// Request is a request as it arrived, whatever became of it.
type Request struct {
	At       time.Time `json:"at"`
	Method   string    `json:"method"`
	Path     string    `json:"path"` // with the query
	Endpoint Endpoint  `json:"endpoint,omitempty"`
	Status   int       `json:"status"` // of the answer; 0: none was given, or not yet
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
	return s
}

// Requests returns what arrived, in order of arrival, refused requests included.
func (k *Kommo) Requests() []Request {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]Request{}, k.requests...)
}

func (c *chat) dump() Chat {
	d := Chat{ConversationID: c.conversation, ID: c.id, Participants: []Participant{}, Messages: []Message{}}
	for _, p := range c.people {
		d.Participants = append(d.Participants, *p)
	}
	for _, m := range c.messages {
		d.Messages = append(d.Messages, m.dump())
	}
	return d
}

func (m *message) dump() Message {
	p := m.payload()
	d := Message{
		MsgID: m.msgid, ID: m.id, Type: p.Message.Type, Text: p.Message.Text, Silent: m.silent,
		Timestamp: p.Timestamp, MsecTimestamp: p.MsecTimestamp,
		Side: "in", Sender: m.sender.ClientID, Arrived: m.arrived, Body: m.body,
	}
	if m.receiver != nil {
		d.Side, d.Receiver = "out", m.receiver.ClientID
	}
	return d
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
	enc.Encode(v) // what fails here is the connection of whoever asked
	return true
}
