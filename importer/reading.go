package importer

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A sourceRow is the row of a source in the migration file.
type sourceRow struct {
	id          int64 // 0: it is not stored yet
	name        string
	family      sources.Family
	idSpace     string // its message ids are unique within it
	cursor      string // where its reading ended
	shape       string // the settings of that reading
	newestFirst bool
	planned     bool // a reading of it is in the plan
	added       bool // it stays beside sources that look like it
}

// A reading is a reading of a source that is not in the plan yet.
type reading struct {
	open      bool   // it was begun
	fromStart bool   // it replaces the reading in the plan
	after     int64  // the last staging row before its rows
	cursor    string // where its next batch begins
	shape     string
	balance   int64 // rows that are newer than the row before in their conversation, minus those that are older
}

// newStager returns the stager for a source. It begins where the last load was interrupted or, with the same settings,
// where the last reading ended. Green-API does not show which chats have changed, so a finished source is read again,
// unless some of its media links were not asked yet: then the load goes on with those.
//
// A source without stored batches leaves no trace in the migration file: its name may be a slip.
func newStager(l *Loader, family sources.Family, report *LoadReport) (*stager, error) {
	shape, err := json.Marshal(l.Shape)
	if err != nil {
		return nil, err
	}
	s := &stager{file: l.File, report: report, shape: string(shape)}
	if s.source, s.reading, err = readSource(l.File.Reader, l.Name); err != nil {
		return nil, l.File.Explain(err)
	}
	if s.source.id == 0 {
		s.source = sourceRow{name: l.Name, family: family, idSpace: string(family), added: l.Add}
		if l.Add {
			s.source.idSpace += "/" + l.Name
		}
	}
	s.source.added = s.source.added || l.Add
	if s.source.family != family {
		return nil, fmt.Errorf("%s is the name of another kind of source in this migration file: give this one a name with --name", l.Name)
	}
	switch {
	case s.reading.open && s.reading.shape == s.shape:
		s.start = s.reading.cursor
	case s.reading.open:
	case family == sources.GreenAPI:
		var waiting bool
		err = l.File.Reader.QueryRow(`SELECT EXISTS (SELECT 1 FROM media WHERE `+mediaPending+` AND renewer = ?)`, s.source.id).Scan(&waiting)
		if waiting {
			s.start = s.source.cursor
		}
	case s.source.shape == s.shape:
		s.start = s.source.cursor
	}
	return s, l.File.Explain(err)
}

// readSource returns the source of a name, and its reading that is not in the plan yet.
func readSource(q migration.Querier, name string) (source sourceRow, r reading, err error) {
	err = q.QueryRow(`SELECT id, name, family, id_space, s.cursor, s.shape, newest_first, planned, added, u.source IS NOT NULL,
			coalesce(from_start, 0), coalesce(after, 0), coalesce(u.cursor, ''), coalesce(u.shape, ''), coalesce(balance, 0)
		FROM source s LEFT JOIN unfinished u ON u.source = s.id WHERE name = ?`, name).
		Scan(&source.id, &source.name, &source.family, &source.idSpace, &source.cursor, &source.shape, &source.newestFirst,
			&source.planned, &source.added, &r.open, &r.fromStart, &r.after, &r.cursor, &r.shape, &r.balance)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return source, r, err
}

// beginReading creates the row of the source, and begins a reading if the batch does, or if the batch goes on behind the
// reading in the plan. A reading of a table from the start drops the rows of an unfinished one.
func (s *stager) beginReading(tx *sql.Tx, fromStart bool) error {
	if s.source.id == 0 {
		err := tx.QueryRow(`INSERT INTO source (name, family, id_space) VALUES (?, ?, ?) RETURNING id`,
			s.source.name, s.source.family, s.source.idSpace).Scan(&s.source.id)
		if err != nil {
			return err
		}
	}
	fromStart = fromStart && s.source.family == sources.Table
	if s.reading.open && !fromStart {
		return nil
	}
	if err := discardRows(tx, s.source.id, s.reading); err != nil {
		return err
	}
	s.reading = reading{open: true, fromStart: fromStart, shape: s.shape}
	return tx.QueryRow(`SELECT coalesce(max(id), 0) FROM staging`).Scan(&s.reading.after)
}

// save stores how far the reading is.
func (r reading) save(tx *sql.Tx, source int64) error {
	_, err := tx.Exec(`INSERT OR REPLACE INTO unfinished (source, from_start, after, cursor, shape, balance) VALUES (?, ?, ?, ?, ?, ?)`,
		source, r.fromStart, r.after, r.cursor, r.shape, r.balance)
	return err
}

// discardRows deletes all that a reading has stored.
func discardRows(tx *sql.Tx, source int64, r reading) error {
	if !r.open {
		return nil
	}
	_, err := tx.Exec(`DELETE FROM staging WHERE id > ? AND source = ?`, r.after, source)
	for _, statement := range []string{
		`DELETE FROM sighting WHERE source = ? AND pending`,
		`DELETE FROM invalid WHERE source = ? AND pending`,
		`DELETE FROM unfinished WHERE source = ?`,
	} {
		if err == nil {
			_, err = tx.Exec(statement, source)
		}
	}
	return err
}

// Discard drops the unfinished reading of a table, or of all tables if name is "". It returns the names of the tables that had
// such a reading. The plan stays as it is. An unfinished reading of Green-API is in the plan as far as it goes.
func (f *File) Discard(name string) (discarded []string, err error) {
	err = f.Update(func(tx *sql.Tx) (err error) {
		if discarded, err = unfinishedTables(tx, name); err != nil {
			return err
		}
		for _, name := range discarded {
			if err := discardReading(tx, name); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`DELETE FROM setting WHERE name = ?`, settingNotTaken)
		return err
	})
	return discarded, err
}

// discardReading drops the unfinished reading of a source. A source that has no other reading is forgotten.
func discardReading(tx *sql.Tx, name string) error {
	source, r, err := readSource(tx, name)
	if err != nil {
		return err
	}
	if err := discardRows(tx, source.id, r); err != nil || source.planned {
		return err
	}
	_, err = tx.Exec(`DELETE FROM source WHERE id = ?`, source.id)
	return err
}

// unfinishedTables returns the names of the tables with an unfinished reading: all, or the one called name.
func unfinishedTables(q migration.Querier, name string) ([]string, error) {
	scan := func(rows *sql.Rows) (name string, err error) {
		err = rows.Scan(&name)
		return name, err
	}
	return migration.All(q, scan, `SELECT name FROM source JOIN unfinished ON source = id
		WHERE family = 'table' AND ?1 IN ('', name) ORDER BY id`, name)
}

// SourceShape returns the settings that shaped the last reading of a source, or its unfinished one, by name.
func (f *File) SourceShape(name string) (shape map[string][]string, err error) {
	source, r, err := readSource(f.Reader, name)
	if text := cmp.Or(r.shape, source.shape); err == nil && text != "" {
		err = json.Unmarshal([]byte(text), &shape)
	}
	return shape, f.Explain(err)
}

// checkRecipe refuses a migration file whose identities were made by another recipe.
func checkRecipe(tx *sql.Tx) error {
	var stored string
	known, err := migration.Setting(tx, settingRecipe, &stored)
	if err != nil {
		return err
	}
	if known && stored != recipe {
		return fmt.Errorf("this migration file was made with message ids of version %s, this program makes version %s: "+
			"go on with the version of kommo-import that began it", stored, recipe)
	}
	return migration.SetSetting(tx, settingRecipe, recipe)
}
