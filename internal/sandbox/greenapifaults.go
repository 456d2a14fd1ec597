package sandbox

import "net/http"

// perform answers the request as the fault wants it; the zero Rule is no fault. An error is a cut connection.
func (g *GreenAPI) perform(fault Rule, q greenAPICall) (answer, error) {
	switch fault.Do {
	case Cut:
		return answer{}, errCut()
	case Half:
		a := g.handle(q)
		a.header.Del("Content-Length")
		a.stream, a.body = a.pieces().cutShort(nil), nil
		return a, nil
	case CutBody:
		a := g.handle(q)
		a.stream, a.body = a.pieces().cutShort(errCut()), nil
		return a, nil
	case GrowNew, GrowOld:
		if q.endpoint == OnGetChatHistory && g.admits(q) {
			g.grow(q.ChatID, fault.Do == GrowOld)
		}
		return g.handle(q), nil
	case "", Slow:
		return g.handle(q), nil
	default:
		return g.refuse(fault.Do, q), nil
	}
}

// refuse returns the answer of a fault that does not care what was asked.
func (g *GreenAPI) refuse(do Action, q greenAPICall) answer {
	switch do {
	case TooMany:
		return g.errorAnswer(q, http.StatusTooManyRequests, "Too Many Requests")
	case Unauthorized:
		return g.unauthorized(q)
	case Block:
		return textAnswer(http.StatusForbidden, "403 Forbidden")
	case NotFound:
		return g.errorAnswer(q, http.StatusNotFound, "Not Found")
	case QuotaExceeded:
		return requestsUsedUp(q.endpoint)
	case CorrespondentsReached:
		return correspondentsUsedUp(q.endpoint)
	case Starting:
		return g.starting(q)
	case PlainBadRequest:
		return textAnswer(http.StatusBadRequest, "bad request data")
	case Garbage:
		return newAnswer(http.StatusOK, "application/json", []byte(`[{"type":"incoming","idMessage":"`))
	case HTML:
		return htmlAnswer(http.StatusOK)
	case Redirect:
		return redirectAnswer()
	case Empty:
		return newAnswer(http.StatusOK, "application/json", nil)
	default:
		return g.brokenServer(do, q)
	}
}

// brokenServer returns the answer of a fault for which nobody who asks is to blame: some come from Green-API itself,
// others from what stands before it.
func (g *GreenAPI) brokenServer(do Action, q greenAPICall) answer {
	switch do {
	case ClientClosed:
		return g.errorAnswer(q, 499, "Client Closed Request")
	case BadGateway:
		return textAnswer(http.StatusBadGateway, "502 Bad Gateway")
	case HTMLBadGateway:
		return htmlAnswer(http.StatusBadGateway)
	case Unavailable:
		return textAnswer(http.StatusServiceUnavailable, "503 Service Unavailable")
	case GatewayTimeout:
		return textAnswer(http.StatusGatewayTimeout, "504 Gateway Timeout")
	default:
		return g.errorAnswer(q, http.StatusInternalServerError, "Internal Server Error")
	}
}
