package importer

import (
	"database/sql"
	"strings"

	"kommo-import/internal/migration"
)

// A clientChat is a conversation of which something was sent or is to be sent, as warnings about clients need it.
type clientChat struct {
	conversation int64
	id           string // at the source
	person       bool
	name         string // of the client; "" if it is only the phone or an id
	phone        string // E.164 or empty
	suspected    string // a phone that may be another person's, as it was read
	messages     int    // that were sent or are to be sent
	pending      bool   // something of it is to be sent, and the selection has it
	incoming     int    // messages of the client, counted by equalMessages
}

// hidden reports whether the id of a person's chat hides the phone, as an @lid of WhatsApp does.
func (c *clientChat) hidden() bool { return c.person && strings.HasSuffix(c.id, "@lid") }

// warnOfClients warns of clients who seem to have several chats. A warning names at least one chat of the selection.
func (p *Preview) warnOfClients(tx *sql.Tx, selection Selection) error {
	chats, phones, err := readClientChats(tx, selection)
	if err != nil {
		return err
	}
	clients, err := sameClients(tx, chats, phones)
	if err != nil {
		return err
	}
	p.warnOfChats(SameClient, clients)
	p.warnOfChats(SamePhone, phoneExamples(phones))
	p.warnOfChats(SimilarIDs, similarIDs(chats))
	return nil
}

// readClientChats reads the chats that warnings about clients compare, and those of each phone.
func readClientChats(tx *sql.Tx, selection Selection) ([]*clientChat, []phoneGroup, error) {
	condition, args := selection.where()
	chats, err := migration.All(tx, func(rows *sql.Rows) (*clientChat, error) {
		c := new(clientChat)
		return c, rows.Scan(&c.conversation, &c.id, &c.person, &c.name, &c.phone, &c.suspected, &c.messages, &c.pending)
	}, `SELECT id, external_id, kind = 'person', iif(client_name IN (client_phone, client_id, external_id), '', client_name),
			client_phone, suspected, planned + sending + accepted + verified, `+condition+`
		FROM conversation WHERE planned + sending + accepted + verified > 0`, args...)
	var filter Filter
	if err == nil {
		_, err = migration.Setting(tx, settingFilter, &filter)
	}
	return chats, chatsByPhone(chats, filter.Country), err
}

// maxNamedChats is how many groups of chats a warning names. Each must be looked at, so there are more than maxExamples.
const maxNamedChats = 20

// warnOfChats warns of groups of chats. Each example names the chats of a group.
func (p *Preview) warnOfChats(kind WarningKind, examples []string) {
	if len(examples) > 0 {
		p.Warnings = append(p.Warnings, Warning{kind, len(examples), examples[:min(len(examples), maxNamedChats)]})
	}
}

// anyPending reports whether something of the chats is to be sent.
func anyPending(chats ...*clientChat) bool {
	for _, c := range chats {
		if c.pending {
			return true
		}
	}
	return false
}

// maxIDs is how many ids of a group of chats are named.
const maxIDs = 5
