// Package kommo speaks the Chats API of Kommo: its wire types, a client that makes exactly one attempt per call, and
// errors that distinguish the cases a caller must distinguish.
//
//	client := &kommo.Client{ScopeID: scope, Signer: signing.Signer{Secret: secret}}
//	body, err := kommo.Marshal(message)
//	…
//	accepted, err := client.Send(ctx, body)
//	if unknown, ok := errors.AsType[*kommo.UnknownOutcomeError](err); ok {
//		// look into client.HistoryPage before sending it again
//	}
//
// Errors are wrapped in the request they belong to, "POST amojo.kommo.com/v2/origin/custom/…: …", and meant for
// [errors.AsType]: [RefusedError], [DeniedError], [UnclearError], [BlockedError], [RateLimitError],
// [UnknownOutcomeError] and [UnreachableError]. Any other error means that nothing was sent. No error text holds the secret, a signature, or
// the user or query of a URL.
//
// amoCRM's API is the same at other hosts (documented).
package kommo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"kommo-import/signing"
)

// A Client makes signed requests within one scope: one channel connected to one account. It has no rate limit and
// repeats nothing; both are up to the caller. It may be used by several goroutines at once, and must not be copied
// or changed after its first request.
type Client struct {
	// BaseURL is the address of the Chats API, as [ParseBaseURL] takes it; "" is https://amojo.kommo.com.
	BaseURL string
	// ScopeID is "{channel id}_{account's amojo id}"; connecting the channel gives it.
	ScopeID string
	Signer  signing.Signer
	// Transport carries the requests; nil is a [web.NewTransport] of the client. It must honour the request's context.
	Transport http.RoundTripper
	// Timeout bounds one attempt, from connecting to the last byte of the answer; 0 is 30 seconds.
	Timeout time.Duration
	// Now is the clock that requests are signed with; nil is [time.Now].
	Now func() time.Time

	own OwnTransport
}

// maxAnswer is the length of an answer that is read, in bytes. Real answers have some hundred.
const maxAnswer = 1 << 20

// Accepted is Kommo's answer to a message: it was accepted for processing, and appears in the chat and its history
// some time later (documented). The ids are Kommo's own.
type Accepted struct {
	// ChatID is the chat's id. It may be something else, or "": a documented sample has the integration's own id here,
	// and the form of 2020 none.
	ChatID    string
	MessageID string
	RefID     string // the msgid of the message; "" if the answer does not repeat it
}

// IsChatID reports whether id has the form of Kommo's ids of chats: a UUID.
func IsChatID(id string) bool {
	return len(id) == 36 && uuid.Validate(id) == nil
}

// Send posts one message, body as [Marshal] returns it, in one attempt. An error is one of the package's types, or
// means that nothing was sent; ctx's own error is among the latter. If ctx ends while the request is under way, the
// error is an [UnknownOutcomeError] that wraps ctx's error, so ask for that type first.
func (c *Client) Send(ctx context.Context, body []byte) (Accepted, error) {
	// {"new_message":{"conversation_id":"742a…","sender_id":"318e…","receiver_id":"0eef…","msgid":"ecfb…","ref_id":"m-1"}}
	var reply struct {
		NewMessage struct {
			ChatID    LooseText `json:"conversation_id"`
			MessageID LooseText `json:"msgid"`
			RefID     LooseText `json:"ref_id"`
		} `json:"new_message"`
	}
	post := request{method: http.MethodPost, body: body, limit: maxAnswer}
	_, err := c.do(ctx, post, func(a Answer) error {
		if err := a.Decode(&reply); err != nil {
			return err
		}
		return a.Require(string(cmp.Or(reply.NewMessage.MessageID, reply.NewMessage.RefID)), "new_message with a msgid")
	})
	got := reply.NewMessage
	return Accepted{string(got.ChatID), string(got.MessageID), string(got.RefID)}, err
}

// A NewChat is a chat to be made, or an existing chat to be found by its ConversationID.
type NewChat struct {
	ConversationID string      `json:"conversation_id"` // ours
	User           Participant `json:"user"`            // the client
}

// CreateChat returns Kommo's id of the chat. It finds a chat that exists already and makes no second chat
// (documented), so the call is safe to repeat after any error. It makes no contact and no lead, and the account does
// not show a chat without messages (documented).
func (c *Client) CreateChat(ctx context.Context, chat NewChat) (string, error) {
	body, err := marshal(chat)
	if err != nil {
		return "", err
	}
	// {"id":"742a15d7-…","user":{"id":"b709edc6-…"}}
	var reply struct {
		ID string `json:"id"`
	}
	post := request{method: http.MethodPost, below: "/chats", body: body, limit: maxAnswer}
	_, err = c.do(ctx, post, func(a Answer) error {
		return a.decodeWith(&reply, &reply.ID, "id of a chat")
	})
	return reply.ID, err
}

// A Connection is a channel that is connected to an account.
type Connection struct {
	AccountID string `json:"account_id"` // the account's amojo id
	// ScopeID is the scope of all requests of the channel about the account.
	ScopeID string `json:"scope_id"`
	Title   string `json:"title"` // of the channel in the account
	// HookAPIVersion is the version of the webhooks, "v1" or "v2".
	HookAPIVersion string `json:"hook_api_version"`
	// TimeWindowDisabled means that the account may write to clients at any time, not only for a while after they
	// wrote.
	TimeWindowDisabled bool `json:"is_time_window_disabled"`
}

// Connect connects a channel to the account with that amojo id. The client's secret must be the channel's; its
// ScopeID does not count. title is the channel's name in the account; "" is its own name. Connect is safe to repeat
// and gives the same scope id each time (seen in a client's code).
//
// A [DeniedError] with status 404 means that there is no such channel (documented). Kommo's answer to an account that
// does not exist, or that a private channel does not list, is not documented.
func (c *Client) Connect(ctx context.Context, channelID, accountID, title string) (Connection, error) {
	if !validID(channelID) {
		return Connection{}, fmt.Errorf("channel id %q: not an id", channelID)
	}
	// {"account_id":"52e5…","title":"Old chats","hook_api_version":"v2"}
	body, err := marshal(struct {
		AccountID      string `json:"account_id"`
		Title          string `json:"title,omitempty"`
		HookAPIVersion string `json:"hook_api_version"` // Kommo documents no other than v2
	}{accountID, title, "v2"})
	if err != nil {
		return Connection{}, err
	}
	// {"account_id":"52e5…","scope_id":"344a…_52e5…","title":"…","hook_api_version":"v2","is_time_window_disabled":false}
	var connection Connection
	post := request{method: http.MethodPost, within: channelID, below: "/connect", body: body, limit: maxAnswer}
	_, err = c.do(ctx, post, func(a Answer) error {
		if err := a.Decode(&connection); err != nil {
			return err
		}
		if !validID(connection.ScopeID) {
			return errors.New("the answer has no scope_id")
		}
		return nil
	})
	return connection, err
}
