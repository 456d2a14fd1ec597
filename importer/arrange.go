package importer

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"kommo-import/internal/migration"
	"time"

	"kommo-import/sources"
)

// arrange gives every message that was spooled its place in its conversation, its time and its state, in one
// transaction. It goes through the spool sorted by conversation and time, so that the order in which a source holds
// its messages costs neither memory nor speed.
//
// What had been sent before stays as it was. With other filters than those of the load before, everything that was
// not sent is decided anew.
func (l *Loader) arrange(ctx context.Context, source int64, report *LoadReport) error {
	return l.File.Update(func(tx *sql.Tx) error {
		a := &arranger{tx: tx, filter: l.Filter, forget: l.ForgetUnfinished, report: report, progress: l.progress}
		defer a.statements.close()
		if err := a.statements.prepare(tx); err != nil {
			return err
		}
		if _, err := migration.Setting(tx, settingArranged, &a.until); err != nil {
			return err
		}
		if err := a.arrangeSpool(ctx, l.File.Reader); err != nil {
			return err
		}
		if err := a.refilter(ctx); err != nil {
			return err
		}
		return a.conclude(source)
	})
}

// An arranger carries the state of one arrangement.
type arranger struct {
	tx       *sql.Tx
	filter   Filter
	forget   bool // other sources that were not read to their end count as read
	report   *LoadReport
	progress func(phase LoadPhase, done, total int)

	statements
	until   int64 // the last row of the spool that was arranged before
	clients *clientReader
	current *arrangement
}

// A spooled message is a row of spool without its content.
type spooled struct {
	id, source, reading, time, length int64
	conversation, direction, kind     string
	author                            sql.NullInt64
	identity                          []byte
	counted, lookup                   bool
	skip                              string // why it has no form in Kommo, or ""
}

// arrangeSpool takes up what came since the last arrangement, one conversation after the other.
func (a *arranger) arrangeSpool(ctx context.Context, read *sql.DB) error {
	var total int
	err := read.QueryRow(`SELECT count(*) FROM spool WHERE id > ?`, a.until).Scan(&total)
	if err != nil {
		return err
	}
	if a.clients, err = readClients(read); err != nil {
		return err
	}
	defer a.clients.close()
	done := 0
	for page, err := range prefetch(ctx, sortedSpool(ctx, read, a.until)) {
		if err != nil {
			return err
		}
		for i := range page {
			if err := a.add(&page[i]); err != nil {
				return err
			}
		}
		done += len(page)
		a.progress(Arranging, done, total)
	}
	return a.finish()
}

// spoolPage is how many messages are handed over at a time.
const spoolPage = 500

// sortedSpool yields what stands in the spool behind a row, some at a time, by conversation and time.
func sortedSpool(ctx context.Context, read *sql.DB, until int64) iter.Seq2[[]spooled, error] {
	return func(yield func([]spooled, error) bool) {
		rows, err := read.QueryContext(ctx, `SELECT id, source, reading, conversation, time, direction, kind, author, length,
			identity, counted, lookup IS NOT NULL, skip FROM spool WHERE id > ? ORDER BY conversation, time, id`, until)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		var page []spooled
		for rows.Next() {
			var m spooled
			if err := rows.Scan(&m.id, &m.source, &m.reading, &m.conversation, &m.time, &m.direction, &m.kind, &m.author,
				&m.length, &m.identity, &m.counted, &m.lookup, &m.skip); err != nil {
				yield(nil, err)
				return
			}
			if page = append(page, m); len(page) == spoolPage {
				if !yield(page, nil) {
					return
				}
				page = make([]spooled, 0, spoolPage)
			}
		}
		yield(page, rows.Err())
	}
}

func (a *arranger) add(m *spooled) error {
	if a.current == nil || a.current.externalID != m.conversation {
		if err := a.finish(); err != nil {
			return err
		}
		var err error
		if a.current, err = a.begin(m); err != nil {
			return err
		}
	}
	return a.current.add(m)
}

// finish concludes the conversation at hand.
func (a *arranger) finish() error {
	if a.current == nil {
		return nil
	}
	defer func() { a.current = nil }()
	if a.current.fresh {
		_, err := a.count.Exec(a.current.added[Planned], a.current.added[Skipped], a.current.first, a.current.id)
		return err
	}
	return a.rearrange(a.current.id, a.current.reason)
}

// conclude writes down how far the spool is arranged, and clears away what has served.
func (a *arranger) conclude(source int64) error {
	for _, statement := range []string{
		`DELETE FROM spool WHERE id IN (SELECT id FROM dropped ORDER BY id)`,
		`DROP TABLE dropped`,
		`DELETE FROM sighting`,
	} {
		if _, err := a.tx.Exec(statement); err != nil {
			return err
		}
	}
	if _, err := a.tx.Exec(`DELETE FROM invalid WHERE source = ?1
		AND reading < (SELECT reading FROM source WHERE id = ?1)
		AND EXISTS (SELECT 1 FROM source WHERE id = ?1 AND (confined = ''
			OR invalid.conversation IN (SELECT value FROM json_each(confined))))`, source); err != nil {
		return err
	}
	if _, err := a.tx.Exec(`UPDATE source SET finished = ?2 OR NOT partial, partial = partial AND NOT ?2
		WHERE id = ?1 OR ?2`, source, a.forget); err != nil {
		return err
	}
	if err := a.tx.QueryRow(`SELECT max(?, coalesce((SELECT max(id) FROM spool), 0))`, a.until).Scan(&a.until); err != nil {
		return err
	}
	if err := a.countReading(source); err != nil {
		return err
	}
	return migration.SetSetting(a.tx, settingArranged, a.until)
}

// countReading counts what the last reading of the source could not understand, and the messages that an earlier one
// held and the last one did not. A reading that was confined to some conversations says nothing about those.
func (a *arranger) countReading(source int64) error {
	if a.report.Unchanged {
		return nil
	}
	if err := a.tx.QueryRow(`SELECT count(*) FROM invalid WHERE source = ?1
		AND reading = (SELECT reading FROM source WHERE id = ?1)`, source).Scan(&a.report.Invalid); err != nil {
		return err
	}
	_, err := a.tx.Exec(`UPDATE source SET absent = iif(reading < 2, 0,
		(SELECT count(*) FROM message WHERE message.source = source.id AND message.reading < source.reading)) WHERE id = ? AND confined = ''`, source)
	if err != nil {
		return err
	}
	return a.tx.QueryRow(`SELECT coalesce(max(absent), 0) FROM source WHERE id = ? AND confined = ''`, source).Scan(&a.report.Absent)
}

// refilter decides the other conversations anew if the filters are not those of the load before.
func (a *arranger) refilter(ctx context.Context) error {
	now, err := json.Marshal(a.filter)
	if err != nil {
		return err
	}
	var before json.RawMessage
	known, err := migration.Setting(a.tx, settingFilter, &before)
	if err != nil {
		return err
	}
	if err := migration.SetSetting(a.tx, settingFilter, a.filter); err != nil {
		return err
	}
	if !known || bytes.Equal(before, now) {
		return nil
	}
	for last := int64(0); ; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		var id int64
		var external, kind string
		err := a.tx.QueryRow(`SELECT id, external_id, kind FROM conversation WHERE id > ? ORDER BY id LIMIT 1`, last).
			Scan(&id, &external, &kind)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := a.rearrange(id, a.filter.conversation(external, sources.ConversationKind(kind))); err != nil {
			return err
		}
		last = id
	}
}

func fromMillis(msec int64) time.Time { return time.UnixMilli(msec).UTC() }
