package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// printable returns text that may be hostile so that it cannot steer a terminal: control characters and marks that
// turn the direction of writing are shown as escapes.
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

// plural returns n and the word for so many: "1 message", "2,000 messages".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return number(n) + " " + word + "s"
}

// duration returns d as people say it: "45 s", "12 min", "3 h 20 min", "2 days 4 h".
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
