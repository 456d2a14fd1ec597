package sandbox

import "slices"

// messageShape is what POST …/{scope} takes: the fields of Kommo's reference with their types.
var messageShape shape = newMessage(object(
	must("event_type", oneOf("new_message")),
	must("payload", object(
		must("timestamp", count),
		must("msec_timestamp", count),
		must("msgid", filled),
		must("conversation_id", filled),
		may("conversation_ref_id", amojoID),
		may("silent", boolean),
		may("source", sourceShape),
		must("sender", partyShape),
		may("receiver", partyShape),
		must("message", complete(object(
			must("type", oneOf("text", "contact", "file", "video", "picture", "voice", "audio", "sticker", "location")),
			may("text", textOrNull),
			may("media", link),
			may("file_name", filled),
			may("file_size", count),
			may("media_duration", count),
			may("sticker_id", text),
			may("location", locationShape),
			may("contact", contactShape),
			may("post", postShape),
			may("shared_post", sharedPostShape),
			may("callback_data", text),
		))),
		may("reply_to", object(must("message", quoteShape))),
		may("forwards", object(
			must("messages", atMostOne(quoteShape)),
			may("conversation_ref_id", amojoID),
			may("conversation_id", filled),
		)),
	)),
))

var (
	sourceShape = object(must("external_id", externalID))

	partyShape = object(
		must("id", filled),
		must("name", filled),
		may("ref_id", amojoID),
		may("avatar", linkOrEmpty),
		may("profile", object(may("phone", text), may("email", text))),
		may("profile_link", linkOrEmpty),
	)

	locationShape = object(must("lon", degrees(180)), must("lat", degrees(90)))

	contactShape = object(must("name", filled), must("phone", filled))

	postShape = object(
		must("id", filled),
		must("url", link),
		may("preview_url", linkOrEmpty),
		may("preview_permalink", linkOrEmpty),
		may("username", text),
		may("caption", text),
	)

	sharedPostShape = object(
		may("url", link),
		may("preview_link", linkOrEmpty),
		may("preview_permalink", linkOrEmpty),
		may("type", oneOf("post")),
		may("site_name", text),
	)

	quoteShape = object(
		may("id", amojoID),
		may("msgid", filled),
		may("type", filled),
		may("text", textOrNull),
		may("timestamp", count),
		may("msec_timestamp", count),
		may("sender", object(may("id", filled), may("ref_id", amojoID), may("name", filled))),
		may("media", link),
		may("file_name", filled),
		may("file_size", count),
		may("media_duration", count),
		may("location", locationShape),
		may("contact", contactShape),
	)
)

// newMessage turns an edit away by its own name before its fields are looked at.
func newMessage(s shape) shape {
	return func(v any) error {
		if m, ok := v.(map[string]any); ok && m["event_type"] == "edit_message" {
			return within("event_type", misfitf("edit_message is not offered by the sandbox"))
		}
		return s(v)
	}
}

// complete adds to the shape of a message that its type's fields are there. Text must not be empty where it is all
// there is.
func complete(s shape) shape {
	return func(v any) error {
		if err := s(v); err != nil {
			return err
		}
		m := v.(map[string]any)
		for _, name := range requiredBy(m["type"].(string)) {
			if _, there := m[name]; !there {
				return within(name, misfitf("missing"))
			}
		}
		if slices.Contains(requiredBy(m["type"].(string)), "text") {
			return within("text", filled(m["text"]))
		}
		return nil
	}
}

func requiredBy(kind string) []string {
	switch kind {
	case "text", "location", "contact":
		return []string{kind}
	case "picture", "video", "file":
		return []string{"media", "file_name", "file_size"}
	default:
		return []string{"media"}
	}
}
