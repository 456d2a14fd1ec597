package importer

import (
	"database/sql"
	"errors"
	"iter"
	"time"

	"kommo-import/internal/migration"
)

// A ChatView shows the conversations of the migration file, and the messages in them, as they are at one moment. Messages
// are read one by one: a view holds some 50 bytes for each conversation, and nothing for a message.
type ChatView struct {
	Chats  []ListedChat // in the order in which they were read
	Marks  []string     // the kinds of marks that occur; the n-th is bit n of ListedChat.Marks
	Months []Month      // how many messages were written in each month, the oldest first, months without messages too

	tx       *sql.Tx
	composer Composer
	related  map[int64][]Mark
	invalid  invalidEntries
	findings bool // messages have their findings
	matched  bool // chats have contacts, see Links.Matched
}

// A ListedChat has the facts by which a conversation is chosen among many.
type ListedChat struct {
	ID       int64  // its row in the migration file; 0 stands for the invalid entries that belong to no conversation
	Messages int    // in all states
	Pending  bool   // some of them are to be sent
	Last     int64  // time of its newest message, in Unix milliseconds
	Marks    uint32 // see ChatView.Marks
}

// A Month is how many messages were written in a month.
type Month struct {
	Begin    time.Time // UTC
	Messages int
}

// A Mark says that something about a conversation deserves a look: a warning, or the finding of a verification.
type Mark struct {
	Kind string `json:"kind"`           // a WarningKind or FindingKind, or one of the Mark constants
	Note string `json:"note,omitempty"` // which other conversation, which phone; "" if the kind says it all
}

// The kinds of marks that are neither a [WarningKind] nor a [FindingKind].
const (
	MarkInvalid  = "invalid"   // it has entries that could not be parsed
	MarkSkipped  = "skipped"   // it has messages that are skipped
	MarkRefused  = "refused"   // it has messages that Kommo refused
	MarkInDoubt  = "in_doubt"  // it has a message in doubt
	MarkSetAside = "set_aside" // the last send set it aside
)

// ViewPlan calls view with the conversations as a send of the selection would find them. Without a limit in the selection,
// conversations of which nothing is to be sent are among them. The marks are warnings.
func (f *File) ViewPlan(composer Composer, selection Selection, view func(*ChatView) error) error {
	return f.viewChats(func(v *ChatView, tx *sql.Tx) (err error) {
		if v.composer, err = composer.withPolicy(tx); err != nil {
			return err
		}
		if err := errors.Join(tablesFinished(tx), selection.check(tx)); err != nil {
			return err
		}
		condition, args := selection.where()
		months := ""
		if selection.MaxConversations > 0 || len(selection.Only) > 0 {
			months = ` AND conversation IN (SELECT id FROM conversation WHERE ` + condition + `)`
		}
		if err := v.readMonths(tx, `state IN ('planned', 'sending')`+months, args); err != nil {
			return err
		}
		if selection.MaxConversations == 0 {
			condition, args = "TRUE", nil
			if len(selection.Only) > 0 {
				condition, args = "external_id IN ("+chatsOf("?")+")", []any{jsonList(selection.Only)}
			}
		}
		if v.Chats, err = listChats(tx, condition, args); err != nil {
			return err
		}
		if condition == "TRUE" {
			v.addStrays()
		}
		return v.markWarnings(tx, selection)
	}, view)
}

// ViewOutcome calls view with all conversations. The marks are findings of the last verification, and states of messages
// that Kommo does not have, or may not have.
func (f *File) ViewOutcome(view func(*ChatView) error) error {
	return f.viewChats(func(v *ChatView, tx *sql.Tx) (err error) {
		v.findings = true
		if v.composer, err = v.composer.withPolicy(tx); err != nil {
			return err
		}
		if err := v.readMonths(tx, `state IN ('accepted', 'verified')`, nil); err != nil {
			return err
		}
		if v.Chats, err = listChats(tx, "TRUE", nil); err != nil {
			return err
		}
		v.addStrays()
		return v.markOutcome(tx)
	}, view)
}

func (f *File) viewChats(prepare func(*ChatView, *sql.Tx) error, view func(*ChatView) error) error {
	return f.View(func(tx *sql.Tx) (err error) {
		v := &ChatView{tx: tx, related: make(map[int64][]Mark)}
		if err := loadedSomething(tx); err != nil {
			return err
		}
		if v.invalid, err = readInvalid(tx); err != nil {
			return err
		}
		if v.matched, err = knowsContacts(tx); err != nil {
			return err
		}
		if err := prepare(v, tx); err != nil {
			return err
		}
		return view(v)
	})
}

// listChats lists the conversations of a condition that have messages.
func listChats(q migration.Querier, condition string, args []any) ([]ListedChat, error) {
	return migration.All(q, func(rows *sql.Rows) (c ListedChat, err error) {
		err = rows.Scan(&c.ID, &c.Messages, &c.Pending, &c.Last)
		return c, err
	}, `SELECT id, skipped + planned + sending + accepted + verified + refused, planned + sending > 0,
			coalesce((SELECT time FROM message WHERE conversation = conversation.id ORDER BY time DESC LIMIT 1), 0)
		FROM conversation WHERE `+condition+` AND skipped + planned + sending + accepted + verified + refused > 0 ORDER BY first`, args...)
}

