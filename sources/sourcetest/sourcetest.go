// Package sourcetest checks in tests that a source keeps the promises of [sources.Source].
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// Check reads source in one go and then again from behind every batch. It returns an error if what follows a cursor
// is not what followed it in the first reading, if FromStart is set anywhere but on the first batch, or if a message
// or an invalid entry lacks what it must have. What source reads must not change meanwhile.
func Check(ctx context.Context, source sources.Source) error {
	batches, err := Read(ctx, source, "")
	if err != nil {
		return err
	}
	for i, batch := range batches {
		if batch.FromStart != (i == 0) {
			return fmt.Errorf("batch %d: FromStart is %t", i, batch.FromStart)
		}
		if err := checkBatch(batch); err != nil {
			return fmt.Errorf("batch %d: %w", i, err)
		}
	}
	for i, batch := range batches {
		rest, err := Read(ctx, source, batch.Cursor)
		if err != nil {
			return fmt.Errorf("after batch %d: %w", i, err)
		}
		if diff := cmp.Diff(batches[i+1:], rest); diff != "" {
			return fmt.Errorf("what follows the cursor of batch %d (-in one go +resumed):\n%s", i, diff)
		}
	}
	return nil
}

// Read returns all batches behind cursor. With an error it returns those before it.
func Read(ctx context.Context, source sources.Source, cursor string) ([]sources.Batch, error) {
	batches := []sources.Batch{}
	for batch, err := range source.Batches(ctx, cursor) {
		if err != nil {
			return batches, err
		}
		batches = append(batches, batch)
	}
	return batches, nil
}

func checkBatch(batch sources.Batch) error {
	if batch.Cursor == "" {
		return errors.New("no cursor")
	}
	for _, m := range batch.Messages {
		if err := CheckMessage(m); err != nil {
			return fmt.Errorf("%s: %w in %+v", m.Position, err, m)
		}
	}
	for _, invalid := range batch.Invalid {
		if invalid.Position == "" || invalid.Reason == "" || len(invalid.Raw) > sources.MaxRaw ||
			!utf8.ValidString(invalid.Reason+invalid.Raw) {
			return fmt.Errorf("not as it should be: %+v", invalid)
		}
	}
	return nil
}

// CheckMessage returns an error if m lacks what every message must have, or what belongs to its kind. A message with a
// reason to be skipped may lack the latter.
func CheckMessage(m sources.Message) error {
	c := m.Conversation
	switch {
	case c.ID == "" || c.Client.ID == "" || m.Position == "":
		return errors.New("no id or no position")
	case c.Kind != sources.Person && c.Kind != sources.Group:
		return errors.New("bad kind of conversation")
	case m.Direction != sources.Incoming && m.Direction != sources.Outgoing:
		return errors.New("bad direction")
	case sources.CheckTime(m.Time, m.Time) != nil || !m.Time.Equal(m.Time.Truncate(time.Millisecond)):
		return errors.New("bad time")
	case !utf8.ValidString(allText(m)):
		return errors.New("text that is not UTF-8")
	case strings.Contains(allText(m), "\x00"):
		return errors.New("text with a NUL character")
	}
	return checkContent(m)
}

// checkContent returns an error unless m has the fields that belong to its kind, and no others.
func checkContent(m sources.Message) error {
	var media, location, contact bool
	switch m.Kind {
	case sources.KindText:
		if strings.TrimSpace(m.Text) == "" && m.Skip == "" {
			return errors.New("no text")
		}
	case sources.KindLocation:
		location = true
	case sources.KindContact:
		contact = true
	case sources.KindPicture, sources.KindVideo, sources.KindFile, sources.KindVoice, sources.KindAudio, sources.KindSticker:
		media = true
	default:
		return errors.New("bad kind of message")
	}
	if !media && m.Media != nil || !location && m.Location != nil || !contact && m.Contact != nil {
		return errors.New("fields of another kind")
	}
	if m.Skip == "" && (media && m.Media == nil || location && m.Location == nil || contact && m.Contact == nil) {
		return errors.New("no fields of its kind")
	}
	return nil
}

// allText returns everything in m that came from the source as text.
func allText(m sources.Message) string {
	c := m.Conversation.Client
	s := fmt.Sprint(m.Conversation.ID, c, m.ID, m.Author, m.Text, m.ReplyTo, m.Quote, m.Skip, m.Position)
	if m.Media != nil {
		s += fmt.Sprint(*m.Media)
	}
	if m.Contact != nil {
		s += fmt.Sprint(*m.Contact)
	}
	if m.Post != nil {
		s += fmt.Sprint(*m.Post)
	}
	return s
}
