package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/web"
)

// linkTo is the contact to which the chat of a row of the table conversation is to be linked, 0 without a contact: that in the
// sheet, else the contact that match has found.
const linkTo = `coalesce((SELECT nullif(contact, 0) FROM decision WHERE decision.conversation = external_id),
	(SELECT contact FROM decision WHERE chat = external_id AND chat <> '' AND contact > 0 ORDER BY decision.conversation LIMIT 1),
	(SELECT contact FROM matched WHERE matched.conversation = external_id), 0)`

// isToLink selects the conversations whose chat is linked before its first message: a link that is in doubt, or no link yet.
const isToLink = `(EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id AND link.state = 'linking')
	OR ` + linkTo + ` > 0 AND NOT ` + hasBegun + `)`

// A chatLink is the link of a chat while it is made.
type chatLink struct {
	contact int64
	due     bool // it is to be made, or in doubt
	doubt   bool // an earlier request may have made it
}

// A linkState is the state of a link.
type linkState string

// The states of a link.
const (
	linking   linkState = "linking"   // a request may have left
	linked    linkState = "linked"    // the chat belongs to the contact
	elsewhere linkState = "elsewhere" // the chat belonged to another contact before; it is not linked anew
	unlinked  linkState = "refused"   // Kommo refused it, for example because the contact was deleted
)

// link links the chat of a conversation to its contact, before its first message. A chat that belongs to a contact already
// stays as it is. An [unreadError] means that Kommo does not name the chat.
func (r *run) link(ctx context.Context, cv *conversation) error {
	link, err := r.file.linkOf(cv)
	if err != nil || !link.due || r.account == nil {
		return err
	}
	if _, err := r.history.askChat(ctx, cv); err != nil {
		return err
	}
	var refused *kommo.RefusedError // the last answer
	for tries := new(tries); ; {
		contact, err := r.readLink(ctx, cv)
		switch {
		case err != nil:
			return err
		case contact == link.contact:
			r.mayLink.CompareAndSwap(false, *tries > 0)
			return r.concludeLink(cv, link, linked, "")
		case contact != 0:
			return r.concludeLink(cv, link, elsewhere, fmt.Sprintf("contact %d", contact))
		case refused != nil && *tries >= looks:
			return r.refuseLink(cv, link, refused)
		}
		failure, departed, err := r.postLink(ctx, cv, link)
		if err != nil {
			return err
		}
		refused, _ = errors.AsType[*kommo.RefusedError](failure)
		switch kommo.Outcome(failure) {
		case kommo.ResultAccepted:
			r.mayLink.Store(true)
			return r.concludeLink(cv, link, linked, "")
		case kommo.ResultRefused, kommo.ResultUnknown:
			link.doubt = link.doubt || refused == nil
			if final, err := r.doubtLink(ctx, cv, link, tries, failure); err != nil || final {
				return err
			}
		default:
			if err := r.file.forgetLink(cv, link); err != nil {
				return err
			}
			if err := r.requests.retry(ctx, tries, departed, failure); err != nil {
				return denied(err)
			}
		}
	}
}

// doubtLink handles a refusal, and an answer that does not say whether the chat was linked. Kommo may know a new chat only after a
// while, or somebody may have linked it meanwhile: as long as the contact exists, the link is to be read and tried again. final says
// that the contact is gone, so that the chat is sent without it.
func (r *run) doubtLink(ctx context.Context, cv *conversation, link chatLink, tries *tries, failure error) (final bool, err error) {
	r.requests.log.Warn("Kommo did not say that it linked a chat; reading its link", "conversation", cv.externalID, "why", failure)
	var contact crm.Contact
	var found bool
	err = r.requests.read(ctx, func(ctx context.Context) (err error) {
		contact, found, err = r.account.Contact(ctx, link.contact)
		return err
	})
	if err != nil {
		return false, denied(err)
	}
	if !found || contact.Deleted {
		return true, r.concludeLink(cv, link, unlinked, fmt.Sprintf("contact %d does not exist any more", link.contact))
	}
	if err := tries.another(failure); err != nil {
		return false, &unreadError{err}
	}
	return false, web.Sleep(ctx, r.settle<<(*tries-1))
}

