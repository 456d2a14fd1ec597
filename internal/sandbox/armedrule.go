package sandbox

import "math/rand/v2"

// rules are the faults of a server, in the order in which they were added. Its mutex guards them.
type rules []*armedRule

// An armedRule is a Rule with what it has seen since it was added.
type armedRule struct {
	Rule
	chance *rand.Rand
	seen   int // requests that On, MsgID and Chat select
	used   int
}

// add adds a rule whose On is not empty.
func (all *rules) add(r Rule, seed uint64) {
	chance := rand.New(rand.NewPCG(seed, uint64(len(*all))))
	*all = append(*all, &armedRule{Rule: r, chance: chance})
}

// choose returns the first rule that the request meets, or the zero Rule. Every rule counts the request, whichever is
// met. The msgid is looked for only if a rule asks for it.
func (all rules) choose(e Endpoint, chat string, findMsgID func() string) Rule {
	var chosen *armedRule
	var msgid string
	for _, r := range all {
		if r.MsgID != "" && msgid == "" {
			msgid = findMsgID()
		}
		if r.meets(e, chat, msgid) && chosen == nil {
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
func (r *armedRule) meets(e Endpoint, chat, msgid string) bool {
	if r.On != OnAny && r.On != e || r.MsgID != "" && r.MsgID != msgid || r.Chat != "" && r.Chat != chat {
		return false
	}
	r.seen++
	lucky := r.P == 0 || r.chance.Float64() < r.P
	return lucky &&
		(r.N == 0 || r.seen == r.N) &&
		(r.Every == 0 || r.seen%r.Every == 0) &&
		(r.Count == 0 || r.used < r.Count)
}
