package importer

import (
	"cmp"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"kommo-import/sources"
)

// A stager stores the batches of one source as staging rows, in the order of arrival.
type stager struct {
	file    *File
	report  *LoadReport
	source  sourceRow
	reading reading
	start   string // the cursor at which the source is read on
	more    bool   // the source holds more than the reading covers
	shape   string // the settings of this load that shape the reading, as JSON

	authors map[sources.Author]int64
	clients map[identity]sources.Client // of each conversation, merged from its sightings
	times   map[identity]int64          // of the last message of each conversation
}

// The bounds of the maps that only save time.
const (
	maxAuthors = 2_000
	maxClients = 50_000
)

var errNotContinued = errors.New("the source broke off in the middle of a batch")

// store writes the next batch, the batches that continue it, and the cursor behind them in one transaction. more is
// false at the end of the source.
func (s *stager) store(batches func() (encodedBatch, error, bool)) (more bool, err error) {
	s.boundMaps()
	batch, err, more := batches()
	if err != nil || !more {
		return false, err
	}
	next, report := *s, LoadReport{}
	err = s.file.Update(func(tx *sql.Tx) error {
		next, report = *s, LoadReport{}
		if err := errors.Join(checkRecipe(tx), next.beginReading(tx, batch.FromStart)); err != nil {
			return err
		}
		for {
			report.Read += len(batch.Messages)
			report.Invalid += len(batch.Invalid)
			report.addRepairs(batch.Repairs)
			if err := errors.Join(next.storeMessages(tx, batch), next.storeInvalid(tx, batch.Invalid)); err != nil {
				return err
			}
			if !batch.Continued {
				next.reading.cursor, next.more = batch.Cursor, batch.More
				return next.reading.save(tx, next.source.id)
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
	s.source, s.reading, s.more = next.source, next.reading, next.more
	s.report.Read += report.Read
	s.report.Invalid += report.Invalid
	s.report.addRepairs(report.Repairs)
	return true, nil
}

func (s *stager) boundMaps() {
	if s.authors == nil || len(s.authors) > maxAuthors {
		s.authors = make(map[sources.Author]int64)
	}
	if s.clients == nil || len(s.clients) > maxClients {
		s.clients, s.times = make(map[identity]sources.Client), make(map[identity]int64)
	}
}

// addRepairs adds up the changes of the same kind.
func (r *LoadReport) addRepairs(repairs []sources.Repair) {
	for _, repair := range repairs {
		if i := slices.IndexFunc(r.Repairs, func(known sources.Repair) bool { return known.What == repair.What }); i >= 0 {
			r.Repairs[i].Count += repair.Count
			continue
		}
		r.Repairs = append(r.Repairs, repair)
	}
}

func (s *stager) storeInvalid(tx *sql.Tx, invalid []sources.Invalid) error {
	for _, entry := range invalid {
		_, err := tx.Exec(`INSERT INTO invalid (source, pending, conversation, position, reason, raw) VALUES (?, 1, ?, ?, ?, ?)`,
			s.source.id, entry.Conversation, entry.Position, entry.Reason, strings.ToValidUTF8(entry.Raw, "\uFFFD"))
		if err != nil {
			return err
		}
	}
	return nil
}

// storeMessages appends messages to the staging rows.
func (s *stager) storeMessages(tx *sql.Tx, batch encodedBatch) error {
	for i := range batch.Messages {
		if err := s.storeMessage(tx, &batch.Messages[i], &batch.encodings[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *stager) storeMessage(tx *sql.Tx, m *sources.Message, e *encoding) error {
	if err := s.storeSighting(tx, m.Conversation, e); err != nil {
		return err
	}
	author, err := s.authorOf(tx, m)
	if err != nil {
		return err
	}
	time := m.Time.UnixMilli()
	if before, known := s.times[e.conversation]; known {
		s.reading.balance += int64(cmp.Compare(time, before))
	}
	s.times[e.conversation] = time
	_, err = tx.Exec(`INSERT INTO staging (source, conversation, time, direction, kind, author, length, media_key,
			identity, counted, words, content, deleted, skip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		s.source.id, m.Conversation.ID, time, string(m.Direction), string(m.Kind),
		author, e.length, mediaKey(s.source.family, m.Conversation.ID, m), e.identity[:], e.counted, e.words, e.content, m.Deleted, m.Skip)
	return err
}

// storeSighting stores the client's data in a message, unless messages before had the same data.
func (s *stager) storeSighting(tx *sql.Tx, c sources.Conversation, e *encoding) error {
	known, seen := s.clients[e.conversation]
	merged := merge(known, c.Client, c.ID)
	if seen && merged == known {
		return nil
	}
	_, err := tx.Exec(`INSERT INTO sighting (source, pending, conversation, kind, client_id, name, phone, suspected, email, avatar)
		VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`, s.source.id,
		c.ID, string(c.Kind), c.Client.ID, c.Client.Name, c.Client.Phone, c.Client.SuspectedPhone, c.Client.Email, c.Client.Avatar)
	if err == nil {
		s.clients[e.conversation] = cloned(merged)
	}
	return err
}

// authorOf returns the row of the author of an outgoing message; NULL for an incoming message, which the client wrote.
func (s *stager) authorOf(tx *sql.Tx, m *sources.Message) (id sql.NullInt64, err error) {
	if m.Direction != sources.Outgoing {
		return id, nil
	}
	if known, ok := s.authors[m.Author]; ok {
		return sql.NullInt64{Int64: known, Valid: true}, nil
	}
	err = tx.QueryRow(`INSERT INTO author (external_id, name) VALUES (?, ?)
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
	content      string // the message as JSON
	identity     identity
	counted      bool
	words        int64
	length       int      // of the text, in characters
	conversation identity // digest of the conversation's id
}

// encoded yields the batches with their encodings. Below readAhead it runs while the batch before is stored.
func encoded(source sourceRow, batches iter.Seq2[sources.Batch, error]) iter.Seq2[encodedBatch, error] {
	return func(yield func(encodedBatch, error) bool) {
		for batch, err := range batches {
			b := encodedBatch{batch, make([]encoding, len(batch.Messages))}
			for i := range batch.Messages {
				if err == nil {
					err = b.encodings[i].encode(source, &batch.Messages[i])
				}
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func (e *encoding) encode(source sourceRow, m *sources.Message) error {
	content, err := json.Marshal(m)
	e.content, e.length = string(content), utf8.RuneCountInString(m.Text)
	e.identity, e.counted = identify(source.family, source.idSpace, m)
	e.words = wordsOf(m)
	e.conversation = digest(m.Conversation.ID)
	return err
}
