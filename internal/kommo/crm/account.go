package crm

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"kommo-import/internal/kommo"
)

// An Account is an account as the main API describes it.
type Account struct {
	ID        int64  // the number of the account, as in a [Token]; 0 if absent
	Name      string // for people
	Subdomain string // of its address; "" if absent
	AmojoID   string // the account's id in the Chats API; it is the second half of a scope id
}

// Account returns the account. Every user may ask (documented).
func (c *Client) Account(ctx context.Context) (account Account, err error) {
	// {"id":30896271,"name":"Developers Team","subdomain":"devteam","amojo_id":"b462…",…}
	var reply struct {
		ID        kommo.LooseText `json:"id"`
		Name      kommo.LooseText `json:"name"`
		Subdomain kommo.LooseText `json:"subdomain"`
		AmojoID   kommo.LooseText `json:"amojo_id"`
	}
	err = c.get(ctx, "/api/v4/account", url.Values{"with": {"amojo_id"}}, func(a kommo.Answer) error {
		if err := a.Decode(&reply); err != nil {
			return err
		}
		account = Account{whole(reply.ID), string(reply.Name), string(reply.Subdomain), string(reply.AmojoID)}
		return a.Require(account.AmojoID, "amojo_id")
	})
	return account, err
}

// whole returns a whole number, 0 for anything else.
func whole(text kommo.LooseText) int64 {
	n, _ := strconv.ParseInt(string(text), 10, 64)
	return n
}

// A User is a person who works in the account.
type User struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
	// AmojoID is the user's id in the Chats API; "" if the user has no such id (documented).
	AmojoID string `json:"amojo_id"`
}

// UnmarshalJSON reads a user, whatever it is. It never returns an error; unreadable fields are zero.
func (u *User) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID      kommo.LooseText `json:"id"`
		Name    kommo.LooseText `json:"name"`
		Email   kommo.LooseText `json:"email"`
		AmojoID kommo.LooseText `json:"amojo_id"`
	}
	_ = json.Unmarshal(data, &wire)
	*u = User{whole(wire.ID), string(wire.Name), string(wire.Email), string(wire.AmojoID)}
	return nil
}

// Users returns a page of the account's users. next is "" for the first page, else the Next of the page before; [All] reads
// all pages. Only an administrator may ask, and the integration must not be an external one, a button on a site (documented).
func (c *Client) Users(ctx context.Context, next string) (page Page[User], err error) {
	query, err := pageQuery(next, url.Values{"with": {"amojo_id"}})
	if err != nil {
		return page, err
	}
	err = c.get(ctx, "/api/v4/users", query, func(a kommo.Answer) (err error) {
		page, err = readPage(a, "users", func(u User) bool { return u.ID != 0 })
		return err
	})
	return page, err
}
