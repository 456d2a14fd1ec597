package kommo

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
)

// PageSize is how many messages a full page of history has, the documented maximum.
const PageSize = 50

// maxPage is how much of a page of history is read, in bytes.
const maxPage = 16 << 20

// HistoryPage returns up to PageSize messages of a chat, leaving out the first offset ones. chatID is Kommo's, as in
// [Accepted] or from [Client.CreateChat]. The newest come first; the documents show that and do not promise it.
//
// No messages and no error means that the offset is beyond the last one, the chat is empty, or there is none: Kommo
// answers 204 to all (documented for the latter two). A page with one message that cannot be read is an
// [UnknownOutcomeError] as a whole. Reading is always safe to repeat.
func (c *Client) HistoryPage(ctx context.Context, chatID string, offset int) ([]HistoryMessage, error) {
	if !validID(chatID) {
		return nil, fmt.Errorf("chat id %q: not an id", chatID)
	}
	var told struct {
		Messages []HistoryMessage `json:"messages"`
	}
	get := request{
		method: http.MethodGet,
		below:  "/chats/" + chatID + "/history",
		query:  fmt.Sprintf("limit=%d&offset=%d", PageSize, offset),
		limit:  maxPage,
	}
	err := c.do(ctx, get, func(a answer) error {
		if a.status == http.StatusNoContent {
			return nil
		}
		if err := a.decode(&told); err != nil {
			return err
		}
		if told.Messages == nil {
			return errors.New("the answer has no messages")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return told.Messages, nil
}

// History yields the pages of a chat, newest messages first, until one is not full; that such a one is the last is
// inferred. It calls wait before each request; nil waits for nothing. An error, also one of wait, ends the sequence.
//
// Messages that arrive while it reads push others onto the next page: those come twice, none is left out. A server
// that gives a page again would never come to an end: that is an [UnknownOutcomeError].
func (c *Client) History(ctx context.Context, chatID string, wait func(context.Context) error) iter.Seq2[[]HistoryMessage, error] {
	return func(yield func([]HistoryMessage, error) bool) {
		heads := make(map[string]bool) // ids of the messages that pages began with
		for offset := 0; ; {
			page, err := c.nextPage(ctx, chatID, offset, wait)
			if err == nil && len(page) > 0 && heads[page[0].Message.ID] {
				again := fmt.Errorf("history of chat %s: at offset %d begins a page that was there already", chatID, offset)
				err = &UnknownOutcomeError{Status: http.StatusOK, Err: again}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(page) == 0 || !yield(page, nil) || len(page) < PageSize {
				return
			}
			heads[page[0].Message.ID] = true
			offset += len(page)
		}
	}
}

func (c *Client) nextPage(ctx context.Context, chatID string, offset int, wait func(context.Context) error) ([]HistoryMessage, error) {
	if wait != nil {
		if err := wait(ctx); err != nil {
			return nil, err
		}
	}
	return c.HistoryPage(ctx, chatID, offset)
}
