package greenapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kommo-import/sources"
)

// A chat converts the entries of one chat into messages. name and index must be set.
type chat struct {
	conversation sources.Conversation   // ID is the chat's id, verbatim
	account      string                 // the account's main id, "79…@c.us"; "" if it is not known
	name         func(id string) string // the name of a participant in the account's contacts, or ""
	index        *chatIndex             // of all entries of the chat
	now          time.Time              // for [sources.CheckTime]
	repairs      []sources.Repair       // of the messages so far; see [chat.takeRepairs]
}

// convert returns the message of an entry, or why the entry is invalid. number counts the chat's entries from the oldest,
// from 1; it names the position of an entry without an id. An entry with a reason to skip is never invalid for its
// content.
func (c *chat) convert(raw json.RawMessage, number int) (sources.Message, *sources.Invalid) {
	e, err := readEntry(raw)
	if err != nil {
		return sources.Message{}, c.invalid(raw, c.position("", number), err)
	}
	position := c.position(string(e.IDMessage), number)
	if needsFlattening(e) {
		e = flatten(e)
	}
	m, err := c.message(e)
	if err != nil {
		return sources.Message{}, c.invalid(raw, position, err)
	}
	m.Position = position
	return m, nil
}

// position returns "79001234567@c.us/3AADDD555CB0822C0539", or "79001234567@c.us, entry 17 from the oldest".
func (c *chat) position(id string, number int) string {
	if id == "" {
		return fmt.Sprintf("%s, entry %d from the oldest", c.conversation.ID, number)
	}
	return c.conversation.ID + "/" + id
}

func (c *chat) invalid(raw json.RawMessage, position string, err error) *sources.Invalid {
	return &sources.Invalid{Conversation: c.conversation.ID, Position: position, Reason: err.Error(), Raw: excerptOf(raw)}
}

// thumbnail matches a picture inside an entry: base64, up to 8 KB (seen in code).
var thumbnail = regexp.MustCompile(`("jpegThumbnail"\s*:\s*)"(?:[^"\\]|\\.)*"`)

