package commands

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// printable returns a text from outside in a form that cannot control a terminal: control characters, and marks that
// change the direction of writing, become escapes.
func printable(text string) string {
	var clean strings.Builder
	for _, r := range text {
		switch {
		case r == '\n':
			clean.WriteString("\n")
		case r == '\t':
			clean.WriteString(" ")
		case unicode.IsGraphic(r), r == '\u200d': // the joiner of emoji
			clean.WriteRune(r)
		default:
			clean.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return clean.String()
}

// oneLine returns printable text without line breaks, cut to a length.
func oneLine(text string, length int) string {
	text = strings.Join(strings.Fields(printable(text)), " ")
	if runes := []rune(text); len(runes) > length {
		return string(runes[:length-1]) + "…"
	}
	return text
}

// number returns n with separators: 1,234,567.
func number(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// plural returns a number with its noun: "1 message", "2,000 messages".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

// duration returns d in the usual units: "45 s", "12 min", "3 h 20 min", "2 days 4 h".
func duration(d time.Duration) string {
	if d = d.Round(time.Second); d < 2*time.Minute {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	switch minutes := int(d.Round(time.Minute).Minutes()); {
	case minutes < 60:
		return fmt.Sprintf("%d min", minutes)
	case minutes < 48*60:
		return fmt.Sprintf("%d h %02d min", minutes/60, minutes%60)
	}
	hours := int(d.Round(time.Hour).Hours())
	return fmt.Sprintf("%d days %d h", hours/24, hours%24)
}

// span returns a period: "2006-01-02 15:04 UTC to 2006-01-03 15:04 UTC"; "" if first is zero.
func span(first, last time.Time) string {
	if first.IsZero() {
		return ""
	}
	return moment(first) + " to " + moment(last)
}

// moment returns a time in the zone of this computer, with the zone's name; "" for the zero time.
func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Local().Format("2006-01-02 15:04 MST")
}

// amount returns a number of bytes in the usual units: "12 MB".
func amount(n uint64) string {
	for _, unit := range []struct {
		name string
		size uint64
	}{{"TB", 1 << 40}, {"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}} {
		if n >= unit.size {
			return fmt.Sprintf("%.3g %s", float64(n)/float64(unit.size), unit.name)
		}
	}
	return plural(int(n), "byte")
}

// counted returns numbers with their names, the largest first: "120 text, 3 picture".
func counted(numbers map[string]int) string {
	names := slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(numbers[b]-numbers[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = number(numbers[name]) + " " + name
	}
	return strings.Join(names, ", ")
}

// fit breaks a line that is longer than columns, between words; with 0 columns no line is too long. The indentation of
// the line stays, and the lines after the first are indented.
func fit(line string, columns int, indent string) string {
	if columns == 0 || len([]rune(line)) <= columns {
		return line
	}
	if own := line[:len(line)-len(strings.TrimLeft(line, " "))]; len(own) > len(indent) {
		indent = own
	}
	column := len([]rune(indent))
	runes := []rune(line)
	if len(runes) > column && (strings.TrimSpace(string(runes[:column])) == "" || runes[column-1] == ' ') {
		return string(runes[:column]) + wrap(string(runes[column:]), columns-column, indent)
	}
	return wrap(line, columns-column, indent)
}

// wrap breaks text between words into lines of at most width characters; only a single word can be longer. The lines
// after the first are indented.
func wrap(text string, width int, indent string) string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(word)) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n"+indent)
}
