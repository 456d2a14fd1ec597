package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"kommo-import/internal/migration"
)

// A SheetRow is a row of the sheet. Its empty fields undo what was decided before. The ids of conversations may be as a
// spreadsheet has changed them, such as 7.9001234567E+10.
type SheetRow struct {
	Decision
	Position string // in the sheet, for people: "chats.xlsx:12"
	// Unread holds the problems of cells that cannot be understood, such as `import: "maybe" is neither yes nor no`.
	Unread []string
}

// A SheetError means that decisions cannot be taken. None of them was.
type SheetError struct {
	Problems []SheetProblem
}

// An OtherSheetError means that most conversations of a sheet are not in the migration file. Nothing was decided.
type OtherSheetError struct {
	Unknown, Rows int
	Examples      []string // ids of the sheet
}

func (e *OtherSheetError) Error() string {
	return fmt.Sprintf("%d of the %s of the sheet are not in the migration file, such as %s: it is the sheet of another migration file",
		e.Unknown, countOf(e.Rows, "conversation"), strings.Join(e.Examples, ", "))
}

// A SheetProblem is why a row of the sheet cannot be taken.
type SheetProblem struct {
	Position, Conversation string
	Why                    string
}

func (e *SheetError) Error() string {
	text := e.Problems[0].String()
	if more := len(e.Problems) - 1; more > 0 {
		text += fmt.Sprintf(" (and %s)", countOf(more, "further problem"))
	}
	return text
}

func (p SheetProblem) String() string {
	if p.Conversation == "" {
		return p.Position + ": " + p.Why
	}
	return fmt.Sprintf("%s: conversation %s: %s", p.Position, p.Conversation, p.Why)
}

// A DecisionReport is the outcome of [Loader.TakeDecisions].
type DecisionReport struct {
	Rows      int `json:"rows"`    // of the sheet
	Changed   int `json:"changed"` // of these, rows that decide something else than before
	Decided   int `json:"decided"` // conversations about which something is decided now
	LeftOut   int `json:"left_out"`
	Included  int `json:"included"`
	Notifying int `json:"notifying"` // whose last message is to notify
	Silenced  int `json:"silenced"`  // whose messages are all to be silent
	Joined    int `json:"joined"`    // conversations that are in the chat of another one
	Linked    int `json:"linked"`    // conversations with a contact
	Dropped   int `json:"dropped"`   // messages that are left out from now on
	Restored  int `json:"restored"`  // messages that are planned from now on
}

// TakeDecisions stores the decisions of a sheet and plans anew what they concern, all of it or nothing. Conversations that
// no row names stay as they were decided. Taking the same rows again changes nothing. The error may be a [SheetError] or an
// [OtherSheetError].
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
		if _, err := migration.Setting(tx, settingFilter, &p.filter); err != nil {
			return err
		}
		if p.decided, p.moved, err = s.store(tx); err != nil {
			return err
		}
		if err := p.planConversations(ctx, "FALSE", l.progress); err != nil {
			return err
		}
		return p.conclude(false)
	})
	if err != nil {
		return report, l.File.Explain(err)
	}
	report.Dropped, report.Restored = planned.Dropped, planned.Restored
	if err := report.readDecided(l.File.Reader); err != nil {
		return report, l.File.Explain(err)
	}
	return report, l.lookUpMedia(ctx, 0, &planned)
}

// readDecided counts the decisions that hold now.
func (r *DecisionReport) readDecided(q migration.Querier) error {
	return q.QueryRow(`SELECT count(*), count(*) FILTER (WHERE import = 'no'), count(*) FILTER (WHERE import = 'yes'),
		count(*) FILTER (WHERE notify = 'yes'), count(*) FILTER (WHERE notify = 'no'),
		count(*) FILTER (WHERE chat <> ''), count(*) FILTER (WHERE contact <> 0) FROM decision`).
		Scan(&r.Decided, &r.LeftOut, &r.Included, &r.Notifying, &r.Silenced, &r.Joined, &r.Linked)
}

// Undecided returns how many rows decide something else than is decided now, and changes nothing. Rows that cannot be taken
// count too.
func (f *File) Undecided(rows []SheetRow) (count int, err error) {
	err = f.View(func(tx *sql.Tx) error {
		s, err := readSheet(tx, rows)
		if _, isOther := errors.AsType[*OtherSheetError](err); isOther {
			count = len(rows)
			return nil
		}
		if err == nil {
			count = max(len(s.changed), len(s.problems))
		}
		return err
	})
	return count, f.Explain(err)
}

// ClearDecisions undoes all decisions, but for the chat and the contact of conversations of which something was sent.
func (l *Loader) ClearDecisions(ctx context.Context) (DecisionReport, error) {
	var rows []SheetRow
	err := l.File.View(func(tx *sql.Tx) error {
		all, err := readDecisions(tx)
		if err != nil {
			return err
		}
		s, err := readSheet(tx, nil)
		if err != nil {
			return err
		}
		for conversation, d := range all.of {
			row := SheetRow{Decision: Decision{Conversation: conversation}}
			if s.begun[all.chatOf(conversation)] != "" {
				row.Chat, row.Contact = d.Chat, d.Contact
			}
			rows = append(rows, row)
		}
		return nil
	})
	if err != nil {
		return DecisionReport{}, err
	}
	return l.TakeDecisions(ctx, rows)
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
