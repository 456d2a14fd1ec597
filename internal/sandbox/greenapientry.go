package sandbox

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
)

// storedEntry is what the sandbox itself looks at in an entry of a history.
type storedEntry struct {
	Type        string `json:"type"`
	Timestamp   int64  `json:"timestamp"`
	IDMessage   string `json:"idMessage"`
	DownloadURL string `json:"downloadUrl"`
	Sandbox     struct {
		DownloadFile *string `json:"downloadFile"`
	} `json:"sandbox"`
}

func readEntry(entry json.RawMessage) storedEntry {
	var e storedEntry
	if json.Unmarshal(entry, &e) != nil {
		return storedEntry{}
	}
	return e
}

// ownFile is a link to a file of the account, at whatever depth: a quoted message has one too. A quotation mark in
// a JSON text is escaped, so it is never part of a text.
var ownFile = regexp.MustCompile(`"downloadUrl"\s*:\s*"media/`)

// published returns an entry of a chat as getChatHistory shows it to a client that knows the sandbox as base. Its bytes
// are those that are stored, but for links to the account's own files and the field of the sandbox.
func (g *GreenAPI) published(chatID string, entry json.RawMessage, base string) json.RawMessage {
	if link := g.renewal(chatID, entry); link != "" {
		entry = withMember(entry, "downloadUrl", okAnswer(base+link).body)
	}
	if bytes.Contains(entry, []byte(`"sandbox"`)) {
		entry = withoutMember(entry, "sandbox")
	}
	if !bytes.Contains(entry, []byte(`"downloadUrl"`)) {
		return entry
	}
	return ownFile.ReplaceAllFunc(entry, func(match []byte) []byte {
		return slices.Concat(bytes.TrimSuffix(match, []byte("media/")), []byte(base+mediaPrefix))
	})
}

// A member says where a field of a JSON object stands in its text.
type member struct {
	name              string
	start, value, end int // of the name, of the value, behind the value
}

func members(object []byte) []member {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var all []member
	for d.More() {
		before := int(d.InputOffset())
		name, err := d.Token()
		if err != nil {
			return nil
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil
		}
		end := int(d.InputOffset())
		start := before + bytes.IndexByte(object[before:], '"')
		all = append(all, member{name.(string), start, end - len(value), end})
	}
	return all
}

// withoutMember returns the object without that field and otherwise byte for byte the same.
func withoutMember(object []byte, name string) []byte {
	all := members(object)
	i := slices.IndexFunc(all, func(m member) bool { return m.name == name })
	switch {
	case i < 0:
		return object
	case i > 0:
		return slices.Concat(object[:all[i-1].end], object[all[i].end:])
	case len(all) > 1:
		return slices.Concat(object[:all[0].start], object[all[1].start:])
	default:
		return slices.Concat(object[:all[0].start], object[all[0].end:])
	}
}

// withMember returns the object with that value in that field, which is the last one if it is new.
func withMember(object []byte, name string, value []byte) []byte {
	all := members(object)
	for _, m := range all {
		if m.name == name {
			return slices.Concat(object[:m.value], value, object[m.end:])
		}
	}
	if len(all) == 0 {
		return object
	}
	last := all[len(all)-1].end
	return slices.Concat(object[:last], []byte(`,"`+name+`":`), value, object[last:])
}
