package importer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An Anonymiser puts names of its own in the place of people: the same for the same person, and of no use to whoever
// does not have its key. One made by NewAnonymiser has a key that nobody keeps.
type Anonymiser struct {
	key   []byte
	files []namedFile
}

// A namedFile is a file that was read, and what stands for it: "source-1".
type namedFile struct{ name, alias string }

// NewAnonymiser returns one with a key of its own, for messages from these sources.
func NewAnonymiser(sources ...SourceStatus) Anonymiser {
	a := Anonymiser{key: make([]byte, 32)}
	rand.Read(a.key) // never fails: documented
	for i, source := range sources {
		if _, path, ok := strings.Cut(source.Name, ":"); ok {
			a.files = append(a.files, namedFile{path[strings.LastIndexAny(path, `/\`)+1:], aliasOf(i)})
		}
	}
	return a
}

func aliasOf(source int) string { return fmt.Sprintf("source-%d", source+1) }

// Report takes out of a report what names or quotes people: file names, reasons, and words of Kommo.
func (a Anonymiser) Report(r Report) Report {
	r.Status.Sources = slices.Clone(r.Status.Sources)
	for i, source := range r.Status.Sources {
		kind, _, _ := strings.Cut(source.Name, ":")
		r.Status.Sources[i].Name = kind + ":" + aliasOf(i)
	}
	r.Skipped, r.Invalid, r.Refused = a.Groups(r.Skipped), a.Groups(r.Invalid), refusedGroups(r.Refused)
	return r
}

// refusedByKommo is the reason of what Kommo refused: its own words may quote the message.
const refusedByKommo = "refused by Kommo"

// refusedGroups puts all that was refused into one group.
func refusedGroups(groups []Group) []Group {
	if len(groups) == 0 {
		return []Group{}
	}
	all := Group{Reason: refusedByKommo, Examples: []string{}}
	for _, group := range groups {
		all.Messages += group.Messages
	}
	return []Group{all}
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
	f.Position = a.position(f.Position, f.Conversation)
	if f.Conversation != "" {
		f.Conversation = a.name(f.Conversation)
	}
	f.Reason, f.Text = a.text(f.Reason), ""
	if f.State == string(Refused) {
		f.Reason = refusedByKommo
	}
	return f
}

// position returns where a message stands without the name of the file or of the chat: "source-1:17",
// "client-3fa81c02d6/3A5B". Of a place of another form nothing but the last number stays.
func (a Anonymiser) position(position, conversation string) string {
	for _, file := range a.files {
		if line, ok := strings.CutPrefix(position, file.name+":"); ok && isNumber(line) {
			return file.alias + ":" + line
		}
	}
	if entry, ok := strings.CutPrefix(position, conversation); ok && conversation != "" && (entry == "" || entry[0] == '/') {
		return a.name(conversation) + strings.ReplaceAll(entry, conversation, a.name(conversation))
	}
	if line := position[strings.LastIndexByte(position, ':')+1:]; isNumber(line) {
		return "source:" + line
	}
	return ""
}

func isNumber(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

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
	for _, file := range a.files {
		if strings.Contains(file.name, ".") { // else it may be a word of ours
			s = strings.ReplaceAll(s, file.name, file.alias)
		}
	}
	s = quoted.ReplaceAllString(s, `"…"`)
	s = numberOfSome.ReplaceAllString(s, "…")
	return mailAddress.ReplaceAllString(s, "…")
}
