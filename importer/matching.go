package importer

import (
	"database/sql"
	"encoding/json"
	"strings"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// Matches says for how many chats of persons a contact was found. Only chats with something to be sent count.
type Matches struct {
	ByPhone   int `json:"by_phone"`
	ByEmail   int `json:"by_email"`
	Ambiguous int `json:"ambiguous"` // several contacts
	Unknown   int `json:"unknown"`   // no contact
	// Begun are chats of which something was sent before: they are not linked any more. BegunConversations are the first 100.
	Begun              int      `json:"begun"`
	BegunConversations []string `json:"begun_conversations,omitempty"`
	// AmbiguousConversations are the first 100 ambiguous chats, each with the ids of its contacts.
	AmbiguousConversations []string `json:"ambiguous_conversations,omitempty"`
	// UnusablePhones is how many phones of contacts have no country code, or are no phones.
	UnusablePhones int `json:"unusable_phones"`
}

// hasSent selects the conversations of which something was sent, or is in doubt.
const hasSent = `(sending + accepted + verified > 0 OR EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND may_exist = 1))`

// hasBegun selects the conversations of which something was sent, or is in doubt, or whose chat was linked.
const hasBegun = `(` + hasSent + ` OR EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id))`

// match matches the chats with the contacts, if all of them were read. It takes the place of the last matching.
func match(tx *sql.Tx) (m Matches, err error) {
	var state contactsState
	if _, err := migration.Setting(tx, settingContacts, &state); err != nil || !state.Done {
		return m, err
	}
	var filter Filter
	if _, err := migration.Setting(tx, settingFilter, &filter); err != nil {
		return m, err
	}
	for _, statement := range []string{`DELETE FROM matched`,
		`CREATE TEMP TABLE contact_key (key TEXT, contact INTEGER, PRIMARY KEY (key, contact)) WITHOUT ROWID`} {
		if _, err := tx.Exec(statement); err != nil {
			return m, err
		}
	}
	defer tx.Exec(`DROP TABLE contact_key`)
	if err := m.collectKeys(tx, filter.Country); err != nil {
		return m, err
	}
	if err := m.matchChats(tx); err != nil {
		return m, err
	}
	state.Matched = true
	return m, migration.SetSetting(tx, settingContacts, state)
}

// collectKeys fills the table contact_key with the phones of the contacts in E.164 and their e-mails in lower case.
func (m *Matches) collectKeys(tx *sql.Tx, country string) error {
	type contact struct {
		id             int64
		phones, emails []byte
	}
	scan := func(rows *sql.Rows) (c contact, err error) {
		err = rows.Scan(&c.id, &c.phones, &c.emails)
		return c, err
	}
	pages := migration.Paged(-1, func(c contact) int64 { return c.id }, func(after int64) ([]contact, error) {
		return migration.All(tx, scan, `SELECT id, phones, emails FROM contact WHERE id > ? ORDER BY id LIMIT 1000`, after)
	})
	for c, err := range pages {
		if err != nil {
			return err
		}
		var phones, keys []string
		if err := json.Unmarshal(c.emails, &keys); err != nil {
			return err
		}
		if err := json.Unmarshal(c.phones, &phones); err != nil {
			return err
		}
		for i, email := range keys {
			keys[i] = emailKey(email)
		}
		for _, phone := range phones {
			key := phoneKey(phone, country)
			m.UnusablePhones += btoi(key == "")
			keys = append(keys, key)
		}
		for _, key := range keys {
			if _, err := tx.Exec(`INSERT OR IGNORE INTO contact_key SELECT ?1, ?2 WHERE ?1 <> ''`, key, c.id); err != nil {
				return err
			}
		}
	}
	return nil
}

// phoneKey returns a phone in E.164, in the form that is dialled today, "" if it is no phone with a country. Several contacts
// have the same last digits in different countries, so a phone without a country matches nothing. As WhatsApp ids may hold
// numbers that the rules of their country do not allow, a phone behind a plus or 00 need only be possible.
func phoneKey(phone, country string) string {
	if key, ok := sources.ParsePhone(phone, country); ok {
		return key
	}
	id, _ := sources.IDOfPhone(phone, country)
	return sources.PhoneOfID(id)
}

func emailKey(email string) string {
	email = strings.ToLower(strings.TrimSpace(email))
	if !strings.Contains(email, "@") {
		return ""
	}
	return email
}

// matchChats looks the phone of every chat up, or else its e-mail.
func (m *Matches) matchChats(tx *sql.Tx) error {
	type chat struct {
		id, phone, email string
		first            int64
		begun            bool
	}
	scan := func(rows *sql.Rows) (c chat, err error) {
		err = rows.Scan(&c.first, &c.id, &c.phone, &c.email, &c.begun)
		return c, err
	}
	pages := migration.Paged(-1, func(c chat) int64 { return c.first }, func(after int64) ([]chat, error) {
		return migration.All(tx, scan, `SELECT first, external_id, client_phone, client_email, `+hasBegun+` FROM conversation
			WHERE first > ? AND kind = 'person' AND planned + sending > 0 ORDER BY first LIMIT 1000`, after)
	})
	for c, err := range pages {
		if err != nil {
			return err
		}
		if c.begun {
			m.Begun++
			m.BegunConversations = appendListed(m.BegunConversations, c.id)
			continue
		}
		if err := m.matchChat(tx, c.id, c.phone, emailKey(c.email)); err != nil {
			return err
		}
	}
	return nil
}

// maxCandidates is how many contacts of an ambiguous chat are named.
const maxCandidates = 5

// matchChat stores the contact of a chat. That found by phone counts, else that found by e-mail.
func (m *Matches) matchChat(q *sql.Tx, conversation, phone, email string) error {
	for _, way := range []struct {
		name, key string
		count     *int
	}{{"phone", phone, &m.ByPhone}, {"e-mail", email, &m.ByEmail}} {
		contacts, err := migration.All(q, scanID, `SELECT contact FROM contact_key WHERE key = ? AND key <> '' ORDER BY contact LIMIT ?`, way.key, maxCandidates+1)
		if err != nil {
			return err
		}
		contact, candidates := int64(0), ""
		switch len(contacts) {
		case 0:
			continue
		case 1:
			contact = contacts[0]
			*way.count++
		default:
			candidates = strings.Trim(jsonList(contacts[:min(len(contacts), maxCandidates)]), "[]")
			m.Ambiguous++
			m.AmbiguousConversations = appendListed(m.AmbiguousConversations, conversation+": contacts "+candidates)
		}
		_, err = q.Exec(`INSERT INTO matched (conversation, contact, found_by, candidates) VALUES (?, ?, ?, ?)`, conversation, contact, way.name, candidates)
		return err
	}
	m.Unknown++
	return nil
}
