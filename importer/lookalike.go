package importer

import (
	"database/sql"
	"errors"
	"fmt"

	"kommo-import/sources"
)

// A LookAlikeError means that a reading looks like another one, corrected. If both were sent, messages would be in Kommo
// twice.
type LookAlikeError struct {
	Like     LookAlike
	Other    string // the source that it looks like; for OtherExport its own
	Messages int    // that look like messages of that source
	Of       int    // messages that the reading would add or, for Corrected, that it has
	Position string // of one of them
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
		return fmt.Sprintf("%d of its %s are those of %s, and others stand between them: it seems to be the same table, corrected", e.Messages, countOf(e.Of, "message"), e.Other)
	case Numbered:
		return fmt.Sprintf("%s in it have the id of another message of %s, with another time and text", countOf(e.Messages, "message"), e.Other)
	}
	return fmt.Sprintf("none of its %s was in its last reading: it seems to be another export", countOf(e.Of, "message"))
}

// timeZones is the largest difference between two local times of one moment, in milliseconds.
const timeZones = 26 * 60 * 60 * 1000

// lookAlike returns a [LookAlikeError] if the reading looks like another one, corrected.
func (p *planner) lookAlike(named bool, shape string) (error, error) {
	if p.replaces && !named && p.source.shape == shape && p.common == 0 && p.report.Read > 0 {
		var held bool
		err := p.before.QueryRow(`SELECT EXISTS (SELECT 1 FROM message WHERE source = ?)`, p.source.id).Scan(&held)
		if err == nil && held && p.report.Added > 0 {
			return &LookAlikeError{Like: OtherExport, Other: p.source.name, Of: p.report.Read}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	if p.numbered.Messages > 0 {
		return &p.numbered, nil
	}
	if !p.several || p.report.Added == 0 {
		return nil, nil
	}
	if e, err := p.corrected(); e != nil || err != nil {
		return e, err
	}
	return p.shifted()
}

// corrected looks for a table that has most of the messages, with others between them in time.
func (p *planner) corrected() (error, error) {
	if p.source.family != sources.Table {
		return nil, nil
	}
	e := &LookAlikeError{Like: Corrected, Of: p.report.Read}
	var other int64
	err := p.sql.QueryRow(`SELECT o.id, o.name, count(*) FROM duplicate d JOIN message m ON m.conversation = d.conversation AND m.identity = d.identity
		JOIN source o ON o.id = m.source WHERE d.source = ?1 AND m.source <> ?1 AND o.family = 'table'
		GROUP BY o.id ORDER BY count(*) DESC LIMIT 1`, p.source.id).Scan(&other, &e.Other, &e.Messages)
	if errors.Is(err, sql.ErrNoRows) || err == nil && 2*e.Messages <= e.Of {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var between bool
	err = p.sql.QueryRow(`SELECT EXISTS (SELECT 1 FROM message m WHERE source = ?1 AND added = ?2
		AND EXISTS (SELECT 1 FROM message WHERE conversation = m.conversation AND source = ?3 AND time < m.time)
		AND EXISTS (SELECT 1 FROM message WHERE conversation = m.conversation AND source = ?3 AND time > m.time))`,
		p.source.id, p.number, other).Scan(&between)
	if err != nil || !between {
		return nil, err
	}
	return e, nil
}

// shifted counts the messages that the reading would add and that another source has at another time, as with another time
// zone, or on the other side.
func (p *planner) shifted() (error, error) {
	e := &LookAlikeError{Like: Shifted, Of: p.report.Added}
	err := p.sql.QueryRow(`SELECT o.name, count(DISTINCT m.identity) FROM message m
		JOIN message t ON t.conversation = m.conversation AND t.source <> m.source AND t.words = m.words AND t.words <> 0
			AND (t.time BETWEEN m.time - ?3 AND m.time + ?3 AND t.direction = m.direction AND t.time / 1000 <> m.time / 1000
				OR t.time BETWEEN m.time - 999 AND m.time + 999 AND t.direction <> m.direction AND t.time / 1000 = m.time / 1000)
		JOIN source o ON o.id = t.source
		WHERE m.source = ?1 AND m.added = ?2 GROUP BY o.id ORDER BY 2 DESC LIMIT 1`, p.source.id, p.number, timeZones).Scan(&e.Other, &e.Messages)
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
	return c.sql.QueryRow(`SELECT coalesce(content ->> '$.position', ''), (SELECT name FROM source WHERE id = ?) FROM staging WHERE id = ?`,
		other, r.staging).Scan(&e.Position, &e.Other)
}
