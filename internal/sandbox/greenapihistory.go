package sandbox

import (
	"encoding/json"
	"iter"
	"net/http"
)

// defaultCount is how many entries getChatHistory answers if it is not told.
const defaultCount = 100

var historyShape = object(must("chatId", filled), may("count", positive))

// positive is a whole number from 1.
func positive(v any) error {
	n, ok := v.(json.Number)
	if i, err := n.Int64(); !ok || err != nil || i < 1 {
		return misfitf("want a whole number from 1, got %s", show(v))
	}
	return nil
}

// getChatHistory answers POST …/getChatHistory with the newest entries of a chat, newest first. Whatever is added while
// the answer is sent is not in it. That a chat which does not exist has an empty history is the sandbox's choice.
func (g *GreenAPI) getChatHistory(q greenAPICall) answer {
	asked := struct {
		ChatID string `json:"chatId"`
		Count  int    `json:"count"`
	}{Count: defaultCount}
	if decode(q.body, historyShape, &asked) != nil {
		return g.invalid(q)
	}
	entries := g.entries(asked.ChatID)
	return arrayAnswer(func(yield func(json.RawMessage) bool) {
		left := asked.Count
		for entry := range entries {
			if !yield(g.published(asked.ChatID, entry, q.base)) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	})
}

// arrayAnswer answers with a JSON array of the elements, byte for byte as they are, which are asked for while it is sent.
func arrayAnswer(elements iter.Seq[json.RawMessage]) answer {
	a := newAnswer(http.StatusOK, "application/json; charset=utf-8", nil)
	a.stream = arrayOf(elements)
	return a
}

func arrayOf(elements iter.Seq[json.RawMessage]) stream {
	return func(yield func([]byte, error) bool) {
		before := "["
		for e := range elements {
			if !yield([]byte(before), nil) || !yield(e, nil) {
				return
			}
			before = ","
		}
		if before == "[" && !yield([]byte("["), nil) {
			return
		}
		yield([]byte("]"), nil)
	}
}
