package importer

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A stager stores the batches of one source as staging rows, in the order of arrival.
type stager struct {
	file       *File
	source     int64
	sourceKind string
	reading    int64
	cursor     string
	finished   bool
	partial    bool
	authors    map[sources.Author]int64
	seen       map[identity]identity // the last sighting of each conversation, as digests
	report     *LoadReport
}

// The bounds of the maps that only save time.
const (
	maxAuthors = 2_000
	maxSeen    = 100_000
)

// begin looks up where the reading of the source stands. A source without stored batches leaves no trace: its name
// may be a slip. With reread, a finished source stands at its beginning, unless some of its media links were not asked
// yet: then the load goes on with those.
func (s *stager) begin(reread bool) error {
	err := s.file.Reader.QueryRow(`SELECT id, reading, cursor, finished, partial FROM source WHERE name = ?`, s.report.Source).
		Scan(&s.source, &s.reading, &s.cursor, &s.finished, &s.partial)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if reread && s.finished {
		var waiting bool // an interrupted load left links that were not asked
		if err := s.file.Reader.QueryRow(`SELECT EXISTS (SELECT 1 FROM media WHERE `+mediaPending+` AND renewer = ?)`, s.source).Scan(&waiting); err != nil || waiting {
			return s.file.Explain(err)
		}
	}
	if reread && (s.finished || s.partial) {
		s.cursor, s.finished = "", false
	}
	return s.file.Explain(err)
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

// store writes the next batch, the batches that continue it, and the cursor behind them in one transaction. more is
// false at the end of the source.
func (s *stager) store(batches func() (encodedBatch, error, bool)) (more bool, err error) {
	if s.authors == nil || len(s.authors) > maxAuthors {
		s.authors = make(map[sources.Author]int64)
	}
	if s.seen == nil || len(s.seen) > maxSeen {
		s.seen = make(map[identity]identity)
	}
	batch, err, more := batches()
	if err != nil || !more {
		return false, err
	}
	var read, invalid int
	err = s.file.Update(func(tx *sql.Tx) error {
		if err := errors.Join(checkRecipe(tx), s.beginSource(tx, batch)); err != nil {
			return err
		}
		for {
			read, invalid = read+len(batch.Messages), invalid+len(batch.Invalid)
			if err := errors.Join(s.storeMessages(tx, batch), s.storeInvalid(tx, batch.Invalid)); err != nil {
				return err
			}
			if !batch.Continued {
				_, err := tx.Exec(`UPDATE source SET cursor = ? WHERE id = ?`, batch.Cursor, s.source)
				return err
			}
			if batch, err, more = batches(); err != nil {
				return err
			}
			if !more {
				return errNotContinued
			}
		}
	})
	if err != nil {
		return false, err
	}
	s.report.Read += read
	s.report.Invalid += invalid
	return true, nil
}

var errNotContinued = errors.New("the source broke off in the middle of a batch")

// beginSource finds or creates the row of the source, and begins another reading if the batch does. A reading that is
// confined to some conversations does not replace an interrupted reading of all: the source stays unfinished.
func (s *stager) beginSource(tx *sql.Tx, batch encodedBatch) error {
	confined := []byte{}
	if batch.FromStart {
		s.reading++
		if len(batch.Only) > 0 {
			var err error
			if confined, err = json.Marshal(batch.Only); err != nil {
				return err
			}
		}
	}
	return tx.QueryRow(`INSERT INTO source (name, reading, confined) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO UPDATE
		SET reading = excluded.reading,
			partial = iif(?4, excluded.confined <> '' AND finished = 0 AND (confined = '' OR partial), partial),
			confined = iif(?4, excluded.confined, confined), finished = 0 RETURNING id`,
		s.report.Source, s.reading, string(confined), batch.FromStart).Scan(&s.source)
}

func (s *stager) storeInvalid(tx *sql.Tx, invalid []sources.Invalid) error {
	for _, entry := range invalid {
		_, err := tx.Exec(`INSERT INTO invalid (source, reading, conversation, position, reason, raw) VALUES (?, ?, ?, ?, ?, ?)`,
			s.source, s.reading, entry.Conversation, entry.Position, entry.Reason, strings.ToValidUTF8(entry.Raw, "\uFFFD"))
		if err != nil {
			return err
		}
	}
	return nil
}

// storeMessages appends messages to the staging rows.
func (s *stager) storeMessages(tx *sql.Tx, batch encodedBatch) error {
	statements := migration.NewStatements(tx)
	defer statements.Close()
	for i := range batch.Messages {
		if err := s.storeMessage(statements, &batch.Messages[i], &batch.encodings[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *stager) storeMessage(statements *migration.Statements, m *sources.Message, e *encoding) error {
	if err := s.storeSighting(statements, m.Conversation, e); err != nil {
		return err
	}
	author, err := s.authorOf(statements, m)
	if err != nil {
		return err
	}
	_, err = statements.Exec(`INSERT INTO staging (source, reading, conversation, time, direction, kind, author, length, media_key,
			identity, counted, content, deleted, skip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.source, s.reading, m.Conversation.ID, m.Time.UnixMilli(), string(m.Direction), string(m.Kind),
		author, e.length, mediaKey(s.sourceKind, m.Conversation.ID, m), e.identity[:], e.counted, e.content, m.Deleted, m.Skip)
	return err
}

// storeSighting stores the client's data in a message, unless the message before had the same data.
func (s *stager) storeSighting(statements *migration.Statements, c sources.Conversation, e *encoding) error {
	if s.seen[e.conversation] == e.sighting {
		return nil
	}
	_, err := statements.Exec(`INSERT INTO sighting (conversation, kind, client_id, name, phone, email, avatar)
		VALUES (?, ?, ?, ?, ?, ?, ?)`,
		c.ID, string(c.Kind), c.Client.ID, c.Client.Name, c.Client.Phone, c.Client.Email, c.Client.Avatar)
	if err == nil {
		s.seen[e.conversation] = e.sighting
	}
	return err
}

// authorOf returns the row of the author of an outgoing message; NULL for an incoming message, which the client wrote.
func (s *stager) authorOf(statements *migration.Statements, m *sources.Message) (id sql.NullInt64, err error) {
	if m.Direction != sources.Outgoing {
		return id, nil
	}
	if known, ok := s.authors[m.Author]; ok {
		return sql.NullInt64{Int64: known, Valid: true}, nil
	}
	err = statements.QueryRow(`INSERT INTO author (external_id, name) VALUES (?, ?)
		ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id`, m.Author.ID, m.Author.Name).Scan(&id)
	if err != nil {
		return id, err
	}
	// Clones, so that the map does not keep the whole row in memory.
	author := sources.Author{ID: strings.Clone(m.Author.ID), Name: strings.Clone(m.Author.Name)}
	s.authors[author] = id.Int64
	return id, nil
}

// An encodedBatch is a batch with an encoding for each of its messages.
type encodedBatch struct {
	sources.Batch
	encodings []encoding
}

// An encoding holds the columns of a staging row that take time to compute.
type encoding struct {
	content                string // the message as JSON
	identity               identity
	counted                bool
	length                 int      // of the text, in characters
	conversation, sighting identity // digests of the conversation's id, and of the client's data in the message
}

// encoded yields the batches with their encodings. Below readAhead it runs while the batch before is stored.
func encoded(sourceKind string, batches iter.Seq2[sources.Batch, error]) iter.Seq2[encodedBatch, error] {
	return func(yield func(encodedBatch, error) bool) {
		for batch, err := range batches {
			b := encodedBatch{batch, make([]encoding, len(batch.Messages))}
			for i := range batch.Messages {
				if err == nil {
					err = b.encodings[i].encode(sourceKind, &batch.Messages[i])
				}
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func (e *encoding) encode(sourceKind string, m *sources.Message) error {
	content, err := json.Marshal(m)
	c := &m.Conversation
	e.content, e.length = string(content), utf8.RuneCountInString(m.Text)
	e.identity, e.counted = identify(sourceKind, m)
	e.conversation = digest(c.ID)
	e.sighting = digest(c.ID, string(c.Kind), c.Client.ID, c.Client.Name, c.Client.Phone, c.Client.Email, c.Client.Avatar)
	return err
}
