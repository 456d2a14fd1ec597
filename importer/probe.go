package importer

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"kommo-import/internal/migration"
	"kommo-import/internal/pace"
	"kommo-import/internal/web"
	"log/slog"
	"math"
	"time"

	"kommo-import/internal/kommo"
)

// ProbeConversation is the conversation that is written to by a [Prober], whatever the conversation prefix.
const ProbeConversation = "kommo-import-probe"

// A Prober finds out what Kommo's documents leave open, by sending a few messages to a chat of its own. All are
// silent: they make no lead and no notification (documented). They stay, as nothing can be deleted.
type Prober struct {
	File   *File
	Client *kommo.Client
	Pace   *pace.Pace
	// Patience is how long a message may take to show in its chat's history; 0 is a minute.
	Patience time.Duration
	Log      *slog.Logger // what an administrator should know while it runs; nil: silence
}

// A Probe is what one found out. It is stored as it is in JSON.
type Probe struct {
	Time    time.Time `json:"time"`
	ScopeID string    `json:"scope_id"`

	// Shown says that messages showed in history at all, ShownAfter after how many seconds. It is measured from Kommo's
	// answer to the first message, in steps of half a second or of the pace.
	Shown      bool    `json:"shown"`
	ShownAfter float64 `json:"shown_after_seconds"`

	// Repeated is what becomes of a second message with the same msgid.
	Repeated Repeated `json:"repeated_msgid"`
	// RepeatedSameID says that the second one was answered with the id of the first.
	RepeatedSameID bool   `json:"repeated_msgid_same_id,omitempty"`
	RepeatedWords  string `json:"repeated_msgid_words,omitempty"` // Kommo's, if it refused

	Order Order `json:"history_order"`
	// Msec is what history tells of the milliseconds of a message's time.
	Msec Msec `json:"history_msec"`

	// UnknownKind is what a message of a kind is answered that Kommo does not have: "refused" or "accepted".
	UnknownKind      string `json:"unknown_kind"`
	UnknownKindWords string `json:"unknown_kind_words,omitempty"` // Kommo's, if it refused

	// Settle is the --settle that the delay suggests, in seconds; 0 if the default will do.
	Settle int `json:"suggested_settle_seconds,omitempty"`
}

// Repeated is what becomes of a message whose msgid was there before.
type Repeated string

const (
	RepeatDropped Repeated = "dropped" // answered with 200, and in the chat once
	RepeatRefused Repeated = "refused" // answered with 400
	RepeatDoubled Repeated = "doubled" // in the chat twice
	RepeatUnknown Repeated = "unknown" // history showed nothing
)

// Order is how history is sorted.
type Order string

const (
	OrderNewestFirst   Order = "newest first"                // by time, to the millisecond
	OrderOldestFirst   Order = "oldest first"                // likewise
	OrderNewestSeconds Order = "newest first, by the second" // messages of one second in another order
	OrderOldestSeconds Order = "oldest first, by the second" //
	OrderArrival       Order = "newest first, by arrival"    // whatever their times
	OrderArrivalOldest Order = "oldest first, by arrival"    //
	OrderOther         Order = "another order"               //
	OrderUnknown       Order = "unknown"                     // history did not show all messages
)

// Msec is what history tells of milliseconds.
type Msec string

const (
	MsecKept    Msec = "kept"    // msec_timestamp is what was sent
	MsecMissing Msec = "missing" // there is no msec_timestamp
	MsecChanged Msec = "changed" // it is something else
	MsecUnknown Msec = "unknown" // history showed nothing
)

const (
	probePatience = time.Minute
	probeStep     = 500 * time.Millisecond // between looks at history
)

// Probe sends the messages, reads them back, and stores what it found out in the migration file. Each run sends six
// messages more to the same chat. If it is broken off nothing is stored.
func (p *Prober) Probe(ctx context.Context) (Probe, error) {
	r := &probing{Prober: p, patience: cmp.Or(p.Patience, probePatience), run: newProbeRun(time.Now())}
	r.pace, r.log = p.Pace, p.Log
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.found = Probe{Time: time.Now().UTC().Truncate(time.Second), ScopeID: p.Client.ScopeID}
	for _, step := range []func(context.Context) error{r.delay, r.order, r.repeat, r.unknownKind} {
		if err := step(ctx); err != nil {
			return r.found, fmt.Errorf("probing: %w", err)
		}
	}
	r.found.Settle = settleFor(r.found, r.patience)
	return r.found, p.File.Update(func(tx *sql.Tx) error { return migration.SetSetting(tx, settingProbe, r.found) })
}

// LastProbe returns what the last [Prober] found out, and whether there was one.
func (f *File) LastProbe() (p Probe, known bool, err error) {
	known, err = migration.Setting(f.Reader, settingProbe, &p)
	return p, known, f.Explain(err)
}

// A probing is one run of a Prober.
type probing struct {
	*Prober
	traffic
	patience time.Duration
	run      probeRun
	chat     string         // at Kommo
	first    kommo.Accepted // the answer to the first message
	found    Probe
}

