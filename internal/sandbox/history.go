package sandbox

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestPage is the documented maximum of limit. The sandbox makes it the default too (its own choice).
const longestPage = 50

type historyMessage struct {
	Timestamp     int64             `json:"timestamp"`
	MsecTimestamp int64             `json:"msec_timestamp"`
	Sender        shownParticipant  `json:"sender"`
	Receiver      *shownParticipant `json:"receiver,omitempty"`
	Message       historyContent    `json:"message"`
}

// A shownParticipant is a participant as the answers of Kommo show it.
type shownParticipant struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id,omitempty"` // absent for a CRM user or the bot
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Phone    string `json:"phone,omitempty"`
	Email    string `json:"email,omitempty"`
}

// historyContent has the empty placeholders of the published samples.
type historyContent struct {
	ID        string          `json:"id"`        // Kommo's
	ClientID  string          `json:"client_id"` // our msgid
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Media     string          `json:"media"`
	Thumbnail string          `json:"thumbnail"`
	FileName  string          `json:"file_name"`
	FileSize  int64           `json:"file_size"`
	Location  json.RawMessage `json:"location,omitempty"`
	Contact   json.RawMessage `json:"contact,omitempty"`
}

// history answers GET …/{scope}/chats/{chat}/history?limit=&offset=, newest first. An unknown chat is a 204, and so is
// an empty page (documented), also beyond the end (the sandbox's own choice).
func (k *Kommo) history(chatID, query string) answer {
	limit, offset, err := parsePage(query)
	if err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, all := k.store.byUUID[chatID], k.store.quirks
	if c == nil {
		c = new(chat)
	}
	if all.has(GoneChat, c.conversation) {
		return errorAnswer(http.StatusNotFound, "CHAT_NOT_FOUND", "NOT_FOUND")
	}
	if most, ok := all.of(PageLength, c.conversation); ok {
		limit = min(limit, most.number())
	}
	var shown []any
	if !all.has(EmptyChat, c.conversation) {
		for _, e := range all.page(c.conversation, c.visible(k.now().Add(-k.Options.HistoryDelay)), limit, offset) {
			if entry := all.show(c.conversation, e); entry != nil {
				shown = append(shown, entry)
			}
		}
	}
	if len(shown) == 0 {
		return emptyAnswer(http.StatusNoContent)
	}
	return okAnswer(map[string]any{"messages": shown})
}

func parsePage(query string) (limit, offset int, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, 0, invalidf("query", "%v", err)
	}
	limit, err = strconv.Atoi(cmp.Or(values.Get("limit"), strconv.Itoa(longestPage)))
	if err != nil || limit < 1 || limit > longestPage {
		return 0, 0, invalidf("limit", "want a number from 1 to %d", longestPage)
	}
	offset, err = strconv.Atoi(cmp.Or(values.Get("offset"), "0"))
	if err != nil || offset < 0 {
		return 0, 0, invalidf("offset", "want a number from 0")
	}
	return limit, offset, nil
}

// visible returns the messages that had arrived by then, newest first. Of one millisecond, the later arrival is first.
func (c *chat) visible(by time.Time) []*message {
	if c.newestFirst == nil {
		c.newestFirst = slices.Clone(c.messages)
		slices.Reverse(c.newestFirst)
		slices.SortStableFunc(c.newestFirst, func(a, b *message) int { return cmp.Compare(b.msec, a.msec) })
	}
	if last := c.messages; len(last) == 0 || !last[len(last)-1].arrived.After(by) {
		return c.newestFirst
	}
	return slices.DeleteFunc(slices.Clone(c.newestFirst), func(m *message) bool { return m.arrived.After(by) })
}

func (m *message) forHistory() historyMessage {
	p := m.payload()
	h := historyMessage{
		Timestamp:     p.Timestamp,
		MsecTimestamp: p.MsecTimestamp,
		Sender:        m.sender.shown(p.Sender.RefID != ""),
		Message: historyContent{
			ID: m.id, ClientID: m.msgid, Type: p.Message.Type, Text: p.Message.Text,
			Media: p.Message.Media, FileName: p.Message.FileName, FileSize: p.Message.FileSize,
			Location: p.Message.Location, Contact: p.Message.Contact,
		},
	}
	if m.receiver != nil {
		receiver := m.receiver.shown(p.Receiver.RefID != "")
		h.Receiver = &receiver
	}
	return h
}

func (p *Participant) shown(ofCRM bool) shownParticipant {
	s := shownParticipant{ID: p.ID, ClientID: p.ClientID, Name: p.Name, Avatar: p.Avatar, Email: p.Email}
	s.Phone = strings.TrimPrefix(p.Phone, "+") // as in the published samples
	if ofCRM {
		s.ClientID = ""
	}
	return s
}
