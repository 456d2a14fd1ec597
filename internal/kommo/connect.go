package kommo

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

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
	_, err = c.do(ctx, post, func(a answer) error {
		if err := a.decode(&connection); err != nil {
			return err
		}
		if !validID(connection.ScopeID) {
			return errors.New("the answer has no scope_id")
		}
		return nil
	})
	return connection, err
}
