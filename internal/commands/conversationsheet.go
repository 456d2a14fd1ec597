package commands

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kommo-import/importer"
	"kommo-import/internal/sheet"
)

// sheetColumns returns the columns of the sheet of conversations. People fill in the last four.
func sheetColumns() []sheet.Column {
	yesNo := []string{string(importer.Yes), string(importer.No)}
	return []sheet.Column{
		{Name: "conversation_id", Width: 28},
		{Name: "name", Width: 24},
		{Name: "phone", Width: 16},
		{Name: "messages", Width: 10},
		{Name: "first", Width: 17},
		{Name: "last", Width: 17},
		{Name: "kind", Width: 9},
		{Name: "plan", Width: 44},
		{Name: "matched_contact", Width: 16},
		{Name: "contact_name", Width: 24},
		{Name: "matched_by", Width: 12},
		{Name: "import", Width: 10, ToFill: true, Choices: yesNo,
			Hint: "yes: bring it, whatever the filters say. no: leave it out. Empty: as the filters say."},
		{Name: "notify", Width: 10, ToFill: true, Choices: yesNo,
			Hint: "yes: its last message notifies. no: all are silent. Empty: as --silent and --notify-since say."},
		{Name: "chat", Width: 28, ToFill: true,
			Hint: "The conversation_id of the conversation whose chat this one joins. Empty: a chat of its own."},
		{Name: "contact_id", Width: 14, ToFill: true,
			Hint: "The number of the contact in Kommo to which the chat is linked. Empty: as match has found."},
	}
}

// decisionColumns are the columns that the sheet must have to be taken back, in the order of decisionRow.
func decisionColumns() []string {
	return []string{"conversation_id", "import", "notify", "chat", "contact_id"}
}

// writeSheet writes the sheet of conversations. It replaces an earlier sheet unless that has decisions that were not taken.
func (p *program) writeSheet(v *values, file *importer.File, rows iter.Seq2[importer.ConversationRow, error]) error {
	count, err := v.writeTable("sheet of conversations", sheetColumns(), func(path string) error { return checkTaken(file, path) }, sheetRows(rows))
	if err != nil {
		return err
	}
	if v.on("json") {
		return p.writeJSON(map[string]int{"conversations": count})
	}
	path := v.text("out")
	p.ui.info("Wrote %s to %s. Fill in what you want to decide, and save the file.\nNext: kommo-import conversations --from %s%s",
		plural(count, "conversation"), printable(path), printable(quoted(path)), v.migrationFlag())
	return nil
}

// checkTaken returns an error if the file at path is a sheet with decisions that were not taken.
func checkTaken(file *importer.File, path string) error {
	rows, _, err := readSheet(path)
	if err != nil { // there is no sheet, or it is empty
		return nil
	}
	rows = slices.DeleteFunc(rows, func(row importer.SheetRow) bool {
		return len(row.Unread) == 0 && row.Decision == importer.Decision{Conversation: row.Conversation}
	})
	undecided, err := file.Undecided(rows)
	if err == nil && undecided > 0 {
		return usage("%s has decisions that were not taken, in %s: take them with --from, or choose another name",
			path, plural(undecided, "row"))
	}
	return err
}

// sheetRows returns conversations as rows of the sheet.
func sheetRows(conversations iter.Seq2[importer.ConversationRow, error]) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for c, err := range conversations {
			row := []any{c.ID, c.Name, c.Phone, c.Messages, c.First, c.Last, string(c.Kind), c.Plan,
				orEmpty(c.MatchedContact), c.ContactName, c.MatchedBy,
				string(c.Import), string(c.Notify), c.Chat, orEmpty(c.Contact)}
			if !yield(row, err) {
				return
			}
		}
	}
}

