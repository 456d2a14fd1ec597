package sandbox

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// Action is the effect of a Rule on a request.
type Action string

// The actions of Kommo. Its account's main API has them too.
const (
	Refuse          Action = "refuse"        // 400, not taken
	TooMany         Action = "429"           // not taken; asks for the wait of Options.RetryAfter
	BadGateway      Action = "502"           // not taken
	BadGatewayTaken Action = "502-taken"     // 502, although taken
	Cut             Action = "cut"           // the connection breaks before anything is taken
	CutTaken        Action = "cut-taken"     // the connection breaks after the request was taken
	Slow            Action = "slow"          // taken and answered as usual, only later
	Garbage         Action = "garbage"       // taken; 200 with JSON that ends in the middle
	HTML            Action = "html"          // 200 with an HTML page, not taken
	HTMLBadGateway  Action = "502-html"      // 502 with an HTML page, not taken
	Block           Action = "403"           // plain text, as after repeated 429s; not taken
	BadSignature    Action = "403-signature" // as if the signature were wrong; not taken
	NotFound        Action = "404"           // as if the channel did not exist; not taken
	Redirect        Action = "302"           // to /login, not taken
)

// The other refusals of Kommo, in the form of Refuse, and those of a proxy in front of it. Nothing is taken.
const (
	Conflict      Action = "409"
	TooLarge      Action = "413"
	Unprocessable Action = "422"
	HTMLForbidden Action = "403-html" // an HTML page, as the next one
	HTMLTooLarge  Action = "413-html"
	ClientTimeout Action = "408" // plain text, as the next one
	TooEarly      Action = "425"
)

// The actions that only the account's main API has, which also has Unauthorized.
const (
	PaymentRequired Action = "402"        // as if the account were not paid for
	NoRights        Action = "403-rights" // as if the token's user were no administrator
)

// The actions of Green-API. Kommo shares the first five of them, and Green-API shares 429, 502, cut, slow, garbage, html,
// 502-html, 403, 404 and 302.
const (
	Unauthorized          Action = "401" // as if the token were wrong
	ClientClosed          Action = "499"
	ServerError           Action = "500"
	NotImplemented        Action = "501" // as if this version of Green-API did not have the method
	Unavailable           Action = "503"
	GatewayTimeout        Action = "504"
	QuotaExceeded         Action = "466"                // the tariff's requests of this month are used up
	CorrespondentsReached Action = "466-correspondents" // the tariff's chats of this month are used up
	Starting              Action = "400-starting"       // as if the instance were starting
	PlainBadRequest       Action = "400-text"           // 400 with a plain text
	Empty                 Action = "empty"              // 200 without a body
	Half                  Action = "half"               // the right answer, which ends regularly in the middle of an entry
	CutBody               Action = "cut-body"           // the right answer, in the middle of which the connection breaks
	GrowNew               Action = "grow-new"           // before the answer the chat gets one more entry at its new end
	GrowOld               Action = "grow-old"           // before the answer the chat gets one more entry at its old end
)

func kommoActions() []Action {
	return []Action{Refuse, TooMany, BadGateway, BadGatewayTaken, Cut, CutTaken, Slow, Garbage, HTML, HTMLBadGateway,
		Block, BadSignature, NotFound, Redirect, Conflict, TooLarge, Unprocessable, HTMLForbidden, HTMLTooLarge,
		ClientTimeout, TooEarly, Unauthorized, ClientClosed, ServerError, Unavailable, GatewayTimeout}
}

func accountActions() []Action { return []Action{Unauthorized, PaymentRequired, NoRights} }

func greenAPIActions() []Action {
	return []Action{TooMany, BadGateway, Cut, Slow, Garbage, HTML, HTMLBadGateway, Block, NotFound, Redirect,
		Unauthorized, QuotaExceeded, CorrespondentsReached, ClientClosed, ServerError, NotImplemented, Unavailable, GatewayTimeout,
		Starting, PlainBadRequest, Empty, Half, CutBody, GrowNew, GrowOld}
}

// A Rule makes some requests fail. A request meets the first rule all of whose conditions it fulfils. A rule without
// conditions is met by every message of Kommo, or by every getChatHistory of Green-API. An action that takes the
// request takes only a valid one: a wrong signature or an invalid message leaves nothing behind. Rules do not see a
// request that a block or the rate limit refuses.
type Rule struct {
	Do    Action
	Wait  time.Duration // before the answer, or the cut; for any action. The request is taken before it
	On    Endpoint      // "" means OnMessage for Kommo, OnGetChatHistory for Green-API
	MsgID string        // only messages with this msgid; for Green-API, only downloadFile of this idMessage
	Chat  string        // only requests about this chat: for Green-API its chatId, for Kommo's links its or our id
	N     int           // only the n-th request that the conditions above and below select, from 1, since the rule was added
	Every int           // only each k-th of them
	P     float64       // only with this probability, above 0 and up to 1
	Count int           // at most so many times; 0: without end

	// The conditions that follow are about messages to Kommo; Avatar and Over are also about its chats.
	Text   string        // only messages whose text contains this
	Media  string        // only messages whose link contains this
	Avatar string        // only requests in which the link of an avatar contains this
	From   string        // only messages from the client, the bot, the CRM user ("user"), an unknown sender, or this ref_id
	Reply  time.Duration // only replies to a message that arrived less than this ago
	Over   int           // only bodies of more bytes than this
}

