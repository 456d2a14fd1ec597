package importer

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// plan brings the staging rows of a reading into the plan, and applies the settings to all messages if they have changed,
// in one transaction. It goes through the conversations in the order of their ids, and through the rows of each in the
// order of their times, so that neither memory nor speed depend on the order of the source.
//
// Sent messages stay as they are. finished says that the source was read to its end.
func (l *Loader) plan(ctx context.Context, s *stager, finished bool, report *LoadReport) error {
	report.Read = 0
	err := l.File.Update(func(tx *sql.Tx) error {
		p := newPlanner(tx, l.File.Reader, l.Filter, report)
		p.source, p.reading, p.keepSent = s.source, s.reading, l.KeepSent
		p.replaces = s.reading.fromStart && s.source.planned
		changed, err := l.storeSettings(tx)
		if err != nil {
			return err
		}
		if err := p.retire(l.Formerly); err != nil {
			return err
		}
		condition := "FALSE"
		switch {
		case changed:
			condition = "TRUE"
		case p.replaces || p.retired > 0:
			of := fmt.Sprintf("source IN (%d, %d)", p.source.id, p.retired)
			condition = `id IN (SELECT conversation FROM message WHERE ` + of + ` UNION SELECT conversation FROM duplicate WHERE ` + of + `)`
		}
		if err := p.planConversations(ctx, condition, l.progress); err != nil {
			return err
		}
		if err := p.checkTakeover(ctx, l, s.shape); err != nil {
			return err
		}
		if err := p.conclude(finished); err != nil {
			return err
		}
		_, err = tx.Exec(`DELETE FROM setting WHERE name = ?`, settingNotTaken)
		return err
	})
	if refused, ok := errors.AsType[*NotTakenOverError](err); ok {
		return errors.Join(err, l.File.refuseReading(s, refused))
	}
	return err
}

// storeSettings stores the settings for all sources, and reports whether the filter differs from that of the last load.
func (l *Loader) storeSettings(tx *sql.Tx) (changed bool, err error) {
	before := new(Filter)
	known, err := migration.Setting(tx, settingFilter, before)
	if err != nil {
		return false, err
	}
	old, err := json.Marshal(before)
	if err != nil {
		return false, err
	}
	now, err := json.Marshal(l.Filter)
	if before.MatchMinutes && !l.Filter.MatchMinutes {
		err = errors.Join(err, matchedMinutes(tx))
	}
	return known && string(old) != string(now), errors.Join(err, migration.SetSetting(tx, settingFilter, l.Filter),
		migration.SetSetting(tx, settingSettings, l.Settings))
}

// A planner plans messages within one transaction. It reads the rows as they were before the transaction.
type planner struct {
	tx     *sql.Tx
	before *sql.DB
	filter Filter
	moment int64 // how many milliseconds; see [Filter.moment]
	report *LoadReport
	number int64 // of this planning

	// The reading that is brought into the plan; zero if only the settings have changed.
	source   sourceRow
	reading  reading
	replaces bool  // it takes the place of the last reading of its source
	retired  int64 // a source whose reading leaves the plan, because its file is read as another source now; 0: no source
	keepSent bool
	sources  int // which may hold the same messages

	decisions decisions
	decided   []string            // chats about which something was decided anew
	moved     map[string]bool     // of these, chats that conversations join or leave; nothing of them was sent
	clients   map[string]sighting // of conversations in chats of several

	sighted *clientReader
	fresh   *rowReader // the rows of the reading
	takeover
}

func newPlanner(tx *sql.Tx, before *sql.DB, filter Filter, report *LoadReport) *planner {
	return &planner{tx: tx, before: before, filter: filter, report: report}
}

// planConversations plans the conversations of the reading, and those that a condition selects.
func (p *planner) planConversations(ctx context.Context, condition string, progress func(LoadPhase, int, int)) error {
	total, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer p.fresh.stop()
	defer p.sighted.close()
	others, err := p.before.QueryContext(ctx, `SELECT external_id FROM conversation WHERE `+condition+`
		UNION SELECT value FROM json_each(?) ORDER BY 1`, jsonList(p.decided))
	if err != nil {
		return err
	}
	defer others.Close()
	other, more, err := nextText(others)
	for err == nil && (more || p.fresh.peek() != nil) {
		id := other
		if row := p.fresh.peek(); row != nil && (!more || row.chat < other) {
			id = row.chat
		}
		if err = p.planConversation(id); err == nil && more && id == other {
			other, more, err = nextText(others)
		}
		progress(Planning, p.fresh.done, total)
		err = cmp.Or(err, context.Cause(ctx))
	}
	return errors.Join(err, p.fresh.err)
}

