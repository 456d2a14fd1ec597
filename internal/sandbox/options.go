package sandbox

import (
	"cmp"
	"fmt"
	"time"
)

// The ids and tokens of the sandbox's Kommo unless Options say otherwise. They are made up and of the documented form.
const (
	defaultChannelID     = "5a0db0c5-0000-4000-8000-0000000000c1"
	defaultChannelSecret = "73616e64626f782d6368616e6e656c2d73656372"
	defaultAccountID     = "5a0db0c5-0000-4000-8000-0000000000a1"
	defaultBotID         = "5a0db0c5-0000-4000-8000-0000000000b1"
	defaultManagerID     = "5a0db0c5-0000-4000-8000-0000000000d1"
)

// Duplicates says what becomes of a message whose msgid has arrived before, in whatever chat.
// Kommo's documents say that it is not accepted, but not how the answer looks.
type Duplicates string

const (
	KeepDuplicates     Duplicates = "keep"     // stored once more, so that a double sending is seen; the default
	DropDuplicates     Duplicates = "drop"     // answered like the first one and not stored
	RefuseDuplicates   Duplicates = "refuse"   // answered with 400: already exists
	ConflictDuplicates Duplicates = "conflict" // answered with 409: already exists
)

// RetryAfterPlace is the part of a 429 that names the wait. Kommo documents it only for its main API: in the body.
type RetryAfterPlace string

const (
	InHeader RetryAfterPlace = "header" // Retry-After in seconds; the default
	InDate   RetryAfterPlace = "date"   // Retry-After as an HTTP date by the sandbox's clock
	InBody   RetryAfterPlace = "body"   // retry_after in the JSON body
	Nowhere  RetryAfterPlace = "none"
)

// Options identify the sandbox's Kommo, and say how it behaves where Kommo's documents are silent.
// The zero value is a Kommo with fixed ids, without limits, waits or faults, which keeps duplicates.
type Options struct {
	ChannelID     string // uuid of the channel; has a fixed default, like the four that follow
	ChannelSecret string // 40 hexadecimal digits, used as text
	AccountID     string // amojo id of the account
	BotID         string // amojo id of the channel's bot
	ManagerID     string // amojo id of a CRM user; other ref_ids are taken as well
	AccountToken  string // of the account's main API; "": a JWT made of the two that follow

	TokenScopes   []string      // nil means crm, which is everything of the main API
	TokenLifetime time.Duration // from the start of the sandbox; 0: to the end of this century; negative: it has expired

	Contacts []Contact // the contacts of the account at the start

	Lenient bool // take what clients at work send, though the documents ask for more

	Disconnected bool // the account is not connected to the channel until a request connects it

	Now       func() time.Time // the time of arrivals; nil: time.Now
	ClockSkew time.Duration    // added to Now for signatures and Date headers, to rehearse a wrong system clock

	Latency      time.Duration // how long each answer takes; the request is taken at its beginning
	HistoryDelay time.Duration // how long after its acceptance a message appears in the history
	IndexDelay   time.Duration // how long after it was made a link, a contact or a lead appears in the main API
	Duplicates   Duplicates    // "" means KeepDuplicates

	RateLimit    int             // more requests than this in any second are answered with 429; 0: no limit
	RetryAfter   time.Duration   // the wait that a 429 asks for, in whole seconds rounded up; 0: one second
	RetryAfterIn RetryAfterPlace // "" means InHeader
	BlockAfter   int             // after so many 429s every request is answered with a plain 403; 0: never

	Rules  []Rule  // the faults from the start on
	Quirks []Quirk // how it differs from this sandbox without any fault
}

// Check returns an error about the first option that has no meaning.
func (o Options) Check() error {
	switch cmp.Or(o.Duplicates, KeepDuplicates) {
	case KeepDuplicates, DropDuplicates, RefuseDuplicates, ConflictDuplicates:
	default:
		return fmt.Errorf("duplicates %q: want keep, drop, refuse or conflict", o.Duplicates)
	}
	switch cmp.Or(o.RetryAfterIn, InHeader) {
	case InHeader, InDate, InBody, Nowhere:
	default:
		return fmt.Errorf("retry-after in %q: want header, date, body or none", o.RetryAfterIn)
	}
	if o.RateLimit < 0 || o.BlockAfter < 0 {
		return fmt.Errorf("rate limit %d, block after %d: want 0 or more", o.RateLimit, o.BlockAfter)
	}
	if min(o.Latency, o.HistoryDelay, o.IndexDelay, o.RetryAfter) < 0 {
		return fmt.Errorf("latency %v, history delay %v, index delay %v, retry-after %v: want 0 or more",
			o.Latency, o.HistoryDelay, o.IndexDelay, o.RetryAfter)
	}
	if err := checkContacts(o.Contacts); err != nil {
		return err
	}
	for _, r := range o.Rules {
		if err := r.CheckForKommo(); err != nil {
			return fmt.Errorf("rule %q: %w", r, err)
		}
	}
	for _, q := range o.Quirks {
		if err := q.Check(); err != nil {
			return fmt.Errorf("quirk %s: %w", q.Trait, err)
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.ChannelID = cmp.Or(o.ChannelID, defaultChannelID)
	o.ChannelSecret = cmp.Or(o.ChannelSecret, defaultChannelSecret)
	o.AccountID = cmp.Or(o.AccountID, defaultAccountID)
	o.BotID = cmp.Or(o.BotID, defaultBotID)
	o.ManagerID = cmp.Or(o.ManagerID, defaultManagerID)
	o.Duplicates = cmp.Or(o.Duplicates, KeepDuplicates)
	o.RetryAfterIn = cmp.Or(o.RetryAfterIn, InHeader)
	o.RetryAfter = cmp.Or(o.RetryAfter, time.Second)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TokenScopes == nil {
		o.TokenScopes = []string{"crm"}
	}
	o.AccountToken = o.token()
	return o
}

// ScopeID returns the id of the connection between channel and account, which the paths of the Chats API begin with.
func (k *Kommo) ScopeID() string {
	return k.Options.ChannelID + "_" + k.Options.AccountID
}

// Environment returns the lines KEY=value that point kommo-import at this sandbox.
// KOMMO_BASE_URL is the first of them unless baseURL is empty.
func (k *Kommo) Environment(baseURL string) []string {
	lines := []string{
		"KOMMO_SCOPE_ID=" + k.ScopeID(),
		"KOMMO_CHANNEL_ID=" + k.Options.ChannelID,
		"KOMMO_CHANNEL_SECRET=" + k.Options.ChannelSecret,
		"KOMMO_BOT_ID=" + k.Options.BotID,
	}
	if baseURL != "" {
		lines = append([]string{"KOMMO_BASE_URL=" + baseURL}, lines...)
	}
	return lines
}

// AccountEnvironment returns the lines KEY=value that point kommo-import at the account of this sandbox, whose main API
// is served at baseURL.
func (k *Kommo) AccountEnvironment(baseURL string) []string {
	return []string{"KOMMO_ACCOUNT_URL=" + baseURL, "KOMMO_TOKEN=" + k.Options.AccountToken}
}
