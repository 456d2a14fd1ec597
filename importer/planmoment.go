package importer

import (
	"cmp"
	"slices"

	"kommo-import/sources"
)

// A role is what becomes of a row.
type role int

const (
	asMessage   role = iota // it is a message of the plan
	asDuplicate             // it is the same message as another one
	superseded              // a newer reading of the same account holds the message again
	asSent                  // its message was sent; it stays as it was sent
)

// A sentMessage is a message that was sent, as it was sent.
type sentMessage struct {
	identity        identity
	origin          int64
	direction, kind string
	words           int64
	joinID          string
}

// equalTo says which messages of one moment are equal.
type equalTo struct {
	direction, kind string
	words           int64
}

func (m sentMessage) equalTo() equalTo { return equalTo{m.direction, m.kind, m.words} }

// asSent returns the message that r would be if it was sent as it reads now.
func (r *stagingRow) asSent() sentMessage {
	return sentMessage{r.identity, r.origin, r.direction, r.kind, r.words, r.joinID}
}

func (r *stagingRow) equalTo() equalTo { return equalTo{r.direction, r.kind, r.words} }

func (r *stagingRow) isSkipped() bool { return r.skip != "" || r.leftOut }

// assignRoles decides what becomes of the rows of one conversation and one moment. sent are the messages that were sent
// with a time in that moment. Rows that were sent must have their known message.
//
//   - In one source, an identity counts once: the first row of a table, the newest of an account.
//   - In two sources, the n-th message of the one and the n-th equal message of the other are one. The one that was sent
//     stays, else one that is not skipped, else that of the source that was loaded first.
//   - In two conversations of one chat it is the same, but that of the conversation that gives the chat its id comes first.
//     Messages with one id are one, too.
func assignRoles(rows []*stagingRow, sent []sentMessage, several bool) {
	slices.SortFunc(rows, byArrival)
	first := make(map[originIdentity]*stagingRow, len(rows))
	for _, r := range rows {
		if r.known != nil && r.known.sent {
			r.role = asSent
		}
		key := originIdentity{r.origin, r.identity}
		if other := first[key]; other == nil || r.beats(other.fresh, other.staging) {
			if other != nil {
				other.yieldTo(r.fresh, r.identity)
			}
			first[key] = r
		} else {
			r.yieldTo(other.fresh, r.identity)
		}
	}
	for _, r := range rows { // a newer reading of an account replaces the duplicates of the last one, too
		if winner := first[originIdentity{r.origin, r.identity}]; r != winner {
			r.yieldTo(winner.fresh, r.identity)
		}
	}
	if !several {
		return
	}
	dropEqual(rows, sent)
	for _, r := range rows { // the message that counts for a row may itself be that of another source
		if winner := first[originIdentity{r.origin, r.identity}]; r != winner && winner.role == asDuplicate {
			r.twin = winner.twin
		}
	}
}

type originIdentity struct {
	origin   int64
	identity identity
}

// beats reports whether r counts, and not a row of the same source and identity.
func (r *stagingRow) beats(otherFresh bool, otherStaging int64) bool {
	if r.family == sources.GreenAPI && r.fresh != otherFresh {
		return r.fresh
	}
	return r.staging < otherStaging
}

// yieldTo makes r give way to a row of the same source with the identity id.
func (r *stagingRow) yieldTo(otherFresh bool, id identity) {
	r.role, r.twin, r.byID = asDuplicate, id, !r.counted
	if r.family == sources.GreenAPI && r.fresh != otherFresh {
		r.role = superseded
	}
}

// dropEqual makes rows duplicates of equal messages of other sources.
func dropEqual(rows []*stagingRow, sent []sentMessage) {
	messages := messageSet{make(map[equalTo][]identity), make(map[identity]identity), make(map[string]identity),
		make(map[originIdentity]bool), make(map[equalRows]int)}
	asItWas := make(map[sentMessage]bool, len(sent))
	for _, m := range sent {
		asItWas[m] = true
		messages.held[originIdentity{m.origin, m.identity}] = true
		messages.add(m.equalTo(), m.joinID, m.identity)
	}
	var open []*stagingRow
	for _, r := range rows {
		messages.held[originIdentity{r.origin, r.identity}] = true
		switch {
		case r.role == asMessage:
			open = append(open, r)
		case r.role == asSent && r.source == r.known.source && !asItWas[r.asSent()]:
			messages.add(r.equalTo(), r.joinID, r.identity) // it reads differently now
		}
	}
	slices.SortStableFunc(open, func(a, b *stagingRow) int {
		return cmp.Or(cmp.Compare(btoi(a.isSkipped()), btoi(b.isSkipped())), cmp.Compare(a.origin, b.origin))
	})
	for _, r := range open {
		if twin, isByID, ok := messages.twin(r); ok {
			r.role, r.twin, r.byID = asDuplicate, twin, isByID && !r.counted
		} else {
			messages.add(r.equalTo(), r.joinID, r.identity)
		}
	}
}

// A messageSet holds the messages of one moment that the plan has. Each source has each of them once at most.
type messageSet struct {
	messages map[equalTo][]identity
	twins    map[identity]identity // by the identity of a message or of a duplicate
	byJoinID map[string]identity
	held     map[originIdentity]bool // messages that a source has
	passed   map[equalRows]int       // how many of the messages are known to be held by a source
}

type equalRows struct {
	origin int64
	equal  equalTo
}

func (e *messageSet) add(equal equalTo, joinID string, id identity) {
	e.messages[equal] = append(e.messages[equal], id)
	if joinID != "" {
		e.byJoinID[joinID] = id
	}
	e.twins[id] = id
}

// twin returns the message of which a row is a duplicate: that with its identity, else that with its id in another
// conversation of the chat, else the first equal message that its
// source does not have.
func (e *messageSet) twin(r *stagingRow) (twin identity, isByID, ok bool) {
	if twin, ok := e.twins[r.identity]; ok {
		e.held[originIdentity{r.origin, twin}] = true
		return twin, twin == r.identity, true
	}
	if twin, ok := e.byJoinID[r.joinID]; ok {
		e.held[originIdentity{r.origin, twin}] = true
		e.twins[r.identity] = twin
		return twin, true, true
	}
	equal, key := e.messages[r.equalTo()], equalRows{r.origin, r.equalTo()}
	for ; e.passed[key] < len(equal); e.passed[key]++ {
		twin := equal[e.passed[key]]
		if have := (originIdentity{r.origin, twin}); !e.held[have] {
			e.held[have] = true
			e.twins[r.identity] = twin
			return twin, false, true
		}
	}
	return identity{}, false, false
}

// countEqual gives the rows of one moment that have no ids at their source the identity of the n-th equal message of their
// second.
func countEqual(rows []*stagingRow) {
	counts := make(map[originIdentity]int)
	slices.SortFunc(rows, byArrival)
	for _, r := range rows {
		if r.counted {
			key := originIdentity{r.origin, r.identity}
			counts[key]++
			r.identity = r.identity.nth(counts[key])
		}
	}
}
