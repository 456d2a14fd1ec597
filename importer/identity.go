package importer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/url"
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

// identify returns the identity of m, whose id is unique in the id space of its source. If the source has no ids,
// counted is true: all messages with the same content have this identity, and [identity.nth] distinguishes them.
// Authors, names of clients and the queries of links do not count: they differ between two exports of one message.
func identify(family sources.Family, idSpace string, m *sources.Message) (id identity, counted bool) {
	if m.ID != "" {
		return identifyByID(idSpace, m.Conversation.ID, m.ID, m.Part), false
	}
	return digest("content", string(family), m.Conversation.ID, strconv.FormatInt(m.Time.Unix(), 10),
		string(m.Direction), string(m.Kind), normalText(m.Text), fileNamed(m.Media)), true
}

// identifyByID returns the identity of a message with an id at its source, or of one of its parts.
func identifyByID(idSpace, conversation, id string, part int) identity {
	if part > 1 {
		return digest("part", idSpace, conversation, id, strconv.Itoa(part))
	}
	return digest("id", idSpace, conversation, id)
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

// wordsOf returns a hash of the text of m, or else of its file name. It is 0 if m has neither. Messages of two sources
// with the same words are probably the same.
func wordsOf(m *sources.Message) int64 {
	words := normalText(m.Text)
	if words == "" && m.Media != nil {
		words = m.Media.Name
	}
	if words == "" {
		return 0
	}
	sum := sha256.Sum256([]byte(words))
	return int64(binary.BigEndian.Uint64(sum[:]))
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// normalText returns a text with line ends as LF and without trailing blanks.
func normalText(text string) string {
	if strings.Contains(text, "\r") {
		text = lineEnds.Replace(text)
	}
	return strings.TrimRight(text, " \t\n\u00a0")
}

// fileNamed returns the name of a file, or else the path of its link; "" without media.
func fileNamed(media *sources.Media) string {
	if media == nil {
		return ""
	}
	if media.Name != "" {
		return media.Name
	}
	if link, err := url.Parse(media.URL); err == nil {
		return link.Path
	}
	path, _, _ := strings.Cut(media.URL, "?")
	return path
}
