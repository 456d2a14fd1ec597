package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kommo-import/sources"
)

// A LookAlikeError means that a reading looks like another one, corrected. If both were sent, messages would be in Kommo
// twice.
type LookAlikeError struct {
	Like     LookAlike
	Other    string              // the source that it looks like; for OtherExport its own
	Replaces bool                // the reading could take the place of Other: both are tables
	Messages int                 // that look like messages of that source
	Of       int                 // messages that the reading would add or, for Corrected, that it has
	Position string              // of one of them
	Minutes  bool                // for Shifted: they are at another second of the same minute
	Now      map[string][]string // for OtherExport: the settings of the reading
}

// LookAlike is the way in which a reading looks like another one.
type LookAlike string

// The ways in which a reading looks like another one.
const (
	Shifted     LookAlike = "shifted"      // the same texts at other times, or on the other side
	Corrected   LookAlike = "corrected"    // mostly the messages of another table, with others among them
	Numbered    LookAlike = "numbered"     // ids that stand for other messages in another source
	OtherExport LookAlike = "other export" // no message of the last reading of the same table
)

func (e *LookAlikeError) Error() string {
	switch e.Like {
	case Shifted:
		return fmt.Sprintf("%d of %s in it have the text of a message of %s at another time or on the other side", e.Messages, countOf(e.Of, "new message"), e.Other)
	case Corrected:
		return fmt.Sprintf("%d of its %s are those of %s or stand in their place, and not all are the same: it seems to be the same table, corrected", e.Messages, countOf(e.Of, "message"), e.Other)
	case Numbered:
		return fmt.Sprintf("%s in it have the id of another message of %s, with another time and text", countOf(e.Messages, "message"), e.Other)
	}
	return fmt.Sprintf("none of its %s was in its last reading: it seems to be another export", countOf(e.Of, "message"))
}

// timeZones is the largest difference between two local times of one moment, in milliseconds.
const timeZones = 26 * 60 * 60 * 1000

// lookAlike returns a [LookAlikeError] if the reading looks like another one, corrected.
func (p *planner) lookAlike(ctx context.Context, named bool, shape string) (error, error) {
	if p.replaces && !named && p.source.shape == shape && p.common == 0 && p.report.Read > 0 {
		other, err := p.isOtherExport(ctx)
		if err != nil {
			return nil, err
		}
		if other {
			e := &LookAlikeError{Like: OtherExport, Other: p.source.name, Of: p.report.Read}
			return e, json.Unmarshal([]byte(p.reading.shape), &e.Now)
		}
	}
	if p.numbered.Messages > 0 {
		return &p.numbered, nil
	}
	if p.sources < 2 || p.report.Added == 0 {
		return nil, nil
	}
	defer p.tx.Exec(`DROP TABLE IF EXISTS others`)
	if _, err := p.tx.ExecContext(ctx, collectOthers, p.source.id, p.number); err != nil {
		return nil, err
	}
	if e, err := p.corrected(ctx); e != nil || err != nil {
		return e, err
	}
	return p.shifted(ctx)
}

// collectOthers makes a table of the messages of other sources in the conversations to which the source ?1 adds messages in
// the planning ?2. shared says that the reading holds the message, too. Each message is there once for equal ones, so that
// no search takes long.
const collectOthers = `CREATE TEMP TABLE others (conversation INTEGER, direction TEXT, words INTEGER, time INTEGER, source INTEGER, shared INTEGER,
	PRIMARY KEY (conversation, direction, words, time)) WITHOUT ROWID;
	INSERT OR REPLACE INTO others SELECT conversation, direction, words, time, source,
			identity IN (SELECT identity FROM duplicate WHERE source = ?1) FROM message
		WHERE source <> ?1 AND held IS NOT NULL AND conversation IN (SELECT conversation FROM message WHERE source = ?1 AND added = ?2)
		ORDER BY 6 DESC;
	CREATE INDEX temp.others_time ON others (conversation, direction, time)`