// A probeRun makes the messages of one run. Four of them tell by where they stand in history how it is sorted; they are
// sent in another order than that of their times:
//
//	sent    1st          2nd        3rd          4th
//	time    S + 300 ms   S - 60 s   S + 100 ms   S + 200 ms
type probeRun struct {
	id    string    // of the run, in every msgid
	start time.Time // S
}

func newProbeRun(now time.Time) probeRun {
	random := make([]byte, 8)
	rand.Read(random) // never fails
	return probeRun{hex.EncodeToString(random), now.Truncate(time.Second).Add(-10 * time.Minute)}
}

func (r probeRun) sorted() []kommo.NewMessage {
	return []kommo.NewMessage{
		r.message(1, 300*time.Millisecond), r.message(2, -time.Minute), r.message(3, 100*time.Millisecond),
		r.message(4, 200*time.Millisecond),
	}
}

// message returns the n-th message, which is as much later than S. It is one of the client's: no bot is needed.
func (r probeRun) message(n int, later time.Duration) kommo.NewMessage {
	at := r.start.Add(later)
	return kommo.NewMessage{
		Timestamp:      at.Unix(),
		MsecTimestamp:  at.UnixMilli(),
		MsgID:          fmt.Sprintf("%s-%s-%d", ProbeConversation, r.id, n),
		ConversationID: ProbeConversation,
		Sender:         kommo.Participant{ID: ProbeConversation, Name: "kommo-import probe"},
		Message:        kommo.Message{Type: kommo.TypeText, Text: fmt.Sprintf("kommo-import probe, message %d", n)},
		Silent:         true,
	}
}

// delay sends the first message and measures when it shows.
func (r *probing) delay(ctx context.Context) error {
	var err error
	if r.first, err = r.sendOK(ctx, r.run.sorted()[0]); err != nil {
		return err
	}
	if r.chat = r.first.ChatID; r.chat == "" {
		return errors.New("the answer to a message does not name its chat")
	}
	accepted := time.Now()
	there, err := r.await(ctx, func(history []kommo.HistoryMessage) bool { return r.count(history, 1) > 0 })
	if err != nil {
		return err
	}
	if r.found.Shown = there != nil; r.found.Shown {
		r.found.ShownAfter = time.Since(accepted).Round(100 * time.Millisecond).Seconds()
	}
	return nil
}

// order sends the others whose order in history tells how that is sorted.
func (r *probing) order(ctx context.Context) error {
	r.found.Order, r.found.Msec = OrderUnknown, MsecUnknown
	for _, message := range r.run.sorted()[1:] {
		if _, err := r.sendOK(ctx, message); err != nil {
			return err
		}
	}
	if !r.found.Shown {
		return nil
	}
	there, err := r.await(ctx, func(history []kommo.HistoryMessage) bool {
		return r.count(history, 1)*r.count(history, 2)*r.count(history, 3)*r.count(history, 4) > 0
	})
	if err != nil || there == nil {
		return err
	}
	r.found.Order, r.found.Msec = orderOf(r.numbers(there)), r.msecOf(there)
	return nil
}

// repeat sends the first message once more. When one that was sent after it shows, it should show too; it is given as
// long again.
func (r *probing) repeat(ctx context.Context) error {
	again, refused, err := r.send(ctx, r.run.sorted()[0])
	if err != nil {
		return err
	}
	if refused != nil {
		r.found.Repeated, r.found.RepeatedWords = RepeatRefused, *refused
		return nil
	}
	r.found.RepeatedSameID = again.MessageID == r.first.MessageID
	r.found.Repeated = RepeatUnknown
	if !r.found.Shown {
		return nil
	}
	if _, err := r.sendOK(ctx, r.run.message(5, 400*time.Millisecond)); err != nil {
		return err
	}
	there, err := r.await(ctx, func(history []kommo.HistoryMessage) bool {
		return r.count(history, 5) > 0 || r.count(history, 1) > 1
	})
	if err != nil || there == nil {
		return err
	}
	if r.count(there, 1) < 2 {
		if err := web.Sleep(ctx, max(time.Second, time.Duration(r.found.ShownAfter*float64(time.Second)))); err != nil {
			return err
		}
		if there, err = r.history(ctx); err != nil {
			return err
		}
	}
	r.found.Repeated = RepeatDropped
	if r.count(there, 1) > 1 {
		r.found.Repeated = RepeatDoubled
	}
	return nil
}

// unknownKind sends a message of a kind that Kommo does not have.
func (r *probing) unknownKind(ctx context.Context) error {
	message := r.run.message(6, 500*time.Millisecond)
	message.Message.Type = ProbeConversation
	_, refused, err := r.send(ctx, message)
	if err != nil {
		return err
	}
	r.found.UnknownKind = "accepted"
	if refused != nil {
		r.found.UnknownKind, r.found.UnknownKindWords = "refused", *refused
	}
	return nil
}

// errProbeRefused means that Kommo does not want a message that is as it should be.
var errProbeRefused = errors.New("a message that Kommo should take was refused")

