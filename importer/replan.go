package importer

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A plannedMessage is a message of the plan as replanning needs it.
type plannedMessage struct {
	time, staging, msec int64
	state               State
	reason              string
	asText              bool

	kind        sources.Kind
	skip        string // why it has no form in Kommo, "" if it has one
	hasMediaKey bool   // its media link is asked
}

// replan decides again about all messages of a conversation that were not sent: their states by the filters, their
// times by the order. reason is why the whole conversation is left out, "" if it is not.
func (p *planner) replan(conversation int64, reason string) error {
	last := plannedMessage{time: -1}
	pages := migration.Paged(func(*plannedMessage) ([]plannedMessage, error) { return p.plannedAfter(conversation, last) })
	for m, err := range pages {
		if err == nil {
			last, err = p.replanMessage(conversation, m, last.msec, reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plannedAfter returns the next messages of a conversation, in order.
func (p *planner) plannedAfter(conversation int64, last plannedMessage) ([]plannedMessage, error) {
	scan := func(rows *sql.Rows) (m plannedMessage, err error) {
		err = rows.Scan(&m.time, &m.staging, &m.msec, &m.state, &m.reason, &m.asText, &m.kind, &m.skip, &m.hasMediaKey)
		return m, err
	}
	return migration.All(p.tx, scan, `SELECT m.time, m.staging, m.msec, m.state, m.reason, m.as_text, m.kind, s.skip, s.media_key IS NOT NULL
		FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation = ? AND (m.time, m.staging) > (?, ?) ORDER BY m.time, m.staging LIMIT 1000`, conversation, last.time, last.staging)
}

// replanMessage decides about m, which follows a message with the msec_timestamp before, and returns m as it is then.
func (p *planner) replanMessage(conversation int64, m plannedMessage, before int64, reason string) (plannedMessage, error) {
	if !unsent(m.state) {
		m.msec = max(m.msec, before)
		return m, nil
	}
	now := m
	now.msec = nextMillis(m.time, before)
	now.state, now.reason = decide(reason, m.skip, p.filter.message(fromMillis(m.time), m.kind))
	now.asText = p.filter.asText(m.kind)
	if now == m {
		return now, nil
	}
	_, err := p.sql.Exec(`UPDATE message SET msec = ?, reason = ?, as_text = ? WHERE conversation = ? AND time = ? AND staging = ?`,
		now.msec, now.reason, now.asText, conversation, m.time, m.staging)
	if err == nil && now.state != m.state {
		_, err = moveMessages(p.sql.Exec, conversation, m.state, now.state, "", `time = ? AND staging = ?`, m.time, m.staging)
		p.report.Dropped += btoi(now.state == Skipped)
		p.report.Restored += btoi(now.state == Planned)
	}
	if err == nil && now.state == Planned && now.hasMediaKey && !now.asText {
		err = p.wantMedia(m.staging)
	}
	return now, err
}

// A filteredConversation is a conversation as the filters see it.
type filteredConversation struct {
	id         int64
	externalID string
	kind       sources.ConversationKind
}

// conversationsAfter returns the next conversations that a condition selects, by id.
func (p *planner) conversationsAfter(last *filteredConversation, condition string) ([]filteredConversation, error) {
	scan := func(rows *sql.Rows) (cv filteredConversation, err error) {
		err = rows.Scan(&cv.id, &cv.externalID, &cv.kind)
		return cv, err
	}
	after := int64(0)
	if last != nil {
		after = last.id
	}
	return migration.All(p.tx, scan, `SELECT id, external_id, kind FROM conversation WHERE id > ? AND `+condition+` ORDER BY id LIMIT 1000`, after)
}

// refilter replans all conversations if the filters differ from those of the load before.
func (p *planner) refilter(ctx context.Context) error {
	now, err := json.Marshal(p.filter)
	if err != nil {
		return err
	}
	var before json.RawMessage
	known, err := migration.Setting(p.tx, settingFilter, &before)
	if err != nil {
		return err
	}
	if err := migration.SetSetting(p.tx, settingFilter, p.filter); err != nil {
		return err
	}
	if !known || bytes.Equal(before, now) {
		return nil
	}
	return p.replanAll(ctx, "TRUE", nil)
}

// replanAll replans the conversations that a condition selects, after a change to each; nil changes nothing.
func (p *planner) replanAll(ctx context.Context, condition string, change func(conversation int64) error) error {
	pages := migration.Paged(func(last *filteredConversation) ([]filteredConversation, error) {
		return p.conversationsAfter(last, condition)
	})
	for cv, err := range pages {
		if err == nil {
			err = context.Cause(ctx)
		}
		if err == nil && change != nil {
			err = change(cv.id)
		}
		if err == nil {
			err = p.replan(cv.id, p.filter.conversation(cv.externalID, cv.kind))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RetryRefused plans again the messages that Kommo refused, unless the filters of the last load leave them out, and
// returns how many messages were planned. Refused media are sent as media again.
func (f *File) RetryRefused() (planned int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		p := newPlanner(tx, Filter{}, new(LoadReport))
		defer p.sql.Close()
		if _, err := migration.Setting(tx, settingFilter, &p.filter); err != nil {
			return err
		}
		err := p.replanAll(context.Background(), "refused > 0", func(conversation int64) error {
			n, err := moveMessages(p.sql.Exec, conversation, Refused, Planned, `, reason = '', as_text = 0`, "TRUE")
			planned += n
			return err
		})
		if err != nil {
			return fmt.Errorf("planning refused messages again: %w", err)
		}
		planned -= p.report.Dropped
		return nil
	})
	return planned, err
}
