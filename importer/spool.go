package importer

import (
	"database/sql"
	"strings"

	"kommo-import/sources"
)

// A spoolWriter writes the messages of one batch.
type spoolWriter struct {
	*spooler
	message, sighting, author *sql.Stmt
}

// storeMessages appends messages to the spool.
func (s *spooler) storeMessages(tx *sql.Tx, batch encodedBatch) (err error) {
	w := spoolWriter{spooler: s}
	for _, statement := range []struct {
		prepared **sql.Stmt
		text     string
	}{
		{&w.message, `INSERT INTO spool (source, reading, conversation, time, direction, kind, author, length, lookup,
			identity, counted, content, skip) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&w.sighting, `INSERT INTO sighting (conversation, kind, client_id, name, phone, email, avatar)
			VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&w.author, `INSERT INTO author (external_id, name) VALUES (?, ?)
			ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id`},
	} {
		if *statement.prepared, err = tx.Prepare(statement.text); err != nil {
			return err
		}
		defer (*statement.prepared).Close()
	}
	for i := range batch.Messages {
		if err := w.store(&batch.Messages[i], &batch.encodings[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *spoolWriter) store(m *sources.Message, e *encoding) error {
	if err := w.storeSighting(m.Conversation, e); err != nil {
		return err
	}
	author, err := w.authorOf(m)
	if err != nil {
		return err
	}
	_, err = w.message.Exec(w.source, w.reading, m.Conversation.ID, m.Time.UnixMilli(), string(m.Direction), string(m.Kind),
		author, e.length, mediaKey(w.sourceKind, m.Conversation.ID, m), e.identity[:], e.counted, e.content, m.Skip)
	return err
}

// storeSighting notes what a message tells of its conversation, unless the one before told the same.
func (w *spoolWriter) storeSighting(c sources.Conversation, e *encoding) error {
	if w.seen[e.conversation] == e.told {
		return nil
	}
	_, err := w.sighting.Exec(c.ID, string(c.Kind), c.Client.ID, c.Client.Name, c.Client.Phone, c.Client.Email, c.Client.Avatar)
	if err == nil {
		w.seen[e.conversation] = e.told
	}
	return err
}

// authorOf returns the row of the author of an outgoing message; NULL for an incoming one, which the client wrote.
func (w *spoolWriter) authorOf(m *sources.Message) (id sql.NullInt64, err error) {
	if m.Direction != sources.Outgoing {
		return id, nil
	}
	if known, ok := w.authors[m.Author]; ok {
		return sql.NullInt64{Int64: known, Valid: true}, nil
	}
	if err := w.author.QueryRow(m.Author.ID, m.Author.Name).Scan(&id); err != nil {
		return id, err
	}
	author := sources.Author{ID: strings.Clone(m.Author.ID), Name: strings.Clone(m.Author.Name)} // not the row they are part of
	w.authors[author] = id.Int64
	return id, nil
}
