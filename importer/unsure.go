package importer

import (
	"context"
	"database/sql"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
	"kommo-import/internal/web"
)

// isUnsure selects the conversations whose chat may hold messages of the plan that no record says were sent.
const isUnsure = `looked < (SELECT unsure FROM record)`

// awaitUnsure waits until Kommo has had its time to show everything that was sent before conversations became unsure. It
// does not wait if the selection has no unsure conversation.
func (r *run) awaitUnsure(ctx context.Context, selection Selection) error {
	condition, args := selection.where()
	var unsure int
	var since int64
	err := r.file.Reader.QueryRow(`SELECT count(*), (SELECT since FROM record) FROM conversation WHERE `+isUnsure+` AND `+condition, args...).
		Scan(&unsure, &since)
	if err != nil || unsure == 0 {
		return r.file.Explain(err)
	}
	wait := min(time.Until(r.due(fromMillis(since), looks-1)), r.due(time.Time{}, looks-1).Sub(time.Time{}))
	if wait >= time.Second {
		r.requests.log.Warn("it is not known what was sent before; the chats are read first, as soon as Kommo shows everything",
			"conversations", unsure, "in", wait.Round(time.Second))
	}
	return web.Sleep(ctx, wait)
}

// lookFirst reads the chat of an unsure conversation to its end, before anything is posted into it. Messages of the plan
// that the chat shows become accepted. The error is an [unreadError] unless the chat proves that it lacks all others: chats
// show ids of messages. So chats that have waited behind the others are read when Kommo has had its time to show these.
func (r *run) lookFirst(ctx context.Context, cv *conversation) error {
	if r.hasWaited() {
		if err := web.Sleep(ctx, time.Until(r.waitedFrom.Add(r.settle<<looks))); err != nil {
			return err
		}
	}
	if err := r.lookElsewhere(ctx, cv); err != nil {
		return err
	}
	a := &adoption{run: r, cv: cv}
	s, err := a.read(ctx)
	for range a.pending {
		r.progress.done(cv.id)
	}
	if err == nil && a.unknown > 0 {
		err = unread("its chat shows %s that kommo-import sent and this migration file does not know. Load their source too, with the settings of then",
			countOf(a.unknown, "message"))
	}
	if err == nil {
		err = s.prove(ctx)
	}
	if err != nil {
		return err
	}
	return r.file.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE conversation SET looked = (SELECT unsure FROM record) WHERE id = ?`, cv.id)
		return err
	})
}

// lookElsewhere reads the own chats of the conversations that have joined the chat of cv. The error is an [unreadError] if one of them
// shows messages of ours: then it was sent into a chat of its own, before it was joined in this migration file. Or if Kommo
// shows no ids by which that could be told.
func (r *run) lookElsewhere(ctx context.Context, cv *conversation) error {
	members, err := migration.All(r.file.Reader, scanText, `SELECT conversation FROM decision WHERE chat = ? AND chat <> '' ORDER BY conversation`, cv.externalID)
	for _, member := range members {
		own := *cv
		own.externalID, own.chatID = member, ""
		ours := 0
		s := &search{reader: r.history, cv: &own, each: func(shown *kommo.HistoryMessage) (bool, error) {
			_, isOurs := parseMsgid(shown.Message.ClientID)
			ours += btoi(isOurs)
			return isOurs, nil
		}}
		err := s.readChat(ctx, true)
		switch {
		case err != nil:
			return err
		case ours > 0:
			return unread("%s was sent into a chat of its own before. Empty its cell in the column chat of the sheet", member)
		case s.unrecognised > 0 && !r.history.ids.msgids.Load():
			return unread("it is not known whether %s was sent into a chat of its own before: Kommo shows no message ids of ours there", member)
		}
	}
	return r.file.Explain(err)
}

// exchangeDuplicate looks for a duplicate with the identity that the chat shows, and makes it the message of the plan. The
// message that was planned becomes its duplicate. It returns nil if there is no such duplicate, and the message as it is if it
// was sent, too.
func (a *adoption) exchangeDuplicate(id identity) (*outgoing, error) {
	if a.duplicates == nil {
		if err := a.readDuplicates(); err != nil {
			return nil, err
		}
	}
	staging, ok := a.duplicates[id]
	if !ok {
		return nil, nil
	}
	file := a.run.file
	m, err := messageWhere(file.Reader, ` WHERE conversation = ?1 AND identity =
		(SELECT identity FROM duplicate WHERE conversation = ?1 AND staging = ?2)`, a.cv.id, staging)
	if err != nil || m == nil || m.state == Accepted || m.state == Verified {
		return m, err
	}
	err = file.Update(func(tx *sql.Tx) error {
		for _, statement := range []string{
			`UPDATE duplicate SET identity = ?4 WHERE conversation = ?1 AND identity = ?3`,
			`UPDATE duplicate SET (staging, source) = (SELECT staging, source FROM message WHERE conversation = ?1 AND identity = ?3)
				WHERE conversation = ?1 AND staging = ?2`,
			`UPDATE message SET identity = ?4, (staging, held, source) = (SELECT id, id, source FROM staging WHERE id = ?2)
				WHERE conversation = ?1 AND identity = ?3`,
		} {
			if _, err := tx.Exec(statement, a.cv.id, staging, m.identity[:], id[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return messageWhere(file.Reader, ` WHERE conversation = ? AND identity = ?`, a.cv.id, id[:])
}

// readDuplicates reads the identities that the duplicates of the conversation would have in the plan.
func (a *adoption) readDuplicates() error {
	type duplicate struct {
		staging int64
		id      identity
		counted bool
	}
	scan := func(rows *sql.Rows) (d duplicate, err error) {
		var id []byte
		if err = rows.Scan(&d.staging, &id, &d.counted); err == nil {
			d.id = identity(id)
		}
		return d, err
	}
	q := a.run.file.Reader
	duplicates, err := migration.All(q, scan, `SELECT s.id, s.identity, s.counted FROM duplicate d JOIN staging s ON s.id = d.staging
		WHERE d.conversation = ? ORDER BY s.id`, a.cv.id)
	if err != nil {
		return err
	}
	a.duplicates = make(map[identity]int64, len(duplicates))
	counts := make(map[identity]int)
	for _, d := range duplicates {
		id := d.id
		for d.counted {
			counts[d.id]++
			id = d.id.nth(counts[d.id])
			m, err := messageWhere(q, ` WHERE conversation = ? AND identity = ?`, a.cv.id, id[:])
			if err != nil {
				return err
			}
			if m == nil {
				break
			}
		}
		a.duplicates[id] = d.staging
	}
	return nil
}
