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
		return invalidf("account_id", "not the account of the sandbox")
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

// chatAnswer is the answer about a chat that was created or found:
//
//	{"id":"742a…","user":{"id":"b709…","client_id":"c1","name":"Anna","avatar":"","phone":"79151112233"}}
type chatAnswer struct {
	ID   string           `json:"id"`
	User shownParticipant `json:"user"`
}

// createChat answers POST …/{scope}/chats. A known conversation id gives the existing chat.
func (k *Kommo) createChat(body []byte) answer {
	var r struct {
		ConversationID string      `json:"conversation_id"`
		User           participant `json:"user"`
	}
	if err := decode(body, chatBody, &r); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.open(r.ConversationID)
	user := k.store.join(c, r.User).shown(r.User.RefID != "")
	user.Phone = strings.TrimPrefix(user.Phone, "+") // as in the published sample
	return okAnswer(chatAnswer{ID: c.id, User: user})
}
