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
	source          int64
	direction, kind string
	words           int64
}

// A slot is a place among equal messages of one second: the n-th with a direction, a kind and words.
type slot struct {
	direction, kind string
	words           int64
	n               int
}

// assignRoles decides what becomes of the rows of one conversation and one second. sent are the messages that were sent
// with a time in that second. Rows that were sent must have their known message.
//
//   - In one source, an identity counts once: the first row of a table, the newest of an account.
//   - In two sources, the n-th message of the one and the n-th equal message of the other are one. The one that was sent
//     stays, else one that has a form in Kommo, else that of the source that was loaded first.
func assignRoles(rows []*stagingRow, sent []sentMessage, several bool) {
	slices.SortFunc(rows, byArrival)
	first := make(map[sourceIdentity]*stagingRow, len(rows))
	for _, r := range rows {
		if r.known != nil && r.known.sent {
			r.role = asSent
		}
		key := sourceIdentity{r.source, r.identity}
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
		if winner := first[sourceIdentity{r.source, r.identity}]; r != winner {
			r.yieldTo(winner.fresh, r.identity)
		}
	}
	if several {
		dropEqual(rows, sent)
	}
}

type sourceIdentity struct {
	source   int64
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
	type counter struct {
		source int64
		slot   slot
	}
	type occupant struct {
		source   int64
		identity identity
	}
	counts := make(map[counter]int)
	taken := make(map[slot]occupant)
	next := func(source int64, s slot) slot {
		counts[counter{source, s}]++
		s.n = counts[counter{source, s}]
		return s
	}
	chosen := make(map[identity]bool)
	for _, m := range sent {
		chosen[m.identity] = true
		s := next(m.source, slot{direction: m.direction, kind: m.kind, words: m.words})
		if _, ok := taken[s]; !ok {
			taken[s] = occupant{m.source, m.identity}
		}
	}
	slots := make(map[*stagingRow]slot)
	var open []*stagingRow
	for _, r := range rows {
		if r.role == asMessage {
			slots[r] = next(r.source, slot{direction: r.direction, kind: r.kind, words: r.words})
			open = append(open, r)
		}
	}
	slices.SortStableFunc(open, func(a, b *stagingRow) int {
		return cmp.Or(cmp.Compare(btoi(a.skip != ""), btoi(b.skip != "")), cmp.Compare(a.source, b.source))
	})
	for _, r := range open {
		holder, occupied := taken[slots[r]]
		switch {
		case chosen[r.identity]:
			r.role, r.twin, r.byID = asDuplicate, r.identity, !r.counted
		case occupied && holder.source != r.source:
			r.role, r.twin = asDuplicate, holder.identity
		default:
			chosen[r.identity] = true
			taken[slots[r]] = occupant{r.source, r.identity}
		}
	}
}

// countEqual gives the rows of one second that have no ids at their source the identity of the n-th equal message.
func countEqual(rows []*stagingRow) {
	counts := make(map[sourceIdentity]int)
	slices.SortFunc(rows, byArrival)
	for _, r := range rows {
		if r.counted {
			key := sourceIdentity{r.source, r.identity}
			counts[key]++
			r.identity = r.identity.nth(counts[key])
		}
	}
}
