package importer

import (
	"log/slog"
	"sync/atomic"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/pace"
)

// A Verifier reads the chats at Kommo back and compares them with the plan. It posts no message. It asks Kommo for a chat
// whose id it does not know, or that Kommo does not know or shows empty.
//
// Each chat is read from end to end, a page at a time. The entries of every page are stored, so that an interrupted
// verification goes on behind the last page. When a chat has been read, the entries are compared with the plan in
// SQL. A missing message may only be late: the chat is read again until Kommo has had its time. A message that was
// found as it was sent becomes verified; [File.Findings] lists the differences.
type Verifier struct {
	File     *File
	Client   *kommo.Client
	Composer Composer // as it was for sending
	Only     []string // ids of conversations at the source; empty: all
	Sample   int      // how many of these conversations, spread evenly and different each time; 0: all
	Pace     *pace.Pace
	Workers  int           // chats at a time; 0 means 16
	Wait     time.Duration // how long Kommo is given to show missing messages; 0 means 2 min
	Log      *slog.Logger  // receives the events that concern an administrator; nil discards them
	// Account reads the links of chats and contacts back; nil if there is no token.
	Account *crm.Client

	progress progress // in pages
	messages struct{ done, total atomic.Int64 }
	resting  atomic.Int64 // until when there is nothing to do, in Unix milliseconds
}

const defaultWait = 2 * time.Minute

// A VerifyReport is the outcome of a verification so far, over all of its runs. It compares the messages that Kommo has
// accepted.
type VerifyReport struct {
	Conversations int `json:"conversations"` // read to their end
	Open          int `json:"open"`          // selected, and not read to their end yet
	Messages      int `json:"messages"`      // with a verdict: there, missing or differs
	There         int `json:"there"`         // as they were sent
	Missing       int `json:"missing"`
	Differs       int `json:"differs"`
	Doubled       int `json:"doubled"`      // extra copies
	OutOfOrder    int `json:"out_of_order"` // messages
	ShownAs       int `json:"shown_as"`     // of There: shown as another kind, such as a sticker as a picture
	Foreign       int `json:"foreign"`      // in the chats, but not of this migration
	Unsent        int `json:"unsent"`       // in the chats, but not sent according to the plan
	Unread        int `json:"unread"`       // conversations whose chat cannot be read
	// Unlinked are conversations whose chat does not belong to the contact to which it was linked.
	Unlinked int `json:"unlinked"`
	// UnreadMessages are the messages of these conversations that Kommo accepted and that their chats did not show.
	UnreadMessages int `json:"unread_messages"`

	Requests  int           `json:"requests"`  // of this run
	SlowDowns int           `json:"slowdowns"` // of this run: answers that said too many requests
	Elapsed   time.Duration `json:"-"`         // of this run
}

// Differences returns how many messages and chats differ from the plan. Messages that are foreign, unsent, or shown as another kind
// do not count.
func (r VerifyReport) Differences() int {
	return r.Missing + r.Differs + r.Doubled + r.OutOfOrder + r.Unread + r.Unlinked
}

// A verifyRun is one run of a Verifier.
type verifyRun struct {
	verifier *Verifier
	file     *File
	requests *requester
	history  *historyReader
	wait     time.Duration
}
