package importer

import (
	"context"
	"database/sql"
	"iter"

	"kommo-import/internal/migration"
)

// plan gives every staging row its place in its conversation, its time and its state, in one transaction. It reads
// the staging rows sorted by conversation and time, so that neither memory nor speed depend on the order of the
// source.
//
// Sent messages stay as they are. If the filters differ from those of the load before, all messages that were not
// sent are planned again.
func (l *Loader) plan(ctx context.Context, source int64, report *LoadReport) error {
	return l.File.Update(func(tx *sql.Tx) error {
		p := newPlanner(tx, l.Filter, report)
		defer p.sql.Close()
		if _, err := migration.Setting(tx, settingPlanned, &p.planned); err != nil {
			return err
		}
		if err := p.planStaged(ctx, l.File.Reader, l.progress); err != nil {
			return err
		}
		if err := p.refilter(ctx); err != nil {
			return err
		}
		return p.conclude(source, l.ForgetUnfinished)
	})
}

// A planner plans messages within one transaction.
type planner struct {
	tx     *sql.Tx
	sql    *migration.Statements
	filter Filter
	report *LoadReport

	planned int64 // the last staging row that was planned before
	clients *clientReader
	current *conversationPlan // nil between conversations
}

func newPlanner(tx *sql.Tx, filter Filter, report *LoadReport) *planner {
	return &planner{tx: tx, sql: migration.NewStatements(tx), filter: filter, report: report}
}

// A stagedMessage is a staging row without its content.
type stagedMessage struct {
	id, source, reading, time, length int64
	conversation, direction, kind     string
	author                            sql.NullInt64
	identity                          []byte
	counted, hasMediaKey, deleted     bool
	skip                              string // why the message has no form in Kommo, "" if it has one
}

// planStaged plans the staging rows that are not planned yet, one conversation after the other.
func (p *planner) planStaged(ctx context.Context, reader *sql.DB, progress func(LoadPhase, int, int)) error {
	if _, err := p.tx.Exec(`CREATE TEMP TABLE dropped (id INTEGER PRIMARY KEY)`); err != nil {
		return err
	}
	var total int
	err := reader.QueryRow(`SELECT count(*) FROM staging WHERE id > ?`, p.planned).Scan(&total)
	if err != nil {
		return err
	}
	if p.clients, err = readClients(reader); err != nil {
		return err
	}
	defer p.clients.close()
	done := 0
	for page, err := range readAhead(ctx, stagedMessages(ctx, reader, p.planned)) {
		if err != nil {
			return err
		}
		for i := range page {
			if err := p.add(&page[i]); err != nil {
				return err
			}
		}
		done += len(page)
		progress(Planning, done, total)
	}
	return p.finish()
}

// stagedPage is how many staging rows are handed over at a time.
const stagedPage = 500

// stagedMessages yields pages of the staging rows behind a row, by conversation and time.
func stagedMessages(ctx context.Context, reader *sql.DB, after int64) iter.Seq2[[]stagedMessage, error] {
	return func(yield func([]stagedMessage, error) bool) {
		rows, err := reader.QueryContext(ctx, `SELECT id, source, reading, conversation, time, direction, kind, author, length,
			identity, counted, media_key IS NOT NULL, deleted, skip FROM staging WHERE id > ? ORDER BY conversation, time, id`, after)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		var page []stagedMessage
		for rows.Next() {
			var m stagedMessage
			if err := rows.Scan(&m.id, &m.source, &m.reading, &m.conversation, &m.time, &m.direction, &m.kind, &m.author,
				&m.length, &m.identity, &m.counted, &m.hasMediaKey, &m.deleted, &m.skip); err != nil {
				yield(nil, err)
				return
			}
			if page = append(page, m); len(page) == stagedPage {
				if !yield(page, nil) {
					return
				}
				page = make([]stagedMessage, 0, stagedPage)
			}
		}
		yield(page, rows.Err())
	}
}

func (p *planner) add(m *stagedMessage) error {
	if p.current == nil || p.current.externalID != m.conversation {
		if err := p.finish(); err != nil {
			return err
		}
		var err error
		if p.current, err = p.begin(m); err != nil {
			return err
		}
	}
	return p.current.add(m)
}

// conclude records how far the staging rows are planned, and deletes rows that are no longer needed.
func (p *planner) conclude(source int64, forgetUnfinished bool) error {
	for _, statement := range []string{
		`DELETE FROM staging WHERE id IN (SELECT id FROM dropped ORDER BY id)`,
		`DROP TABLE dropped`,
		`DELETE FROM sighting`,
	} {
		if _, err := p.tx.Exec(statement); err != nil {
			return err
		}
	}
	if _, err := p.tx.Exec(`DELETE FROM invalid WHERE source = ?1
		AND reading < (SELECT reading FROM source WHERE id = ?1)
		AND EXISTS (SELECT 1 FROM source WHERE id = ?1 AND (confined = ''
			OR invalid.conversation IN (SELECT value FROM json_each(confined))))`, source); err != nil {
		return err
	}
	if _, err := p.tx.Exec(`UPDATE source SET finished = ?2 OR NOT partial, partial = partial AND NOT ?2
		WHERE id = ?1 OR ?2`, source, forgetUnfinished); err != nil {
		return err
	}
	if err := p.tx.QueryRow(`SELECT max(?, coalesce((SELECT max(id) FROM staging), 0))`, p.planned).Scan(&p.planned); err != nil {
		return err
	}
	if err := p.countReading(source); err != nil {
		return err
	}
	return migration.SetSetting(p.tx, settingPlanned, p.planned)
}

// countReading counts the invalid entries of the source's last reading, and the messages that an earlier reading held
// and the last does not. A reading that was confined to some conversations says nothing about absent messages.
func (p *planner) countReading(source int64) error {
	if p.report.Unchanged {
		return nil
	}
	if err := p.tx.QueryRow(`SELECT count(*) FROM invalid WHERE source = ?1
		AND reading = (SELECT reading FROM source WHERE id = ?1)`, source).Scan(&p.report.Invalid); err != nil {
		return err
	}
	_, err := p.tx.Exec(`UPDATE source SET absent = iif(reading < 2, 0,
		(SELECT count(*) FROM message WHERE message.source = source.id AND message.reading < source.reading)) WHERE id = ? AND confined = ''`, source)
	if err != nil {
		return err
	}
	return p.tx.QueryRow(`SELECT coalesce(max(absent), 0) FROM source WHERE id = ? AND confined = ''`, source).Scan(&p.report.Absent)
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

// nextMillis returns the msec_timestamp of a message that was written at time and follows a message with the
// msec_timestamp before. Kommo sorts by time, so no two messages of a conversation may have the same.
func nextMillis(time, before int64) int64 { return max(time, before+1) }
