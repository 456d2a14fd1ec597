package importer

import (
	"cmp"
	"database/sql"
	"fmt"
	"strings"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A sheet is a sheet while its decisions are taken.
type sheet struct {
	before   decisions
	after    decisions
	known    map[string]sources.ConversationKind
	begun    map[string]string // by chat: why its conversations can no longer be moved; "" if they can
	sent     map[string]bool   // conversations of which something was sent, or is in doubt
	contacts map[int64]bool    // of the account, as match has read them
	changed  []SheetRow
	problems []SheetProblem

	named      map[string]bool     // conversations that have a row
	changedIDs map[string][]string // by cell that may name several conversations: some of these
}

// readSheet reads what the migration file knows of the conversations, and checks the rows.
func readSheet(tx *sql.Tx, rows []SheetRow) (*sheet, error) {
	s := &sheet{known: make(map[string]sources.ConversationKind), begun: make(map[string]string), sent: make(map[string]bool),
		contacts: make(map[int64]bool)}
	var err error
	if s.before, err = readDecisions(tx); err != nil {
		return nil, err
	}
	if err := s.readKnown(tx); err != nil {
		return nil, err
	}
	if err := s.findConversations(rows); err != nil {
		return nil, err
	}
	s.after, s.named = s.before.with(rows), make(map[string]bool, len(rows))
	for _, row := range rows {
		s.named[row.Conversation] = true
	}
	seen := make(map[string]string, len(rows))
	for _, row := range rows {
		for _, unread := range row.Unread {
			s.problem(row, "%s", unread)
		}
		if len(row.Unread) > 0 {
			continue
		}
		if first := seen[row.Conversation]; first != "" {
			s.problem(row, "is there twice, also in %s", first)
			continue
		}
		seen[row.Conversation] = row.Position
		if row.Decision != s.before.decided(row.Conversation) {
			s.changed = append(s.changed, row)
		}
		s.check(row)
	}
	return s, nil
}

// findConversations replaces ids that a spreadsheet has changed. A conversation that names its own chat has no chat in its cell.
func (s *sheet) findConversations(rows []SheetRow) error {
	ids := &idMatcher{known: s.known}
	other := &OtherSheetError{Rows: len(rows)}
	s.changedIDs = make(map[string][]string)
	for i := range rows {
		row := &rows[i]
		for _, cell := range []*string{&row.Conversation, &row.Chat} {
			if *cell == "" {
				continue
			}
			id, similar := ids.find(*cell)
			if len(similar) > 1 {
				s.changedIDs[*cell] = similar
			}
			if cell == &row.Conversation && id == "" && len(similar) == 0 {
				if other.Unknown++; len(other.Examples) < maxExamples {
					other.Examples = append(other.Examples, *cell)
				}
			}
			*cell = cmp.Or(id, *cell)
		}
		if row.Chat == row.Conversation {
			row.Chat = ""
		}
	}
	if other.Unknown > 1 && other.Unknown == other.Rows || other.Unknown > maxUnknown && other.Unknown*2 > other.Rows {
		return other
	}
	return nil
}

// maxUnknown is how many unknown conversations are named one by one, whatever the size of the sheet.
const maxUnknown = 10

// unknown says why a cell names no conversation.
func (s *sheet) unknown(cell string) string {
	if similar := s.changedIDs[cell]; len(similar) > 0 {
		return fmt.Sprintf("a spreadsheet has changed the id: it can be %s. Correct it there, as text", strings.Join(similar, " or "))
	}
	return "there is no such conversation in the migration file. Did a spreadsheet change the id?"
}

// readKnown reads which conversations there are, and of which something was sent.
func (s *sheet) readKnown(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT external_id, kind,
			CASE WHEN ` + hasSent + ` THEN 'something of its chat was sent'
				WHEN EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id) THEN 'its chat was linked to a contact' ELSE '' END
		FROM conversation UNION ALL
		SELECT DISTINCT conversation, kind, '' FROM sighting WHERE NOT pending AND conversation IN (SELECT conversation FROM decision WHERE chat <> '')`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var conversation, begun string
		var kind sources.ConversationKind
		if err := rows.Scan(&conversation, &kind, &begun); err != nil {
			return err
		}
		s.known[conversation] = kind
		if begun != "" {
			s.begun[conversation] = begun
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	contacts, err := migration.All(tx, scanID, `SELECT id FROM contact`)
	if err != nil {
		return err
	}
	for _, contact := range contacts {
		s.contacts[contact] = true
	}
	for conversation := range s.before.of {
		if _, known := s.known[conversation]; !known {
			s.known[conversation] = gone
		}
	}
	sent, err := migration.All(tx, scanText, `SELECT DISTINCT s.conversation FROM message m JOIN staging s ON s.id = m.staging
		WHERE m.conversation IN (SELECT id FROM conversation WHERE `+hasSent+` AND external_id IN (SELECT chat FROM decision WHERE chat <> ''))
		AND `+wasSent+`
		UNION SELECT external_id FROM conversation WHERE `+hasSent+` AND external_id NOT IN (SELECT chat FROM decision WHERE chat <> '')`)
	for _, conversation := range sent {
		s.sent[conversation] = true
	}
	return err
}

func (s *sheet) problem(row SheetRow, format string, args ...any) {
	s.problems = append(s.problems, SheetProblem{row.Position, row.Conversation, fmt.Sprintf(format, args...)})
}

// gone is the kind of a conversation about which something was decided, and that is no longer in the migration file.
const gone sources.ConversationKind = ""

// check looks for the problems of a row.
func (s *sheet) check(row SheetRow) {
	before, chat := s.before.decided(row.Conversation), row.Chat
	kind, known := s.known[row.Conversation]
	if !known || kind == gone && !row.undecided() && row.Decision != before {
		s.problem(row, "%s", s.unknown(row.Conversation))
		return
	}
	if row.Import == No && before.Import != No && s.sent[row.Conversation] {
		s.problem(row, "import: something of it was sent, so it can no longer be left out")
	}
	s.checkContact(row, before)
	if chat != "" {
		chatKind, known := s.known[chat]
		switch further := s.after.of[chat].Chat; {
		case further != "":
			s.problem(row, "chat: %s is itself in the chat of %s; name that one", chat, further)
		case chat == before.Chat:
		case len(s.changedIDs[chat]) > 0:
			s.problem(row, "chat: %s", s.unknown(chat))
			return
		case !known || chatKind == gone:
			s.problem(row, "chat: there is no conversation %s in the migration file", chat)
			return
		case kind != chatKind:
			s.problem(row, "chat: %s is a %s, and this is a %s", chat, chatKind, kind)
		}
	}
	if chat == before.Chat {
		return
	}
	for _, moved := range []string{s.before.chatOf(row.Conversation), chat} {
		if begun := s.begun[moved]; begun != "" {
			s.problem(row, "chat: conversations can no longer join or leave the chat of %s: %s", moved, begun)
			return
		}
	}
	for _, member := range s.before.members[row.Conversation] {
		if !s.named[member] {
			s.problem(row, "chat: %s is in its chat, and has no row in the sheet", member)
		}
	}
}

// checkContact looks for a problem with the contact of a row.
func (s *sheet) checkContact(row SheetRow, before Decision) {
	if row.Contact == before.Contact {
		return
	}
	switch begun := s.begun[s.before.chatOf(row.Conversation)]; {
	case begun != "":
		s.problem(row, "contact_id: a chat is linked before its first message only, and %s", begun)
	case row.Contact != 0 && len(s.contacts) == 0:
		s.problem(row, "contact_id: the contacts of the account are not known yet; kommo-import match reads them")
	case row.Contact != 0 && !s.contacts[row.Contact]:
		s.problem(row, "contact_id: the account has no contact %d, or match has not read it", row.Contact)
	}
}
