package csvfile

import (
	"maps"
	"slices"
	"strings"
)

// suggestColumns adds the preset or the mapping that the header of a table suggests to the settings. A table in which
// nothing is missing needs none.
func (f *File) suggestColumns(s *scan) {
	f.suggestNotes(s)
	needed := append(requiredColumns(), "text")
	if !slices.ContainsFunc(needed, func(name string) bool { return slices.Contains(s.plan.missing, name) }) {
		return
	}
	if name := recognised(s.columns); name != "" && f.Preset == "" && len(f.Map) == 0 {
		f.Preset, f.SkipWhere = name, s.settings.SkipWhere
		return
	}
	mapping := propose(s.columns, s.settings.Map)
	maps.Copy(mapping, f.Map)
	given := s.settings.Map
	f.Map = mapping
	if given["direction"] == "" && mapping["direction"] != "" {
		f.suggestDirection(s.columns)
	}
	if given["timestamp"] == "" && mapping["timestamp"] != "" {
		f.suggestHour(s.columns)
	}
}

// suggestDirection takes the column whose values say most about the side, of those whose names would do: some tables have a
// column for the type of a message, and another one for its side.
func (f *File) suggestDirection(h *header) {
	most, first := -1, f.Map["direction"]
	best := first
	for _, name := range plainNames("direction") {
		at := h.findPlain(name)
		if at < 0 || canonical(first) != h.normal[at] && slices.Contains(f.Map.sourceColumns(), h.normal[at]) {
			continue
		}
		f.Map["direction"] = h.spelled[at]
		if known := f.knownSides(); known > most {
			most, best = known, strings.TrimSpace(h.spelled[at])
		}
	}
	f.Map["direction"] = best
}

// suggestHour adds the column with the time of day where the time is a day only, and both together are times.
func (f *File) suggestHour(h *header) {
	day := f.Map["timestamp"]
	for i, name := range h.normal {
		isHour := slices.ContainsFunc(strings.Fields("time hour hora час врем"), func(word string) bool { return strings.Contains(plainForm(name), word) })
		if !isHour || slices.Contains(f.Map.sourceColumns(), name) {
			continue
		}
		f.Map["timestamp"] = day
		days := f.knownTimes()
		f.Map["timestamp"] = day + "+" + strings.TrimSpace(h.spelled[i])
		if both := f.knownTimes(); both > 0 && both >= days {
			return
		}
	}
	f.Map["timestamp"] = day
}

// knownSides returns in how many of the first rows the direction says a side.
func (f *File) knownSides() (known int) {
	plain := proposedSides(f.Map["direction"])
	f.sample(func(s *scan, rec *record) {
		word := strings.ToLower(s.converter.plain("direction", rec.Direction))
		if _, isKnown := s.converter.sides.words[word]; isKnown || plain[word] != "" && plain[word] != "skipped" {
			known++
		}
	})
	return known
}

// knownTimes returns how many of the first rows have times of a form that is known, or of the one that fits most of them.
func (f *File) knownTimes() int {
	survey := newTimeSurvey()
	f.sample(func(s *scan, rec *record) { survey.add(s.converter.plain("timestamp", rec.Timestamp)) })
	known := survey.plain
	if best := survey.best(); len(best) > 0 {
		known += best[0].Rows
	}
	return known
}

// sample passes the first rows to look, as far as they can be read.
func (f *File) sample(look func(s *scan, rec *record)) {
	s, err := f.open("")
	if err != nil {
		return
	}
	defer s.close()
	for range 200 {
		rec, err := s.decode()
		if err != nil {
			return
		}
		s.converter.compute(rec, s.plan, s.cells, "")
		look(s, rec)
		s.lines.accept()
	}
}
