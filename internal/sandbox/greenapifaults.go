package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
)

// perform answers the request as the fault demands; the zero Rule is no fault. An error is a cut connection.
func (g *GreenAPI) perform(fault Rule, q call) (answer, error) {
	switch fault.Do {
	case "", Slow:
		return g.handle(q), nil
	case Cut:
		return answer{}, errCut()
	case Half:
		a := g.handle(q).cutShort(nil)
		a.header.Del("Content-Length")
		return a, nil
	case CutBody:
		return g.handle(q).cutShort(errCut()), nil
	case GrowNew, GrowOld:
		if q.endpoint == OnGetChatHistory && g.admits(q) {
			g.grow(q.ChatID, fault.Do == GrowOld)
		}
		return g.handle(q), nil
	}
	return g.refuse(fault.Do, q), nil
}

// refuse returns the answer of a fault that is the same for every request. Some come from Green-API itself, others from
// a proxy in front of it.
func (g *GreenAPI) refuse(do Action, q call) answer {
	switch do {
	case QuotaExceeded:
		return quotaAnswer(fmt.Sprintf(`{"invokeStatus":{"method":"%s","used":1001,"total":1000,"status":"QUOTE_EXCEEDED",`+
			`"description":"Monthly quota of requests for the method has been exceeded"}}`, q.endpoint))
	case CorrespondentsReached:
		return quotaAnswer(fmt.Sprintf(`{"invokeStatus":{"method":"%s","used":12,"total":1000,"status":"QUOTE_ALLOWED",`+
			`"description":"Request is allowed"},"correspondentsStatus":{"method":"%[1]s","used":4,"total":3,`+
			`"status":"CORRESPONDENTS_QUOTE_EXCEEDED","description":"Monthly quota of chats has been exceeded"}}`, q.endpoint))
	case Starting:
		return g.starting(q)
	case PlainBadRequest:
		return newAnswer(http.StatusBadRequest, "text/plain; charset=utf-8", []byte("bad request data"))
	case Garbage:
		return newAnswer(http.StatusOK, "application/json", []byte(`[{"type":"incoming","idMessage":"`))
	case Empty:
		return newAnswer(http.StatusOK, "application/json", nil)
	case ClientClosed:
		return g.errorAnswer(q, 499, "Client Closed Request")
	case TooMany, Unauthorized, NotFound, ServerError:
		status, _ := strconv.Atoi(string(do))
		return g.errorAnswer(q, status, http.StatusText(status))
	}
	return proxyAnswer(do)
}

// quotaAnswer is the answer when the tariff allows no more this month. HTTP has no name for its status.
func quotaAnswer(body string) answer {
	return newAnswer(466, "application/json", []byte(body))
}
