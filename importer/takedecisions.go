package importer

import (
	"context"
	"database/sql"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A SheetRow is a row of the sheet. Its empty fields undo what was decided before.
type SheetRow struct {
	Decision
	Position string // in the sheet, for people: "chats.xlsx:12"
}

// A SheetError means that decisions cannot be taken. None of them was.
type SheetError struct {
	Problems []SheetProblem
}

// A SheetProblem is why a row of the sheet cannot be taken.
type SheetProblem struct {
	Position, Conversation string
	Why                    string
}

func (e *SheetError) Error() string {
	p := e.Problems[0]
	text := fmt.Sprintf("%s: conversation %s: %s", p.Position, p.Conversation, p.Why)
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s)", countOf(more, "further problem"))
	}
	return text
}

// A DecisionReport is the outcome of [Loader.TakeDecisions].
type DecisionReport struct {
	Rows     int `json:"rows"`    // of the sheet
	Changed  int `json:"changed"` // of these, rows that decide something else than before
	Decided  int `json:"decided"` // conversations about which something is decided now
	LeftOut  int `json:"left_out"`
	Included int `json:"included"`
	Joined   int `json:"joined"`   // conversations that are in the chat of another one
	Dropped  int `json:"dropped"`  // messages that are left out from now on
	Restored int `json:"restored"` // messages that are planned from now on
}

// TakeDecisions stores the decisions of a sheet and plans anew what they concern, all of it or nothing. Conversations that
// no row names stay as they were decided. Taking the same rows again changes nothing. The error may be a [SheetError].
func (l *Loader) TakeDecisions(ctx context.Context, rows []SheetRow) (DecisionReport, error) {
	var report DecisionReport
	var planned LoadReport
	err := l.File.Update(func(tx *sql.Tx) error {
		report, planned = DecisionReport{Rows: len(rows)}, LoadReport{}
		s, err := readSheet(tx, rows)
		if err != nil {
			return err
		}
		if len(s.problems) > 0 {
			return &SheetError{s.problems}
		}
		if report.Changed = len(s.changed); report.Changed == 0 {
			return nil
		}
		p := newPlanner(tx, l.File.Reader, Filter{}, &planned)
		defer p.sql.Close()
		if _, err := migration.Setting(tx, settingFilter, &p.filter); err != nil {
			return err
		}
		if p.decided, p.moved, err = s.store(tx); err != nil {
			return err
		}
		if err := p.planConversations(ctx, "FALSE", l.progress); err != nil {
			return err
		}
		if err := p.conclude(false); err != nil {
			return err
		}
		_, err = match(tx)
		return err
	})
	if err != nil {
		return report, l.File.Explain(err)
	}
	report.Dropped, report.Restored = planned.Dropped, planned.Restored
	err = l.File.Reader.QueryRow(`SELECT count(*), count(*) FILTER (WHERE import = 'no'), count(*) FILTER (WHERE import = 'yes'),
		count(*) FILTER (WHERE chat <> '') FROM decision`).Scan(&report.Decided, &report.LeftOut, &report.Included, &report.Joined)
	if err != nil {
		return report, l.File.Explain(err)
	}
	return report, l.lookUpMedia(ctx, 0, &planned)
}

// ClearDecisions undoes all decisions, but for those by which a conversation was sent into the chat of another one.
func (l *Loader) ClearDecisions(ctx context.Context) (DecisionReport, error) {
	var rows []SheetRow
	err := l.File.View(func(tx *sql.Tx) error {
		all, err := readDecisions(tx)
		if err != nil {
			return err
		}
		s, err := readSheet(tx, nil)
		for conversation, d := range all.of {
			row := SheetRow{Decision: Decision{Conversation: conversation}}
			if s.begun[d.Chat] != "" {
				row.Chat = d.Chat
			}
			rows = append(rows, row)
		}
		return err
	})
	if err != nil {
		return DecisionReport{}, err
	}
	return l.TakeDecisions(ctx, rows)
}

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
}

