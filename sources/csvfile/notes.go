package csvfile

import (
	"slices"
	"strings"
)

// Words for true and false in tables that went through Excel in Russia, Spain and Brazil.
const (
	yes = "true,истина,verdadero,verdadeiro"
	no  = "false,ложь,falso"
)

// marked are values of a column that say that a row is a note.
const marked = yes + ",1,yes,y,t,да,sí,si,sim,private,internal"

// MarksNotes reports whether a column of that name says which rows are internal notes: those must never be sent to a client.
func MarksNotes(column string) bool {
	return slices.Contains(strings.Fields("private isprivate privatenote messageprivate internal isinternal internalnote note isnote "+
		"privada privado interna interno notainterna приватное приватная внутреннее внутренняя служебное заметка"), plainForm(column))
}

// suggestNotes leaves out the rows that a column marks as notes, unless the settings say something of that column.
func (f *File) suggestNotes(s *scan) {
	for i, name := range s.columns.normal {
		isUnread := slices.Contains(s.plan.unknown, strings.TrimSpace(s.columns.spelled[i]))
		if MarksNotes(name) && isUnread && !strings.ContainsAny(name, ",=") && !slices.Contains(f.Map.sourceColumns(), name) {
			f.SkipWhere = append(slices.Clone(f.SkipWhere), strings.TrimSpace(s.columns.spelled[i])+"="+marked)
		}
	}
}

// pruneNotes leaves in the settings only those values of notes that the table has, by the reasons of the rows that they leave
// out.
func (e *Explanation) pruneNotes(reasons map[string]bool) {
	var kept []string
	for _, where := range e.Proposal.SkipWhere {
		column, isOurs := strings.CutSuffix(where, "="+marked)
		if !isOurs {
			kept = append(kept, where)
			continue
		}
		var values []string
		for value := range strings.SplitSeq(marked, ",") {
			if reasons[strings.ToLower(leftOutBy(column, value))] {
				values = append(values, value)
			}
		}
		if len(values) > 0 {
			kept = append(kept, column+"="+strings.Join(values, ","))
		}
	}
	e.Proposal.SkipWhere = kept
}