// begin prepares the planning, and returns how many rows the reading has.
func (p *planner) begin(ctx context.Context) (total int, err error) {
	if _, err := migration.Setting(p.tx, settingPlanning, &p.number); err != nil {
		return 0, err
	}
	p.number++
	p.moment = p.filter.moment()
	for _, statement := range []string{`CREATE TEMP TABLE dropped (id INTEGER PRIMARY KEY)`, createFormer} {
		if _, err := p.tx.Exec(statement); err != nil {
			return 0, err
		}
	}
	after := p.reading.after
	if !p.reading.open {
		after = 1<<63 - 1
	}
	p.source.newestFirst = p.source.newestFirst && !p.reading.fromStart || p.reading.fromStart && p.reading.balance < 0
	err = p.before.QueryRow(`SELECT count(*), (SELECT count(*) FROM source) FROM staging WHERE id > ? AND source = ?`,
		after, p.source.id).Scan(&total, &p.sources)
	if err != nil {
		return 0, err
	}
	p.report.Read += total
	if err := p.readDecisions(); err != nil {
		return 0, err
	}
	if p.sighted, err = readClients(p.before, p.source.id, p.replaces, p.retired); err != nil {
		return 0, err
	}
	chat := ownChat
	if len(p.decisions.members) > 0 {
		chat = chatIDOf(ownChat)
	}
	p.fresh = readRows(readAhead(ctx, rowPages(p.before, freshRows, chat, after, p.source.id, p.source.newestFirst)))
	return total, nil
}

// nextText returns the text in the next of rows, and whether there is one.
func nextText(rows *sql.Rows) (text string, more bool, err error) {
	if !rows.Next() {
		return "", false, rows.Err()
	}
	return text, true, rows.Scan(&text)
}

// conclude records that the reading is in the plan, and deletes rows that are no longer needed. The clients and the chats may
// have changed, so the chats are matched with the contacts anew.
func (p *planner) conclude(finished bool) error {
	statements := []string{`DELETE FROM staging WHERE id IN (SELECT id FROM dropped ORDER BY id)`, `DROP TABLE dropped`, `DROP TABLE former`}
	if p.replaces {
		statements = append(statements,
			`DELETE FROM staging WHERE source = ?1 AND id <= ?2 AND id NOT IN (SELECT staging FROM message WHERE source = ?1 AND staging <= ?2)`,
			`DELETE FROM sighting WHERE source = ?1 AND NOT pending`,
			`DELETE FROM invalid WHERE source = ?1 AND NOT pending`,
			`DELETE FROM media WHERE status IN ('pending', 'failed') AND key NOT IN (SELECT media_key FROM staging WHERE media_key IS NOT NULL)`)
	}
	if p.reading.open {
		statements = append(statements, p.concludeReading(finished)...)
	}
	for _, statement := range statements {
		if _, err := p.tx.Exec(statement, p.source.id, p.reading.after); err != nil {
			return err
		}
	}
	if err := errors.Join(p.concludeSource(finished), p.concludeRetired()); err != nil {
		return err
	}
	if _, err := match(p.tx); err != nil {
		return err
	}
	return migration.SetSetting(p.tx, settingPlanning, p.number)
}

// concludeReading returns the statements that make the rows of the reading rows of the plan. ?1 is its source.
func (p *planner) concludeReading(finished bool) []string {
	statements := []string{
		`DELETE FROM invalid WHERE source = ?1 AND NOT pending AND 'green-api' = (SELECT family FROM source WHERE id = ?1)
			AND (conversation IN (SELECT conversation FROM sighting WHERE source = ?1 AND pending)
			OR conversation IN (SELECT conversation FROM invalid WHERE source = ?1 AND pending))`,
		`UPDATE invalid SET pending = 0 WHERE source = ?1`,
		`UPDATE sighting SET pending = 0 WHERE source = ?1`,
	}
	if finished {
		return append(statements, `DELETE FROM unfinished WHERE source = ?1`)
	}
	return append(statements, `UPDATE unfinished SET after = (SELECT coalesce(max(id), 0) FROM staging) WHERE source = ?1`)
}

// concludeSource records the reading in the row of its source.
func (p *planner) concludeSource(finished bool) error {
	if p.source.id == 0 {
		return nil
	}
	cursor, shape := p.source.cursor, p.source.shape
	if p.reading.open && finished {
		cursor, shape = p.reading.cursor, p.reading.shape
	}
	_, err := p.tx.Exec(`UPDATE source SET cursor = ?, shape = ?, newest_first = ?, added = ?, planned = 1 WHERE id = ?`,
		cursor, shape, p.source.newestFirst, p.source.added, p.source.id)
	if err != nil {
		return err
	}
	return p.tx.QueryRow(`SELECT count(*) FROM invalid WHERE source = ?`, p.source.id).Scan(&p.report.Invalid)
}

// retire finds the source under which the file was loaded before, if its reading is in the plan.
func (p *planner) retire(name string) error {
	if name == "" || name == p.source.name || !p.reading.fromStart {
		return nil
	}
	source, unfinished, err := readSource(p.tx, name)
	if source.planned && source.family == sources.Table && !unfinished.open {
		p.retired = source.id
	}
	return err
}

// concludeRetired deletes what only the retired source held. What was sent of it stays.
func (p *planner) concludeRetired() error {
	if p.retired == 0 {
		return nil
	}
	for _, statement := range []string{
		`DELETE FROM staging WHERE source = ?1 AND id NOT IN (SELECT staging FROM message WHERE source = ?1)`,
		`DELETE FROM sighting WHERE source = ?1`,
		`DELETE FROM invalid WHERE source = ?1`,
		`UPDATE source SET planned = 0, cursor = '', shape = '' WHERE id = ?1`,
	} {
		if _, err := p.tx.Exec(statement, p.retired); err != nil {
			return err
		}
	}
	return nil
}

// decide returns the state of a message that was not sent, from the reasons to leave it out; "" is no reason.
func decide(reasons ...string) (State, string) {
	for _, reason := range reasons {
		if reason != "" {
			return Skipped, reason
		}
	}
	return Planned, ""
}
