package importer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strings"
)

// An Anonymiser puts names of its own in the place of people: the same for the same person, and of no use to whoever
// does not have its key. One made by NewAnonymiser has a key that nobody keeps.
type Anonymiser struct {
	key []byte
}

// NewAnonymiser returns one with a key of its own.
func NewAnonymiser() Anonymiser {
	key := make([]byte, 32)
	rand.Read(key) // never fails: documented
	return Anonymiser{key}
}

// name returns what stands for a conversation or a phone: "client-3fa81c02d6".
func (a Anonymiser) name(id string) string {
	mac := hmac.New(sha256.New, a.key)
	mac.Write([]byte(id))
	return "client-" + hex.EncodeToString(mac.Sum(nil)[:5])
}

// Conversation takes out who a conversation is with.
func (a Anonymiser) Conversation(c ReportedConversation) ReportedConversation {
	c.ID, c.Name = a.name(c.ID), ""
	if c.Phone != "" {
		c.Phone = a.name(c.Phone)
	}
	return c
}

// Failure takes out who a message is from, and what it says.
func (a Anonymiser) Failure(f Failure) Failure {
	if f.Conversation != "" {
		f.Position = strings.ReplaceAll(f.Position, f.Conversation, a.name(f.Conversation))
		f.Conversation = a.name(f.Conversation)
	}
	f.Reason, f.Text = a.text(f.Reason), ""
	return f
}

// Groups takes out what reasons quote, and the examples.
func (a Anonymiser) Groups(groups []Group) []Group {
	bare := make([]Group, len(groups))
	for i, group := range groups {
		bare[i] = Group{Reason: a.text(group.Reason), Messages: group.Messages, Examples: []string{}}
	}
	return bare
}

var (
	quoted       = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	numberOfSome = regexp.MustCompile(`\+\d[\d ().-]{5,}\d|\d{7,}(?:@[a-z.]+)?`)
	mailAddress  = regexp.MustCompile(`\S+@\S+`)
)

// text takes out what is quoted, and what may be a phone or an address.
func (a Anonymiser) text(s string) string {
	s = quoted.ReplaceAllString(s, `"…"`)
	s = numberOfSome.ReplaceAllString(s, "…")
	return mailAddress.ReplaceAllString(s, "…")
}
