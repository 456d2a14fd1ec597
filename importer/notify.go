package importer

import (
	"cmp"

	"kommo-import/internal/migration"
)

// A NotifyPolicy says which messages are sent with silent=true. The policy of a send is stored before its first POST,
// and holds for later sends that name no policy:
//
//	"all"
type NotifyPolicy string

// The notify policies.
const (
	SilentButLast NotifyPolicy = "but-last" // the last message of each chat notifies, unless another one did
	SilentAll     NotifyPolicy = "all"      // nobody is notified
)

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
