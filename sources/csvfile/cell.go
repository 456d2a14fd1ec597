package csvfile

import (
	"strings"
	"unicode/utf8"

	"kommo-import/sources"
)

// plain returns a cell that is not free text, such as an id, a time or a phone, without what spreadsheets, databases and
// copying have put into it: blanks around it, invisible marks, an apostrophe, ="…", NULL.
func (c *converter) plain(column, cell string) string {
	s := strings.TrimSpace(cell)
	if s == "" || !suspicious(s) {
		return s
	}
	if clean := sources.CleanID(s); clean != s {
		c.note(marksRemoved, column, s, clean)
		s = clean
	}
	s = c.withoutFormula(column, s)
	if s[:min(len(s), 1)] == "'" {
		clean := strings.TrimSpace(strings.Trim(s, "'"))
		c.note(apostropheRemoved, column, s, clean)
		s = clean
	}
	if isNull(s) {
		c.note(nullEmptied, column, s, "")
		return ""
	}
	return s
}

// free returns a cell that people fill with words. It changes less than plain: words may begin with an apostrophe or
// hold marks that matter.
func (c *converter) free(column, cell string) string {
	if cell == "" {
		return cell
	}
	if strings.IndexByte(cell, '\r') >= 0 {
		cell = strings.ReplaceAll(cell, "\r", "\n") // a line end of old Macs; lines has removed the others
	}
	switch cell[0] {
	case '=':
		return c.withoutFormula(column, cell)
	case '\'':
		if escaped(cell) {
			c.note(apostropheRemoved, column, cell, cell[1:])
			return cell[1:]
		}
	case 'N', '\\':
		if s := strings.TrimSpace(cell); s == "NULL" || s == `\N` {
			c.note(nullEmptied, column, s, "")
			return ""
		}
	}
	return cell
}

// name returns free text on one line, such as a name, without blanks and invisible marks around it.
func (c *converter) name(column, cell string) string {
	s := c.free(column, strings.TrimSpace(cell))
	if s == "null" { // a person may be called Null
		c.note(nullEmptied, column, s, "")
		return ""
	}
	if s == "" || s[0] < utf8.RuneSelf && s[len(s)-1] < utf8.RuneSelf {
		return s
	}
	return strings.TrimSpace(strings.TrimFunc(s, func(r rune) bool { return sources.Visible(r) < 0 }))
}

// withoutFormula returns the text in ="text", which keeps a spreadsheet from reading it as a number.
func (c *converter) withoutFormula(column, s string) string {
	text, found := strings.CutPrefix(strings.TrimSpace(s), `="`)
	if !found {
		return s
	}
	text, found = strings.CutSuffix(text, `"`)
	if !found || strings.Contains(text, `"`) {
		return s
	}
	text = strings.TrimSpace(text)
	c.note(formulaRemoved, column, s, text)
	return text
}

// suspicious reports whether plain may have to change s. It is quick, because nearly all cells need no change.
func suspicious(s string) bool {
	switch s[0] {
	case '\'', '=', '\\', '#', 'N', 'n', 'U', 'u', '<', '(', '[':
		return true
	}
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// isNull reports whether a cell that is not free text stands for nothing in a database, a program or a spreadsheet.
func isNull(s string) bool {
	if s == `\N` {
		return true
	}
	if len(s) > 2 && strings.Contains("<([", s[:1]) && strings.Contains(">)]", s[len(s)-1:]) {
		s = s[1 : len(s)-1]
	}
	if len(s) > len("undefined") {
		return false
	}
	switch strings.ToLower(s) {
	case "null", "nan", "none", "undefined", "n/a", "#n/a":
		return true
	}
	return false
}

// escaped reports whether s begins with an apostrophe that keeps a spreadsheet from reading the text as a formula. The
// apostrophe in "'+1' he wrote" is none, because another one closes the quotation.
func escaped(s string) bool {
	return len(s) > 1 && strings.IndexByte("=+-@", s[1]) >= 0 && !closesQuote(s[2:])
}

// closesQuote reports whether s holds an apostrophe at the end of a word.
func closesQuote(s string) bool {
	for before, after, found := strings.Cut(s, "'"); found; before, after, found = strings.Cut(after, "'") {
		next, _ := utf8.DecodeRuneInString(after)
		if !strings.HasSuffix(before, " ") && (after == "" || strings.ContainsRune(" \t\n.,;:!?)", next)) {
			return true
		}
	}
	return false
}
