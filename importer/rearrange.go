package importer

import "kommo-import/sources"

// A placed message is what rearranging needs of a message.
type placed struct {
	time, spool, msec int64
	state             State
	reason            string
	asText            bool

	kind   sources.Kind
	skip   string // why it has no form in Kommo, or ""
	lookup bool   // its media have to be asked about
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
	rows, err := a.tx.Query(`SELECT m.time, m.spool, m.msec, m.state, m.reason, m.as_text, m.kind, s.skip, s.lookup IS NOT NULL
		FROM message m JOIN spool s ON s.id = m.spool
		WHERE m.conversation = ? AND (m.time, m.spool) > (?, ?) ORDER BY m.time, m.spool LIMIT 1000`, conversation, last.time, last.spool)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m placed
		if err := rows.Scan(&m.time, &m.spool, &m.msec, &m.state, &m.reason, &m.asText, &m.kind, &m.skip, &m.lookup); err != nil {
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
	now.state, now.reason = decide(reason, m.skip, a.filter.message(fromMillis(m.time), m.kind))
	now.asText = a.filter.asText(m.kind)
	if now == m {
		return now, nil
	}
	_, err := a.tx.Exec(`UPDATE message SET msec = ?, state = ?, reason = ?, as_text = ?
		WHERE conversation = ? AND time = ? AND spool = ?`, now.msec, now.state, now.reason, now.asText, conversation, m.time, m.spool)
	if err != nil {
		return now, err
	}
	switch {
	case now.state == Skipped && m.state != Skipped:
		a.report.Dropped++
	case now.state != Skipped && m.state == Skipped:
		a.report.Restored++
	}
	if now.state == Planned && now.lookup && !now.asText {
		return now, a.wantMedia(m.spool)
	}
	return now, nil
}
