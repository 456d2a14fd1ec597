package importer

import (
	"cmp"
	"database/sql"
	"fmt"
	"iter"

	"kommo-import/sources"
)

// A stagingRow is a staging row while its message is planned.
type stagingRow struct {
	staging      int64
	source       int64
	family       sources.Family
	fresh        bool   // it belongs to the reading that is brought into the plan
	conversation string // id at the source
	chat         string // the conversation whose chat it belongs to
	time, place  int64
	direction    string
	kind         string
	author       sql.NullInt64
	length       int64
	words        int64
	identity     identity
	counted      bool // without ids at the source: the identity is that of all equal messages until they are counted
	hasMediaKey  bool
	deleted      bool
	skip         string // why the message has no form in Kommo, "" if it has one
	leftOut      bool   // the settings or the sheet leave its conversation or its time out

	origin int64  // the source, and the conversation if the chat has several; equal messages of two origins are one message
	joinID string // in a chat of several conversations: the message id, unique in its id space; "" without an id

	known *knownMessage // the message with that identity in the plan, or nil
	role  role
	twin  identity // of a duplicate: the message in the plan
	byID  bool     // of a duplicate: it has the id of that message
}

// The columns of a row. The rows of a table that has its newest rows first are placed in reverse order.
const (
	rowColumns = `SELECT s.id, s.source, o.family, s.conversation, %s AS chat, s.time, iif(o.newest, -s.id, s.id) AS place, s.direction, s.kind,
		s.author, s.length, s.words, s.identity, s.counted, s.media_key IS NOT NULL, s.deleted, s.skip`
	// freshRows selects the rows of a reading, chat by chat: those of the source ?2 behind the row ?1.
	freshRows = rowColumns + ` FROM staging s JOIN (SELECT id, family, ?3 AS newest FROM source) o ON o.id = s.source
		WHERE s.id > ?1 AND s.source = ?2 ORDER BY chat, s.time, place`
	// heldRows selects the rows of the conversation ?1 that are in the plan, without those of the sources ?2 and ?3.
	heldRows = rowColumns + ` FROM (SELECT held AS id FROM message WHERE conversation = ?1
			UNION ALL SELECT staging FROM duplicate WHERE conversation = ?1) h
		JOIN staging s ON s.id = h.id JOIN (SELECT id, family, newest_first AS newest FROM source) o ON o.id = s.source
		WHERE s.source NOT IN (?2, ?3) ORDER BY s.time, place`
	// joinedRows selects the rows of the conversations ?2 in the chats ?1, as heldRows does. Both are lists in JSON.
	joinedRows = rowColumns + ` FROM (SELECT held AS id FROM message WHERE conversation IN (SELECT value FROM json_each(?1))
			UNION ALL SELECT staging FROM duplicate WHERE conversation IN (SELECT value FROM json_each(?1))) h
		JOIN staging s ON s.id = h.id JOIN (SELECT id, family, newest_first AS newest FROM source) o ON o.id = s.source
		WHERE s.conversation IN (SELECT value FROM json_each(?2)) AND s.source NOT IN (?3, ?4) ORDER BY s.time, place`
)

// ownChat is the chat of a row if no conversation was joined to another; else it is chatIDOf(ownChat).
const ownChat = `s.conversation`

// rowPage is how many rows are handed over at a time.
const rowPage = 500

// rowPages yields the rows of a query in pages. chat is the chat of a row, in SQL.
func rowPages(q *sql.DB, query, chat string, args ...any) iter.Seq2[[]stagingRow, error] {
	return func(yield func([]stagingRow, error) bool) {
		rows, err := q.Query(fmt.Sprintf(query, chat), args...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer rows.Close()
		var page []stagingRow
		for rows.Next() {
			var r stagingRow
			var id sql.RawBytes
			if err := rows.Scan(&r.staging, &r.source, &r.family, &r.conversation, &r.chat, &r.time, &r.place, &r.direction, &r.kind, &r.author,
				&r.length, &r.words, &id, &r.counted, &r.hasMediaKey, &r.deleted, &r.skip); err != nil {
				yield(nil, err)
				return
			}
			copy(r.identity[:], id)
			if page = append(page, r); len(page) == rowPage {
				if !yield(page, nil) {
					return
				}
				page = make([]stagingRow, 0, rowPage)
			}
		}
		yield(page, rows.Err())
	}
}

// A rowReader reads rows one ahead.
type rowReader struct {
	pull func() ([]stagingRow, error, bool)
	stop func()
	page []stagingRow
	done int // rows that were taken
	err  error
}

func readRows(pages iter.Seq2[[]stagingRow, error]) *rowReader {
	r := new(rowReader)
	r.pull, r.stop = iter.Pull2(pages)
	return r
}

// peek returns the next row, nil at the end or after an error.
func (r *rowReader) peek() *stagingRow {
	for len(r.page) == 0 && r.err == nil {
		page, err, more := r.pull()
		if !more {
			return nil
		}
		r.page, r.err = page, err
	}
	if r.err != nil {
		return nil
	}
	return &r.page[0]
}

// take returns the next row, which peek has shown, and goes on.
func (r *rowReader) take() *stagingRow {
	next := &r.page[0]
	r.page = r.page[1:]
	r.done++
	return next
}

// byArrival orders rows as they were read.
func byArrival(a, b *stagingRow) int { return cmp.Compare(a.staging, b.staging) }

// byPlace orders rows as they are sent.
func byPlace(a, b *stagingRow) int {
	return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.place, b.place))
}
