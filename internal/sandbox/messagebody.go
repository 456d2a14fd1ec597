package sandbox

import "maps"

// The bodies that Kommo takes at POST …/{scope}: the fields of its reference, with their kinds.
var (
	newMessageBody = object(
		field{"event_type", oneOf("new_message", "edit_message"), must},
		field{"payload", payloadBody, must},
	)

	payloadBody = object(
		field{"timestamp", count, documented},
		field{"msec_timestamp", count, documented},
		field{"msgid", filled, must},
		field{"conversation_id", filled, documented},
		field{"conversation_ref_id", amojoID, may},
		field{"silent", boolean, may},
		field{"source", sourceBody, may},
		field{"sender", participantBody, must},
		field{"receiver", participantBody, may},
		field{"message", contentBody.and(fieldsOfType), must},
		field{"reply_to", object(field{"message", quoteBody, must}), may},
		field{"forwards", forwardsBody, may},
	).and(timeAndChat)

	editMessageBody = object(
		field{"event_type", oneOf("edit_message"), must},
		field{"payload", editPayloadBody, must},
	)

	// editPayloadBody names the message by Kommo's id or by ours. The fields of any kind are ignored (documented).
	editPayloadBody = object(
		field{"timestamp", count, documented},
		field{"msec_timestamp", count, documented},
		field{"id", amojoID, may},
		field{"msgid", filled, may},
		field{"conversation_id", filled, documented},
		field{"conversation_ref_id", amojoID, may},
		field{"silent", boolean, may},
		field{"source", anything, may},
		field{"sender", anything, may},
		field{"receiver", anything, may},
		field{"message", contentBody.and(filledText), must},
		field{"reply_to", anything, may},
		field{"forwards", anything, may},
	).and(oneNameOf("id", "msgid")).and(timeAndChat)

	sourceBody = object(field{"external_id", externalID, may})

	participantBody = object(
		field{"id", filled, documented},
		field{"ref_id", amojoID, may},
		field{"name", filled, documented},
		field{"avatar", linkOrEmpty, may},
		field{"profile", object(field{"phone", text, may}, field{"email", text, may}), may},
		field{"profile_link", linkOrEmpty, may},
	).and(oneNameOf("id", "ref_id"))

	contentBody = object(
		field{"type", kindOfMessage, must},
		field{"text", text, may},
		field{"media", link, may},
		field{"media_duration", count, may},
		field{"file_name", filled, may},
		field{"file_size", count, may},
		field{"sticker_id", text, may},
		field{"location", locationBody, may},
		field{"contact", contactBody, may},
		field{"callback_data", text, may},
		field{"delivery_status", statusBody, may},
		field{"shared_post", sharedPostBody, may},
		field{"post", postBody, may},
	)

	kindOfMessage = oneOf("text", "contact", "file", "video", "picture", "voice", "audio", "sticker", "location")
	locationBody  = object(field{"lon", degrees(180), must}, field{"lat", degrees(90), must})
	contactBody   = object(field{"name", filled, must}, field{"phone", filled, must})

	postBody = object(
		field{"id", filled, must},
		field{"url", link, must},
		field{"preview_url", linkOrEmpty, may},
		field{"preview_permalink", linkOrEmpty, may},
		field{"username", text, may},
		field{"caption", text, may},
	)

	sharedPostBody = object(
		field{"url", link, must},
		field{"preview_link", linkOrEmpty, may},
		field{"preview_permalink", linkOrEmpty, may},
		field{"type", oneOf("post"), may},
		field{"site_name", text, may},
	)

	// quoteBody names the quoted message by Kommo's id or by ours, or spells it out.
	quoteBody = object(
		field{"id", amojoID, may},
		field{"msgid", filled, may},
		field{"type", kindOfMessage, may},
		field{"text", text, may},
		field{"file_name", text, may},
		field{"file_size", count, may},
		field{"media_duration", count, may},
		field{"location", locationBody, may},
		field{"contact", contactBody, may},
		field{"timestamp", count, may},
		field{"msec_timestamp", count, may},
		field{"sender", object(field{"id", filled, may}, field{"ref_id", amojoID, may}, field{"name", filled, may}), may},
	).and(namedOrSpelledOut)

	forwardsBody = object(
		field{"messages", listOf(quoteBody, 1), must},
		field{"conversation_ref_id", amojoID, may},
		field{"conversation_id", filled, may},
	)
)

// timeAndChat returns an error unless a lenient reading leaves a time and a chat.
func timeAndChat(path string, payload map[string]any, r reading) error {
	if err := oneNameOf("timestamp", "msec_timestamp")(path, payload, r); err != nil {
		return err
	}
	return oneNameOf("conversation_id", "conversation_ref_id")(path, payload, r)
}

// oneNameOf returns a check that one of two fields is there.
func oneNameOf(name, other string) check {
	return func(path string, object map[string]any, _ reading) error {
		if object[name] == nil && object[other] == nil {
			return invalidf(join(path, name), "missing, and so is %s", other)
		}
		return nil
	}
}

// fieldsOfType returns an error unless a message has the fields that its type requires. A text must not be empty, as
// nothing else is there.
func fieldsOfType(path string, message map[string]any, r reading) error {
	kind := message["type"].(string)
	required := []string{"media"}
	switch {
	case kind == "text" || kind == "location" || kind == "contact":
		required = []string{kind}
	case (kind == "picture" || kind == "video" || kind == "file") && !r.lenient:
		required = []string{"media", "file_name", "file_size"}
	}
	if err := requireAll(path, message, required); err != nil {
		return err
	}
	return filledText(path, message, r)
}

// filledText returns an error about a message of type text without a text.
func filledText(path string, message map[string]any, r reading) error {
	if message["type"] != "text" {
		return nil
	}
	if err := requireAll(path, message, []string{"text"}); err != nil {
		return err
	}
	return filled.check(join(path, "text"), message["text"], r)
}

// namedOrSpelledOut returns an error about a quote without an id that lacks what a quote needs then.
func namedOrSpelledOut(path string, quote map[string]any, _ reading) error {
	if quote["id"] != nil || quote["msgid"] != nil {
		return nil
	}
	required := []string{"type", "timestamp", "msec_timestamp", "sender"}
	if kind, _ := quote["type"].(string); kind == "text" || kind == "location" || kind == "contact" {
		required = append(required, kind)
	}
	return requireAll(path, quote, required)
}

func requireAll(path string, object map[string]any, names []string) error {
	for _, name := range names {
		if object[name] == nil {
			return invalidf(join(path, name), "missing")
		}
	}
	return nil
}

// spelledOut reports whether a quote has all that it needs without an id.
func spelledOut(quote map[string]any) bool {
	bare := maps.Clone(quote)
	delete(bare, "id")
	delete(bare, "msgid")
	return namedOrSpelledOut("", bare, reading{}) == nil
}