// addStrays lists the invalid entries that belong to no conversation as one.
func (v *ChatView) addStrays() {
	if n := len(v.invalid.strays); n > 0 {
		v.Chats = append(v.Chats, ListedChat{Messages: n})
	}
}

// readMonths counts the messages of a condition by month.
func (v *ChatView) readMonths(q migration.Querier, condition string, args []any) error {
	const day = 24 * time.Hour
	type count struct{ day, messages int64 }
	for c, err := range migration.Query(q, func(rows *sql.Rows) (c count, err error) {
		err = rows.Scan(&c.day, &c.messages)
		return c, err
	}, `SELECT time / 86400000, count(*) FROM message WHERE `+condition+` GROUP BY 1 ORDER BY 1`, args...) {
		if err != nil {
			return err
		}
		at := fromMillis(c.day * day.Milliseconds())
		v.countMonth(time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC), int(c.messages))
	}
	return nil
}

// countMonth adds messages to a month. Months come in their order.
func (v *ChatView) countMonth(begin time.Time, messages int) {
	if len(v.Months) == 0 {
		v.Months = []Month{{Begin: begin}}
	}
	for last := v.Months[len(v.Months)-1].Begin; last.Before(begin); {
		last = last.AddDate(0, 1, 0)
		v.Months = append(v.Months, Month{Begin: last})
	}
	v.Months[len(v.Months)-1].Messages += messages
}

// Marked returns how many conversations have each kind of mark.
func (v *ChatView) Marked() map[string]int {
	marked := make(map[string]int)
	for _, chat := range v.Chats {
		for i, kind := range v.Marks {
			marked[kind] += btoi(chat.Marks&(1<<i) != 0)
		}
	}
	return marked
}

// A Chat is a conversation as a list shows it.
type Chat struct {
	ID      string        `json:"id"`              // at the source; "" for the invalid entries that belong to no conversation
	Name    string        `json:"name,omitempty"`  // of the client; "" if it is not known
	Phone   string        `json:"phone,omitempty"` // E.164
	Email   string        `json:"email,omitempty"`
	IsGroup bool          `json:"group,omitempty"`
	Aside   string        `json:"aside,omitempty"`   // why the last send set it aside
	Contact string        `json:"contact,omitempty"` // to which its chat belongs or is linked, in words; "" if no contact was found
	Older   int           `json:"older,omitempty"`   // messages that the card of a lead does not show, see Links.Older; 0 without match
	States  map[State]int `json:"states"`            // how many messages are in each state
	Marks   []Mark        `json:"marks,omitempty"`
}

// Chat reads a conversation of the list.
func (v *ChatView) Chat(listed ListedChat) (chat Chat, err error) {
	chat.States = make(map[State]int)
	if listed.ID != 0 {
		counts := make([]int, 6)
		err = v.tx.QueryRow(`SELECT external_id, client_name, client_phone, client_email, kind = 'group', aside,
			skipped, planned, sending, accepted, verified, refused FROM conversation WHERE id = ?`, listed.ID).
			Scan(&chat.ID, &chat.Name, &chat.Phone, &chat.Email, &chat.IsGroup, &chat.Aside,
				&counts[0], &counts[1], &counts[2], &counts[3], &counts[4], &counts[5])
		for i, state := range []State{Skipped, Planned, Sending, Accepted, Verified, Refused} {
			if counts[i] > 0 {
				chat.States[state] = counts[i]
			}
		}
		if err == nil {
			err = v.readContact(listed, &chat)
		}
	}
	if n := len(v.invalid.of(chat.ID)); n > 0 {
		chat.States[stateInvalid] = n
	}
	notes := v.related[listed.ID]
	for i, kind := range v.Marks {
		if listed.Marks&(1<<i) == 0 {
			continue
		}
		noted := false
		for _, mark := range notes {
			if mark.Kind == kind {
				chat.Marks, noted = append(chat.Marks, mark), true
			}
		}
		if !noted {
			chat.Marks = append(chat.Marks, Mark{Kind: kind})
		}
	}
	return chat, err
}

// stateInvalid stands for entries that could not be parsed. They are no messages, and have no state of their own.
const stateInvalid State = "invalid"

// A ChatPlace is a place in a conversation. The zero value is before the first message.
type ChatPlace struct{ time, place int64 }

// LastMessages returns the place behind which a conversation has its last n messages.
func (v *ChatView) LastMessages(listed ListedChat, n int) (at ChatPlace, err error) {
	err = v.tx.QueryRow(`SELECT time, place FROM message WHERE conversation = ? ORDER BY time DESC, place DESC LIMIT 1 OFFSET ?`,
		listed.ID, n).Scan(&at.time, &at.place)
	if errors.Is(err, sql.ErrNoRows) {
		return ChatPlace{}, nil
	}
	return at, err
}

// Messages yields the messages of a conversation behind a place, in their order, with the entries that could not be parsed
// among them.
func (v *ChatView) Messages(listed ListedChat, behind ChatPlace) iter.Seq2[ChatMessage, error] {
	return func(yield func(ChatMessage, error) bool) {
		if err := v.yieldMessages(listed, behind, yield); err != nil {
			yield(ChatMessage{}, err)
		}
	}
}
