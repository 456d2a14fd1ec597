package crm

import (
	"context"
	"encoding/json"
	"errors"

	"kommo-import/internal/kommo"
)

// An Unsorted is the summary of the account's incoming leads. Whether Total and Chats include those that were accepted is not
// documented; in the documented sample Total is the sum of the categories, and more than Accepted and Declined.
type Unsorted struct {
	Total, Accepted, Declined int64
	Chats                     int64 // those that come from chats
}

// Unsorted returns the number of incoming leads in the account. The contact of an incoming lead cannot be found before somebody
// accepts the lead (documented).
func (c *Client) Unsorted(ctx context.Context) (summary Unsorted, err error) {
	// {"total":168,"accepted":6,"declined":2,"average_sort_time":34521,"categories":{"sip":{"total":31},…,"chats":{"total":69}}}
	var reply struct {
		Total      kommo.LooseText `json:"total"`
		Accepted   kommo.LooseText `json:"accepted"`
		Declined   kommo.LooseText `json:"declined"`
		Categories json.RawMessage `json:"categories"`
	}
	err = c.get(ctx, "/api/v4/leads/unsorted/summary", nil, func(a kommo.Answer) error {
		if err := a.Decode(&reply); err != nil {
			return err
		}
		if reply.Total == "" {
			return errors.New("the answer has no total")
		}
		var of struct {
			Chats struct {
				Total kommo.LooseText `json:"total"`
			} `json:"chats"`
		}
		_ = json.Unmarshal(reply.Categories, &of) // an account without incoming leads may have no categories
		summary = Unsorted{whole(reply.Total), whole(reply.Accepted), whole(reply.Declined), whole(of.Chats.Total)}
		return nil
	})
	return summary, err
}
