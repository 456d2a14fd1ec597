package sandbox

import (
	"cmp"
	"fmt"
	"time"
)

// Which instance the sandbox's Green-API is unless options or account say otherwise: made up, of the documented form.
const (
	defaultInstance = "7105000000"
	defaultToken    = "5a0db0c500004000800000000000e15a0db0c500004000800f"
	defaultWID      = "79990000000@c.us"
)

// GreenAPIOptions say how the sandbox's Green-API behaves. The zero value has the documented limits and lifetime of
// links, and no waits or faults.
type GreenAPIOptions struct {
	Instance string // idInstance; "": the account's, or a fixed one
	Token    string // apiTokenInstance; "": the account's, or a fixed one

	Now     func() time.Time // nil: time.Now
	Latency time.Duration    // how long each answer takes before it begins

	HistoryRate  int           // more getChatHistory than this in any second are answered with 429; 0: 1, below: no limit
	LinkLifetime time.Duration // how long a link to a file works from the start, or from its renewal; 0: 15 days

	Rules []Rule // the faults from the start on
	Seed  uint64 // of the chance that rules with a probability are decided by
}

// Check reports the first option that has no meaning.
func (o GreenAPIOptions) Check() error {
	if min(o.Latency, o.LinkLifetime) < 0 {
		return fmt.Errorf("latency %v, link lifetime %v: want 0 or more", o.Latency, o.LinkLifetime)
	}
	for _, r := range o.Rules {
		if err := r.CheckForGreenAPI(); err != nil {
			return fmt.Errorf("rule %q: %w", r, err)
		}
	}
	return nil
}

func (o GreenAPIOptions) withDefaults(a Account) GreenAPIOptions {
	o.Instance = cmp.Or(o.Instance, a.Instance, defaultInstance)
	o.Token = cmp.Or(o.Token, a.Token, defaultToken)
	o.HistoryRate = cmp.Or(o.HistoryRate, 1)
	o.LinkLifetime = cmp.Or(o.LinkLifetime, 15*24*time.Hour)
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// perSecond returns how many requests of a method are answered in a second; 0: any number. The limits are documented,
// but for getChats, where one is assumed.
func (o GreenAPIOptions) perSecond(method Endpoint) int {
	switch method {
	case OnGetChatHistory:
		return max(o.HistoryRate, 0)
	case OnDownloadFile:
		return 5
	case OnMedia, "":
		return 0
	default:
		return 1
	}
}

// Environment returns the lines KEY=value that point kommo-import at this sandbox.
// GREEN_API_URL is among them unless baseURL is empty.
func (g *GreenAPI) Environment(baseURL string) []string {
	lines := []string{
		"GREEN_API_INSTANCE=" + g.Options.Instance,
		"GREEN_API_TOKEN=" + g.Options.Token,
	}
	if baseURL != "" {
		lines = append([]string{"GREEN_API_URL=" + baseURL}, lines...)
	}
	return lines
}
