package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
)

// An armedRule is a Rule with what it has seen since it was added.
type armedRule struct {
	Rule
	chance *rand.Rand
	seen   int // requests that On and MsgID select
	used   int
}

// AddRule adds a rule behind those that are there. It may be called while requests are served.
func (k *Kommo) AddRule(r Rule) {
	k.mu.Lock()
	defer k.mu.Unlock()
	chance := rand.New(rand.NewPCG(k.Options.Seed, uint64(len(k.rules))))
	k.rules = append(k.rules, &armedRule{Rule: r, chance: chance})
}

// ClearRules takes all rules away.
func (k *Kommo) ClearRules() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rules = nil
}

// chooseRule returns the first rule that the request meets, or the zero Rule. Every rule counts the request, whichever
// is met. The caller holds k.mu.
func (k *Kommo) chooseRule(q request) Rule {
	var chosen *armedRule
	var msgid string
	for _, r := range k.rules {
		if r.MsgID != "" && msgid == "" {
			msgid = peekMsgID(q)
		}
		if r.meets(q.endpoint, msgid) && chosen == nil {
			chosen = r
		}
	}
	if chosen == nil {
		return Rule{}
	}
	chosen.used++
	return chosen.Rule
}

// meets counts the request and reports whether it fulfils all conditions.
func (r *armedRule) meets(e Endpoint, msgid string) bool {
	on := r.On
	if on == "" {
		on = OnMessage
	}
	if on != OnAny && on != e || r.MsgID != "" && r.MsgID != msgid {
		return false
	}
	r.seen++
	lucky := r.P == 0 || r.chance.Float64() < r.P
	return lucky &&
		(r.N == 0 || r.seen == r.N) &&
		(r.Every == 0 || r.seen%r.Every == 0) &&
		(r.Count == 0 || r.used < r.Count)
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
		a := htmlAnswer(http.StatusFound)
		a.header.Set("Location", "/login")
		return a, nil
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
