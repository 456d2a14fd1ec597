package importer

import (
	"cmp"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"kommo-import/sources"
)

// An idMatcher finds the conversation that a cell of the sheet names, also where a spreadsheet has changed the id.
type idMatcher struct {
	known   map[string]sources.ConversationKind
	plain   map[string][]string // ids by their plainID; nil until the first cell that is no id
	numbers []numericID         // by size
}

// A numericID is an id that a spreadsheet could take for a number.
type numericID struct{ digits, id string }

// find returns the id that a cell names. If a spreadsheet has changed the id so that it can be one of several, it returns
// some of these.
func (m *idMatcher) find(cell string) (id string, similar []string) {
	if _, isID := m.known[cell]; isID {
		return cell, nil
	}
	if m.plain == nil {
		m.index()
	}
	similar = m.plain[plainID(cell)]
	if digits, rounded := numberOf(cell); len(similar) == 0 && digits != "" {
		similar = m.near(digits, rounded)
	}
	if len(similar) == 1 {
		return similar[0], nil
	}
	return "", similar
}

func (m *idMatcher) index() {
	m.plain = make(map[string][]string, len(m.known))
	for _, id := range slices.Sorted(maps.Keys(m.known)) {
		plain := plainID(id)
		m.plain[plain] = append(m.plain[plain], id)
		if digits, _ := numberOf(id); digits != "" {
			m.numbers = append(m.numbers, numericID{digits, id})
		}
	}
	slices.SortStableFunc(m.numbers, func(a, b numericID) int { return compareDigits(a.digits, b.digits) })
}

// near returns some of the ids for which a number can stand whose last digits were rounded or cut off.
func (m *idMatcher) near(digits string, rounded int) (ids []string) {
	n, _ := new(big.Int).SetString(digits, 10)
	unit, _ := new(big.Int).SetString("1"+strings.Repeat("0", rounded), 10)
	low, high := new(big.Int).Sub(n, unit).String(), new(big.Int).Add(n, unit).String()
	from, _ := slices.BinarySearchFunc(m.numbers, low, func(a numericID, low string) int { return compareDigits(a.digits, low) })
	for _, number := range m.numbers[from:] {
		if compareDigits(number.digits, high) >= 0 || len(ids) == maxExamples {
			break
		}
		if number.digits != low {
			ids = append(ids, number.id)
		}
	}
	return ids
}

// compareDigits compares whole numbers without zeros before them.
func compareDigits(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// plainID returns an id without the changes of spreadsheets: blanks, apostrophes before it, characters that a
// workbook cannot hold, and the form of a number.
func plainID(id string) string {
	id = strings.TrimLeft(strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case unicode.IsControl(r):
			return unicode.ReplacementChar
		}
		return r
	}, id), "'")
	if digits, rounded := numberOf(id); digits != "" && rounded == 0 {
		return digits
	}
	return id
}

// excelDigits is how many digits of a number Excel keeps. Source: Microsoft, "Excel specifications and limits", number
// precision.
const excelDigits = 15

// numberForm matches a number as spreadsheets write ids: 79001234567, +79001234567, 79001234567.0, 7.9E+10, 7,9E+10.
var numberForm = regexp.MustCompile(`^\+?(\d{1,40})(?:[.,](\d{0,40}))?(?:[eE]\+?(\d{1,2}))?$`)

// numberOf returns the digits of a whole number without zeros before them, and how many of the last ones a spreadsheet may
// have rounded. digits is "" if the text is no whole number.
func numberOf(text string) (digits string, rounded int) {
	match := numberForm.FindStringSubmatch(text)
	if match == nil {
		return "", 0
	}
	exponent := 0
	for _, digit := range match[3] {
		exponent = exponent*10 + int(digit-'0')
	}
	fraction := strings.TrimRight(match[2], "0")
	zeros := exponent - len(fraction)
	if zeros < 0 {
		return "", 0
	}
	digits = strings.TrimLeft(match[1]+fraction+strings.Repeat("0", zeros), "0")
	if rounded = len(digits) - excelDigits; match[3] != "" {
		rounded = max(rounded, min(zeros, len(digits)-1))
	}
	return cmp.Or(digits, "0"), max(rounded, 0)
}
