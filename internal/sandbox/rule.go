package sandbox

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Action is what a Rule does to a request.
type Action string

const (
	Refuse          Action = "refuse"        // 400, not taken
	TooMany         Action = "429"           // not taken; it asks for the wait of Options.RetryAfter
	BadGateway      Action = "502"           // not taken
	BadGatewayTaken Action = "502-taken"     // 502, although taken
	Cut             Action = "cut"           // the connection breaks before anything is taken
	CutTaken        Action = "cut-taken"     // the connection breaks when it is taken
	Slow            Action = "slow"          // taken and answered as ever, only later
	Garbage         Action = "garbage"       // taken; 200 with JSON that ends in the middle
	HTML            Action = "html"          // 200 with an HTML page, not taken
	HTMLBadGateway  Action = "502-html"      // 502 with an HTML page, not taken
	Block           Action = "403"           // plain text, as after repeated 429s; not taken
	BadSignature    Action = "403-signature" // as if the signature were wrong; not taken
	NotFound        Action = "404"           // as if the channel were not there; not taken
	Redirect        Action = "302"           // to /login, not taken
)

// What only a Green-API does. Of the actions above it has 429, 502, cut, slow, garbage, html, 502-html, 403, 404 and 302.
const (
	Unauthorized          Action = "401"                // as if the token were wrong
	QuotaExceeded         Action = "466"                // the tariff's requests of this month are used up
	CorrespondentsReached Action = "466-correspondents" // the tariff's chats of this month are used up
	ClientClosed          Action = "499"
	ServerError           Action = "500"
	Unavailable           Action = "503"
	GatewayTimeout        Action = "504"
	Starting              Action = "400-starting" // as if the instance were starting
	PlainBadRequest       Action = "400-text"     // 400 with a plain text
	Empty                 Action = "empty"        // 200 without a body
	Half                  Action = "half"         // the right answer, which ends within an entry as if that were its end
	CutBody               Action = "cut-body"     // the right answer, in the middle of which the connection breaks
	GrowNew               Action = "grow-new"     // before the answer the chat gets one more entry at its new end
	GrowOld               Action = "grow-old"     // before the answer the chat gets one more entry at its old end
)

func kommoActions() []Action {
	return []Action{Refuse, TooMany, BadGateway, BadGatewayTaken, Cut, CutTaken, Slow, Garbage, HTML, HTMLBadGateway,
		Block, BadSignature, NotFound, Redirect}
}

func greenAPIActions() []Action {
	return []Action{TooMany, BadGateway, Cut, Slow, Garbage, HTML, HTMLBadGateway, Block, NotFound, Redirect,
		Unauthorized, QuotaExceeded, CorrespondentsReached, ClientClosed, ServerError, Unavailable, GatewayTimeout,
		Starting, PlainBadRequest, Empty, Half, CutBody, GrowNew, GrowOld}
}

// A Rule makes some requests fail. A request meets the first rule whose conditions it fulfils, all of them; a rule
// without conditions is met by every message of Kommo, or by every getChatHistory of Green-API. A fault that takes the
// request takes it only if it is right: a wrong signature or an invalid message leaves nothing behind. Rules do not see
// what a block or the rate limit turns away.
type Rule struct {
	Do    Action
	Wait  time.Duration // before the answer, or the cut; for any action. What is taken is taken before it
	On    Endpoint      // "" means OnMessage for Kommo, OnGetChatHistory for Green-API
	MsgID string        // only messages with this msgid; for Green-API, only downloadFile of this idMessage
	Chat  string        // only requests whose body names this chatId, for Green-API alone
	N     int           // only the n-th request that On, MsgID and Chat select, from 1, since the rule was added
	Every int           // only each k-th of them
	P     float64       // only with this probability, above 0 and up to 1
	Count int           // at most so many times; 0: without end
}

// Check reports what makes the rule meaningless for Kommo and Green-API alike.
func (r Rule) Check() error {
	actions := union(union(kommoActions(), greenAPIActions()), accountActions())
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
	case r.Wait < 0:
		return fmt.Errorf("%s=%v: want a duration of 0 or more", r.Do, r.Wait)
	case r.Do == Slow && r.Wait == 0:
		return errors.New("slow: want a duration, as in slow=3s")
	}
	return nil
}

// CheckForKommo reports what makes the rule meaningless for a Kommo.
func (r Rule) CheckForKommo() error {
	switch err := r.Check(); {
	case err != nil:
		return err
	case slices.Contains(accountActions(), r.Do) && r.On.ofAccount():
	case r.Do == PaymentRequired || r.Do == NoRights:
		return fmt.Errorf("%s: only the account answers so: want on=account or on=users", r.Do)
	case !slices.Contains(kommoActions(), r.Do):
		return fmt.Errorf("%s: only Green-API answers so, not Kommo", r.Do)
	case r.On != "" && !slices.Contains(kommoEndpoints(), r.On):
		return fmt.Errorf("on=%s: a method of Green-API, not of Kommo", r.On)
	case r.Chat != "":
		return errors.New("chat: a condition for Green-API, not for Kommo")
	}
	return nil
}