// readSheet reads what the migration file knows of the conversations, and checks the rows.
func readSheet(tx *sql.Tx, rows []SheetRow) (*sheet, error) {
	s := &sheet{known: make(map[string]sources.ConversationKind), begun: make(map[string]string), sent: make(map[string]bool), contacts: make(map[int64]bool)}
	var err error
	if s.before, err = readDecisions(tx); err != nil {
		return nil, err
	}
	if err := s.readKnown(tx); err != nil {
		return nil, err
	}
	for i := range rows {
		if rows[i].Chat == rows[i].Conversation {
			rows[i].Chat = ""
		}
	}
	s.after = s.before.with(rows)
	seen := make(map[string]string, len(rows))
	for _, row := range rows {
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

// readKnown reads which conversations there are, and of which something was sent.
func (s *sheet) readKnown(tx *sql.Tx) error {
	rows, err := tx.Query(`SELECT external_id, kind,
			CASE WHEN sending + accepted + verified > 0 OR EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND may_exist)
					THEN 'something of its chat was sent'
				WHEN EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id) THEN 'its chat was linked to a contact'
				WHEN ` + isUnsure + ` THEN 'its chat may hold messages whose records are lost; send reads it first' ELSE '' END
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
	sent, err := migration.All(tx, scanText, `SELECT DISTINCT s.conversation FROM conversation c JOIN message m ON m.conversation = c.id
		JOIN staging s ON s.id = m.staging WHERE c.sending + c.accepted + c.verified > 0 AND `+wasSent+`
		AND c.external_id IN (SELECT chat FROM decision WHERE chat <> '')
		UNION SELECT external_id FROM conversation c WHERE sending + accepted + verified > 0
		AND external_id NOT IN (SELECT chat FROM decision WHERE chat <> '')`)
	for _, conversation := range sent {
		s.sent[conversation] = true
	}
	return err
}

func (s *sheet) problem(row SheetRow, format string, args ...any) {
	s.problems = append(s.problems, SheetProblem{row.Position, row.Conversation, fmt.Sprintf(format, args...)})
}

// check looks for what is wrong with a row.
func (s *sheet) check(row SheetRow) {
	before, chat := s.before.decided(row.Conversation), row.Chat
	kind, known := s.known[row.Conversation]
	if !known {
		s.problem(row, "there is no such conversation in the migration file. Did a spreadsheet change the id?")
		return
	}
	if row.Import == No && before.Import != No && s.sent[row.Conversation] {
		s.problem(row, "import: something of it was sent, so it can no longer be left out")
	}
	if row.Contact != before.Contact {
		switch begun := s.begun[s.before.chatOf(row.Conversation)]; {
		case begun != "":
			s.problem(row, "contact_id: a chat is linked before its first message only, and %s", begun)
		case row.Contact != 0 && len(s.contacts) == 0:
			s.problem(row, "contact_id: the contacts of the account are not known yet; kommo-import match reads them")
		case row.Contact != 0 && !s.contacts[row.Contact]:
			s.problem(row, "contact_id: the account has no contact %d, or match has not read it", row.Contact)
		}
	}
	if chat != "" {
		chatKind, known := s.known[chat]
		switch further := s.after.of[chat].Chat; {
		case !known:
			s.problem(row, "chat: there is no conversation %s in the migration file", chat)
			return
		case further != "":
			s.problem(row, "chat: %s is itself in the chat of %s; name that one", chat, further)
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
}

// store stores the changed decisions. It returns the chats that must be planned anew, and which of them conversations join
// or leave.
func (s *sheet) store(tx *sql.Tx) (decided []string, moved map[string]bool, err error) {
	moved = make(map[string]bool)
	for _, row := range s.changed {
		d, before := row.Decision, s.before.decided(row.Conversation)
		if d.undecided() {
			_, err = tx.Exec(`DELETE FROM decision WHERE conversation = ?`, d.Conversation)
		} else {
			_, err = tx.Exec(`INSERT OR REPLACE INTO decision (conversation, import, notify, chat, contact) VALUES (?, ?, ?, ?, ?)`,
				d.Conversation, d.Import, d.Notify, d.Chat, d.Contact)
		}
		if err != nil {
			return nil, nil, err
		}
		from, to := s.before.chatOf(row.Conversation), s.after.chatOf(row.Conversation)
		if from != to {
			moved[from], moved[to], moved[row.Conversation] = true, true, true
		}
		if from != to || d.Import != before.Import {
			decided = append(decided, from, to, row.Conversation)
		}
	}
	return decided, moved, nil
}

// decided returns the decision about a conversation, which may be undecided.
func (d decisions) decided(conversation string) Decision {
	decision := d.of[conversation]
	decision.Conversation = conversation
	return decision
}

// with returns the decisions after those of rows.
func (d decisions) with(rows []SheetRow) decisions {
	after := decisions{make(map[string]Decision, len(d.of)), make(map[string][]string)}
	for conversation, decision := range d.of {
		after.of[conversation] = decision
	}
	for _, row := range rows {
		after.of[row.Conversation] = row.Decision
	}
	return after
}
