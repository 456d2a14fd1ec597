package commands

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"kommo-import/importer"
)

// notifyPolicy returns the notify policy of --silent and --notify-since, "" if neither is given. --silent=all counts before a
// date.
func (v *values) notifyPolicy() (importer.NotifyPolicy, error) {
	policy := importer.NotifyPolicy(v.text("silent"))
	if policy == importer.SilentAll || v.text("notify-since") == "" {
		return policy, nil
	}
	zone, err := v.zone()
	if err != nil {
		return "", err
	}
	date, err := v.time("notify-since", zone, 0)
	return importer.NotifySince(date), err
}

// policyWords returns a notify policy in words.
func policyWords(policy importer.NotifyPolicy) string {
	if since, ok := policy.Since(); ok {
		return "the last message of each conversation notifies if it was written since " + moment(since)
	}
	if policy == importer.SilentAll {
		return "nobody is notified"
	}
	return "the last message of each conversation notifies"
}

// notifications returns how many notifications a send makes, and why.
func notifications(p importer.Preview) string {
	text := number(p.Notifications) + ": "
	since, isSince := p.Silent.Since()
	switch {
	case p.Silent == importer.SilentAll:
		text += "all messages are silent"
	case isSince:
		text += "of the last message of a conversation, if it was written since " + moment(since) + "; all others are silent"
	default:
		text += "of the last message of a conversation; all others are silent"
	}
	if p.SilentBefore == p.Silent && p.Silent != importer.SilentButLast {
		text += ", as in the sends before; --silent=but-last changes that"
	}
	var silent []string
	if p.SilentBySheet > 0 {
		silent = append(silent, plural(p.SilentBySheet, "conversation")+" by the sheet")
	}
	if p.SilentByDate > 0 {
		silent = append(silent, plural(p.SilentByDate, "conversation")+" because of the date")
	}
	if len(silent) > 0 {
		text += ". Wholly silent: " + strings.Join(silent, ", ")
	}
	return text
}

// manyNotifications is how many notifications a send makes without the number being typed.
const manyNotifications = 100

// askToSend asks for permission to send. Somebody who wants many notifications types their number.
func (p *program) askToSend(ctx context.Context, v *values, preview importer.Preview) error {
	const advice = "add --yes to send without confirmation"
	question := fmt.Sprintf("There is no undo at Kommo. Send %s?", plural(preview.Messages, "message"))
	if preview.Notifications <= manyNotifications {
		return p.ask(ctx, v, question, advice)
	}
	notifications := plural(preview.Notifications, "notification")
	if v.on("yes") {
		p.ui.info("This makes %s.", notifications)
	}
	question = strings.TrimSuffix(question, "?") + fmt.Sprintf(", with %s?\nTo send, type the number of notifications:", notifications)
	return p.askFor(ctx, v, question, advice, func(answer string) bool {
		return strings.NewReplacer(",", "", ".", "", " ", "").Replace(answer) == strconv.Itoa(preview.Notifications)
	})
}
