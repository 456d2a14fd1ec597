package importer

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
)

// A Matcher finds the contacts of an account to which the chats can be linked. It changes nothing in Kommo.
//
// It reads the contacts once into the migration file. Interrupted, it goes on behind the last page.
type Matcher struct {
	File    *File
	Client  *crm.Client
	Pace    *pace.Pace
	Refresh bool // the contacts are read again
	// ScopeID is the scope to which is sent, whose account the contacts must be of; "" if it is not known.
	ScopeID string
	Log     *slog.Logger // receives the events that concern an administrator; nil discards them
	// Progress receives how many contacts were read; may be nil.
	Progress func(contacts int)
}

// A MatchReport is the outcome of a [Matcher].
type MatchReport struct {
	Account    string `json:"account"`    // its name
	Contacts   int    `json:"contacts"`   // in the account
	Unreadable int    `json:"unreadable"` // entries of the list of contacts that could not be read
	// IncomingLeads is how many incoming leads of chats the account has. The contacts of those that nobody has accepted cannot
	// be found.
	IncomingLeads int64 `json:"incoming_leads"`

	Matches
	Requests int `json:"requests"`
}

// An OtherAccountError means that a token belongs to another account than that to which is sent.
type OtherAccountError struct {
	Account string // of the token
}

func (e *OtherAccountError) Error() string {
	return fmt.Sprintf("the token belongs to the account %q, which is not the account of the scope", e.Account)
}

// contactsState is how far the contacts were read.
type contactsState struct {
	AmojoID    string    `json:"amojo_id"` // of the account
	Next       string    `json:"next,omitempty"`
	Done       bool      `json:"done,omitempty"`
	Read       time.Time `json:"read"` // when the last page was read
	Unreadable int       `json:"unreadable,omitempty"`
	Matched    bool      `json:"matched,omitempty"` // the chats were matched with all of them
}

// An UnmatchedError means that match was interrupted before it had matched the chats, which would be sent without their
// contacts.
type UnmatchedError struct{}

func (*UnmatchedError) Error() string {
	return "match was interrupted before it had found the contacts of the chats"
}

// Match reads the contacts, unless they were read before, and matches the chats of which nothing was sent.
func (m *Matcher) Match(ctx context.Context) (MatchReport, error) {
	var report MatchReport
	if err := loadedSomething(m.File.Reader); err != nil {
		return report, m.File.Explain(err)
	}
	requests, err := newRequester(m.File, m.Pace, m.Log)
	if err != nil {
		return report, err
	}
	err = m.match(ctx, requests, &report)
	report.Requests, _ = requests.counts()
	return report, m.File.Explain(err)
}

func (m *Matcher) match(ctx context.Context, requests *requester, report *MatchReport) error {
	account, err := readAccount(ctx, requests, m.Client, m.ScopeID)
	if err != nil {
		return err
	}
	report.Account = account.Name
	if err := m.readContacts(ctx, requests, account); err != nil {
		return err
	}
	err = requests.read(ctx, func(ctx context.Context) error {
		summary, err := m.Client.Unsorted(ctx)
		report.IncomingLeads = summary.Chats
		return err
	})
	if err != nil {
		return err
	}
	var state contactsState
	if _, err := migration.Setting(m.File.Reader, settingContacts, &state); err != nil {
		return err
	}
	report.Unreadable = state.Unreadable
	if err := m.File.Reader.QueryRow(`SELECT count(*) FROM contact`).Scan(&report.Contacts); err != nil {
		return err
	}
	return m.File.Update(func(tx *sql.Tx) error {
		report.Matches, err = match(tx)
		return err
	})
}

// readAccount returns the account of a client. The error is an [OtherAccountError] if it is not that of the scope.
func readAccount(ctx context.Context, requests *requester, client *crm.Client, scopeID string) (account crm.Account, err error) {
	err = requests.read(ctx, func(ctx context.Context) (err error) {
		account, err = client.Account(ctx)
		return err
	})
	if _, of, ok := strings.Cut(scopeID, "_"); err == nil && ok && !strings.EqualFold(of, account.AmojoID) {
		err = &OtherAccountError{account.Name}
	}
	return account, err
}

// readContacts reads the contacts page by page, from where the last reading ended.
func (m *Matcher) readContacts(ctx context.Context, requests *requester, account crm.Account) error {
	var state contactsState
	if _, err := migration.Setting(m.File.Reader, settingContacts, &state); err != nil {
		return err
	}
	fromStart := m.Refresh || state.AmojoID != account.AmojoID
	if fromStart {
		state = contactsState{AmojoID: account.AmojoID}
	}
	seen := make(map[string]bool)
	for read := 0; !state.Done; {
		var page crm.Page[crm.Contact]
		err := requests.read(ctx, func(ctx context.Context) (err error) {
			page, err = m.Client.Contacts(ctx, state.Next)
			return err
		})
		if err != nil {
			return err
		}
		if page.Next != "" && seen[page.Next] {
			return &StoppedError{"the pages of the account's contacts have no end", fmt.Errorf("%q is the next page again", page.Next)}
		}
		seen[page.Next] = true
		state.Next, state.Done, state.Read = page.Next, page.Next == "", time.Now()
		state.Unreadable += page.Unreadable
		state.Matched = false
		if err := m.File.storeContacts(page.Items, state, fromStart); err != nil {
			return err
		}
		fromStart = false
		if read += len(page.Items); m.Progress != nil {
			m.Progress(read)
		}
	}
	return nil
}

// storeContacts stores a page of contacts and how far the reading is, in one transaction. The first page takes the place of
// what was read before.
func (f *File) storeContacts(contacts []crm.Contact, state contactsState, first bool) error {
	return f.Update(func(tx *sql.Tx) error {
		if first {
			for _, table := range []string{"contact", "matched"} {
				if _, err := tx.Exec(`DELETE FROM ` + table); err != nil {
					return err
				}
			}
		}
		for _, c := range contacts {
			if c.Deleted {
				continue
			}
			_, err := tx.Exec(`INSERT OR REPLACE INTO contact (id, name, phones, emails) VALUES (?, ?, ?, ?)`,
				c.ID, c.Name, jsonList(c.Phones), jsonList(c.Emails))
			if err != nil {
				return err
			}
		}
		return migration.SetSetting(tx, settingContacts, state)
	})
}

// ClearMatches forgets the contacts and the matches, and returns how many chats were matched. Links that were made stay, and so do
// those of which it is not known: they do no harm, and nothing waits for them any more.
func (f *File) ClearMatches() (matched int, err error) {
	err = f.Update(func(tx *sql.Tx) error {
		if matched, err = affected(tx.Exec(`DELETE FROM matched`)); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM contact`)
		if err == nil {
			_, err = tx.Exec(`DELETE FROM link WHERE state = 'linking'`)
		}
		if err == nil {
			_, err = tx.Exec(`DELETE FROM setting WHERE name = ?`, settingContacts)
		}
		return err
	})
	return matched, err
}
