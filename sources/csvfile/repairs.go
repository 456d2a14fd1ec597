package csvfile

import (
	"fmt"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// A repair is a kind of change to the cells of a row.
type repair int

const (
	apostropheRemoved repair = iota
	formulaRemoved
	nullEmptied
	marksRemoved
	linksSplit
	linkNamed
	typeGuessed
	sizeDropped
	pointDropped
	cellDropped
	rowPassedOver
	repairKinds // the number of kinds
)

// what returns the text that names the repair in [sources.Repair].
func (r repair) what() string {
	return [repairKinds]string{
		apostropheRemoved: "apostrophes before a cell, removed",
		formulaRemoved:    `cells written as ="…", reduced to their text`,
		nullEmptied:       "NULL or its like in a cell, read as empty",
		marksRemoved:      "invisible marks in a cell, removed",
		linksSplit:        "several links in one cell, read as one message each",
		linkNamed:         "files without a web address, named in the text instead",
		typeGuessed:       "a type that is no kind of message, guessed from the other columns",
		sizeDropped:       "a file size that is no number of bytes up to 1 TB, left out",
		pointDropped:      "coordinates that are no place, left out",
		cellDropped:       "unusable e-mails, avatars, authors, replies and posts, left out",
		rowPassedOver:     "rows left out that have no conversation or time, passed over",
	}[r]
}

// repairs counts the repairs of a batch, each once per row. The repairs of a row count only if the row is accepted.
type repairs struct {
	batch   [repairKinds]sources.Repair
	row     [repairKinds]bool
	details [repairKinds]string // of the current row, for kinds that have no example in the batch
	any     bool                // the current row has repairs
}

// note records a repair of the current row: the value of a cell became another.
func (r *repairs) note(kind repair, column, before, after string) {
	if r.row[kind] {
		return
	}
	r.any, r.row[kind] = true, true
	if r.batch[kind].Count == 0 {
		r.details[kind] = detail(column, before, after)
	}
}

// accept counts the repairs of the current row, which is at position.
func (r *repairs) accept(position string) {
	if !r.any {
		return
	}
	for kind := range repairKinds {
		if !r.row[kind] {
			continue
		}
		if r.batch[kind].Count++; r.batch[kind].Count == 1 {
			r.batch[kind].What = kind.what()
			r.batch[kind].Example = position + ": " + r.details[kind]
		}
	}
	r.forget()
}

// forget drops the repairs of the current row.
func (r *repairs) forget() {
	if r.any {
		r.any, r.row = false, [repairKinds]bool{}
	}
}

// take returns the repairs since the last call.
func (r *repairs) take() []sources.Repair {
	var list []sources.Repair
	for _, counted := range r.batch {
		if counted.Count > 0 {
			list = append(list, counted)
		}
	}
	r.batch = [repairKinds]sources.Repair{}
	return list
}

// detail returns `client_phone "'79001234567" is 79001234567`. Characters that a terminal might obey are escaped.
func detail(column, before, after string) string {
	after = strings.Trim(strconv.Quote(cut(after, 60)), `"`)
	if after == "" {
		after = "empty"
	}
	return fmt.Sprintf("%s %q is %s", column, cut(before, 60), after)
}