// sendOK sends a message that Kommo should take.
func (r *probing) sendOK(ctx context.Context, message kommo.NewMessage) (kommo.Accepted, error) {
	accepted, refused, err := r.send(ctx, message)
	if refused != nil {
		err = fmt.Errorf("%w: %s", errProbeRefused, *refused)
	}
	return accepted, err
}

// send sends a message. refused is what Kommo says if it does not want it. What was not taken for sure is sent again;
// an outcome that is not known ends the probe, as what it measures would mean nothing.
func (r *probing) send(ctx context.Context, message kommo.NewMessage) (accepted kommo.Accepted, refused *string, err error) {
	body, err := kommo.Marshal(message)
	if err != nil {
		return accepted, nil, err
	}
	tries := new(tries)
	for {
		if err := r.turn(ctx); err != nil {
			return accepted, nil, err
		}
		departed := time.Now()
		accepted, err = r.Client.Send(context.WithoutCancel(ctx), body)
		if refusal, ok := errors.AsType[*kommo.RefusedError](err); ok {
			return accepted, &refusal.Detail, nil
		}
		if denied, ok := errors.AsType[*kommo.DeniedError](err); ok && denied.Status > 404 {
			words := fmt.Sprintf("status %d: %s", denied.Status, denied.Detail)
			return accepted, &words, nil
		}
		_, unknown := errors.AsType[*kommo.UnknownOutcomeError](err)
		if err == nil || unknown {
			return accepted, nil, err
		}
		if err := r.again(ctx, tries, departed, err); err != nil {
			return accepted, nil, err
		}
	}
}

// await reads history until enough of it is there, and returns nil if that takes too long.
func (r *probing) await(ctx context.Context, enough func([]kommo.HistoryMessage) bool) ([]kommo.HistoryMessage, error) {
	for late := time.Now().Add(r.patience); ; {
		history, err := r.history(ctx)
		if err != nil || enough(history) {
			return history, err
		}
		if time.Now().After(late) {
			return nil, nil
		}
		if err := web.Sleep(ctx, probeStep); err != nil {
			return nil, err
		}
	}
}

// history returns the messages of this run that the chat holds, in the order in which it tells them.
func (r *probing) history(ctx context.Context) ([]kommo.HistoryMessage, error) {
	tries := new(tries)
	for {
		departed := time.Now()
		ours, err := r.readHistory(ctx)
		if err == nil {
			return ours, nil
		}
		if err := r.again(ctx, tries, departed, err); err != nil {
			return nil, err
		}
	}
}

func (r *probing) readHistory(ctx context.Context) (ours []kommo.HistoryMessage, err error) {
	for page, err := range r.Client.History(context.WithoutCancel(ctx), r.chat, func(context.Context) error { return r.turn(ctx) }) {
		if err != nil {
			return nil, err
		}
		for _, message := range page {
			if r.numberOf(message) > 0 {
				ours = append(ours, message)
			}
		}
	}
	return ours, nil
}

// numberOf returns which of this run's messages one is; 0 if it is none of them.
func (r *probing) numberOf(message kommo.HistoryMessage) int {
	for n := range 7 {
		if message.Message.ClientID == r.run.message(n, 0).MsgID {
			return n
		}
	}
	return 0
}

func (r *probing) count(history []kommo.HistoryMessage, n int) (times int) {
	for _, message := range history {
		times += one(r.numberOf(message) == n)
	}
	return times
}

func (r *probing) numbers(history []kommo.HistoryMessage) (numbers []int) {
	for _, message := range history {
		numbers = append(numbers, r.numberOf(message))
	}
	return numbers
}

// orderOf returns how messages 1 to 4 are sorted, which stand in history in this order.
func orderOf(numbers []int) Order {
	switch fmt.Sprint(numbers) {
	case "[1 4 3 2]":
		return OrderNewestFirst
	case "[2 3 4 1]":
		return OrderOldestFirst
	case "[4 3 2 1]":
		return OrderArrival
	case "[1 2 3 4]":
		return OrderArrivalOldest
	}
	switch {
	case len(numbers) != 4:
		return OrderOther
	case numbers[3] == 2:
		return OrderNewestSeconds
	case numbers[0] == 2:
		return OrderOldestSeconds
	}
	return OrderOther
}

// msecOf returns what history tells of the milliseconds of messages 1 to 4.
func (r *probing) msecOf(history []kommo.HistoryMessage) Msec {
	sent := r.run.sorted()
	msec := MsecKept
	for _, message := range history {
		n := r.numberOf(message)
		if n < 1 || n > len(sent) {
			continue
		}
		switch message.MsecTimestamp {
		case sent[n-1].MsecTimestamp:
		case 0:
			return MsecMissing
		default:
			msec = MsecChanged
		}
	}
	return msec
}

// settleFor returns the seconds that a message in doubt should be given before the first look at its chat, if the
// default is too few: a quarter more than it took, in steps of five.
func settleFor(p Probe, patience time.Duration) int {
	took := int(math.Round(p.ShownAfter))
	if !p.Shown {
		took = int(patience.Seconds())
	}
	const step = 5
	settle := (took*5/4 + step - 1) / step * step
	if settle <= int(defaultSettle.Seconds()) {
		return 0
	}
	return settle
}