// refuseLink handles a link that Kommo has refused again and again, although the contact exists. As long as Kommo has accepted no
// link in this run, the reason may be the token, and nothing is sent.
func (r *run) refuseLink(cv *conversation, link chatLink, refused *kommo.RefusedError) error {
	if r.mayLink.Load() {
		return r.concludeLink(cv, link, unlinked, refused.Detail)
	}
	if err := r.file.forgetLink(cv, link); err != nil {
		return err
	}
	return &LinkRefusedError{cv.externalID, link.contact, refused}
}

// readLink returns the contact to which the chat of a conversation belongs, 0 without a contact.
func (r *run) readLink(ctx context.Context, cv *conversation) (contact int64, err error) {
	err = r.requests.read(ctx, func(ctx context.Context) error {
		links, err := r.account.ChatLinks(ctx, []string{cv.chatID})
		contact = 0
		for _, l := range links {
			contact = l.ContactID
		}
		return err
	})
	if refused, ok := errors.AsType[*kommo.RefusedError](err); ok {
		return 0, &unreadError{refused}
	}
	return contact, denied(err)
}

// postLink asks Kommo once to link a chat. The link is marked before the request leaves. failure is its outcome;
// err ends the run.
func (r *run) postLink(ctx context.Context, cv *conversation, link chatLink) (failure error, departed time.Time, err error) {
	if err := r.requests.turn(ctx); err != nil {
		return nil, departed, err
	}
	if err := errors.Join(r.file.storeLink(cv, link.contact, linking, ""), r.file.NoteCommit()); err != nil {
		return nil, departed, err
	}
	departed = time.Now()
	_, failure = r.account.Link(context.WithoutCancel(ctx), []crm.NewLink{{ContactID: link.contact, ChatID: cv.chatID}})
	r.requests.answered(departed, failure)
	return failure, departed, nil
}

// denied returns a [LinkDeniedError] for a 403.
func denied(err error) error {
	if denied, ok := errors.AsType[*kommo.AccountDeniedError](err); ok && denied.Status == http.StatusForbidden {
		return &LinkDeniedError{err}
	}
	return err
}

// concludeLink records the outcome of a link.
func (r *run) concludeLink(cv *conversation, link chatLink, state linkState, why string) error {
	if err := r.file.storeLink(cv, link.contact, state, why); err != nil {
		return err
	}
	entry := strings.TrimSuffix(cv.externalID+": "+why, ": ")
	r.count(func(report *SendReport) {
		switch state {
		case linked:
			report.Linked++
			report.Cards = appendListed(report.Cards, link.contact)
		case elsewhere:
			report.LinkedElsewhere++
			report.LinkedElsewhereChats = appendListed(report.LinkedElsewhereChats, entry)
		case unlinked:
			report.Unlinked++
			report.UnlinkedChats = appendListed(report.UnlinkedChats, entry)
		}
	})
	return nil
}

// linkOf returns the link of a conversation's chat. A link in doubt keeps its contact, whatever was decided since.
func (f *File) linkOf(cv *conversation) (l chatLink, err error) {
	err = f.Reader.QueryRow(`SELECT coalesce((SELECT contact FROM link WHERE link.conversation = external_id), `+linkTo+`), `+isToLink+`,
		EXISTS (SELECT 1 FROM link WHERE link.conversation = external_id) FROM conversation WHERE id = ?`, cv.id).Scan(&l.contact, &l.due, &l.doubt)
	return l, f.Explain(err)
}

func (f *File) storeLink(cv *conversation, contact int64, state linkState, reason string) error {
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT OR REPLACE INTO link (conversation, contact, state, reason) VALUES (?, ?, ?, ?)`,
			cv.externalID, contact, state, reason)
		return err
	})
}

// forgetLink forgets a link that Kommo is known not to have made. A link that an earlier request may have made stays in doubt.
func (f *File) forgetLink(cv *conversation, link chatLink) error {
	if link.doubt {
		return nil
	}
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM link WHERE conversation = ? AND state = 'linking'`, cv.externalID)
		return err
	})
}
