package importer

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kommo-import/internal/migration"
)

// A NotifyPolicy says which messages are sent with silent=true. The policy of a send is stored before its first POST,
// and holds for later sends that name no policy. It is one of the policies below, or that of [NotifySince]:
//
//	"all"
//	"since 2026-01-01T00:00:00Z"
//
// What the sheet says of a chat counts instead, unless the policy is SilentAll.
type NotifyPolicy string

// The notify policies.
const (
	SilentButLast NotifyPolicy = "but-last" // the last message of each chat notifies, unless another one did
	SilentAll     NotifyPolicy = "all"      // nobody is notified
)

const sincePrefix = "since "

// NotifySince returns the policy by which the last message of each chat notifies that is not older than since.
func NotifySince(since time.Time) NotifyPolicy {
	return NotifyPolicy(sincePrefix + since.UTC().Format(time.RFC3339))
}

// Since returns the time of a policy of [NotifySince]. ok is false for another policy.
func (p NotifyPolicy) Since() (since time.Time, ok bool) {
	text, ok := strings.CutPrefix(string(p), sincePrefix)
	if !ok {
		return since, false
	}
	since, err := time.Parse(time.RFC3339, text)
	return since, err == nil
}

// lastPending selects the last message of a conversation that is to be sent.
const lastPending = ` FROM message WHERE conversation = conversation.id AND state IN ('planned', 'sending') ORDER BY time DESC, place DESC LIMIT 1`

// wanted returns the condition that selects the rows of the table conversation in which a message is to notify. last is the
// time of the last message, in SQL.
func (p NotifyPolicy) wanted(last string) string {
	if p == SilentAll {
		return `FALSE`
	}
	otherwise := `TRUE`
	if since, ok := p.Since(); ok {
		otherwise = fmt.Sprintf(`notifier IS NOT NULL OR coalesce(%s, 0) >= %d`, last, since.UnixMilli())
	}
	return `CASE coalesce((SELECT notify FROM decision WHERE decision.conversation = external_id), '')
		WHEN 'yes' THEN TRUE WHEN 'no' THEN FALSE ELSE ` + otherwise + ` END`
}

// storedPolicy returns the notify policy of the last send that had something to send, "" before the first send.
func storedPolicy(q migration.Querier) (stored NotifyPolicy, err error) {
	_, err = migration.Setting(q, settingNotify, &stored)
	return stored, err
}

// withPolicy returns c with the notify policy that holds: the policy of c, else the stored one, else SilentButLast.
func (c Composer) withPolicy(q migration.Querier) (Composer, error) {
	stored, err := storedPolicy(q)
	c.Notify = cmp.Or(c.Notify, stored, SilentButLast)
	return c, err
}
