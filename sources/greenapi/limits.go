package greenapi

import "cmp"

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

// historyRate is how many getChatHistory may be sent in a second (documented).
const historyRate = 1

// turnstile returns the one that requests of a method go through: each method has a limit of its own.
func (c *Client) turnstile(m method) *turnstile {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.turnstiles == nil {
		c.turnstiles = map[string]*turnstile{}
	}
	t := c.turnstiles[m.name]
	if t == nil {
		t = newTurnstile(cmp.Or(m.rate, c.HistoryRate, historyRate))
		c.turnstiles[m.name] = t
	}
	return t
}
