package sandbox

import "net/http"

// greenAPIError is the body of an error. The path holds the token on purpose, as that of the real one does: a client
// that prints the body gives the token away.
//
//	{"statusCode":403,"timestamp":"2026-03-01T12:00:00.000Z","path":"/waInstance7105000000/getChats/5a0d…","message":"Forbidden"}
type greenAPIError struct {
	StatusCode int    `json:"statusCode"`
	Timestamp  string `json:"timestamp"`
	Path       string `json:"path"`
	Message    string `json:"message"`
}

func (g *GreenAPI) errorAnswer(q greenAPICall, status int, message string) answer {
	now := g.Options.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	return jsonAnswer(status, "application/json", greenAPIError{status, now, q.path, message})
}

func (g *GreenAPI) unauthorized(q greenAPICall) answer {
	return g.errorAnswer(q, http.StatusUnauthorized, "Unauthorized")
}

func (g *GreenAPI) starting(q greenAPICall) answer {
	return g.errorAnswer(q, http.StatusBadRequest, "instance in starting process try later")
}

// invalid is the answer to a body that is not what the method wants. It does not say what is wrong with it.
func (g *GreenAPI) invalid(q greenAPICall) answer {
	return g.errorAnswer(q, http.StatusBadRequest, "Validation failed")
}

// statusQuota is what Green-API answers when the tariff allows no more this month. HTTP has no name for it.
const statusQuota = 466

// quota is what the tariff says to a request.
type quota struct {
	Method      Endpoint `json:"method"`
	Used        int      `json:"used"`
	Total       int      `json:"total"`
	Status      string   `json:"status"`
	Description string   `json:"description"`
}

type quotaAnswer struct {
	Invoke         quota  `json:"invokeStatus"`
	Correspondents *quota `json:"correspondentsStatus,omitempty"`
}

func requestsUsedUp(method Endpoint) answer {
	return jsonAnswer(statusQuota, "application/json", quotaAnswer{Invoke: quota{
		Method: method, Used: 1001, Total: 1000, Status: "QUOTE_EXCEEDED",
		Description: "Monthly quota of requests for the method has been exceeded",
	}})
}

func correspondentsUsedUp(method Endpoint) answer {
	return jsonAnswer(statusQuota, "application/json", quotaAnswer{
		Invoke: quota{Method: method, Used: 12, Total: 1000, Status: "QUOTE_ALLOWED",
			Description: "Request is allowed"},
		Correspondents: &quota{Method: method, Used: 4, Total: 3, Status: "CORRESPONDENTS_QUOTE_EXCEEDED",
			Description: "Monthly quota of chats has been exceeded"},
	})
}
