package importer

// A State is what became of a message. Together with the duplicates and what was invalid, the messages in all states
// are the messages that were read.
type State string

// The states of a message.
//
//	planned ──► sending ──► accepted ◄──► verified
//	     ▲       │   └────► refused
//	     └───────┘ known not to have been taken
//
// What a verification misses among the accepted can be planned again.
const (
	Skipped  State = "skipped"  // it has no form in Kommo, or a filter left it out
	Planned  State = "planned"  // it will be sent
	Sending  State = "sending"  // a request with it may have left; found at the start of a run, it is in doubt
	Accepted State = "accepted" // Kommo took it
	Verified State = "verified" // the last verification found it as it was sent
	Refused  State = "refused"  // Kommo did not want it
)

// unsent reports whether the plan may still change for a message in that state.
func unsent(s State) bool { return s == Planned || s == Skipped }

// decide returns what becomes of a message that was not sent, from the reasons to leave out its conversation and
// itself; "" is no reason.
func decide(reasons ...string) (State, string) {
	for _, reason := range reasons {
		if reason != "" {
			return Skipped, reason
		}
	}
	return Planned, ""
}

// followingMillis returns the msec_timestamp of a message that was written at time and follows one with the
// msec_timestamp before: Kommo sorts by time, so no two messages of a conversation may have the same.
func followingMillis(time, before int64) int64 { return max(time, before+1) }