// isOtherExport reports whether the reading holds no message of the last reading of its source, which held some. Ids alone
// do not count: they may number the rows. The plan does not know the messages that another source holds as well.
func (p *planner) isOtherExport(ctx context.Context) (other bool, err error) {
	err = p.before.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM staging WHERE source = ?1 AND id <= ?2) AND NOT EXISTS (
		SELECT 1 FROM staging old JOIN staging new ON new.identity = old.identity AND new.conversation = old.conversation
			AND (new.time = old.time OR new.words = old.words)
		WHERE old.source = ?1 AND old.id <= ?2 AND new.source = ?1 AND new.id > ?2)`, p.source.id, p.reading.after).Scan(&other)
	return other, err
}

// corrected looks for a table that has most of the messages, or others in their place: in their second, on their side. It
// counts only if others are between them in time, or in the place of a message that the reading does not have.
func (p *planner) corrected(ctx context.Context) (error, error) {
	if p.source.family != sources.Table {
		return nil, nil
	}
	e := &LookAlikeError{Like: Corrected, Of: p.report.Read, Replaces: true}
	var other int64
	err := p.tx.QueryRowContext(ctx, `SELECT o.id, o.name, sum(n) FROM (
			SELECT m.source AS source, count(*) AS n FROM duplicate d JOIN message m ON m.conversation = d.conversation AND m.identity = d.identity
				WHERE d.source = ?1 AND m.source <> ?1 GROUP BY m.source
			UNION ALL
			SELECT d.source, count(*) FROM duplicate d JOIN message m ON m.conversation = d.conversation AND m.identity = d.identity
				WHERE d.source <> ?1 AND m.source = ?1 AND m.planning = ?2 GROUP BY d.source
			UNION ALL
			SELECT (SELECT source FROM others WHERE `+inItsSecond+` LIMIT 1), count(*) FROM message m
				WHERE source = ?1 AND added = ?2 GROUP BY 1)
		JOIN source o ON o.id = source WHERE o.family = 'table' GROUP BY o.id ORDER BY sum(n) DESC LIMIT 1`, p.source.id, p.number).
		Scan(&other, &e.Other, &e.Messages)
	if errors.Is(err, sql.ErrNoRows) || err == nil && 2*e.Messages <= e.Of {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var between bool
	err = p.tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM message m WHERE source = ?1 AND added = ?2
		AND (EXISTS (SELECT 1 FROM others o WHERE o.conversation = m.conversation AND o.source = ?3 AND o.time < m.time)
			AND EXISTS (SELECT 1 FROM others o WHERE o.conversation = m.conversation AND o.source = ?3 AND o.time > m.time)
		OR EXISTS (SELECT 1 FROM others WHERE `+inItsSecond+` AND source = ?3 AND NOT shared)))`, p.source.id, p.number, other).Scan(&between)
	if err != nil || !between {
		return nil, err
	}
	return e, nil
}

// inItsSecond selects the rows of the table others in the second of a message m, on its side.
const inItsSecond = `others.conversation = m.conversation AND others.direction = m.direction
	AND others.time BETWEEN m.time / 1000 * 1000 AND m.time / 1000 * 1000 + 999`

// shifted counts the messages that the reading would add and that another source has at another time, as with another time
// zone, or on the other side.
func (p *planner) shifted(ctx context.Context) (error, error) {
	e := &LookAlikeError{Like: Shifted, Of: p.report.Added}
	const equal = `(SELECT source FROM others WHERE conversation = m.conversation AND words = m.words AND direction `
	err := p.tx.QueryRowContext(ctx, `SELECT o.name, count(*), o.family = 'table' AND ?4 = 'table', 2 * sum(minutes) > count(*) FROM (
			SELECT coalesce(
				`+equal+`= m.direction AND time BETWEEN m.time - ?3 AND m.time / ?5 * ?5 - 1 LIMIT 1),
				`+equal+`= m.direction AND time BETWEEN m.time / ?5 * ?5 + ?5 AND m.time + ?3 LIMIT 1),
				`+equal+`= iif(m.direction = 'incoming', 'outgoing', 'incoming') AND time BETWEEN m.time / ?5 * ?5 AND m.time / ?5 * ?5 + ?5 - 1 LIMIT 1)
			) AS source,
			EXISTS `+equal+`= m.direction AND time BETWEEN m.time / 60000 * 60000 AND m.time / 60000 * 60000 + 59999) AS minutes FROM message m WHERE m.source = ?1 AND m.added = ?2 AND m.words <> 0)
		JOIN source o ON o.id = source GROUP BY o.id ORDER BY 2 DESC LIMIT 1`, p.source.id, p.number, timeZones, p.source.family, p.moment).
		Scan(&e.Other, &e.Messages, &e.Replaces, &e.Minutes)
	if errors.Is(err, sql.ErrNoRows) || err == nil && 10*e.Messages <= e.Of {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return e, nil
}

// noteNumbered counts a row that has the id of another message of another source, with another time and another text.
func (c *conversationPlan) noteNumbered(r *stagingRow, other int64) error {
	e := &c.numbered
	if e.Messages++; e.Messages > 1 {
		return nil
	}
	e.Like = Numbered
	return c.tx.QueryRow(`SELECT coalesce(content ->> '$.position', ''), (SELECT name FROM source WHERE id = ?) FROM staging WHERE id = ?`,
		other, r.staging).Scan(&e.Position, &e.Other)
}
