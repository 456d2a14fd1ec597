package importer

import (
	"encoding/json"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A Status is where a migration stands.
type Status struct {
	Conversations Conversations `json:"conversations"`
	Messages      Counts        `json:"messages"`
	// ScopeID is the scope of the first send; "" before it.
	ScopeID string `json:"scope_id,omitempty"`
	// Silent is the notify policy of the last send, which holds for the next; "" before the first.
	Silent  NotifyPolicy   `json:"silent,omitempty"`
	Sources []SourceStatus `json:"sources"`
	// Unplanned is how many messages unfinished loads have read and that are not in the plan. They have no state.
	Unplanned int `json:"unplanned,omitempty"`
	// Unsure is how many conversations that are not done have a chat that send reads first: what was sent is not known.
	Unsure int `json:"unsure,omitempty"`
	// MediaUnknown is how many media links did not answer; their messages are sent as text, unless another load gets
	// an answer.
	MediaUnknown int `json:"media_unknown,omitempty"`
}

// Conversations counts the conversations with messages that are to be sent or were sent.
type Conversations struct {
	Total int `json:"total"`
	Done  int `json:"done"` // nothing is left to be sent
}

// Counts are the numbers of messages by state. Read is the sum of all other numbers.
type Counts struct {
	Read      int `json:"read"`
	Duplicate int `json:"duplicate"`
	Skipped   int `json:"skipped"`
	Invalid   int `json:"invalid"`
	Planned   int `json:"planned"`
	Sending   int `json:"sending"`
	Accepted  int `json:"accepted"`
	Verified  int `json:"verified"`
	Refused   int `json:"refused"`
}

// A SourceStatus says whether a source was read to its end.
type SourceStatus struct {
	Name     string         `json:"name"`
	Family   sources.Family `json:"family"`
	Finished bool           `json:"finished"`
}

// Status returns where the migration stands.
func (f *File) Status() (Status, error) {
	s, err := readStatus(f.Reader)
	return s, f.Explain(err)
}

func readStatus(q migration.Querier) (s Status, err error) {
	c := &s.Messages
	err = q.QueryRow(`SELECT coalesce(sum(duplicate), 0), coalesce(sum(skipped), 0), coalesce(sum(planned), 0),
			coalesce(sum(sending), 0), coalesce(sum(accepted), 0), coalesce(sum(verified), 0), coalesce(sum(refused), 0),
			coalesce(sum(planned + sending + accepted + verified + refused > 0), 0),
			coalesce(sum(planned + sending = 0 AND accepted + verified + refused > 0), 0),
			coalesce(sum(planned + sending > 0 AND `+isUnsure+`), 0),
			(SELECT count(*) FROM invalid WHERE NOT pending),
			(SELECT count(*) FROM media WHERE status IN ('pending', 'failed')),
			(SELECT count(*) FROM unfinished u JOIN staging s ON s.source = u.source AND s.id > u.after)
		FROM conversation`).Scan(&c.Duplicate, &c.Skipped, &c.Planned, &c.Sending, &c.Accepted, &c.Verified, &c.Refused,
		&s.Conversations.Total, &s.Conversations.Done, &s.Unsure, &c.Invalid, &s.MediaUnknown, &s.Unplanned)
	if err != nil {
		return s, err
	}
	c.Read = c.Duplicate + c.Skipped + c.Invalid + c.Planned + c.Sending + c.Accepted + c.Verified + c.Refused
	if _, err := migration.Setting(q, settingScope, &s.ScopeID); err != nil {
		return s, err
	}
	if s.Silent, err = storedPolicy(q); err != nil {
		return s, err
	}
	var list []byte
	err = q.QueryRow(`SELECT coalesce(json_group_array(json_object('name', name, 'family', family,
		'finished', json(iif(EXISTS (SELECT 1 FROM unfinished WHERE source = source.id), 'false', 'true'))) ORDER BY id), '[]') FROM source
		WHERE planned OR EXISTS (SELECT 1 FROM unfinished WHERE source = source.id)`).Scan(&list)
	if err != nil {
		return s, err
	}
	return s, json.Unmarshal(list, &s.Sources)
}

// loadedSomething returns [migration.ErrNothingLoaded] if nothing was ever loaded.
func loadedSomething(q migration.Querier) error {
	var some bool
	if err := q.QueryRow(`SELECT EXISTS (SELECT 1 FROM source)`).Scan(&some); err != nil {
		return err
	}
	if !some {
		return migration.ErrNothingLoaded
	}
	return nil
}

func btoi(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
