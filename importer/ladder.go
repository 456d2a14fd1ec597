package importer

import "strings"

// A form is a form in which a message is sent. The zero form holds all that the message has.
type form struct {
	asText      bool // its media are sent as text
	quoteAsText bool // the message that it answers is quoted as text, not named
	noAvatar    bool // the client's avatar is left out
}

// ladder returns the forms in which m is sent after Kommo refused it in its present form: without each part that may be
// the reason, alone, and then without all of them. A quoted message that Kommo has not processed yet, an avatar that is
// gone, and a file that cannot be fetched are such reasons.
func ladder(cv *conversation, m *outgoing) []form {
	rungs, all := []form{}, m.form
	without := func(applies bool, change func(*form)) {
		if !applies {
			return
		}
		alone := m.form
		change(&alone)
		change(&all)
		rungs = append(rungs, alone)
	}
	without(cv.client.Avatar != "" && !m.noAvatar, func(f *form) { f.noAvatar = true })
	without(m.quotes != (identity{}) && !m.quoteAsText, func(f *form) { f.quoteAsText = true })
	without(m.content.Media != nil && !m.asText && m.media.Status == mediaFound, func(f *form) { f.asText = true })
	if len(rungs) > 1 {
		rungs = append(rungs, all)
	}
	return rungs
}

// difference returns how the form differs from the zero form, such as "without the client's avatar, with the file as text".
func (f form) difference() string {
	var parts []string
	for _, part := range []struct {
		is   bool
		text string
	}{
		{f.noAvatar, "without the client's avatar"},
		{f.quoteAsText, "with the quote as text"},
		{f.asText, "with the file as text"},
	} {
		if part.is {
			parts = append(parts, part.text)
		}
	}
	return strings.Join(parts, ", ")
}
