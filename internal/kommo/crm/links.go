package crm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kommo-import/internal/kommo"
)

// MaxLinks is how many chats or contacts one request names: the number that Kommo advises for its writes. An address with more
// ids of chats could become longer than servers take.
const MaxLinks = 50

// A ChatLink says that a chat belongs to a contact. A chat has at most one contact, and a contact any number of chats
// (documented).
type ChatLink struct {
	ID        int64 // of the link; it may change when the chat is linked to another contact (documented)
	ChatID    string
	ContactID int64
}

// UnmarshalJSON reads a link, whatever it is. It never returns an error; unreadable fields are zero.
func (l *ChatLink) UnmarshalJSON(data []byte) error {
	var wire struct {
		ID        kommo.LooseText `json:"id"`
		ChatID    kommo.LooseText `json:"chat_id"`
		ContactID kommo.LooseText `json:"contact_id"`
	}
	_ = json.Unmarshal(data, &wire)
	*l = ChatLink{whole(wire.ID), string(wire.ChatID), whole(wire.ContactID)}
	return nil
}

// ChatLinks returns the links of up to [MaxLinks] chats. A chat without a contact has no link. For a chat in an incoming lead
// that nobody has accepted Kommo shows the contact of that lead (documented).
//
// Only an administrator may ask, and the integration must be named in the channel's settings (documented). An integration that
// is not gets an error; a 403 is likely, and no source shows it. Kommo shows the chats of the integration's own channels alone
// (documented). ChatLinks is safe to repeat.
func (c *Client) ChatLinks(ctx context.Context, chatIDs []string) ([]ChatLink, error) {
	return c.links(ctx, url.Values{"chat_id[]": chatIDs}, len(chatIDs), func(l ChatLink) bool {
		return slices.ContainsFunc(chatIDs, func(id string) bool { return strings.EqualFold(id, l.ChatID) })
	})
}

// LinksOfContacts returns the links of up to [MaxLinks] contacts, as ChatLinks does.
func (c *Client) LinksOfContacts(ctx context.Context, contactIDs []int64) ([]ChatLink, error) {
	ids := make([]string, len(contactIDs))
	for i, id := range contactIDs {
		ids[i] = strconv.FormatInt(id, 10)
	}
	return c.links(ctx, url.Values{"contact_id[]": ids}, len(ids), func(l ChatLink) bool {
		return slices.Contains(contactIDs, l.ContactID)
	})
}

// links returns the links that a query asks for. Kommo documents that it ignores some filters without saying so, so an answer
// about other chats is an error.
func (c *Client) links(ctx context.Context, query url.Values, asked int, wanted func(ChatLink) bool) (links []ChatLink, err error) {
	// {"_total_items":1,"_embedded":{"chats":[{"chat_id":"6cbab3d5-…","contact_id":3102959,"id":26219}]}}
	if err := checkCount(asked); err != nil {
		return nil, err
	}
	err = c.get(ctx, chatsPath, query, func(a kommo.Answer) error {
		page, err := readPage(a, "chats", wanted)
		switch {
		case err != nil:
			return err
		case page.Next != "":
			return errors.New("the answer has a second page, which is not documented for links")
		case page.Unreadable > 0:
			return fmt.Errorf("the answer has %d links that were not asked for", page.Unreadable)
		}
		links = page.Items
		return nil
	})
	return links, err
}

const chatsPath = "/api/v4/contacts/chats"

func checkCount(n int) error {
	if n < 1 || n > MaxLinks {
		return fmt.Errorf("%d chats or contacts in one request: want 1 to %d", n, MaxLinks)
	}
	return nil
}

// A NewLink is a chat to be linked to a contact.
type NewLink struct {
	ContactID int64  `json:"contact_id"`
	ChatID    string `json:"chat_id"`
}

// A numberedLink is a NewLink with its place in the request, which comes back in validation errors (documented).
type numberedLink struct {
	NewLink
	RequestID string `json:"request_id"`
}

// Link links up to [MaxLinks] chats to contacts, and returns the links. The answer must confirm every link, or the outcome
// is unknown.
//
// To link a chat that another contact has is not documented: Kommo may link it anew, or answer with an error. So read
// [Client.ChatLinks] first, and leave out the chats that have a contact: Kommo has no call that undoes a link.
//
// After a [kommo.UnknownOutcomeError] any of the chats may be linked. Read their links before trying again. To link a chat to
// the same contact again is probably harmless, but that is not documented either. After a [kommo.RefusedError] about several
// chats it is not documented whether some were linked: read their links, and link the others one by one. A refusal of one
// chat has linked nothing.
//
// Only an administrator may link, and only an integration that is named in the channel's settings (documented). What an error
// another integration gets is not documented; a [kommo.AccountDeniedError] with status 403 is likely.
func (c *Client) Link(ctx context.Context, links []NewLink) (made []ChatLink, err error) {
	// [{"contact_id":3102959,"chat_id":"6cbab3d5-…","request_id":"0"}]
	if err := checkCount(len(links)); err != nil {
		return nil, err
	}
	body := make([]numberedLink, len(links))
	for i, link := range links {
		body[i] = numberedLink{link, strconv.Itoa(i)}
	}
	err = c.post(ctx, chatsPath, body, func(a kommo.Answer) error {
		page, err := readPage(a, "chats", func(ChatLink) bool { return true })
		if err != nil {
			return err
		}
		for _, link := range links {
			if !slices.ContainsFunc(page.Items, link.made) {
				return fmt.Errorf("the answer does not confirm that chat %s belongs to contact %d", link.ChatID, link.ContactID)
			}
		}
		made = page.Items
		return nil
	})
	return made, err
}

func (n NewLink) made(l ChatLink) bool {
	return strings.EqualFold(l.ChatID, n.ChatID) && l.ContactID == n.ContactID
}
