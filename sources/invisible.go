package sources

import "strings"

// CleanID returns an id without invisible marks, and without blanks around it.
func CleanID(id string) string { return strings.TrimSpace(strings.Map(Visible, id)) }

// Visible returns -1 for the marks that show nothing: soft hyphen, marks of direction, spaces of no width, byte order
// mark. Joiners are not among them, because they change how letters and emoji look.
func Visible(r rune) rune {
	switch {
	case r == '\u00ad', r == '\u061c', r == '\u180e', r == '\u200b', r == '\u200e', r == '\u200f', r == '\ufeff',
		r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u2064', r >= '\u2066' && r <= '\u206f':
		return -1
	}
	return r
}
