package importer

import (
	"errors"
	"fmt"
)

// maxAside is how many conversations are set aside without an acceptance between them until a run stops.
const maxAside = 5

// hasWaited reports whether the conversations that are sent now have waited behind the others.
func (r *run) hasWaited() bool { return !r.waitedFrom.IsZero() }

// leave lets a conversation wait behind the others. One that has waited, or of which a message had no outcome again and
// again, is set aside: nothing more of it is sent in this run, and a message in doubt stays in doubt. It returns an error if
// further conversations would probably be set aside, too.
func (r *run) leave(cv *conversation, why *unreadError) error {
	_, gaveUp := errors.AsType[*StoppedError](why)
	aside, outcome := r.hasWaited() || gaveUp, "it waits behind the others"
	if aside {
		outcome = "it is set aside"
	}
	r.requests.log.Warn("it is not known what Kommo has of a conversation; "+outcome, "conversation", cv.externalID, "why", why)
	if aside {
		if err := r.file.setAside(cv, why.Error()); err != nil {
			return err
		}
	}
	stop := false
	r.count(func(report *SendReport) {
		if !aside {
			r.waiting = append(r.waiting, cv)
			return
		}
		report.SetAside++
		report.AsideConversations = appendListed(report.AsideConversations, cv.externalID)
		r.aside++
		stop = r.aside >= maxAside
	})
	if stop {
		return &StoppedError{fmt.Sprintf("%d conversations were set aside and no message was accepted between, the last %s", maxAside, cv.externalID), why.why}
	}
	return nil
}
