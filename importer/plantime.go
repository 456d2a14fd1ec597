package importer

import (
	"database/sql"
	"iter"

	"kommo-import/internal/migration"
)

// A timedMessage is a message of the plan with its time at Kommo.
type timedMessage struct {
	time, place, msec int64
	sent, planned     bool
}

// assignMillis gives the messages of a conversation that were not sent their msec_timestamp, in order. Each exceeds that of
// the message before, and no message that was sent has it.
func (c *conversationPlan) assignMillis() error {
	next, stop := iter.Pull2(c.sentMillis())
	defer stop()
	taken, err, more := next()
	before := int64(0)
	for m, readErr := range c.timedMessages() {
		if readErr != nil {
			return readErr
		}
		if m.sent {
			before = max(before, m.msec)
			continue
		}
		before = nextMillis(m.time, before)
		for more && err == nil && taken <= before {
			if taken == before {
				before++
			}
			taken, err, more = next()
		}
		if err == nil && before != m.msec {
			_, err = c.tx.Exec(`UPDATE message SET msec = ? WHERE conversation = ? AND time = ? AND place = ?`, before, c.id, m.time, m.place)
		}
		if m.planned {
			c.delay = max(c.delay, before-m.time)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sentMillis yields the msec_timestamps of the messages that were sent, in ascending order. That need not be the order of
// the messages: one that was sent later may stand before one that was sent with the same time.
func (c *conversationPlan) sentMillis() iter.Seq2[int64, error] {
	return migration.Query(c.tx, scanID, `SELECT msec FROM message WHERE conversation = ? AND `+wasSent+` ORDER BY msec`, c.id)
}

// timedMessages yields the messages of the conversation in order.
func (c *conversationPlan) timedMessages() iter.Seq2[timedMessage, error] {
	key := func(m timedMessage) messageKey { return messageKey{m.time, m.place} }
	scan := func(rows *sql.Rows) (m timedMessage, err error) {
		err = rows.Scan(&m.time, &m.place, &m.msec, &m.sent, &m.planned)
		return m, err
	}
	return migration.Paged(messageKey{time: -1}, key, func(after messageKey) ([]timedMessage, error) {
		return migration.All(c.tx, scan, `SELECT time, place, msec, `+wasSent+`, state = 'planned' FROM message
			WHERE conversation = ? AND (time, place) > (?, ?) ORDER BY time, place LIMIT 1000`, c.id, after.time, after.place)
	})
}

// maxDelay is how much later than it was written a message may be shown without a word, in milliseconds.
const maxDelay = 60_000

// reportDelay reports the conversation if some of its messages are shown much later than they were written: so many have
// one time that a millisecond for each adds up.
func (c *conversationPlan) reportDelay() {
	if c.delay <= maxDelay {
		return
	}
	c.report.Delayed++
	c.report.DelayedConversations = appendListed(c.report.DelayedConversations, c.externalID)
	c.report.DelayedBy = max(c.report.DelayedBy, float64(c.delay)/1000)
}

// nextMillis returns the msec_timestamp of a message that was written at time and follows a message with the
// msec_timestamp before. Kommo sorts by time, so no two messages of a conversation may have the same.
func nextMillis(time, before int64) int64 { return max(time, before+1) }
