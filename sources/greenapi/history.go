package greenapi

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
)

// History asks for the last count entries of a chat's journal and hands them to take while they arrive, newest first
// (documented), as they stand in the answer, but for the token; elements that are not objects too. An entry is its
// taker's to keep. An answer that is null or an empty array yields nothing. No maximum of count is documented. An answer
// that is not valid JSON, or has an entry of more than 16 MB, is an error.
//
// When the answer breaks off, the sequence yields an error, which take should return, wrapped or not, to be called anew
// and from the newest entry if there is another try: what it did with the entries before must then be undone. An answer
// from which take stops reading is not read on. An error that take returns of its own is returned as it is and ends
// History. The sequence is not valid after take returns.
//
// Only one history of a chat is read at a time, since Green-API answers 429 to two (seen in code); a second call waits
// until the first has returned. So take must not ask for the history of the same chat.
func (c *Client) History(ctx context.Context, chatID string, count int, take func(entries iter.Seq2[json.RawMessage, error]) error) error {
	// An SDK that sent count as a text broke the method (#623).
	type ask struct {
		ChatID string `json:"chatId"`
		Count  int    `json:"count"`
	}
	leave, err := c.reading.enter(ctx, chatID)
	if err != nil {
		return err
	}
	defer leave()
	return c.call(ctx, question{getChatHistory, ask{chatID, count}}, func(a *answer) error {
		entries := a.array()
		err := take(entries.all)
		if entries.err != nil && (err == nil || errors.Is(err, entries.err)) {
			return entries.err
		}
		return err
	})
}
