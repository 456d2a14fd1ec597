package sandbox

import "net/http"

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
		field{"user", userBody, must},
		field{"account_id", amojoID, may}, // as in a published sample
	)

	// userBody names a user of Kommo by ref_id alone, as a client at work does, or is like any participant.
	userBody = participantBody.but("id", may).but("name", may).and(wholeOrReference)
)

// wholeOrReference returns an error about a user without id and name who is not a user of Kommo.
func wholeOrReference(path string, user map[string]any, r reading) error {
	if user["ref_id"] != nil && user["id"] == nil || r.lenient && user["id"] != nil {
		return nil
	}
	return requireAll(path, user, []string{"id", "name"})
}

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
	c := connection{Title: "Sandbox", HookAPIVersion: "v1"} // the documented default
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
	if err := k.decode(body, of, c); err != nil {
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

// chatAnswer is the answer about a chat that was created or found. Of a user of whom the request said no more than
// ref_id it shows only the id:
//
//	{"id":"742a…","user":{"id":"b709…","client_id":"c1","name":"Anna","avatar":"","phone":"79151112233"}}
//	{"id":"742a…","user":{"id":"b709…"}}
type chatAnswer struct {
	ID   string `json:"id"`
	User any    `json:"user"`
}

// createChat answers POST …/{scope}/chats. A known conversation id gives the existing chat. The id of a user with a
// ref_id is not that ref_id: it is the id of the participant (seen at work).
func (k *Kommo) createChat(body []byte) answer {
	var r struct {
		ConversationID string      `json:"conversation_id"`
		User           participant `json:"user"`
	}
	if err := k.decode(body, chatBody, &r); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c := k.store.open(r.ConversationID)
	user := k.store.join(c, r.User).shown(r.User.RefID != "")
	if r.User.RefID != "" {
		user.ID = uuidOf("participant", c.id, r.User.RefID)
	}
	if r.User.Name == "" {
		return okAnswer(chatAnswer{c.id, map[string]string{"id": user.ID}})
	}
	return okAnswer(chatAnswer{c.id, user})
}
