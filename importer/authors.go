package importer

import (
	"database/sql"
	"fmt"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A NoSenderError means that outgoing messages have neither a bot nor a Kommo user as their sender.
type NoSenderError struct {
	Authors []UnmappedAuthor
}

// An UnmappedAuthor wrote outgoing messages and is not mapped to a Kommo user.
type UnmappedAuthor struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Messages int    `json:"messages"`
}

func (e *NoSenderError) Error() string {
	messages := 0
	for _, author := range e.Authors {
		messages += author.Messages
	}
	return fmt.Sprintf("no sender for %d outgoing messages", messages)
}

// String returns the author's name, else the id.
func (a UnmappedAuthor) String() string {
	switch {
	case a.Name != "":
		return a.Name
	case a.ID != "":
		return a.ID
	}
	return "no author"
}

// check makes sure that every outgoing message has a sender.
func (c Composer) check(q migration.Querier, s Selection) error {
	if c.BotID != "" {
		return nil
	}
	authors, err := c.unmapped(q, s)
	if err != nil || len(authors) == 0 {
		return err
	}
	return &NoSenderError{authors}
}

// unmapped returns the authors of the selected messages who are not mapped to Kommo users, those with the most
// messages first.
func (c Composer) unmapped(q migration.Querier, s Selection) (unmapped []UnmappedAuthor, err error) {
	unmapped, _, err = c.authors(q, s)
	return unmapped, err
}

// authors returns the authors of the selected messages who are not mapped to Kommo users, those with the most messages
// first, and how many messages the others have.
func (c Composer) authors(q migration.Querier, s Selection) (unmapped []UnmappedAuthor, mapped int, err error) {
	condition, args := s.where()
	scan := func(rows *sql.Rows) (a UnmappedAuthor, err error) {
		err = rows.Scan(&a.ID, &a.Name, &a.Messages)
		return a, err
	}
	for a, err := range migration.Query(q, scan, `SELECT coalesce(external_id, ''), coalesce(name, ''), sum(messages)
		FROM pending LEFT JOIN author ON author.id = pending.author
		WHERE direction = 'outgoing' AND messages > 0 AND conversation IN (SELECT id FROM conversation WHERE `+condition+`)
		GROUP BY author ORDER BY 3 DESC`, args...) {
		if err != nil {
			return nil, 0, err
		}
		if c.user(sources.Author{ID: a.ID, Name: a.Name}) == "" {
			unmapped = append(unmapped, a)
		} else {
			mapped += a.Messages
		}
	}
	return unmapped, mapped, nil
}

// A Mapping compares the authors of the outgoing messages still to be sent with the composer's users.
type Mapping struct {
	Authors  int // of the messages to be sent
	Unmapped []UnmappedAuthor
	// Unused are keys of the composer's users that match no author of a message to be sent: perhaps misspelt.
	Unused []string
}

// Mapping returns how the composer's users fit the authors of the messages to be sent.
func (f *File) Mapping(c Composer) (m Mapping, err error) {
	all, err := Composer{}.unmapped(f.Reader, Selection{})
	if err != nil {
		return m, f.Explain(err)
	}
	used := make(map[string]bool)
	for _, author := range all {
		m.Authors += btoi(author.ID != "" || author.Name != "")
		used[author.ID], used[author.Name] = true, true
	}
	for name := range c.Users {
		if !used[name] {
			m.Unused = append(m.Unused, name)
		}
	}
	m.Unmapped, err = c.unmapped(f.Reader, Selection{})
	return m, f.Explain(err)
}

// readSenders counts the messages in the names of Kommo users, and warns of those without a sender.
func (p *Preview) readSenders(tx *sql.Tx, composer Composer, selection Selection) error {
	if composer.BotID != "" && len(composer.Users) == 0 {
		return nil
	}
	unmapped, mapped, err := composer.authors(tx, selection)
	p.UserMessages = mapped
	if err != nil || composer.BotID != "" || len(unmapped) == 0 {
		return err
	}
	w := Warning{Kind: NoSender}
	for _, author := range unmapped {
		w.Count += author.Messages
		if len(w.Examples) < maxExamples {
			w.Examples = append(w.Examples, author.String())
		}
	}
	p.Warnings = append(p.Warnings, w)
	return nil
}