// Check returns an error if the rule has no meaning for either of Kommo and Green-API.
func (r Rule) Check() error {
	actions := union(kommoActions(), greenAPIActions(), accountActions())
	endpoints := union(kommoEndpoints(), greenAPIEndpoints())
	switch {
	case !slices.Contains(actions, r.Do):
		return fmt.Errorf("action %q: want one of %s", r.Do, commaList(actions))
	case r.On != "" && !slices.Contains(endpoints, r.On):
		return fmt.Errorf("on=%s: want one of %s", r.On, commaList(endpoints))
	case r.N < 0, r.Every < 0, r.Count < 0:
		return errors.New("n, every and count: want 1 or more")
	case !(r.P >= 0 && r.P <= 1):
		return fmt.Errorf("p=%v: want a probability above 0 and up to 1", r.P)
	case r.Reply < 0, r.Over < 0:
		return errors.New("reply and over: want more than 0")
	case r.Wait < 0:
		return fmt.Errorf("%s=%v: want a duration of 0 or more", r.Do, r.Wait)
	case r.Do == Slow && r.Wait == 0:
		return errors.New("slow: want a duration, as in slow=3s")
	}
	return nil
}

// CheckForKommo returns an error if the rule has no meaning for a Kommo.
func (r Rule) CheckForKommo() error {
	switch err := r.Check(); {
	case err != nil:
		return err
	case slices.Contains(accountActions(), r.Do) && r.On.ofAccount():
	case r.Do == PaymentRequired || r.Do == NoRights:
		return fmt.Errorf("%s: only the account answers so: want on= and one of %s", r.Do, commaList(accountEndpoints()))
	case !slices.Contains(kommoActions(), r.Do):
		return fmt.Errorf("%s: only Green-API answers so, not Kommo", r.Do)
	case r.On != "" && !slices.Contains(kommoEndpoints(), r.On):
		return fmt.Errorf("on=%s: a method of Green-API, not of Kommo", r.On)
	case r.Chat != "" && r.On != OnLinks && r.On != OnLink:
		return errors.New("chat: a condition for Green-API, and for links of Kommo: want on=links or on=link")
	case r.asksKommo() && !slices.Contains([]Endpoint{"", OnMessage, OnChats, OnAny}, r.On):
		return errors.New("text, media, avatar, from, reply and over: conditions for messages: want on=message")
	}
	return nil
}

// CheckForGreenAPI returns an error if the rule has no meaning for a GreenAPI.
func (r Rule) CheckForGreenAPI() error {
	grows := r.Do == GrowNew || r.Do == GrowOld
	switch err := r.Check(); {
	case err != nil:
		return err
	case r.asksKommo():
		return errors.New("text, media, avatar, from, reply and over: conditions for Kommo, not for Green-API")
	case !slices.Contains(greenAPIActions(), r.Do):
		return fmt.Errorf("%s: only Kommo answers so, not Green-API", r.Do)
	case r.On != "" && !slices.Contains(greenAPIEndpoints(), r.On):
		return fmt.Errorf("on=%s: an endpoint of Kommo, not of Green-API", r.On)
	case grows && r.On != "" && r.On != OnGetChatHistory && r.On != OnAny:
		return fmt.Errorf("%s: a history grows when it is read: want on=getChatHistory", r.Do)
	case r.MsgID != "" && r.On != OnDownloadFile && r.On != OnAny:
		return errors.New("msgid: of Green-API's methods only downloadFile names a message: want on=downloadFile")
	}
	return nil
}

// union returns the elements of all lists, each once, in order of appearance.
func union[T comparable](lists ...[]T) (all []T) {
	for _, v := range slices.Concat(lists...) {
		if !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	return all
}

func commaList[T ~string](words []T) string {
	list := make([]string, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return strings.Join(list, ", ")
}

// rules are the faults of a server, in the order in which they were added. The server's mutex guards them.
type rules []*ruleState

// A ruleState is a Rule with its counts since it was added.
type ruleState struct {
	Rule
	chance *rand.Rand
	seen   int // requests that the conditions about a request select
	used   int
}

// add adds a rule that applies to the endpoint on unless it names another endpoint. Each rule has a fixed sequence of
// chances, so that a run can be repeated.
func (all *rules) add(r Rule, on Endpoint) {
	if r.On == "" {
		r.On = on
	}
	*all = append(*all, &ruleState{Rule: r, chance: rand.New(rand.NewPCG(1, uint64(len(*all))))})
}

// choose returns the first rule that the request meets, or the zero Rule. findMsgID is called only if a rule asks for
// the msgid.
func (all rules) choose(e Endpoint, chat string, findMsgID func() string) Rule {
	return all.chooseBy(e, []string{chat}, func() subject { return subject{msgid: findMsgID()} })
}

// chooseBy is choose for a request with more than an msgid. Every rule counts the request, whichever is met. find is
// called at most once, and only if a rule asks.
func (all rules) chooseBy(e Endpoint, chats []string, find func() subject) Rule {
	var chosen *ruleState
	found := sync.OnceValue(find)
	for _, r := range all {
		if r.meets(e, chats, found) && chosen == nil {
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
func (r *ruleState) meets(e Endpoint, chats []string, find func() subject) bool {
	if r.On != OnAny && r.On != e || r.Chat != "" && !slices.Contains(chats, r.Chat) || r.asks() && !r.selects(find()) {
		return false
	}
	r.seen++
	lucky := r.P == 0 || r.chance.Float64() < r.P
	return lucky &&
		(r.N == 0 || r.seen == r.N) &&
		(r.Every == 0 || r.seen%r.Every == 0) &&
		(r.Count == 0 || r.used < r.Count)
}
