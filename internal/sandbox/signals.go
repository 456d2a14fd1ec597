package sandbox

import "net/http"

// The bodies of the requests that add no message.
var (
	typingBody = object(
		field{"conversation_id", filled, must},
		field{"duration_ms", count, may},
		field{"sender", participantBody.but("name", may), must},
	)

	reactBody = object(
		field{"conversation_id", filled, may},
		field{"conversation_ref_id", amojoID, may},
		field{"id", amojoID, may},
		field{"msgid", filled, may},
		field{"user", object(field{"id", filled, may}, field{"ref_id", amojoID, may}).and(oneNameOf("id", "ref_id")), must},
		field{"type", oneOf("react", "unreact"), must},
		field{"emoji", text, may},
	).and(oneNameOf("conversation_id", "conversation_ref_id")).and(oneNameOf("id", "msgid"))

	statusCode = among(-1, 1, 2)
	errorCode  = among(901, 902, 903, 904, 905)

	statusBody = object(
		field{"status_code", statusCode, must},
		field{"error_code", errorCode, may},
		field{"error", text, may},
	).and(errorOfStatus)

	// deliveryBody is the body of the reference and, with delivery_status, that of the published samples.
	deliveryBody = object(
		field{"msgid", amojoID, may},
		field{"status_code", statusCode, may},
		field{"delivery_status", among(-1, 0, 1, 2), may},
		field{"error_code", among(0, 901, 902, 903, 904, 905), may},
		field{"error", text, may},
	).and(oneNameOf("status_code", "delivery_status")).and(errorOfStatus)
)

// errorOfStatus returns an error about a failed delivery without its reason.
func errorOfStatus(path string, status map[string]any, r reading) error {
	failed := isNumber(status["status_code"], -1) || isNumber(status["delivery_status"], -1)
	if !failed || r.lenient {
		return nil
	}
	return requireAll(path, status, []string{"error_code", "error"})
}

// typing answers POST …/{scope}/typing: 204, also for a chat that is not there (the sandbox's own choice).
func (k *Kommo) typing(body []byte) answer {
	if err := k.decode(body, typingBody, &struct{}{}); err != nil {
		return refused(err.Error())
	}
	return emptyAnswer(http.StatusNoContent)
}

// react answers POST …/{scope}/react: 200 without a body, or 404 if there is no such message. Kommo documents no body
// of that 404: here it has the form of the other errors. Reactions are not kept, as no answer of Kommo shows them.
func (k *Kommo) react(body []byte) answer {
	var p payload
	if err := k.decode(body, reactBody, &p); err != nil {
		return refused(err.Error())
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	c, err := k.store.find(p)
	if err != nil || c == nil || k.store.quoted(c, quote{"id": p.ID, "msgid": p.MsgID}) == nil {
		return noSuchMessage()
	}
	return emptyAnswer(http.StatusOK)
}

// setDelivery answers POST …/{scope}/{message}/delivery_status like react. The message is named by Kommo's id, which
// the body may repeat.
func (k *Kommo) setDelivery(id string, body []byte) answer {
	var p payload
	if err := k.decode(body, deliveryBody, &p); err != nil {
		return refused(err.Error())
	}
	if p.MsgID != "" && p.MsgID != id {
		return refused("msgid: not the message of the path")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.store.byID[id] == nil {
		return noSuchMessage()
	}
	return emptyAnswer(http.StatusOK)
}

func noSuchMessage() answer {
	return refusedWith(http.StatusNotFound, "no such message")
}
