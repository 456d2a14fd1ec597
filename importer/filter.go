package importer

import (
	"fmt"
	"path"
	"strings"
	"time"

	"kommo-import/sources"
)

// A Filter says which messages a migration is about. What it leaves out is skipped, with the reason.
type Filter struct {
	Since   time.Time `json:"since,omitzero"`    // messages before it are left out; zero: no limit
	Until   time.Time `json:"until,omitzero"`    // messages at or after it are left out; zero: no limit
	Include []string  `json:"include,omitempty"` // ids or patterns of conversations; empty: all
	Exclude []string  `json:"exclude,omitempty"` // ids or patterns of conversations
	Groups  bool      `json:"groups,omitempty"`  // groups are taken too
	Media   MediaForm `json:"media,omitempty"`   // what becomes of media
}

// MediaForm says what becomes of messages with media: pictures, videos, files, voice, audio and stickers.
type MediaForm string

// The forms of media.
const (
	MediaAsLink MediaForm = ""     // Kommo is sent the link and takes the file from there
	MediaAsText MediaForm = "text" // a text tells which file was there; no link is looked up or made anew
	MediaNot    MediaForm = "skip" // messages with media are left out
)

// Check reports the first pattern that is none. A pattern is an id in which * stands for anything, ? for one
// character and [a-z] for one of several.
func (f Filter) Check() error {
	for _, pattern := range append(append([]string{}, f.Include...), f.Exclude...) {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return nil
}

// conversation returns why a conversation is left out, or "".
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

// message returns why a message of that time and kind is left out, or "".
func (f Filter) message(written time.Time, kind sources.Kind) string {
	switch {
	case f.Media == MediaNot && isMedia(kind):
		return "left out by --media=skip"
	case !f.Since.IsZero() && written.Before(f.Since):
		return "before --since " + f.Since.Format(time.RFC3339)
	case !f.Until.IsZero() && !written.Before(f.Until):
		return "not before --until " + f.Until.Format(time.RFC3339)
	}
	return ""
}

// asText reports whether messages of that kind go as text because nobody wants their media.
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

// plain returns text without slashes, which path.Match keeps from being matched by a star.
func plain(text string) string { return strings.ReplaceAll(text, "/", "\x00") }
