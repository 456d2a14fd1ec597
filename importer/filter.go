package importer

import (
	"fmt"
	"path"
	"strings"
	"time"

	"kommo-import/sources"
)

// A Filter selects the messages of a migration. Messages that it leaves out are skipped, with the reason.
type Filter struct {
	Since   time.Time `json:"since,omitzero"`    // messages before it are left out; zero: no limit
	Until   time.Time `json:"until,omitzero"`    // messages at or after it are left out; zero: no limit
	Include []string  `json:"include,omitempty"` // ids or patterns of conversations; empty: all
	Exclude []string  `json:"exclude,omitempty"` // ids or patterns of conversations
	Groups  bool      `json:"groups,omitempty"`  // groups are included
	Deleted bool      `json:"deleted,omitempty"` // messages that their authors deleted are included
	Country string    `json:"country,omitempty"` // ISO 3166 code of phones without a country code; "": it is not known
	Media   MediaForm `json:"media,omitempty"`   // the form in which media are sent

	// MatchMinutes makes equal messages of two sources one if they were written in the same minute, not the same second: one of
	// the sources has no seconds.
	MatchMinutes bool `json:"match_minutes,omitempty"`
}

// MediaForm is the form in which media are sent: pictures, videos, files, voice, audio and stickers.
type MediaForm string

// The forms of media.
const (
	MediaAsLink MediaForm = ""     // as a link, from which Kommo fetches the file
	MediaAsText MediaForm = "text" // as a text that names the file; no link is asked or renewed
	MediaNot    MediaForm = "skip" // messages with media are left out
)

// Check returns an error for the first malformed pattern. A pattern is an id in which * stands for any text, ? for one
// character and [a-z] for one of several characters.
func (f Filter) Check() error {
	for _, pattern := range append(append([]string{}, f.Include...), f.Exclude...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// moment returns how many milliseconds make a moment: equal messages of two sources in one moment are one message.
func (f Filter) moment() int64 {
	if f.MatchMinutes {
		return 60_000
	}
	return 1000
}

// conversation returns why a conversation is left out, "" if it is not.
func (f Filter) conversation(id string, kind sources.ConversationKind) string {
	if kind == sources.Group && !f.Groups {
		return "a group; --groups=include takes groups along"
	}
	if pattern, ok := firstMatch(f.Exclude, id); ok {
		return "left out by --exclude " + pattern
	}
	if _, ok := firstMatch(f.Include, id); !ok && len(f.Include) > 0 {
		return "not named by --include"
	}
	return ""
}

// message returns why a message of that time and kind is left out, "" if it is not. deleted says that its author deleted it.
func (f Filter) message(written time.Time, kind sources.Kind, deleted bool) string {
	switch {
	case deleted && !f.Deleted:
		return "its author deleted it; --deleted=include takes it along"
	case f.Media == MediaNot && isMedia(kind):
		return "left out by --media=skip"
	case !f.Since.IsZero() && written.Before(f.Since):
		return "before --since " + f.Since.Format(time.RFC3339)
	case !f.Until.IsZero() && !written.Before(f.Until):
		return "not before --until " + f.Until.Format(time.RFC3339)
	}
	return ""
}

// asText reports whether messages of that kind are sent as text because of the filter.
func (f Filter) asText(kind sources.Kind) bool { return f.Media == MediaAsText && isMedia(kind) }

func isMedia(kind sources.Kind) bool {
	switch kind {
	case sources.KindText, sources.KindLocation, sources.KindContact:
		return false
	}
	return true
}

func firstMatch(patterns []string, id string) (string, bool) {
	for _, pattern := range patterns {
		if pattern == id {
			return pattern, true
		}
		if ok, err := path.Match(plain(pattern), plain(id)); ok && err == nil {
			return pattern, true
		}
	}
	return "", false
}

// plain replaces slashes, which a star does not match in path.Match.
func plain(text string) string { return strings.ReplaceAll(text, "/", "\x00") }
