package csvfile

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"kommo-import/sources"
)

// A sides says which side wrote the message of a row.
type sides struct {
	words map[string]outcome // by the value of the direction column, in lower case
	me    []string           // names, ids and phones of the company, in lower case
}

// An outcome is what becomes of the row with a value: a direction, or else it is left out.
type outcome struct {
	direction sources.Direction
	skip      string // the reason, "" for a message of that direction
}

// newSides returns the sides that the settings name, on top of the words of docs/csv.md.
func newSides(s *Settings) (*sides, error) {
	sides := &sides{words: make(map[string]outcome)}
	for _, list := range []struct {
		flag   string
		values []string
		outcome
	}{
		{"--incoming", s.Incoming, outcome{direction: sources.Incoming}},
		{"--outgoing", s.Outgoing, outcome{direction: sources.Outgoing}},
		{"--skip", s.Skip, outcome{skip: "left out by --skip"}},
	} {
		for _, value := range splitValues(list.values) {
			word := strings.ToLower(value)
			if earlier, isTwice := sides.words[word]; isTwice && earlier != list.outcome {
				return nil, fmt.Errorf("%s %s: the value is in another list too; it can have one meaning only", list.flag, value)
			}
			sides.words[word] = list.outcome
		}
	}
	for word, direction := range plainSides() {
		if _, isListed := sides.words[word]; !isListed {
			sides.words[word] = outcome{direction: direction}
		}
	}
	for _, value := range splitValues(s.Me) {
		sides.me = append(sides.me, strings.ToLower(value))
	}
	return sides, nil
}

// plainSides returns the values of the direction column that need no setting.
func plainSides() map[string]sources.Direction {
	plain := make(map[string]sources.Direction)
	for direction, words := range map[sources.Direction]string{
		sources.Incoming: "in incoming inbound received client customer",
		sources.Outgoing: "out outgoing outbound sent agent manager operator bot",
	} {
		for word := range strings.FieldsSeq(words) {
			plain[word] = direction
		}
	}
	return plain
}

// splitValues returns the values of a setting that holds several, separated by commas.
func splitValues(texts []string) (values []string) {
	for _, text := range texts {
		for value := range strings.SplitSeq(text, ",") {
			if value = strings.TrimSpace(value); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}

// of returns what becomes of a row with the value of the direction column and the author.
func (s *sides) of(word string, author sources.Author) (outcome, error) {
	found, isKnown := s.words[strings.ToLower(word)]
	switch {
	case len(s.me) > 0 && found.skip == "":
		return s.byAuthor(author)
	case !isKnown:
		return outcome{}, invalid("direction", word,
			errors.New("not a direction; use in or out, or list the value in --incoming, --outgoing or --skip"))
	}
	return found, nil
}

// byAuthor returns the side of an author: outgoing if it is the company.
func (s *sides) byAuthor(author sources.Author) (outcome, error) {
	if author == (sources.Author{}) {
		return outcome{}, errors.New("author_id and author_name are empty, which --me needs; --skip-where can leave the row out")
	}
	for _, name := range []string{author.ID, author.Name} {
		if name != "" && slices.ContainsFunc(s.me, func(me string) bool { return isSame(me, strings.ToLower(name)) }) {
			return outcome{direction: sources.Outgoing}, nil
		}
	}
	return outcome{direction: sources.Incoming}, nil
}

// isSame reports whether two names are equal, or are one phone in two forms.
func isSame(a, b string) bool {
	if a == b {
		return true
	}
	const signs = "+ ()-.\u00a0\u2011"
	digits := digitsOf(a)
	return len(digits) >= 7 && digits == digitsOf(b) && strings.Trim(a, signs+"0123456789") == "" &&
		strings.Trim(strings.TrimPrefix(b, "whatsapp:"), signs+"0123456789") == ""
}

// digitsOf returns the digits of a phone, without the fraction that a spreadsheet adds.
func digitsOf(phone string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, strings.TrimSuffix(phone, ".0"))
}
