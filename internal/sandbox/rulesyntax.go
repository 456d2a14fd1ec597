package sandbox

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// ParseRule reads a rule as it is written on a command line:
//
//	rule      = action [ "=" wait ] [ ":" condition { "," condition } ]
//	action    = the text of an Action, such as 502-taken
//	wait      = a duration such as 3s or 250ms: how long the answer takes; "slow" needs it
//	condition = "n=" N          only the n-th request, from 1
//	          | "every=" K      only each k-th
//	          | "p=" P          only with this probability, above 0 and up to 1
//	          | "count=" C      at most so many times
//	          | "on=" ENDPOINT  only at this endpoint; by default message of Kommo, getChatHistory of Green-API
//	          | "msgid=" ID     only the message with this msgid, which must not contain a comma;
//	                            Green-API: only downloadFile of this idMessage
//	          | "chat=" ID      Green-API: only requests for this chatId; Kommo: only links of this chat or conversation
//	          | "text~" PART    Kommo, as all that follow: only messages whose text contains this; no comma
//	          | "media~" PART   only messages whose link contains this
//	          | "avatar~" PART  only messages and chats in which the link of an avatar contains this
//	          | "from=" SENDER  only messages from the client, the bot, the CRM user (user), an unknown sender such as
//	                            a wrong bot id, or this ref_id
//	          | "reply=" TIME   only replies to a message that arrived less than TIME ago
//	          | "over=" BYTES   only bodies of more bytes
//
// [Rule.CheckForKommo] and [Rule.CheckForGreenAPI] say which of them Kommo and Green-API have.
// Examples: "502-taken:n=5", "cut:every=10", "refuse:p=0.1", "slow=3s:n=2,on=history", "429:every=100,count=3",
// "500:chat=79001234567@c.us", "404:on=media,n=2", "413-html:text~invoice", "refuse:reply=10s",
// "refuse:avatar~cdn.example.com", "refuse:from=unknown".
func ParseRule(s string) (Rule, error) {
	r, err := parseRule(s)
	if err == nil {
		err = r.Check()
	}
	if err != nil {
		return Rule{}, fmt.Errorf("rule %q: %w", s, err)
	}
	return r, nil
}

func parseRule(s string) (r Rule, err error) {
	head, conditions, conditional := strings.Cut(s, ":")
	action, duration, timed := strings.Cut(head, "=")
	r.Do = Action(action)
	if timed {
		if r.Wait, err = time.ParseDuration(duration); err != nil {
			return r, fmt.Errorf("wait %q: not a duration such as 3s", duration)
		}
	}
	if !conditional {
		return r, nil
	}
	seen := map[string]bool{}
	for condition := range strings.SplitSeq(conditions, ",") {
		key, sign, value := cutCondition(condition)
		if value == "" {
			return r, fmt.Errorf("condition %q: want key=value", condition)
		}
		if seen[key] {
			return r, fmt.Errorf("condition %q: given twice", key)
		}
		seen[key] = true
		if err := r.setCondition(key, sign, value); err != nil {
			return r, err
		}
	}
	return r, nil
}

// cutCondition splits a condition at its first = or ~.
func cutCondition(condition string) (key, sign, value string) {
	i := strings.IndexAny(condition, "=~")
	if i < 0 {
		return condition, "", ""
	}
	return condition[:i], condition[i : i+1], condition[i+1:]
}

// A condition is a field of a Rule with its name, and the sign before its value, in the text of a rule.
type condition struct {
	key, sign string
	field     any // a pointer
}

func (r *Rule) conditions() []condition {
	return []condition{
		{"on", "=", &r.On}, {"n", "=", &r.N}, {"every", "=", &r.Every}, {"p", "=", &r.P}, {"count", "=", &r.Count},
		{"msgid", "=", &r.MsgID}, {"chat", "=", &r.Chat},
		{"text", "~", &r.Text}, {"media", "~", &r.Media}, {"avatar", "~", &r.Avatar}, {"from", "=", &r.From},
		{"reply", "=", &r.Reply}, {"over", "=", &r.Over},
	}
}

func (r *Rule) setCondition(key, sign, value string) (err error) {
	for _, c := range r.conditions() {
		if c.key != key {
			continue
		}
		if c.sign != sign {
			return fmt.Errorf("condition %q: want %s%s and a value", key+sign+value, key, c.sign)
		}
		switch field := c.field.(type) {
		case *int:
			if *field, err = strconv.Atoi(value); err != nil || *field < 1 {
				return fmt.Errorf("%s=%s: want a whole number from 1", key, value)
			}
		case *float64:
			if *field, err = strconv.ParseFloat(value, 64); err != nil || *field == 0 {
				return fmt.Errorf("%s=%s: want a probability above 0 and up to 1", key, value)
			}
		case *time.Duration:
			if *field, err = time.ParseDuration(value); err != nil || *field <= 0 {
				return fmt.Errorf("%s=%s: want a duration above 0, such as 3s", key, value)
			}
		case *Endpoint:
			*field = Endpoint(value)
		case *string:
			*field = value
		}
		return nil
	}
	return fmt.Errorf("condition %q: want n, every, p, count, on or msgid, chat for Green-API and for links of Kommo, "+
		"or text~, media~, avatar~, from, reply or over for Kommo", key)
}

// String returns the rule in the form that ParseRule reads.
func (r Rule) String() string {
	head := string(r.Do)
	if r.Wait != 0 {
		head += "=" + r.Wait.String()
	}
	var conditions []string
	for _, c := range r.conditions() {
		if value := reflect.ValueOf(c.field).Elem(); !value.IsZero() {
			conditions = append(conditions, fmt.Sprintf("%s%s%v", c.key, c.sign, value))
		}
	}
	if len(conditions) == 0 {
		return head
	}
	return head + ":" + strings.Join(conditions, ",")
}
