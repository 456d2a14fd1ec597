// Package sourcetest is the contract of sources: its checks fail if a source breaks a promise of [sources.Source].
package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
)

// Check reads source in one go, and then again from every cursor. It also breaks a reading off after every batch, and
// ends the context after every batch. The place that source reads must not change meanwhile. Check returns an error if
//   - a cursor is not followed by the same batches as in the first reading,
//   - FromStart is set on any but the first batch,
//   - a continued batch has a cursor or is the last batch,
//   - a message or an invalid entry lacks a field that it must have.
func Check(ctx context.Context, source sources.Source) error {
	batches, err := Read(ctx, source, "")
	if err != nil {
		return err
	}
	for i, batch := range batches {
		if err := errors.Join(checkPlace(batches, i), checkBatch(batch)); err != nil {
			return fmt.Errorf("batch %d: %w", i, err)
		}
	}
	for i := range batches {
		if err := checkInterruption(ctx, source, batches, i+1); err != nil {
			return err
		}
	}
	return nil
}

// checkPlace checks the fields that depend on the place of a batch among the others.
func checkPlace(batches []sources.Batch, i int) error {
	batch := batches[i]
	switch {
	case batch.FromStart != (i == 0):
		return fmt.Errorf("FromStart is %t", batch.FromStart)
	case batch.More && i < len(batches)-1:
		return errors.New("it is not the last batch, and says that there is more")
	case batch.Continued && batch.Cursor != "":
		return fmt.Errorf("it is continued and has the cursor %q", batch.Cursor)
	case batch.Continued && i == len(batches)-1:
		return errors.New("it is continued, but the last batch")
	case !batch.Continued && batch.Cursor == "":
		return errors.New("no cursor")
	}
	return nil
}

// checkInterruption stops a reading after the first n batches, in two ways, and resumes at the cursor of the last.
func checkInterruption(ctx context.Context, source sources.Source, batches []sources.Batch, n int) error {
	first, err := readSome(ctx, source, "", n)
	if err == nil {
		err = compare(batches[:n], first)
	}
	if err != nil {
		return fmt.Errorf("broken off after %d batches: %w", n, err)
	}
	if err := checkCancel(ctx, source, batches, n); err != nil {
		return fmt.Errorf("cancelled after %d batches: %w", n, err)
	}
	if batches[n-1].Continued {
		return nil // the next reading begins where it begins after an interruption one batch earlier
	}
	rest, err := Read(ctx, source, batches[n-1].Cursor)
	if err == nil {
		err = compare(batches[n:], rest)
	}
	if err != nil {
		return fmt.Errorf("resumed at the cursor of batch %d: %w", n-1, err)
	}
	return nil
}

// checkCancel ends the context of a reading after n batches. The reading may yield further batches, but it must not skip
// any, and it must not leave any out without an error.
func checkCancel(ctx context.Context, source sources.Source, batches []sources.Batch, n int) error {
	stopped := errors.New("stopped by the test")
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var got []sources.Batch
	for batch, err := range source.Batches(ctx, "") {
		if err != nil {
			if !errors.Is(err, stopped) {
				return fmt.Errorf("the error is %q, not the cause of the context", err)
			}
			return compare(batches[:len(got)], got)
		}
		if got = append(got, batch); len(got) == n {
			cancel(stopped)
		}
		if len(got) > len(batches) {
			break
		}
	}
	return compare(batches, got)
}

// compare returns an error unless got are the batches of an undisturbed reading. Batches are nearly always equal, and
// cmp.Diff needs four times as long as reading them to find that out.
func compare(want, got []sources.Batch) error {
	if reflect.DeepEqual(want, got) {
		return nil
	}
	return fmt.Errorf("(-in one go +now):\n%s", cmp.Diff(want, got))
}

// Read returns all batches after cursor. With an error it returns the batches before the error.
func Read(ctx context.Context, source sources.Source, cursor string) ([]sources.Batch, error) {
	return readSome(ctx, source, cursor, -1)
}

// readSome returns the first n batches after cursor and breaks off; a negative n means all. It returns an error of its own
// if source goes on after an error.
func readSome(ctx context.Context, source sources.Source, cursor string, n int) ([]sources.Batch, error) {
	batches := []sources.Batch{}
	var failure error
	for batch, err := range source.Batches(ctx, cursor) {
		if failure != nil {
			return batches, fmt.Errorf("it goes on after the error %w", failure)
		}
		if failure = err; err != nil {
			continue
		}
		if batches = append(batches, batch); len(batches) == n {
			break
		}
	}
	return batches, failure
}

