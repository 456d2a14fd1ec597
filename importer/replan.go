package importer

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"

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
	deleted     bool   // its author deleted it
}

// replan decides again about all messages of a conversation that were not sent: their states by the filters, their
// times by the order. reason is why the whole conversation is left out, "" if it is not.
func (p *planner) replan(conversation int64, reason string) error {
	key := func(m plannedMessage) messageKey { return messageKey{m.time, m.staging} }
	pages := migration.Paged(messageKey{time: -1}, key, func(after messageKey) ([]plannedMessage, error) {
		return p.plannedAfter(conversation, after)
	})
	msec := int64(0)
	for m, err := range pages {
		if err == nil {
			msec, err = p.replanMessage(conversation, m, msec, reason)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plannedAfter returns the next messages of a conversation, in order.
func (p *planner) plannedAfter(conversation int64, after messageKey) ([]plannedMessage, error) {
	scan := func(rows *sql.Rows) (m plannedMessage, err error) {
		err = rows.Scan(&m.time, &m.staging, &m.msec, &m.state, &m.reason, &m.asText, &m.kind, &m.skip, &m.hasMediaKey, &m.deleted)
		return m, err
	}
	return migration.All(p.tx, scan, `SELECT m.time, m.staging, m.msec, m.state, m.reason, m.as_text, m.kind, s.skip, s.media_key IS NOT NULL, s.deleted
		FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation = ? AND (m.time, m.staging) > (?, ?) ORDER BY m.time, m.staging LIMIT 1000`, conversation, after.time, after.staging)
}

// replanMessage decides about m, which follows a message with the msec_timestamp before. It returns the
// msec_timestamp that the next message must exceed.
func (p *planner) replanMessage(conversation int64, m plannedMessage, before int64, reason string) (int64, error) {
	if !unsent(m.state) {
		return max(m.msec, before), nil
	}
	now := m
	now.msec = nextMillis(m.time, before)
	now.state, now.reason = decide(reason, m.skip, p.filter.message(fromMillis(m.time), m.kind, m.deleted))
	now.asText = p.filter.asText(m.kind)
	if now == m {
		return now.msec, nil
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
	return now.msec, err
}

// A filteredConversation is a conversation as the filters see it.
type filteredConversation struct {
	id         int64
	externalID string
	kind       sources.ConversationKind
}

// conversationsAfter returns the next conversations that a condition selects, by id.
func (p *planner) conversationsAfter(id int64, condition string) ([]filteredConversation, error) {
	scan := func(rows *sql.Rows) (cv filteredConversation, err error) {
		err = rows.Scan(&cv.id, &cv.externalID, &cv.kind)
		return cv, err
	}
	return migration.All(p.tx, scan, `SELECT id, external_id, kind FROM conversation WHERE id > ? AND `+condition+` ORDER BY id LIMIT 1000`, id)
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
	key := func(cv filteredConversation) int64 { return cv.id }
	pages := migration.Paged(0, key, func(id int64) ([]filteredConversation, error) {
		return p.conversationsAfter(id, condition)
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
