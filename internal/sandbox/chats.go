package sandbox

import (
	"net/http"
	"strings"
)

var (
	connectBody = object(
		field{"account_id", filled, must},
		field{"title", text, may},
		field{"hook_api_version", oneOf("v1", "v2"), may},
		field{"is_time_window_disabled", boolean, may},
	)
	disconnectBody = object(field{"account_id", filled, must})
	chatBody       = object(
		field{"conversation_id", filled, must},
		field{"source", sourceBody, may},
		field{"user", participantBody, must},
	)
)

// connection is the body of a connect, and of its answer, which adds the scope id.
type connection struct {
	AccountID            string `json:"account_id"`
	ScopeID              string `json:"scope_id"`
	Title                string `json:"title"`
	HookAPIVersion       string `json:"hook_api_version"`
	TimeWindowIsDisabled bool   `json:"is_time_window_disabled"`
}

// connect answers POST …/{channel}/connect, which may be repeated. Kommo documents no answer for an unknown account:
// here it is 400.
func (k *Kommo) connect(body []byte) answer {
	c := connection{Title: "Sandbox", HookAPIVersion: "v2"}
	if err := k.setConnected(body, connectBody, &c, true); err != nil {
		return refused(err.Error())
	}
	c.ScopeID = k.ScopeID()
	return okAnswer(c)
}

// disconnect answers DELETE …/{channel}/disconnect: 200 without a body.
func (k *Kommo) disconnect(body []byte) answer {
	if err := k.setConnected(body, disconnectBody, &connection{}, false); err != nil {
		return refused(err.Error())
	}
	return emptyAnswer(http.StatusOK)
}

func (k *Kommo) setConnected(body []byte, of kind, c *connection, to bool) error {
	if err := decode(body, of, c); err != nil {
		return err
	}
	if c.AccountID != k.Options.AccountID {
		return within("account_id", invalidf("not the account of the sandbox"))
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.connected = to
	return nil
}

// reaches reports whether the channel is connected to that account.
func (k *Kommo) reaches(account string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.connected && account == k.Options.AccountID
}

type chatRequest struct {
	ConversationID string      `json:"conversation_id"`
	User           participant `json:"user"`
}

// chatAnswer is the answer about a chat that was created or found:
//
//	{"id":"742a…","user":{"id":"b709…","client_id":"c1","name":"Anna","avatar":"","phone":"79151112233"}}
type chatAnswer struct {
	ID   string   `json:"id"`
	User chatUser `json:"user"`
}

type chatUser struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id,omitempty"` // absent for a CRM user
	Name     string `json:"name"`
	Avatar   string `json:"avatar"`
	Phone    string `json:"phone,omitempty"` // without its plus, as in the published sample
	Email    string `json:"email,omitempty"`
}

// createChat answers POST …/{scope}/chats. A known conversation id gives the existing chat.
func (k *Kommo) createChat(body []byte) answer {
	var r chatRequest
	if err := decode(body, chatBody, &r); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.open(r.ConversationID)
	p := k.store.join(c, r.User)
	user := chatUser{ID: p.ID, ClientID: p.ClientID, Name: p.Name, Avatar: p.Avatar,
		Phone: strings.TrimPrefix(p.Phone, "+"), Email: p.Email}
	if r.User.RefID != "" {
		user.ClientID = ""
	}
	return okAnswer(chatAnswer{ID: c.id, User: user})
}