// excerptOf returns raw without thumbnails, as UTF-8, cut after [sources.MaxRaw] bytes.
func excerptOf(raw []byte) string {
	raw = thumbnail.ReplaceAll(raw, []byte(`$1""`))
	s := strings.ToValidUTF8(string(raw[:min(len(raw), sources.MaxRaw)]), "\ufffd")
	for len(s) > sources.MaxRaw {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// message returns the message of e. Its errors are reasons for people.
func (c *chat) message(e *entry) (sources.Message, error) {
	if err := checkComplete(e); err != nil {
		return sources.Message{}, err
	}
	m := sources.Message{Conversation: c.conversation, ID: c.idOf(e), Kind: sources.KindText, ReplyTo: e.replyTo()}
	var err error
	if m.Direction, err = directionOf(e); err != nil {
		return m, err
	}
	if m.Time, err = c.timeOf(e); err != nil {
		return m, err
	}
	m.Author = c.author(e, m.Direction)
	if e.QuotedMessage != nil && !c.quotesDeleted(e) {
		m.Quote = c.quote(e.QuotedMessage)
	}
	m.Deleted = c.deleted(e)
	m.Skip = c.skip(e)
	repair, err := c.setContent(&m, c.index.edited(e))
	if m.Skip == "" && m.Deleted && (err != nil || isNothing(&m)) {
		m.Skip = noText(&m, e)
	}
	if err != nil && m.Skip == "" {
		return m, err
	}
	if repair != "" && m.Skip == "" {
		c.repaired(repair, fmt.Sprintf("%s is of type %q", c.position(string(e.IDMessage), 0), cutRunes(string(e.TypeMessage), 60)))
	}
	return m, nil
}

// idOf returns the id of a message. The edit of a message that the journal does not hold takes its place: replies name
// that message, and a later edit is not another message.
func (c *chat) idOf(e *entry) string {
	if e.TypeMessage == "editedMessage" && c.index.skipEdit(e) == "" {
		if target := c.index.edits.target(e); target != "" {
			return c.index.edits.root(target)
		}
	}
	return string(e.IDMessage)
}

// isNothing reports whether m has neither a text nor anything that could be found by a name or a link.
func isNothing(m *sources.Message) bool {
	return isBlank(m.Text) && m.Location == nil && m.Contact == nil && (m.Media == nil || m.Media.URL == "" && m.Media.Name == "")
}

// repaired counts a repair.
func (c *chat) repaired(what, example string) {
	for i := range c.repairs {
		if c.repairs[i].What == what {
			c.repairs[i].Count++
			return
		}
	}
	c.repairs = append(c.repairs, sources.Repair{What: what, Count: 1, Example: example})
}

// takeRepairs returns the repairs since it was called last.
func (c *chat) takeRepairs() []sources.Repair {
	repairs := c.repairs
	c.repairs = nil
	return repairs
}

// checkComplete returns an error for an entry without its basic fields: Green-API returns objects that have only a type
// and an empty typeMessage (seen in code, issue #505). An entry with a content needs no typeMessage.
func checkComplete(e *entry) error {
	var missing []string
	for _, field := range []struct {
		name  string
		value lenientText
	}{{"type", e.Type}, {"typeMessage", e.TypeMessage}, {"idMessage", e.IDMessage}, {"timestamp", e.Timestamp}} {
		if field.value == "" && !(field.name == "typeMessage" && hasSomeContent(e)) {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("incomplete: it has no %s", strings.Join(missing, ", no "))
	}
	return nil
}

// hasSomeContent reports whether e has any content.
func hasSomeContent(e *entry) bool {
	return hasCoordinates(e) || e.DownloadURL != "" || len(cardsOf(contactsOf(e))) > 0 || legibleText(e.raw) != ""
}

func directionOf(e *entry) (sources.Direction, error) {
	direction := sources.Direction(e.Type)
	if direction == sources.Incoming || direction == sources.Outgoing {
		return direction, nil
	}
	return "", badValue("type", string(e.Type), errors.New("neither incoming nor outgoing"))
}

// timeOf returns the time of an entry, which is in unix seconds (seen in code). A number that would be thousands of years
// ahead is in milliseconds or smaller units, as other journals have it.
func (c *chat) timeOf(e *entry) (time.Time, error) {
	timestamp := string(e.Timestamp)
	seconds, err := strconv.ParseFloat(strings.TrimSpace(timestamp), 64)
	small := false
	for range 3 {
		if math.Abs(seconds) > 1e11 {
			seconds, small = seconds/1000, true
		}
	}
	if err != nil || math.IsNaN(seconds) || math.Abs(seconds) > 1e11 {
		return time.Time{}, badValue("timestamp", timestamp, errors.New("not a time in unix seconds"))
	}
	t := time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	if err := sources.CheckTime(t, c.now); err != nil {
		return time.Time{}, badValue("timestamp", timestamp, err)
	}
	if small {
		c.repaired(repairTime, fmt.Sprintf("%s: timestamp %q is %s UTC", c.position(string(e.IDMessage), 0), timestamp, t.Format(time.DateTime)))
	}
	return t, nil
}

// repairTime is a repair, as a noun.
const repairTime = "timestamps in milliseconds or smaller units, read as such"

// skip returns why e is left out regardless of its content, or "". The reasons of the chat come first.
func (c *chat) skip(e *entry) string {
	id := c.conversation.ID
	if reason := notPerson(id); reason != "" {
		return reason
	}
	switch {
	case c.index.own.isNotes(id, c.index.senders.any):
		return "notes to oneself; there is no client"
	case e.TypeMessage == "editedMessage":
		return c.index.skipEdit(e)
	case e.TypeMessage == "deletedMessage":
		return "only says that another message was deleted"
	case undelivered(e):
		return fmt.Sprintf("it was never delivered: %s", e.StatusMessage)
	}
	return ""
}

// deleted reports whether the author of e deleted it: it is marked, or a deletedMessage names it. isDeleted was always
// false before release 5.44.29.39 (seen in code, issue #674). An editedMessage is deleted together with its message.
func (c *chat) deleted(e *entry) bool {
	if e.deleted() || c.index.deletions[string(e.IDMessage)] {
		return true
	}
	target := c.index.edits.target(e)
	return e.TypeMessage == "editedMessage" && (c.index.deletions[target] || c.index.deletions[c.index.edits.root(target)])
}

// quotesDeleted reports whether e quotes a deleted message.
func (c *chat) quotesDeleted(e *entry) bool {
	return e.QuotedMessage != nil && c.deleted(e.QuotedMessage) || c.index.deletions[e.replyTo()]
}

// undelivered reports whether the client never got e (statusMessage: seen in code).
func undelivered(e *entry) bool {
	return sources.Direction(e.Type) == sources.Outgoing &&
		slices.Contains([]lenientText{"failed", "noAccount", "notInGroup", "yellowCard"}, e.StatusMessage)
}

// badValue returns an error about the value of a field.
func badValue(field, value string, err error) error {
	return fmt.Errorf("%s %q: %w", field, cutRunes(value, 60), err)
}
