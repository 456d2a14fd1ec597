package commands

import (
	"context"
	"errors"
	"fmt"
	"kommo-import/internal/migration"
	"strings"

	"kommo-import/importer"
)

const checkProbeName = "probe"

// checkProbe finds out how Kommo behaves, if that is wanted and all else is in order.
func (u *checkup) checkProbe(ctx context.Context) error {
	switch {
	case !u.c.Bool("probe"):
		u.notTested(checkProbeName, "--probe finds out how Kommo behaves where its documents are silent")
		return nil
	case u.failures() || u.client() == nil:
		u.notTested(checkProbeName, "something above is not in order")
		return nil
	case !u.hasFile:
		u.notTested(checkProbeName, "there is no migration file to keep the answers in; load first")
		return nil
	}
	if agreed, err := u.askProbe(ctx); err != nil || !agreed {
		if err == nil {
			u.notTested(checkProbeName, "you did not say yes")
		}
		return err
	}
	file, err := importer.Open(u.c.String("migration"), "check --probe")
	if inUse, ok := errors.AsType[*migration.InUseError](err); ok {
		u.notTested(checkProbeName, "%s", inUse.Error())
		return nil
	}
	if err != nil {
		u.failedBy(checkProbeName, err, "The answers are kept in the migration file: give yourself the right to write it.")
		return nil
	}
	prober := &importer.Prober{File: file, Client: u.client(), Pace: u.pace, Log: u.talk.logger()}
	u.talk.tell("Probing; that takes up to some minutes …")
	found, err := prober.Probe(ctx)
	if err = errors.Join(err, file.Close()); err != nil {
		if exitCode(err) == exitInterrupted {
			return err
		}
		u.failedBy(checkProbeName, err, "Run it again; what it has sent stays in its own chat.")
		return nil
	}
	u.add(checkResult{Name: checkProbeName, State: checkOK, Detail: "found out what follows, and kept it in the migration file",
		Probe: &found, Conclusions: conclusions(found)})
	return nil
}

// askProbe says what a probe does and asks whether it shall.
func (u *checkup) askProbe(ctx context.Context) (bool, error) {
	show := u.talk.say
	if u.c.Bool("yes") {
		show = u.talk.tell
	}
	show("\nThe probe sends six messages to the chat %q of the scope %s.\nAll are silent: they make no lead and notify nobody.",
		importer.ProbeConversation, u.scope)
	if u.c.Bool("yes") {
		return true, nil
	}
	u.talk.ask("There is no undo at Kommo. Probe? Type yes to go on: ")
	answer, err := readLine(ctx, u.stdin)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "yes" || answer == "y", err
}

// conclusions returns what a probe found out, in sentences that say what it means.
func conclusions(p importer.Probe) (sentences []string) {
	say := func(format string, args ...any) { sentences = append(sentences, fmt.Sprintf(format, args...)) }
	switch p.Repeated {
	case importer.RepeatDropped:
		say("A message that is sent twice arrives once: Kommo drops the second one.")
	case importer.RepeatRefused:
		say("A message that is sent twice arrives once: Kommo refuses the second one. The tool already looks into the chat before it believes that.")
	case importer.RepeatDoubled:
		say("A message that is sent twice is there twice: Kommo does not look at its id. Nothing to do: the tool already asks the history before it sends again.")
	default:
		say("Whether a message that is sent twice is there twice could not be seen.")
	}
	switch {
	case !p.Shown:
		say("A message did not show in the chat's history within the time it was given. If an answer gets lost, a message could then be sent twice: send with --settle %ds.", p.Settle)
	case p.Settle > 0:
		say("A message shows in the chat's history after %.1f s: send with --settle %ds.", p.ShownAfter, p.Settle)
	default:
		say("A message shows in the chat's history after %.1f s: the default of --settle will do.", p.ShownAfter)
	}
	switch p.Order {
	case importer.OrderNewestFirst, importer.OrderOldestFirst:
		say("The history is sorted by time, to the millisecond (%s): old messages stand in their order.", p.Order)
	case importer.OrderNewestSeconds, importer.OrderOldestSeconds:
		say("The history is sorted by the second (%s): messages of one second may stand in another order than they were written.", p.Order)
	case importer.OrderArrival, importer.OrderArrivalOldest:
		say("The history is sorted by arrival (%s), not by time. Messages arrive in their order, so nothing is lost by it; but what is added "+
			"to a conversation later stands behind what was there.", p.Order)
	case importer.OrderOther:
		say("The history is in no order that is known; the tool reads all of it where it looks for a message.")
	default:
		say("How the history is sorted could not be seen.")
	}
	switch p.Msec {
	case importer.MsecMissing:
		say("It tells times without milliseconds.")
	case importer.MsecChanged:
		say("It tells other times than were sent.")
	}
	if p.UnknownKind == "refused" {
		say("A message of a kind that Kommo does not have is refused, as it should be%s.", strings.TrimSuffix(": "+oneLine(p.UnknownKindWords, 200), ": "))
	} else {
		say("A message of a kind that Kommo does not have is accepted: a mistake in a kind would not be noticed by an answer.")
	}
	return sentences
}
