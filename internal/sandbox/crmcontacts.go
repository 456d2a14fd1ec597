package sandbox

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// longestList is the documented maximum of limit in the main API; more is a 422. The default is the sandbox's own choice.
const (
	longestList = 250
	defaultList = 50
)

// parseList reads page and limit. ok is false if the refusal is the answer.
func parseList(query url.Values) (page, limit int, refusal answer, ok bool) {
	page, err := strconv.Atoi(cmp.Or(query.Get("page"), "1"))
	if err != nil || page < 1 {
		return 0, 0, problemAnswer(http.StatusBadRequest), false
	}
	limit, err = strconv.Atoi(cmp.Or(query.Get("limit"), strconv.Itoa(defaultList)))
	if err != nil || limit < 1 || limit > longestList {
		return 0, 0, problemAnswer(http.StatusUnprocessableEntity), false
	}
	return page, limit, answer{}, true
}

type href map[string]string

// A listAnswer is a page of a list:
//
//	{"_page":1,"_links":{"next":{"href":"…?page=2&limit=250"},"self":{"href":"…"}},"_embedded":{"contacts":[…]}}
type listAnswer struct {
	Page     int             `json:"_page"`
	Links    map[string]href `json:"_links"`
	Embedded map[string]any  `json:"_embedded"`
}

// pageAnswer answers with a page of a list. A page without elements is a 204 (documented).
func pageAnswer[T any](name string, items []T, page, limit int, more bool) answer {
	if len(items) == 0 {
		return emptyAnswer(http.StatusNoContent)
	}
	address := func(page int) href {
		return href{"href": fmt.Sprintf("https://sandbox.kommo.com/api/v4/%s?page=%d&limit=%d", name, page, limit)}
	}
	a := listAnswer{Page: page, Links: map[string]href{"self": address(page)}, Embedded: map[string]any{name: items}}
	if more {
		a.Links["next"] = address(page + 1)
	}
	return halAnswer(mustMarshal(a))
}

// A shownContact is a contact as the documents show it, without the fields of a custom field that nobody asks for.
type shownContact struct {
	ID                int64        `json:"id"`
	Name              string       `json:"name"`
	FirstName         string       `json:"first_name"`
	LastName          string       `json:"last_name"`
	ResponsibleUserID int64        `json:"responsible_user_id"`
	CreatedAt         int64        `json:"created_at"`
	UpdatedAt         int64        `json:"updated_at"`
	IsDeleted         bool         `json:"is_deleted"`
	Fields            []shownField `json:"custom_fields_values"` // null for a contact without fields (documented)
	AccountID         int64        `json:"account_id"`
}

type shownField struct {
	ID     int64        `json:"field_id"`
	Name   string       `json:"field_name"`
	Code   string       `json:"field_code"`
	Type   string       `json:"field_type"`
	Values []shownValue `json:"values"`
}

type shownValue struct {
	Value    string `json:"value"`
	EnumID   int64  `json:"enum_id"`
	EnumCode string `json:"enum_code"`
}

func (c *contact) shown() shownContact {
	s := shownContact{ID: c.ID, Name: c.Name, ResponsibleUserID: 101, CreatedAt: c.since.Unix(), UpdatedAt: c.since.Unix(),
		IsDeleted: c.Deleted, AccountID: accountNumber}
	field := func(id int64, name, code string, values []string) {
		f := shownField{ID: id, Name: name, Code: code, Type: "multitext"}
		for _, value := range values {
			f.Values = append(f.Values, shownValue{value, id + 1, "WORK"})
		}
		if len(values) > 0 {
			s.Fields = append(s.Fields, f)
		}
	}
	field(1001, "Phone", "PHONE", c.Phones)
	field(1003, "Email", "EMAIL", c.Emails)
	return s
}

// matches reports whether a filled field of the contact contains text, as the parameter query asks.
func (c *contact) matches(text string) bool {
	return slices.ContainsFunc(slices.Concat([]string{c.Name}, c.Phones, c.Emails), func(field string) bool {
		return strings.Contains(strings.ToLower(field), strings.ToLower(text))
	})
}

// isListed reports whether the account shows the contact in its lists at a time. The contact of an incoming lead is not shown
// before the lead is accepted (documented).
func (k *Kommo) isListed(c *contact, at time.Time) bool {
	return !c.OfLead && !c.since.After(at) && !(c.Deleted && k.store.quirks.has(BinHidden, ""))
}

// indexed is the time whose state the lists and links of the main API show.
func (k *Kommo) indexed() time.Time { return k.now().Add(-k.Options.IndexDelay) }

// listContacts answers GET /api/v4/contacts?page=&limit=&query=&order[id]=. A filter is ignored without a word, as in an
// account without the package for it (seen at work). Deleted contacts are listed, unless a quirk hides them: the documents have
// is_deleted and do not say where it is true.
func (k *Kommo) listContacts(query url.Values) answer {
	page, limit, refusal, ok := parseList(query)
	if !ok {
		return refusal
	}
	direction := query.Get("order[id]")
	if !slices.Contains([]string{"", "asc", "desc"}, direction) {
		return problemAnswer(http.StatusBadRequest)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	all := k.store.crm.contacts
	at, skip, wanted := k.indexed(), (page-1)*limit, query.Get("query")
	var shown []shownContact
	for i := range all {
		c := all[i]
		if direction == "desc" {
			c = all[len(all)-1-i]
		}
		switch {
		case !k.isListed(c, at) || wanted != "" && !c.matches(wanted):
		case skip > 0:
			skip--
		case len(shown) == limit:
			return pageAnswer("contacts", shown, page, limit, true)
		default:
			shown = append(shown, c.shown())
		}
	}
	return pageAnswer("contacts", shown, page, limit, false)
}

// showContact answers GET /api/v4/contacts/{id}: 204 if there is no such contact (documented).
func (k *Kommo) showContact(id string) answer {
	number, _ := strconv.ParseInt(id, 10, 64)
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.crm.byID[number]
	if c == nil || !k.isListed(c, k.indexed()) {
		return emptyAnswer(http.StatusNoContent)
	}
	return halAnswer(mustMarshal(c.shown()))
}