// CheckForGreenAPI reports what makes the rule meaningless for a GreenAPI.
func (r Rule) CheckForGreenAPI() error {
	grows := r.Do == GrowNew || r.Do == GrowOld
	switch err := r.Check(); {
	case err != nil:
		return err
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

// union returns the elements of both lists, each once, in order of appearance.
func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	for _, v := range b {
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

// ParseRule reads a rule as it is written on a command line:
//
//	rule      = action [ "=" wait ] [ ":" condition { "," condition } ]
//	action    = "refuse" | "429" | "502" | "502-taken" | "cut" | "cut-taken" | "slow" | "garbage" | "html" |
//	            "502-html" | "403" | "403-signature" | "404" | "302" |
//	            "401" | "466" | "466-correspondents" | "499" | "500" | "503" | "504" | "400-starting" | "400-text" |
//	            "empty" | "half" | "cut-body" | "grow-new" | "grow-old" | "402" | "403-rights"
//	wait      = a duration such as 3s or 250ms: how long the answer takes; "slow" needs it
//	condition = "n=" N          only the n-th request, from 1
//	          | "every=" K      only each k-th
//	          | "p=" P          only with this probability, above 0 and up to 1
//	          | "count=" C      at most so many times
//	          | "on=" ENDPOINT  Kommo: message (if not given), chats, history, connect, disconnect, any, account or users;
//	                            Green-API: getChatHistory (if not given), getChats, getContacts, getContactInfo,
//	                            getSettings, getStateInstance, getWaSettings, downloadFile, media or any
//	          | "msgid=" ID     only the message with this msgid, which must not contain a comma;
//	                            Green-API: only downloadFile of this idMessage
//	          | "chat=" ID      Green-API: only what asks for this chatId
//
// Which of them Kommo and Green-API have tell [Rule.CheckForKommo] and [Rule.CheckForGreenAPI].
// Examples: "502-taken:n=5", "cut:every=10", "refuse:p=0.1", "slow=3s:n=2,on=history", "429:every=100,count=3",
// "500:chat=79001234567@c.us", "404:on=media,n=2".
func ParseRule(s string) (Rule, error) {
	head, conditions, conditional := strings.Cut(s, ":")
	action, duration, timed := strings.Cut(head, "=")
	r := Rule{Do: Action(action)}
	if timed {
		d, err := time.ParseDuration(duration)
		if err != nil {
			return Rule{}, fmt.Errorf("rule %q: wait %q: not a duration such as 3s", s, duration)
		}
		r.Wait = d
	}
	if conditional {
		if err := r.parseConditions(conditions); err != nil {
			return Rule{}, fmt.Errorf("rule %q: %w", s, err)
		}
	}
	if err := r.Check(); err != nil {
		return Rule{}, fmt.Errorf("rule %q: %w", s, err)
	}
	return r, nil
}

func (r *Rule) parseConditions(s string) error {
	seen := map[string]bool{}
	for condition := range strings.SplitSeq(s, ",") {
		key, value, ok := strings.Cut(condition, "=")
		if !ok || value == "" {
			return fmt.Errorf("condition %q: want key=value", condition)
		}
		if seen[key] {
			return fmt.Errorf("condition %q: given twice", key)
		}
		seen[key] = true
		if err := r.parseCondition(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (r *Rule) parseCondition(key, value string) (err error) {
	switch key {
	case "n":
		r.N, err = parseCount(key, value)
	case "every":
		r.Every, err = parseCount(key, value)
	case "count":
		r.Count, err = parseCount(key, value)
	case "p":
		r.P, err = strconv.ParseFloat(value, 64)
		if err != nil || r.P == 0 {
			err = fmt.Errorf("p=%s: want a probability above 0 and up to 1", value)
		}
	case "on":
		r.On = Endpoint(value)
	case "msgid":
		r.MsgID = value
	case "chat":
		r.Chat = value
	default:
		err = fmt.Errorf("condition %q: want n, every, p, count, on or msgid, or chat for Green-API", key)
	}
	return err
}

func parseCount(key, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%s=%s: want a whole number from 1", key, value)
	}
	return n, nil
}

// String returns the rule in the form that ParseRule reads.
func (r Rule) String() string {
	head := string(r.Do)
	if r.Wait != 0 {
		head += "=" + r.Wait.String()
	}
	var conditions []string
	add := func(there bool, format string, value any) {
		if there {
			conditions = append(conditions, fmt.Sprintf(format, value))
		}
	}
	add(r.On != "", "on=%s", r.On)
	add(r.N != 0, "n=%d", r.N)
	add(r.Every != 0, "every=%d", r.Every)
	add(r.P != 0, "p=%v", r.P)
	add(r.Count != 0, "count=%d", r.Count)
	add(r.MsgID != "", "msgid=%s", r.MsgID)
	add(r.Chat != "", "chat=%s", r.Chat)
	if len(conditions) == 0 {
		return head
	}
	return head + ":" + strings.Join(conditions, ",")
}
