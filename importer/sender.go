package importer

import (
	"cmp"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/linkcheck"
	"kommo-import/internal/pace"
)

// A Sender posts the planned messages to Kommo, each message once.
//
// It sends several conversations at a time, each by one worker and strictly in order. Every message is marked as
// sending before its request leaves, and with its outcome afterwards. If the outcome is not known, the sender reads
// the chat's history before it posts the message again.
type Sender struct {
	File      *File
	Client    *kommo.Client
	Composer  Composer
	Selection Selection
	Pace      *pace.Pace
	Workers   int           // conversations at a time; 0 means 16
	Settle    time.Duration // how long Kommo is given to show a message in its history; 0 means 5 s
	Window    Window        // in which messages leave
	// MaxDuration ends a run as an interrupt does, without an error; 0 does not.
	MaxDuration time.Duration
	LookFirst   bool         // all conversations are unsure: the records of earlier sends are lost
	Log         *slog.Logger // receives the events that concern an administrator; nil discards them
	// Renew makes new links to media of the source RenewOf whose links have died since the load; nil if no source can.
	Renew   Renewer
	RenewOf string
	// MediaTransport carries the requests to media; nil connects to public addresses only, or to all if the last load
	// was allowed to.
	MediaTransport http.RoundTripper
	// Account links the chats to the contacts that were matched, before their first message; nil if there is no token. Then
	// nothing is sent as long as chats of the selection are to be linked.
	Account *crm.Client

	progress progress
}

const (
	defaultWorkers = 16
	defaultSettle  = 5 * time.Second
)

// A SendReport is the outcome of one run of a [Sender].
type SendReport struct {
	Accepted   int           `json:"accepted"`
	Refused    int           `json:"refused"`
	Settled    int           `json:"settled"`   // of the accepted: found in the chat after an unknown outcome
	Notified   int           `json:"notified"`  // conversations whose notifying message was accepted
	Requests   int           `json:"requests"`  // of all kinds
	SlowDowns  int           `json:"slowdowns"` // answers that said too many requests
	Renewed    int           `json:"renewed"`   // dead media links that were replaced by new ones
	SetAside   int           `json:"set_aside"` // conversations with a message in doubt that could not be resolved, or with an unreadable chat
	Found      int           `json:"found"`     // of the accepted: sent earlier without a record, and found in their chats
	TimeUp     bool          `json:"time_up"`   // the run has ended because of MaxDuration
	Elapsed    time.Duration `json:"-"`
	Unnotified []string      `json:"unnotified,omitempty"` // conversations whose notifying message was refused; the first 100
	// Reformed counts messages that were accepted in another form after a refusal; ReformedMessages are the positions and
	// forms of the first 100.
	Reformed         int      `json:"reformed"`
	ReformedMessages []string `json:"reformed_messages,omitempty"`
	// Gone counts media that turned out to be gone; GoneMedia are the positions of the first 100 of their messages,
	// which were sent as text.
	Gone      int      `json:"gone"`
	GoneMedia []string `json:"gone_media,omitempty"`
	// FoundConversations are the first 100 conversations with such messages; their rest is sent without a notification.
	FoundConversations []string `json:"found_conversations,omitempty"`
	// AsideConversations are the first 100 conversations that were set aside.
	AsideConversations []string `json:"set_aside_conversations,omitempty"`
	// Linked counts the chats that belong to their contact; Cards are the first 100 of these contacts.
	Linked int     `json:"linked"`
	Cards  []int64 `json:"cards,omitempty"`
	// LinkedElsewhere counts the chats that belonged to another contact than the matched one; they stay so.
	LinkedElsewhere      int      `json:"linked_elsewhere"`
	LinkedElsewhereChats []string `json:"linked_elsewhere_chats,omitempty"`
	// Unlinked counts the chats whose link Kommo refused, and that were sent without a contact.
	Unlinked      int      `json:"unlinked"`
	UnlinkedChats []string `json:"unlinked_chats,omitempty"`
	// RenewedMedia are the positions of the messages whose link differs from that of the preview; the first 100.
	RenewedMedia []string `json:"renewed_media,omitempty"`
}

// maxListed is how many entries each list of a report has.
const maxListed = 100

// A run is one run of a Sender.
type run struct {
	file     *File
	client   *kommo.Client
	account  *crm.Client // nil: nothing is linked
	composer Composer
	settle   time.Duration
	filter   Filter // of the last load
	links    *linkcheck.Checker
	mayLink  atomic.Bool // Kommo has accepted a link in this run
	renew    Renewer
	renewOf  string // the source whose links renew makes
	requests *requester
	history  *historyReader
	progress *progress

	waitedFrom time.Time // when the conversations that waited behind the others had their turn; zero before
	window     Window

	mu      sync.Mutex
	report  SendReport
	tally   tally
	opens   time.Time                   // when the window opens next, as was said
	aside   int                         // conversations set aside since the last acceptance
	waiting []*conversation             // wait behind the others
	adopted map[int64]map[identity]bool // by conversation with a refusal: the messages that its chat showed then
}

// newRun returns a run; a settle of 0 means [defaultSettle].
func newRun(file *File, client *kommo.Client, composer Composer, settle time.Duration, requests *requester) *run {
	return &run{file: file, client: client, composer: composer, settle: cmp.Or(settle, defaultSettle), requests: requests,
		history:  &historyReader{file: file, client: client, requests: requests, composer: composer},
		progress: new(progress)}
}

// count changes the report.
func (r *run) count(change func(*SendReport)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.report)
}

// appendListed adds an entry to a list of a report, which does not grow beyond [maxListed].
func appendListed[T any](list []T, entry T) []T {
	if len(list) == maxListed {
		return list
	}
	return append(list, entry)
}
