package csvfile

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kommo-import/sources"
)

// A converter turns records into messages. Its errors name the column, the value and the reason.
type converter struct {
	location *time.Location    // of times that name no zone; nil: it is not known
	format   *timeFormat       // of times; nil: the forms of docs/csv.md
	country  string            // of phones without a country code; "": it is not known
	chats    map[string]string // ids of chats by the phones they were made from
	now      time.Time
	// decimalComma says that 40,4 may be a number: where commas do not separate columns, they separate fractions.
	decimalComma bool
	sides        *sides
	unlisted     map[string]int // directions that no list names, with the number of their rows
	html         bool           // texts are HTML
	repairs
}

// A row is a record with the cells from which columns are computed.
type row struct {
	*record
	plan    *plan
	cells   map[string]string
	leftOut string // the reason why the row is no message, "" if it is one
}

// message returns the message of a row. If the row has several links, message returns the files of all links but the
// first too. They become messages of their own, see part.
func (c *converter) message(r row) (m sources.Message, more []file, err error) {
	if m, err = c.envelope(r); err != nil {
		return m, nil, err
	}
	more, err = c.setContent(&m, r.record)
	if m.Skip != "" && (err != nil || more != nil) {
		m.Kind, m.Media, m.Location, m.Contact = sources.KindText, nil, nil, nil
		return m, nil, nil
	}
	return m, more, err
}

// part returns the message of the n-th file of m, without its text.
func part(m sources.Message, n int, f file) sources.Message {
	m.Part, m.Kind, m.Media, m.Text, m.ReplyTo = n, f.kind, f.media, "", ""
	return m
}

// envelope returns the message of a row without its content.
func (c *converter) envelope(r row) (m sources.Message, err error) {
	phoneErr := c.compute(r.record, r.plan, r.cells, "")
	m.Author = sources.Author{ID: c.optionalID("author_id", r.AuthorID), Name: c.name("author_name", r.AuthorName)}
	side, sideErr := c.sides.of(c.plain("direction", r.Direction), m.Author)
	m.Direction, m.Skip = side.direction, cmp.Or(r.leftOut, side.skip)
	if m.Skip != "" {
		sideErr = nil
	}
	if sideErr != nil && len(c.sides.me) == 0 {
		if c.unlisted == nil {
			c.unlisted = make(map[string]int)
		}
		count(c.unlisted, c.plain("direction", r.Direction))
	}
	if sideErr != nil && r.plan.sided {
		return m, sideErr
	}
	if m.Direction != "" { // else nobody knows whose columns count
		err = c.compute(r.record, r.plan, r.cells, m.Direction)
	}
	if err = cmp.Or(err, phoneErr); err != nil {
		return m, err
	}
	m.Direction = cmp.Or(m.Direction, sources.Incoming) // of a row that is left out
	if m.Conversation, err = c.conversation(r.record); err != nil {
		return m, err
	}
	if m.ID, err = c.id("message_id", r.MessageID); err != nil {
		return m, err
	}
	timestamp := c.plain("timestamp", r.Timestamp)
	if m.Time, err = c.time(timestamp); err != nil {
		return m, invalid("timestamp", timestamp, err)
	}
	m.ReplyTo = c.optionalID("reply_to", r.ReplyTo)
	m.Post = c.post(r.record)
	return m, sideErr
}

// optionalID returns a cell that identifies something, or "" if it is unusable.
func (c *converter) optionalID(column, cell string) string {
	id, err := c.id(column, cell)
	if err != nil {
		c.note(cellDropped, column, id, "")
		return ""
	}
	return id
}

// post returns the post on which the row is a comment. It returns nil if the row is not a comment, or if the post has no
// id or no link, which Kommo requires.
func (c *converter) post(rec *record) *sources.Post {
	if rec.PostID == "" && rec.PostURL == "" {
		return nil
	}
	p := sources.Post{
		ID:               c.optionalID("post_id", rec.PostID),
		URL:              c.link("post_url", rec.PostURL),
		PreviewURL:       c.link("post_preview_url", rec.PostPreviewURL),
		PreviewPermalink: c.link("post_preview_permalink", rec.PostPreviewPermalink),
		Username:         c.name("post_username", rec.PostUsername),
		Caption:          c.free("post_caption", rec.PostCaption),
	}
	switch {
	case p.ID != "" && p.URL != "":
		return &p
	case p.ID != "":
		c.note(cellDropped, "post_id", p.ID, "")
	case p.URL != "":
		c.note(cellDropped, "post_url", p.URL, "")
	}
	return nil
}

// invalid returns an error that names the column, its value and the reason.
func invalid(column, value string, err error) error {
	if strings.TrimSpace(value) == "" {
		return fmt.Errorf("%s is empty", column)
	}
	return fmt.Errorf("%s %q: %w", column, cut(value, 60), err)
}

// cut returns the first n runes of s, with an ellipsis if s has more.
func cut(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i] + "…"
		}
		n--
	}
	return s
}