// CheckGrowth reads source from its beginning, calls grow, and reads source from its beginning again. It returns an error
// if an old message has another identity or appears more often than before, if a new message appears twice, or if the
// number of new messages is not by.
func CheckGrowth(ctx context.Context, source sources.Source, by int, grow func()) error {
	before, err := identities(ctx, source)
	if err != nil {
		return err
	}
	grow()
	after, err := identities(ctx, source)
	if err != nil {
		return fmt.Errorf("grown: %w", err)
	}
	fresh := 0
	for id, times := range after {
		if before[id] == 0 {
			fresh += times
		}
		if want := max(before[id], 1); times != want {
			return fmt.Errorf("grown: %q appears %d times, want %d", id, times, want)
		}
	}
	for id := range before {
		if after[id] == 0 {
			return fmt.Errorf("grown: %q is gone", id)
		}
	}
	if fresh != by {
		return fmt.Errorf("grown by %d messages, want %d", fresh, by)
	}
	return nil
}

// CheckEdit reads source from its beginning, calls edit, and reads source from its beginning again. edit sorts the messages
// anew, removes some and edits others. CheckEdit returns an error unless gone identities are no longer there, fresh ones are
// new, and all others appear as often as before. The identity of an edited message stays if the source has ids.
func CheckEdit(ctx context.Context, source sources.Source, gone, fresh int, edit func()) error {
	before, err := identities(ctx, source)
	if err != nil {
		return err
	}
	edit()
	after, err := identities(ctx, source)
	if err != nil {
		return fmt.Errorf("edited: %w", err)
	}
	lost, found := missing(before, after), missing(after, before)
	if len(lost) != gone || len(found) != fresh {
		return fmt.Errorf("edited: %q are gone, want %d; %q are new, want %d", lost, gone, found, fresh)
	}
	return nil
}

// missing returns the identities that a has more often than b, each as often as it is missing there.
func missing(a, b map[string]int) (ids []string) {
	for id, times := range a {
		for range times - b[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// identities counts the messages of each identity, as [sources.Message] defines it.
func identities(ctx context.Context, source sources.Source) (map[string]int, error) {
	batches, err := Read(ctx, source, "")
	found := map[string]int{}
	for _, batch := range batches {
		for _, m := range batch.Messages {
			m.Position = ""
			id := fmt.Sprint(m.Conversation.ID, " ", m.ID, " ", m.Part)
			if m.ID == "" {
				id = fmt.Sprint(m.Conversation.ID, m.Time, m.Direction, m.Author, allText(m))
			}
			found[id]++
		}
	}
	return found, err
}

func checkBatch(batch sources.Batch) error {
	for _, m := range batch.Messages {
		if err := CheckMessage(m); err != nil {
			return fmt.Errorf("%s: %w in %+v", m.Position, err, m)
		}
	}
	for _, invalid := range batch.Invalid {
		if invalid.Position == "" || invalid.Reason == "" || len(invalid.Raw) > sources.MaxRaw ||
			!utf8.ValidString(invalid.Reason+invalid.Raw) {
			return fmt.Errorf("an invalid entry with a missing or malformed field: %+v", invalid)
		}
	}
	return nil
}

// CheckMessage returns an error if m lacks a field of every message or a field of its kind. A message with a reason to be
// skipped may lack the fields of its kind.
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

// checkContent returns an error unless m has the fields of its kind and no others.
func checkContent(m sources.Message) error {
	location, contact := m.Kind == sources.KindLocation, m.Kind == sources.KindContact
	media := slices.Contains([]sources.Kind{sources.KindPicture, sources.KindVideo, sources.KindFile, sources.KindVoice,
		sources.KindAudio, sources.KindSticker}, m.Kind)
	whole := m.Skip == ""
	switch {
	case !location && !contact && !media && m.Kind != sources.KindText:
		return errors.New("bad kind of message")
	case m.Kind == sources.KindText && strings.TrimSpace(m.Text) == "" && whole:
		return errors.New("no text")
	case !media && m.Media != nil, !location && m.Location != nil, !contact && m.Contact != nil:
		return errors.New("fields of another kind")
	case whole && (media && m.Media == nil || location && m.Location == nil || contact && m.Contact == nil):
		return errors.New("no fields of its kind")
	}
	return nil
}

// allText returns all text in m that came from the source.
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
