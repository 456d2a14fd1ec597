package sandbox

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// AddRule adds a rule behind those that are there. It may be called while requests are served.
func (k *Kommo) AddRule(r Rule) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r.On = cmp.Or(r.On, OnMessage)
	k.rules.add(r, k.Options.Seed)
}

// ClearRules takes all rules away.
func (k *Kommo) ClearRules() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rules = nil
}

// peekMsgID returns the msgid of a message that nobody has checked yet, or "".
func peekMsgID(q request) string {
	if q.endpoint != OnMessage {
		return ""
	}
	var envelope struct {
		Payload struct {
			MsgID string `json:"msgid"`
		} `json:"payload"`
	}
	if json.Unmarshal(q.body, &envelope) != nil {
		return ""
	}
	return envelope.Payload.MsgID
}

// perform answers the request as the fault wants it; the zero Rule is no fault. An error is a cut connection.
func (k *Kommo) perform(fault Rule, q request) (answer, error) {
	if q.endpoint.ofAccount() {
		if a, ok := refuseAccount(fault.Do); ok {
			return a, nil
		}
	}
	switch fault.Do {
	case Refuse:
		return refused("payload: refused by a rule of the sandbox"), nil
	case TooMany:
		return k.tooManyAnswer(), nil
	case BadGateway:
		return textAnswer(http.StatusBadGateway, "502 Bad Gateway"), nil
	case HTML:
		return htmlAnswer(http.StatusOK), nil
	case HTMLBadGateway:
		return htmlAnswer(http.StatusBadGateway), nil
	case Block:
		return textAnswer(http.StatusForbidden, "403 Forbidden"), nil
	case BadSignature:
		return invalidSignature(), nil
	case NotFound:
		return notRegistered(), nil
	case Redirect:
		return redirectAnswer(), nil
	case Cut:
		return answer{}, errCut()
	default:
		return performTaken(fault.Do, k.handle(q))
	}
}

// performTaken turns the right answer to a request that was taken into what the fault makes of it.
func performTaken(do Action, right answer) (answer, error) {
	switch do {
	case BadGatewayTaken:
		return textAnswer(http.StatusBadGateway, "502 Bad Gateway"), nil
	case CutTaken:
		return answer{}, errCut()
	case Garbage:
		return newAnswer(http.StatusOK, "application/json", []byte(`{"new_message":{"conversation_id":"`)), nil
	default:
		return right, nil
	}
}

func errCut() error {
	return fmt.Errorf("sandbox: connection reset by peer: %w", io.ErrUnexpectedEOF)
}
