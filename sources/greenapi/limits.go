package greenapi

import (
	"cmp"

	"kommo-import/internal/pace"
)

// A method is one of Green-API's, and how often it may be called.
type method struct {
	name string
	rate float64 // requests per second and instance (docs/api/ratelimiter, documented); 0: as the client says
	// triesAt500 is how often a status of 500 is met before giving up; 0: as often as any other.
	triesAt500 int
}

var (
	getStateInstance = method{name: "getStateInstance", rate: 1}
	getSettings      = method{name: "getSettings", rate: 1}
	getWaSettings    = method{name: "getWaSettings", rate: 1}
	getChats         = method{name: "getChats", rate: 1} // inferred: not seen in the table
	getContacts      = method{name: "getContacts", rate: 1}
	getContactInfo   = method{name: "getContactInfo", rate: 1}
	getChatHistory   = method{name: "getChatHistory"}
	// A file that is gone is answered with 500, too (documented): a second try tells it from a hiccup.
	downloadFile = method{name: "downloadFile", rate: 5, triesAt500: 2}
)

const (
	defaultHistoryRate = 1 // calls of getChatHistory per second (documented)
	// margin stretches the gaps between requests. A server may count the requests of any second; it then accepts
	// ours even if timers or packets are a few milliseconds early or late.
	margin = 1.008
)

// paceOf returns the pace of a method: each method has a rate limit of its own.
func (c *Client) paceOf(m method) *pace.Pace {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.paces == nil {
		c.paces = map[string]*pace.Pace{}
	}
	if c.paces[m.name] == nil {
		c.paces[m.name] = pace.New(cmp.Or(m.rate, c.HistoryRate, defaultHistoryRate) / margin)
	}
	return c.paces[m.name]
}
