package sandbox

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Trait is the way in which a Quirk differs.
type Trait string

// The traits. Those of the history change what it shows, not what the sandbox holds.
const (
	ShortPages  Trait = "short"     // a page counts messages that are deleted and not shown; the value is how many of 50
	PageLength  Trait = "page"      // a page has no more messages than the value
	NoMsgID     Trait = "no-msgid"  // no message has our msgid
	OtherIDs    Trait = "other-ids" // messages have other ids than in the answers to them
	NoPeople    Trait = "no-people" // messages to the client have no receiver, and no id of ours for their sender
	ChatID      Trait = "chat-id"   // the answer to a message names the chat by our id (echo), not at all (none), or wrongly (other)
	GoneChat    Trait = "gone"      // the history is a 404; without a conversation, that of unknown chats too
	EmptyChat   Trait = "empty"     // the history is a 204
	OddEntries  Trait = "odd"       // somebody else has written messages whose fields are not as documented
	NormalTexts Trait = "normalise" // texts are in NFC, without CR, line separators, trailing blanks and invisible marks
	ShownAs     Trait = "shown-as"  // a sticker is a picture, and voice is audio
)

// The traits of the account's main API.
const (
	NoLink        Trait = "no-link"        // the integration is not named in the channel, so that it gets no links; the value is the status
	Linked        Trait = "linked"         // a chat that has a contact is not linked again (exists), or not to another contact (other-exists)
	UnknownLink   Trait = "unknown-link"   // the status for an unknown chat or contact; 200 drops the entry
	PartialLinks  Trait = "partial-links"  // the good entries of a request that is refused are linked
	LeadOf        Trait = "lead"           // an incoming lead is made by messages of the client alone (incoming), or is accepted at once (accepted)
	SilentContact Trait = "silent-contact" // a silent message makes a contact too, though no lead
	BinHidden     Trait = "bin-hidden"     // deleted contacts are not shown
)

func traits() []Trait {
	return []Trait{ShortPages, PageLength, NoMsgID, OtherIDs, NoPeople, ChatID, GoneChat, EmptyChat, OddEntries, NormalTexts, ShownAs,
		NoLink, Linked, UnknownLink, PartialLinks, LeadOf, SilentContact, BinHidden}
}

// A Quirk is a way in which a Kommo that is in order may differ from the sandbox: Kommo's documents are silent about it,
// or contradict themselves. Quirks can be combined.
type Quirk struct {
	Trait Trait
	Value string // a number for short and page, a status for no-link and unknown-link, a word for chat-id, linked and lead; else ""
	Chat  string // our id of the only conversation that has it; "": all
}

// ParseQuirk reads a quirk as it is written on a command line:
//
//	quirk = trait [ "=" value ] [ ":" conversation id ]
//
// Examples: "short", "short=10", "page=20", "no-msgid", "chat-id=echo", "gone:79001234567@c.us".
func ParseQuirk(s string) (Quirk, error) {
	head, chat, ofChat := strings.Cut(s, ":")
	trait, value, valued := strings.Cut(head, "=")
	q := Quirk{Trait: Trait(trait), Value: value, Chat: chat}
	if !valued {
		q.Value = map[Trait]string{ShortPages: "1", NoLink: "403", UnknownLink: "404"}[q.Trait]
	}
	err := q.Check()
	if err == nil && ofChat && chat == "" {
		err = fmt.Errorf("the conversation id behind the colon is missing")
	}
	if err != nil {
		return Quirk{}, fmt.Errorf("quirk %q: %w", s, err)
	}
	return q, nil
}

// Check returns an error if the quirk has no meaning.
func (q Quirk) Check() error {
	if q.Chat != "" && slices.Contains([]Trait{NoLink, UnknownLink, PartialLinks, BinHidden}, q.Trait) {
		return fmt.Errorf("%s is not of one conversation", q.Trait)
	}
	switch q.Trait {
	case ShortPages, PageLength:
		if n := q.number(); n < 1 || n >= longestPage {
			return fmt.Errorf("%s=%s: want a number from 1 to %d", q.Trait, q.Value, longestPage-1)
		}
	case ChatID:
		return q.oneOf("echo", "none", "other")
	case Linked:
		return q.oneOf("exists", "other-exists")
	case LeadOf:
		return q.oneOf("incoming", "accepted")
	case NoLink:
		return q.oneOf("400", "401", "403", "404")
	case UnknownLink:
		return q.oneOf("200", "400", "403", "404", "422")
	default:
		if !slices.Contains(traits(), q.Trait) {
			return fmt.Errorf("%q: want one of %s", q.Trait, commaList(traits()))
		}
		if q.Value != "" {
			return fmt.Errorf("%s has no value", q.Trait)
		}
	}
	return nil
}

// oneOf returns an error if the value is not one of the words.
func (q Quirk) oneOf(words ...string) error {
	if !slices.Contains(words, q.Value) {
		last := len(words) - 1
		return fmt.Errorf("%s=%s: want %s or %s", q.Trait, q.Value, strings.Join(words[:last], ", "), words[last])
	}
	return nil
}

// number returns the value as a number, 0 if it is not a number.
func (q Quirk) number() int {
	n, _ := strconv.Atoi(q.Value)
	return n
}

type quirks []Quirk

// of returns the first quirk with that trait in a conversation. ok reports whether there is one.
func (all quirks) of(trait Trait, conversation string) (q Quirk, ok bool) {
	for _, q := range all {
		if q.Trait == trait && (q.Chat == "" || q.Chat == conversation) {
			return q, true
		}
	}
	return Quirk{}, false
}

func (all quirks) has(trait Trait, conversation string) bool {
	_, ok := all.of(trait, conversation)
	return ok
}

// answeredID returns the id that the answers to the messages of a conversation give its chat.
func (all quirks) answeredID(conversation, id string) string {
	switch q, _ := all.of(ChatID, conversation); q.Value {
	case "echo":
		return conversation
	case "none":
		return ""
	case "other":
		return uuidOf("another chat", conversation)
	}
	return id
}
