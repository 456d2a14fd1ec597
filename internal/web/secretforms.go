package web

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// formsOf returns the forms of a secret without white space, the longest of each text first; empty for "".
func formsOf(secret string) (forms []string) {
	if secret == "" {
		return nil
	}
	for _, text := range append(inBase64(secret), secret) {
		for _, escaped := range []string{url.PathEscape(text), url.QueryEscape(text), text} {
			for _, form := range []string{strings.ReplaceAll(escaped, "/", `\/`), escaped} {
				if !slices.Contains(forms, form) {
					forms = append(forms, form)
				}
			}
		}
	}
	return forms
}

// inBase64 returns what base64 makes of a secret within a longer text, in both alphabets: the digits that depend on
// nothing but the secret. They differ with the number of bytes before the secret, modulo 3.
func inBase64(secret string) (forms []string) {
	const shortest = 8
	if len(secret) < shortest {
		return nil
	}
	for before := range 3 {
		const bits, digitBits = 8, 6
		text := strings.Repeat("\x00", before) + secret
		from, to := (before*bits+digitBits-1)/digitBits, len(text)*bits/digitBits
		for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			forms = append(forms, alphabet.EncodeToString([]byte(text))[from:to])
		}
	}
	return forms
}

// pattern returns the regular expression for a form that may be split by white space, as JSON escapes it too.
func pattern(form string) string {
	characters := strings.Split(form, "")
	for i, character := range characters {
		characters[i] = regexp.QuoteMeta(character)
	}
	return strings.Join(characters, `(?:\s|\\[nrt])*`)
}

// withoutSpace removes what a pattern passes over between the characters of a form. It changes text.
func withoutSpace(text []byte) []byte {
	kept := text[:0]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c >= '\t' && c <= '\r':
		case c == '\\' && i+1 < len(text) && (text[i+1] == 'n' || text[i+1] == 'r' || text[i+1] == 't'):
			i++
		default:
			kept = append(kept, c)
		}
	}
	return kept
}
