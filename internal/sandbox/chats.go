package sandbox

import "strings"

var (
	connectShape = object(
		must("account_id", filled),
		may("title", text),
		may("hook_api_version", oneOf("v1", "v2")),
		may("is_time_window_disabled", boolean),
	)
	disconnectShape = object(must("account_id", filled))
	chatShape       = object(
		must("conversation_id", filled),
		may("source", sourceShape),
		must("user", partyShape),
	)
)

// connection is the body of a connect, and of its answer, which has the scope id besides.
type connection struct {
	AccountID            string `json:"account_id"`
	ScopeID              string `json:"scope_id"`
	Title                string `json:"title"`
	HookAPIVersion       string `json:"hook_api_version"`
	TimeWindowIsDisabled bool   `json:"is_time_window_disabled"`
}

// connect answers POST …/{channel}/connect, which may be repeated. What Kommo answers for an account that is not
// there is not documented: here it is 400.
func (k *Kommo) connect(body []byte) answer {
	c := connection{Title: "Sandbox", HookAPIVersion: "v2"}
	if refusal := k.setConnected(body, connectShape, &c, true); refusal != nil {
		return *refusal
	}
	c.ScopeID = k.ScopeID()
	return okAnswer(c)
}

// disconnect answers DELETE …/{channel}/disconnect: 200 without a body.
func (k *Kommo) disconnect(body []byte) answer {
	if refusal := k.setConnected(body, disconnectShape, &connection{}, false); refusal != nil {
		return *refusal
	}
	return emptyAnswer(200)
}

func (k *Kommo) setConnected(body []byte, s shape, c *connection, to bool) *answer {
	var refusal answer
	if err := decode(body, s, c); err != nil {
		refusal = refused(err.Error())
		return &refusal
	}
	if c.AccountID != k.Options.AccountID {
		refusal = refused("account_id: not the account of the sandbox")
		return &refusal
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
	ConversationID string `json:"conversation_id"`
	User           party  `json:"user"`
}

// chatAnswer is the answer to a chat that was made or found:
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

// createChat answers POST …/{scope}/chats. A conversation id that is known gives the chat that there is.
func (k *Kommo) createChat(body []byte) answer {
	var r chatRequest
	if err := decode(body, chatShape, &r); err != nil {
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
