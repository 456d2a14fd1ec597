package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// linkBody is the body of a request that links chats. That it holds at most 250 links is documented for the main API as a whole.
var linkBody = listOf(object(
	field{"contact_id", atLeast(1), must},
	field{"chat_id", amojoID, must},
	field{"request_id", text, may},
), longestList)

type newLink struct {
	ContactID int64  `json:"contact_id"`
	ChatID    string `json:"chat_id"`
	RequestID string `json:"request_id"`
}

// A shownLink is the link of a chat; the answer to its making also has request_id:
//
//	{"_total_items":1,"_embedded":{"chats":[{"chat_id":"6cba…","contact_id":3102959,"id":26219,"request_id":"0"}]}}
type shownLink struct {
	ChatID    string `json:"chat_id"`
	ContactID int64  `json:"contact_id"`
	ID        int64  `json:"id"`
	RequestID string `json:"request_id,omitempty"`
}

func linksAnswer(links []shownLink) answer {
	if links == nil {
		links = []shownLink{}
	}
	return halAnswer(mustMarshal(map[string]any{
		"_total_items": len(links), "_embedded": map[string]any{"chats": links},
	}))
}

// mayLink answers an integration that is not named in the channel's settings, and a request with cookies. Both must not read or
// make links (documented); how they are answered is not documented, so the status is the value of a quirk.
func (k *Kommo) mayLink(q request) (refusal answer, ok bool) {
	if q.header.Get("Cookie") != "" {
		return problemAnswer(http.StatusBadRequest), false
	}
	if quirk, has := k.store.quirks.of(NoLink, ""); has {
		return problemAnswer(quirk.number()), false
	}
	return answer{}, true
}

// listLinks answers GET /api/v4/contacts/chats?chat_id[]=&contact_id[]=, of which one must be there. It shows the contact of an
// incoming lead too (documented). No link at all is a 204, as for the other lists.
func (k *Kommo) listLinks(q request, query url.Values) answer {
	if refusal, ok := k.mayLink(q); !ok {
		return refusal
	}
	chats, contacts := arrayOf(query, "chat_id"), arrayOf(query, "contact_id")
	if len(chats)+len(contacts) == 0 ||
		slices.ContainsFunc(chats, func(id string) bool { return !amojoID.fits(id) }) ||
		slices.ContainsFunc(contacts, func(id string) bool { return !isID(id) }) {
		return problemAnswer(http.StatusBadRequest)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var shown []shownLink
	for _, c := range k.store.linked(chats, contacts) {
		l := k.store.crm.links[c.id].shown(k.indexed())
		if l != nil && (len(contacts) == 0 || slices.Contains(contacts, itoa(l.contact.ID))) {
			shown = append(shown, shownLink{ChatID: c.id, ContactID: l.contact.ID, ID: l.id})
		}
	}
	if len(shown) == 0 {
		return emptyAnswer(http.StatusNoContent)
	}
	return linksAnswer(shown)
}

// linked returns the chats with these ids, or all chats if contacts are asked for alone.
func (s *store) linked(chats, contacts []string) (found []*chat) {
	if len(chats) == 0 && len(contacts) > 0 {
		return s.chats
	}
	for _, id := range chats {
		if c := s.byUUID[id]; c != nil {
			found = append(found, c)
		}
	}
	return found
}

// arrayOf returns the values of a parameter in the forms name, name[] and name[0].
func arrayOf(query url.Values, name string) (values []string) {
	keys := make([]string, 0, len(query))
	for key := range query {
		if key == name || strings.HasPrefix(key, name+"[") && strings.HasSuffix(key, "]") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		values = append(values, query[key]...)
	}
	return values
}

func isID(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && n > 0
}

// A validationError is the part of a 400 that names one entry of the request.
type validationError struct {
	RequestID string       `json:"request_id"`
	Errors    []entryError `json:"errors"`
}

type entryError struct {
	Code   string `json:"code"`
	Path   string `json:"path"`
	Detail string `json:"detail"`
}

// makeLinks answers POST /api/v4/contacts/chats. Nothing is documented about the answers to an unknown chat or contact and to a
// chat that belongs to another contact, nor about a request of which only some entries are refused. Here they are a 400 with
// validation errors; a chat that belongs to another contact is linked anew; and if one entry is refused, nothing is linked. Quirks
// change each of these.
func (k *Kommo) makeLinks(q request) answer {
	if refusal, ok := k.mayLink(q); !ok {
		return refusal
	}
	if q.header.Get("Content-Type") != "application/json" {
		return problemAnswer(http.StatusBadRequest) // the header is documented, the answer is not
	}
	var entries []newLink
	if err := decode(q.body, linkBody, &entries); err != nil {
		return invalidAnswer(http.StatusBadRequest, []validationError{{"0", []entryError{{"InvalidType", "", err.Error()}}}})
	}
	for i := range entries {
		if entries[i].RequestID == "" {
			entries[i].RequestID = strconv.Itoa(i)
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.store.makeLinks(entries, k.now())
}

func (s *store) makeLinks(entries []newLink, now time.Time) answer {
	status := http.StatusBadRequest
	var refused []validationError
	var good []newLink
	for _, e := range entries {
		problem, answered := s.checkLink(e)
		switch {
		case problem == nil:
			good = append(good, e)
		case answered == http.StatusOK: // left out of the answer without a word
		default:
			status = answered
			refused = append(refused, validationError{e.RequestID, []entryError{*problem}})
		}
	}
	if len(refused) > 0 && !s.quirks.has(PartialLinks, "") {
		return invalidAnswer(status, refused)
	}
	var made []shownLink
	for _, e := range good {
		l := s.crm.links[e.ChatID]
		if l == nil || l.contact.ID != e.ContactID {
			l = s.crm.link(s.byUUID[e.ChatID], s.crm.byID[e.ContactID], now)
		}
		made = append(made, shownLink{e.ChatID, e.ContactID, l.id, e.RequestID})
	}
	if len(refused) > 0 {
		return invalidAnswer(status, refused)
	}
	return linksAnswer(made)
}

// checkLink returns why an entry is refused, and the status of the answer; nil if it is not refused. The status 200 means that
// the entry is dropped. A contact in the bin counts as unknown (the sandbox's own choice).
func (s *store) checkLink(e newLink) (*entryError, int) {
	unknown := http.StatusBadRequest
	if q, has := s.quirks.of(UnknownLink, ""); has {
		unknown = q.number()
	}
	c := s.byUUID[e.ChatID]
	if c == nil {
		return &entryError{"NotFound", "chat_id", "Chat not found"}, unknown
	}
	if to := s.crm.byID[e.ContactID]; to == nil || to.Deleted {
		return &entryError{"NotFound", "contact_id", "Contact not found"}, unknown
	}
	l := s.crm.links[c.id]
	if l == nil {
		return nil, 0
	}
	switch q, _ := s.quirks.of(Linked, c.conversation); {
	case q.Value == "exists", q.Value == "other-exists" && l.contact.ID != e.ContactID:
		return &entryError{"AlreadyExists", "chat_id", fmt.Sprintf("Chat is linked to contact %d already", l.contact.ID)}, http.StatusBadRequest
	}
	return nil, 0
}

// invalidAnswer is the documented answer to a request with entries that are refused.
func invalidAnswer(status int, errors []validationError) answer {
	p := newProblem(status, "Request validation failed")
	p.Validation = errors
	return jsonAnswer(status, "application/problem+json", p)
}
