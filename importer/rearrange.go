package importer

import "database/sql"

// A placed message is what rearranging needs of a message.
type placed struct {
	time, spool, msec int64
	state             State
	reason            string
}

// rearrange decides a conversation anew, as far as it was not sent: states by the filters, times by the order.
func (a *arranger) rearrange(conversation int64, reason string) error {
	count := make(map[State]int)
	last := placed{time: -1}
	for {
		page, err := a.placedAfter(conversation, last)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			after, err := a.replace(conversation, m, last.msec, reason)
			if err != nil {
				return err
			}
			count[after.state]++
			last = after
		}
	}
	_, err := a.tx.Exec(`UPDATE conversation SET planned = ?, skipped = ? WHERE id = ?`,
		count[Planned], count[Skipped], conversation)
	return err
}

// placedAfter returns the next some messages of a conversation, in order.
func (a *arranger) placedAfter(conversation int64, last placed) (page []placed, err error) {
	rows, err := a.tx.Query(`SELECT time, spool, msec, state, reason FROM message
		WHERE conversation = ? AND (time, spool) > (?, ?) ORDER BY time, spool LIMIT 1000`, conversation, last.time, last.spool)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m placed
		if err := rows.Scan(&m.time, &m.spool, &m.msec, &m.state, &m.reason); err != nil {
			return nil, err
		}
		page = append(page, m)
	}
	return page, rows.Err()
}

// replace decides m, which follows a message with the msec_timestamp before, and returns it as it is then.
func (a *arranger) replace(conversation int64, m placed, before int64, reason string) (placed, error) {
	if !unsent(m.state) {
		m.msec = max(m.msec, before)
		return m, nil
	}
	now := m
	now.msec = followingMillis(m.time, before)
	now.state, now.reason = decide(reason, a.filter.message(fromMillis(m.time)))
	if now == m {
		return now, nil
	}
	_, err := a.tx.Exec(`UPDATE message SET msec = ?, state = ?, reason = ?
		WHERE conversation = ? AND time = ? AND spool = ?`, now.msec, now.state, now.reason, conversation, m.time, m.spool)
	if err != nil || now.state == m.state {
		return now, err
	}
	if now.state == Skipped {
		a.report.Dropped++
		return now, nil
	}
	a.report.Restored++
	var lookup sql.NullString
	if err := a.tx.QueryRow(`SELECT lookup FROM spool WHERE id = ?`, m.spool).Scan(&lookup); err != nil {
		return now, err
	}
	return now, a.wantMedia(lookup)
}
