package importer

import (
	"database/sql"
	"maps"
	"slices"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A Decision is what the administrator has decided about a conversation. Empty fields decide nothing.
type Decision struct {
	Conversation string `json:"-"` // id at the source
	// Import takes the conversation along, whatever --include, --exclude, --groups, --since and --until say, or leaves it out.
	Import Choice `json:"import,omitempty"`
	// Notify says whether the last message of the chat notifies. It counts for the conversation that gives a chat its id.
	Notify Choice `json:"notify,omitempty"`
	// Chat is the id of the conversation whose chat this conversation joins.
	Chat string `json:"chat,omitempty"`
	// Contact is the id of the contact to which the chat is linked.
	Contact int64 `json:"contact_id,omitempty"`
}

// A Choice is yes, no, or undecided.
type Choice string

// The choices; the zero value is undecided.
const (
	Yes Choice = "yes"
	No  Choice = "no"
)

// leftOutReason is why the messages of a conversation are skipped that is left out in the sheet.
const leftOutReason = "left out in the sheet (import: no)"

// undecided reports whether d decides nothing.
func (d Decision) undecided() bool { return d == Decision{Conversation: d.Conversation} }

// decisions are all decisions of a migration.
type decisions struct {
	of      map[string]Decision // by conversation
	members map[string][]string // by chat of several conversations: those that joined it
}

func readDecisions(q migration.Querier) (decisions, error) {
	d := decisions{make(map[string]Decision), make(map[string][]string)}
	for decision, err := range migration.Query(q, scanDecision, `SELECT conversation, import, notify, chat, contact FROM decision ORDER BY conversation`) {
		if err != nil {
			return d, err
		}
		d.of[decision.Conversation] = decision
		if decision.Chat != "" {
			d.members[decision.Chat] = append(d.members[decision.Chat], decision.Conversation)
		}
	}
	return d, nil
}

func scanDecision(rows *sql.Rows) (d Decision, err error) {
	err = rows.Scan(&d.Conversation, &d.Import, &d.Notify, &d.Chat, &d.Contact)
	return d, err
}

// chatIDOf returns the conversation that gives the chat of a conversation its id, in SQL. conversation is an expression.
func chatIDOf(conversation string) string {
	return `coalesce((SELECT nullif(d.chat, '') FROM decision d WHERE d.conversation = ` + conversation + `), ` + conversation + `)`
}

// chatOf returns the conversation that gives the chat of a conversation its id.
func (d decisions) chatOf(conversation string) string {
	if chat := d.of[conversation].Chat; chat != "" {
		return chat
	}
	return conversation
}

// membersOf returns the conversations of a chat, first that which gives it its id; empty if that joined another.
func (d decisions) membersOf(chat string) []string {
	if d.of[chat].Chat != "" {
		return nil
	}
	return append([]string{chat}, d.members[chat]...)
}

// joined returns all conversations in chats of several.
func (d decisions) joined() []string {
	joined := slices.Collect(maps.Keys(d.members))
	for _, others := range d.members {
		joined = append(joined, others...)
	}
	return joined
}

// reasonOf returns why a whole conversation is left out, "" if it is not.
func (p *planner) reasonOf(conversation string, kind sources.ConversationKind) string {
	switch p.decisions.of[conversation].Import {
	case Yes:
		return ""
	case No:
		return leftOutReason
	}
	return p.filter.conversation(conversation, kind)
}
