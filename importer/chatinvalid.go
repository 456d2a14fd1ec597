package importer

import (
	"database/sql"
	"slices"
	"strconv"
	"strings"

	"kommo-import/internal/migration"
)

// maxInvalidShown is how many entries that could not be parsed a view shows. A table that was understood wrongly can have
// millions.
const maxInvalidShown = 20_000

// invalidEntries are the rows of the table invalid, by conversation.
type invalidEntries struct {
	byChat map[string][]int64 // of the chats that have messages too, by the conversation that gives a chat its id
	strays []int64            // the others
}

func readInvalid(q migration.Querier) (entries invalidEntries, err error) {
	entries.byChat = make(map[string][]int64)
	type row struct {
		id    int64
		chat  string
		stray bool
	}
	for r, err := range migration.Query(q, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(&r.id, &r.chat, &r.stray)
		return r, err
	}, `SELECT id, chat, NOT EXISTS (SELECT 1 FROM conversation c WHERE c.external_id = chat
			AND skipped + planned + sending + accepted + verified + refused > 0)
		FROM (SELECT id, `+chatIDOf("invalid.conversation")+` AS chat FROM invalid WHERE NOT pending ORDER BY id LIMIT ?)`, maxInvalidShown) {
		switch {
		case err != nil:
			return entries, err
		case r.stray:
			entries.strays = append(entries.strays, r.id)
		default:
			entries.byChat[r.chat] = append(entries.byChat[r.chat], r.id)
		}
	}
	return entries, nil
}

// of returns the entries of a conversation; "" stands for those without one.
func (e invalidEntries) of(chat string) []int64 {
	if chat == "" {
		return e.strays
	}
	return e.byChat[chat]
}

// An invalidEntry is an entry that could not be parsed, and its place in the source.
type invalidEntry struct {
	ChatMessage
	at sourcePlace
}

// invalidOf returns the entries of a conversation in the order of their sources.
func (v *ChatView) invalidOf(chat string) ([]invalidEntry, error) {
	var entries []invalidEntry
	for _, id := range v.invalid.of(chat) {
		e := invalidEntry{ChatMessage: ChatMessage{State: stateInvalid}}
		var source int64
		var reversed bool
		err := v.tx.QueryRow(`SELECT source, position, reason, raw, (SELECT newest_first FROM source WHERE id = invalid.source)
			FROM invalid WHERE id = ?`, id).Scan(&source, &e.Position, &e.Reason, &e.Text, &reversed)
		if err != nil {
			return nil, err
		}
		e.at = placeInSource(source, e.Position, reversed)
		if chat == "" {
			e.at = sourcePlace{} // no message can be its neighbour
		}
		entries = append(entries, e)
	}
	slices.SortStableFunc(entries, func(a, b invalidEntry) int { return a.at.line - b.at.line })
	return entries, nil
}

// A sourcePlace is a line of a source. Lines count backwards where the source has its newest rows first.
type sourcePlace struct {
	source int64
	line   int // 0 if the position names no line
}

// placeInSource returns the place that a position such as "chats.csv:17" names.
func placeInSource(source int64, position string, reversed bool) sourcePlace {
	line, err := strconv.Atoi(position[strings.LastIndexByte(position, ':')+1:])
	if err != nil {
		return sourcePlace{source: source}
	}
	if reversed {
		line = -line
	}
	return sourcePlace{source, line}
}

// isBefore reports whether an entry without a time belongs before a message: they are of one source, and the entry has the
// earlier line.
func (p sourcePlace) isBefore(message sourcePlace) bool {
	return p.line != 0 && message.line != 0 && p.source == message.source && p.line < message.line
}
