package sandbox

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// Endpoint names the purpose of a request.
type Endpoint string

// The endpoints of Kommo: eight of the Chats API and seven of the account's main API.
const (
	OnMessage    Endpoint = "message"         // POST …/{scope}
	OnChats      Endpoint = "chats"           // POST …/{scope}/chats
	OnHistory    Endpoint = "history"         // GET …/{scope}/chats/{chat}/history
	OnConnect    Endpoint = "connect"         // POST …/{channel}/connect
	OnDisconnect Endpoint = "disconnect"      // DELETE …/{channel}/disconnect
	OnTyping     Endpoint = "typing"          // POST …/{scope}/typing
	OnReact      Endpoint = "react"           // POST …/{scope}/react
	OnDelivery   Endpoint = "delivery_status" // POST …/{scope}/{message}/delivery_status
	OnAccount    Endpoint = "account"         // GET /api/v4/account
	OnUsers      Endpoint = "users"           // GET /api/v4/users
	OnContacts   Endpoint = "contacts"        // GET /api/v4/contacts
	OnContact    Endpoint = "contact"         // GET /api/v4/contacts/{id}
	OnLinks      Endpoint = "links"           // GET /api/v4/contacts/chats
	OnLink       Endpoint = "link"            // POST /api/v4/contacts/chats
	OnUnsorted   Endpoint = "unsorted"        // GET /api/v4/leads/unsorted/summary
	OnAny        Endpoint = "any"             // in a Rule: all of these, and paths that do not exist
)

func kommoEndpoints() []Endpoint {
	return append([]Endpoint{OnMessage, OnChats, OnHistory, OnConnect, OnDisconnect, OnTyping, OnReact, OnDelivery, OnAny},
		accountEndpoints()...)
}

func accountEndpoints() []Endpoint {
	return []Endpoint{OnAccount, OnUsers, OnContacts, OnContact, OnLinks, OnLink, OnUnsorted}
}

// ofAccount reports whether the endpoint belongs to the account's main API, which has errors of its own.
func (e Endpoint) ofAccount() bool { return slices.Contains(accountEndpoints(), e) }

// A target is the meaning of a path. Its endpoint is "" when the sandbox has no such path.
type target struct {
	endpoint         Endpoint
	channel, account string
	id               string // Kommo's: of the chat for OnHistory, of the message for OnDelivery, of the contact for OnContact
}

var routes = []struct {
	method   string
	path     *regexp.Regexp // its groups are channel, account and id
	endpoint Endpoint
}{
	{http.MethodPost, scoped(``), OnMessage},
	{http.MethodPost, scoped(`/chats`), OnChats},
	{http.MethodGet, scoped(`/chats/([^/]+)/history`), OnHistory},
	{http.MethodPost, scoped(`/typing`), OnTyping},
	{http.MethodPost, scoped(`/react`), OnReact},
	{http.MethodPost, scoped(`/([^/]+)/delivery_status`), OnDelivery},
	{http.MethodPost, scoped(`/connect`), OnConnect},
	{http.MethodDelete, scoped(`/disconnect`), OnDisconnect},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/account$`), OnAccount},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/users$`), OnUsers},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/contacts$`), OnContacts},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/contacts/()()([0-9]+)$`), OnContact},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/contacts/chats$`), OnLinks},
	{http.MethodPost, regexp.MustCompile(`^/api/v4/contacts/chats$`), OnLink},
	{http.MethodGet, regexp.MustCompile(`^/api/v4/leads/unsorted/summary$`), OnUnsorted},
}

// scoped matches a path below a channel, or below a scope: channel and account.
func scoped(rest string) *regexp.Regexp {
	return regexp.MustCompile(`^/v2/origin/custom/([^/_]*)_?([^/]*)` + rest + `$`)
}

func route(method, path string) target {
	for _, r := range routes {
		if parts := r.path.FindStringSubmatch(path); parts != nil && r.method == method {
			parts = append(parts[1:], "", "", "")
			return target{r.endpoint, parts[0], parts[1], parts[2]}
		}
	}
	return target{}
}

// handle answers a request that meets no fault. A path that does not exist gets an empty 404, as clients of Kommo
// have come to expect; an unknown channel gets a 404 with a body.
func (k *Kommo) handle(q request) answer {
	if q.endpoint == "" {
		return emptyAnswer(http.StatusNotFound)
	}
	if q.endpoint.ofAccount() {
		return k.handleAccount(q)
	}
	if q.channel != k.Options.ChannelID {
		return notRegistered()
	}
	if refusal, ok := k.checkHeaders(q); !ok {
		return refusal
	}
	switch q.endpoint {
	case OnConnect:
		return k.connect(q.body)
	case OnDisconnect:
		return k.disconnect(q.body)
	}
	if !k.reaches(q.account) {
		return notRegistered()
	}
	switch q.endpoint {
	case OnChats:
		return k.createChat(q.body)
	case OnHistory:
		return k.history(q.id, q.query)
	case OnTyping:
		return k.typing(q.body)
	case OnReact:
		return k.react(q.body)
	case OnDelivery:
		return k.setDelivery(q.id, q.body)
	default:
		return k.postMessage(q.body)
	}
}

// apiError is the documented error body of the Chats API:
//
//	{"status":0,"error_code":403,"error_type":"ORIGIN_INVALID_SIGNATURE","error_description":"invalid signature"}
type apiError struct {
	Status      int    `json:"status"`
	Code        int    `json:"error_code"`
	Type        string `json:"error_type"`
	Description string `json:"error_description"`
}

func errorAnswer(status int, kind, description string) answer {
	return jsonAnswer(status, "application/json", apiError{Code: status, Type: kind, Description: description})
}

func invalidSignature() answer {
	return errorAnswer(http.StatusForbidden, "ORIGIN_INVALID_SIGNATURE", "invalid signature")
}

func notRegistered() answer {
	return errorAnswer(http.StatusNotFound, "ORIGIN_NOT_REGISTERED", "NOT_FOUND")
}

// refused is the answer to invalid data. Kommo documents "details in the body", but not their form. The sandbox uses the
// form of the other errors, and begins error_description with the name of the field (its own choice).
func refused(reason string) answer {
	return refusedWith(http.StatusBadRequest, reason)
}

func refusedWith(status int, reason string) answer {
	kind := strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
	return errorAnswer(status, kind, reason)
}
