package csvfile

import (
	"net/url"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLinks is the largest number of links in a row. It bounds the memory that a row needs.
const maxLinks = 100

// splitLinks returns the pieces of a cell with several links. A link ends where another begins behind a separator, so a
// comma within a link stays. A piece that is no link, such as a name before the first link, comes as it is.
func splitLinks(cell string) []string {
	if strings.HasPrefix(cell, "[") {
		cell = strings.Trim(cell, "[]") // a list of JSON
	}
	if strings.Contains(cell, `\`) && beginsLink(cell) {
		cell = strings.NewReplacer(`\r`, "\n", `\n`, "\n", `\t`, "\n").Replace(cell) // line ends that a program has escaped
	}
	var pieces []string
	start := 0
	for i := 1; i < len(cell); i++ {
		if (cell[i] == 'h' || cell[i] == 'H') && beginsLink(cell[i:]) && endsLink(cell[start:i]) {
			pieces = appendPiece(pieces, withoutJoint(cell[start:i]))
			start = i
		}
	}
	return appendPiece(pieces, cell[start:])
}

// withoutJoint returns a link without the word or sign that joins it to the next: "https://example.com/a.jpg and ".
func withoutJoint(link string) string {
	fields := strings.Fields(link)
	if n := len(fields) - 1; n > 0 && utf8.RuneCountInString(fields[n]) <= 3 && beginsLink(fields[0]) {
		return strings.Join(fields[:n], " ")
	}
	return link
}

func appendPiece(pieces []string, piece string) []string {
	if piece = strings.TrimFunc(piece, isSeparator); piece != "" {
		pieces = append(pieces, piece)
	}
	return pieces
}

func beginsLink(s string) bool {
	for _, scheme := range []string{"https://", "http://"} {
		if len(s) > len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			return true
		}
	}
	return false
}

// endsLink reports whether another link can begin after s. That is after a separator, or after the extension of a file.
func endsLink(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	extension := path.Ext(s)
	return isSeparator(r) || len(extension) >= 3 && len(extension) <= 6 && !strings.ContainsFunc(extension[1:], notAlphanumeric)
}

func notAlphanumeric(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

func isSeparator(r rune) bool {
	return strings.ContainsRune(`,;|"'`, r) || unicode.IsSpace(r)
}

// webAddress returns s as the address of a file or page on the web, with spaces and foreign letters encoded. It returns
// false if s is no such address.
func webAddress(s string) (link string, ok bool) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", false
	}
	foreign := func(r rune) bool { return r == ' ' || r >= utf8.RuneSelf }
	if strings.ContainsFunc(s, foreign) && !strings.ContainsFunc(u.Host, foreign) {
		return u.String(), true
	}
	return s, true
}

// nameOfPath returns the name of the file that a path on somebody's disk or a broken link names, or "".
func nameOfPath(s string) string {
	if strings.HasPrefix(s, "data:") {
		return ""
	}
	if u, err := url.Parse(s); err == nil && strings.Contains(s, "://") {
		s = u.Path
	}
	name := path.Base(strings.ReplaceAll(s, `\`, "/"))
	if strings.Trim(name, "./: ") == "" {
		return ""
	}
	return name
}