// orEmpty returns an id of Kommo as text, "" for 0.
func orEmpty(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// takeDecisions takes the decisions in a sheet.
func (p *program) takeDecisions(ctx context.Context, v *values) error {
	path := v.text("from")
	rows, unknown, err := readSheet(path)
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	if len(unknown) > 0 {
		p.ui.info("These columns are not known and not read: %s", oneLine(strings.Join(unknown, ", "), 300))
	}
	return p.changeDecisions(v, func(loader *importer.Loader) error {
		report, err := loader.TakeDecisions(ctx, rows)
		if err != nil {
			return withProblems(path, err)
		}
		return p.reportDecisions(v, report)
	})
}

// clearDecisions undoes all decisions that can be undone.
func (p *program) clearDecisions(ctx context.Context, v *values) error {
	return p.changeDecisions(v, func(loader *importer.Loader) error {
		report, err := loader.ClearDecisions(ctx)
		if err != nil {
			return err
		}
		return p.reportDecisions(v, report)
	})
}

// changeDecisions opens the migration file and runs a change of decisions.
func (p *program) changeDecisions(v *values, change func(*importer.Loader) error) error {
	file, err := p.openExisting(v)
	if err != nil {
		return err
	}
	err = change(&importer.Loader{File: file, Progress: p.showLoading})
	p.ui.endProgress()
	return withCloseError(err, file.Close())
}

func (p *program) reportDecisions(v *values, r importer.DecisionReport) error {
	if v.on("json") {
		return p.writeJSON(r)
	}
	switch {
	case v.on("clear") && r.Decided > 0:
		p.ui.info("Undone: %s. Still decided, because something of their chats was sent: %s.", plural(r.Changed, "decision"),
			plural(r.Decided, "conversation"))
	case v.on("clear"):
		p.ui.info("Undone: %s. Nothing is decided any more.", plural(r.Changed, "decision"))
	case r.Changed == 0:
		p.ui.info("Nothing has changed: all %s say what was decided before.", plural(r.Rows, "row"))
	default:
		p.ui.info("Taken: %s of %s.", plural(r.Changed, "change"), plural(r.Rows, "row"))
	}
	if r.Decided > 0 {
		p.ui.info("Decided now: %s.", decisionCounts(r))
	}
	p.ui.note(r.Dropped, "message", "Planned before, and left out now: %s.")
	p.ui.note(r.Restored, "message", "Left out before, and planned now: %s.")
	p.printNext(v, "preview")
	return nil
}

// decisionCounts returns how many decisions of each kind there are: "2 left out, 1 in the chat of another".
func decisionCounts(r importer.DecisionReport) string {
	var parts []string
	for _, part := range []struct {
		n    int
		what string
	}{{r.LeftOut, "left out"}, {r.Included, "included"}, {r.Notifying, "to notify"}, {r.Silenced, "silent"},
		{r.Joined, "in the chat of another"}, {r.Linked, "with a contact"}} {
		if part.n > 0 {
			parts = append(parts, number(part.n)+" "+part.what)
		}
	}
	return strings.Join(parts, ", ")
}

// mostProblems is how many problems of a sheet are named.
const mostProblems = 10

// withProblems returns the error of a sheet with its problems, a line each.
func withProblems(path string, err error) error {
	if other, ok := errors.AsType[*importer.OtherSheetError](err); ok {
		return fmt.Errorf("--from %s: %w. Nothing was changed", path, other)
	}
	e, ok := errors.AsType[*importer.SheetError](err)
	if !ok {
		return err
	}
	lines := []string{fmt.Sprintf("--from %s: %s, and nothing was changed", path, plural(len(e.Problems), "problem"))}
	for _, problem := range e.Problems[:min(len(e.Problems), mostProblems)] {
		lines = append(lines, oneLine(problem.String(), 400))
	}
	if more := len(e.Problems) - mostProblems; more > 0 {
		lines = append(lines, "and "+number(more)+" more")
	}
	return errors.New(strings.Join(lines, "\n"))
}

// readSheet reads the decisions in a sheet. unknown are its columns that are not those of the sheet.
func readSheet(path string) (rows []importer.SheetRow, unknown []string, err error) {
	table, err := sheet.Open(path, decisionColumns()...)
	if err != nil {
		return nil, nil, err
	}
	defer table.Close() // it was only read
	for _, name := range table.Header {
		isIt := func(c sheet.Column) bool { return strings.EqualFold(c.Name, name) }
		if name != "" && !slices.ContainsFunc(sheetColumns(), isIt) {
			unknown = append(unknown, name)
		}
	}
	for row, err := range table.Rows() {
		if err != nil {
			return nil, nil, err
		}
		rows = append(rows, decisionRow(row.Cells, filepath.Base(path)+":"+strconv.Itoa(row.Number)))
	}
	return rows, unknown, nil
}

// decisionRow returns the decision in the cells of decisionColumns.
func decisionRow(cells []string, position string) importer.SheetRow {
	row := importer.SheetRow{Position: position}
	row.Conversation, row.Chat = cells[0], cells[3]
	unread := func(format string, args ...any) { row.Unread = append(row.Unread, fmt.Sprintf(format, args...)) }
	if row.Conversation == "" {
		unread("conversation_id is empty")
	}
	for i, choice := range []*importer.Choice{&row.Import, &row.Notify} {
		var ok bool
		if *choice, ok = choiceOf(cells[i+1]); !ok {
			unread("%s: %q is neither yes nor no", decisionColumns()[i+1], cells[i+1])
		}
	}
	var ok bool
	if row.Contact, ok = contactOf(cells[4]); !ok {
		unread("contact_id: %q is not the number of a contact", cells[4])
	}
	for i, cell := range cells {
		if !utf8.ValidString(cell) {
			unread("%s is not UTF-8: save the sheet as .xlsx, or as CSV UTF-8", decisionColumns()[i])
		}
	}
	return row
}

// choiceOf returns the choice that a cell stands for: in English, or in Russian, Spanish and Portuguese, the languages of
// Kommo. Spreadsheets write TRUE or 1 for a ticked box.
func choiceOf(cell string) (choice importer.Choice, ok bool) {
	switch strings.ToLower(strings.TrimLeft(cell, "'")) {
	case "":
		return "", true
	case "yes", "y", "true", "1", "да", "истина", "sí", "si", "verdadero", "sim", "verdadeiro":
		return importer.Yes, true
	case "no", "n", "false", "0", "нет", "ложь", "falso", "não", "nao":
		return importer.No, true
	}
	return "", false
}

// contactOf returns the number of a contact, 0 for an empty cell. Spreadsheets add .0 and apostrophes.
func contactOf(cell string) (id int64, ok bool) {
	if cell == "" {
		return 0, true
	}
	id, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimLeft(cell, "'"), ".0"), 10, 64)
	return id, err == nil && id > 0
}
