package greenapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// sections has the names under which the parts of an entry were seen or may be expected, without a "Data" at their end,
// and the names that they have in [entry].
var sections = map[string]string{
	"location": "location", "locationMessage": "location", "liveLocation": "location", "liveLocationMessage": "location",
	"contact": "contact", "contactMessage": "contact",
	"poll": "pollMessageData", "pollMessage": "pollMessageData", "pollUpdateMessage": "pollMessageData",
	"pollCreationMessage": "pollMessageData",
	"groupInvite":         "groupInviteMessageData", "groupInviteMessage": "groupInviteMessageData",
	"templateMessage": "templateMessage", "interactiveButtons": "interactiveButtons",
	"interactiveButtonsReply": "interactiveButtonsReply", "buttonsMessage": "buttonsMessage", "listMessage": "listMessage",
	"templateButtonReplyMessage": "templateButtonReplyMessage", "templateButtonsReplyMessage": "templateButtonReplyMessage",
	"interactiveButtonsResponse": "interactiveButtonsResponse", "buttonsResponseMessage": "buttonsResponseMessage",
	"listResponseMessage": "listResponseMessage",
	"deletedMessage":      "deletedMessageData", "editedMessage": "editedMessageData",
	"extendedTextMessage": "extendedTextMessage",
	"order":               "orderMessage", "orderMessage": "orderMessage",
	"product": "productMessage", "productMessage": "productMessage",
}

// lifted are the fields of an entry that may stand at any depth.
var lifted = []string{"typeMessage", "textMessage", "downloadUrl", "caption", "fileName", "mimeType"}

// notContent are objects without content of the message itself.
var notContent = []string{"quotedMessage", "instanceData", "senderData"}

// needsFlattening reports whether fields of e may stand elsewhere than they should.
func needsFlattening(e *entry) bool {
	return bool(e.MessageData || e.FileMessageData) || e.Type == "" && e.StanzaID == "" || !hasContent(e)
}

// flatten returns e with its fields where [entry] has them, if they stand elsewhere: deeper, as in a webhook, or under a
// similar name. A field that is not blank stays as it is. The raw entry stays the same.
func flatten(e *entry) *entry {
	decoder := json.NewDecoder(bytes.NewReader(e.raw))
	decoder.UseNumber()
	var tree map[string]any
	if decoder.Decode(&tree) != nil {
		return e
	}
	flat := maps.Clone(tree)
	lift(flat, tree)
	liftWebhook(flat, tree)
	raw, err := json.Marshal(flat)
	if err != nil {
		return e
	}
	changed, err := readEntry(raw)
	if err != nil {
		return e
	}
	changed.raw = e.raw
	return changed
}

// lift fills the blank fields of flat from node and the objects in it.
func lift(flat, node map[string]any) {
	for _, name := range sectionsOf(node) {
		fillSection(flat, name, node)
	}
	for _, name := range slices.Sorted(maps.Keys(node)) {
		switch value := node[name].(type) {
		case map[string]any:
			if name == "quotedMessage" {
				fill(flat, name, value)
			}
			if slices.Contains(notContent, name) {
				continue
			}
			if section := sections[strings.TrimSuffix(name, "Data")]; section != "" {
				fillSection(flat, section, value)
			}
			lift(flat, value)
		case []any:
			if strings.HasPrefix(name, "contacts") {
				fill(flat, "contacts", value)
			}
		default:
			if slices.Contains(lifted, name) {
				fill(flat, name, value)
			}
		}
	}
}

// sectionsOf returns the sections whose typical fields an object has, whatever its name.
func sectionsOf(node map[string]any) (names []string) {
	for _, typical := range []struct{ field, section string }{
		{"latitude", "location"}, {"degreesLatitude", "location"}, {"vcard", "contact"},
		{"selectedDisplayText", "interactiveButtonsResponse"}, {"selectedId", "interactiveButtonsResponse"},
		{"selectedButtonText", "buttonsResponseMessage"}, {"selectedButtonId", "buttonsResponseMessage"},
		{"singleSelectReply", "listResponseMessage"},
	} {
		if !isBlankValue(node[typical.field]) {
			names = append(names, typical.section)
		}
	}
	return names
}

// liftWebhook fills the fields about the direction and the sender from those of a webhook (documented there).
func liftWebhook(flat, tree map[string]any) {
	if webhook, ok := tree["typeWebhook"].(string); ok {
		for _, direction := range []string{"incoming", "outgoing"} {
			if strings.HasPrefix(webhook, direction) {
				fill(flat, "type", direction)
			}
		}
	}
	if sender, ok := tree["senderData"].(map[string]any); ok {
		fill(flat, "senderId", sender["sender"])
		fill(flat, "senderName", sender["senderName"])
		fill(flat, "senderContactName", sender["senderContactName"])
	}
}

// fillSection fills the blank fields of a section.
func fillSection(flat map[string]any, name string, value map[string]any) {
	section, ok := flat[name].(map[string]any)
	if !ok {
		section = map[string]any{}
	}
	section = maps.Clone(section)
	for field, inner := range value {
		fill(section, field, inner)
	}
	flat[name] = section
}

func fill(object map[string]any, name string, value any) {
	if isBlankValue(object[name]) && !isBlankValue(value) {
		object[name] = value
	}
}

// isBlankValue reports whether a JSON value holds nothing: no text, no number, nor true.
func isBlankValue(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case bool:
		return !value
	case string:
		return isBlank(value)
	case []any:
		return !slices.ContainsFunc(value, func(v any) bool { return !isBlankValue(v) })
	case map[string]any:
		for name, inner := range value {
			if name != "forwardingScore" && name != "isForwarded" && !isBlankValue(inner) {
				return false
			}
		}
		return true
	}
	return false
}
