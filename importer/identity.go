package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// recipe is the version of the recipe that makes identities. The migration file stores it: with another recipe,
// everything would be sent again under new ids.
const recipe = "1"

// An identity identifies a message, wherever and whenever it is read. It is the first 16 bytes of a SHA-256 over parts
// that are separated by \x00.
type identity [16]byte

// msgidPrefix begins every msgid. It names this program and the recipe: other messages in a chat do not have it.
const msgidPrefix = "ki" + recipe + "-"

// msgid returns the id that is sent to Kommo: "ki1-5b5ab79e6684c4d1b285cd99275f59ec".
func (id identity) msgid() string { return msgidPrefix + hex.EncodeToString(id[:]) }

// parseMsgid returns the identity of the message that was sent with a msgid. ok is false if the msgid is foreign:
// [identity.msgid] does not return it.
func parseMsgid(msgid string) (id identity, ok bool) {
	digits, ok := strings.CutPrefix(msgid, msgidPrefix)
	if !ok || len(digits) != hex.EncodedLen(len(id)) {
		return id, false
	}
	_, err := hex.Decode(id[:], []byte(digits))
	return id, err == nil && id.msgid() == msgid
}

// identify returns the identity of m, read from a source of the given kind. If the source has no ids, counted is true:
// all messages with the same content have this identity, and [identity.nth] distinguishes them.
func identify(sourceKind string, m *sources.Message) (id identity, counted bool) {
	if m.ID != "" {
		return identifyByID(sourceKind, m.Conversation.ID, m.ID), false
	}
	parts := []string{"content", sourceKind, m.Conversation.ID, strconv.FormatInt(m.Time.UnixMilli(), 10),
		string(m.Direction), m.Author.ID, m.Author.Name, string(m.Kind), m.Text}
	if m.Media != nil {
		parts = append(parts, m.Media.URL, m.Media.Name)
	}
	if m.Location != nil {
		parts = append(parts, fmt.Sprintf("%g,%g", m.Location.Latitude, m.Location.Longitude))
	}
	if m.Contact != nil {
		parts = append(parts, m.Contact.Name, m.Contact.Phone)
	}
	if m.Post != nil {
		parts = append(parts, m.Post.ID)
	}
	return digest(parts...), true
}

// identifyByID returns the identity of a message with an id at its source.
func identifyByID(sourceKind, conversation, id string) identity {
	return digest("id", sourceKind, conversation, id)
}

// nth returns the identity of the n-th message with the same content, counted from 1.
func (id identity) nth(n int) identity {
	return digest("nth", string(id[:]), strconv.Itoa(n))
}

func digest(parts ...string) (id identity) {
	sum := sha256.Sum256([]byte("kommo-import " + recipe + "\x00" + strings.Join(parts, "\x00")))
	copy(id[:], sum[:])
	return id
}

// kindOf returns the kind of a source: the part of its name before the colon.
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, ":")
	return kind
}
