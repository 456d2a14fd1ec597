package commands

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/pace"
)

func (p *program) match() *cli.Command {
	return p.command("match", "find the contact of each conversation in Kommo; changes nothing there",
		`Use it after load and before the first send, if the company's clients are contacts in Kommo already.
It reads the account's contacts once, and finds the contact of each conversation by phone, or else by e-mail. send then
links each chat to its contact before the first message. A phone that several contacts have is left to you: see the sheet of
kommo-import conversations. Interrupted, it goes on when it is run again. It needs KOMMO_ACCOUNT_URL and KOMMO_TOKEN.

  kommo-import match
  kommo-import match --refresh   read the contacts again`,
		func(ctx context.Context, v *values) error {
			if v.on("clear") {
				return p.clearMatches(v)
			}
			return p.matchContacts(ctx, v)
		})
}

func (p *program) matchContacts(ctx context.Context, v *values) error {
	client, err := v.neededAccountClient()
	if err != nil {
		return err
	}
	matcher := &importer.Matcher{Client: client, Pace: pace.New(v.number("rate")), Refresh: v.on("refresh"), ScopeID: v.text("scope-id"), Log: p.ui.logger(),
		Progress: func(contacts int) { p.ui.progress("Contacts read", contacts, 0, 0) }}
	if matcher.File, err = p.openExisting(v); err != nil {
		return err
	}
	report, err := matcher.Match(ctx)
	p.ui.endProgress()
	if err == nil {
		if v.on("json") {
			err = p.writeJSON(report)
		} else {
			p.printMatch(v, report)
		}
	}
	return withCloseError(err, matcher.File.Close())
}

func (p *program) printMatch(v *values, r importer.MatchReport) {
	p.ui.info("The account %s has %s.", oneLine(r.Account, 100), plural(r.Contacts, "contact"))
	p.ui.info("Matched: %s by phone, %s by e-mail. Several contacts: %s. No contact: %s.", number(r.ByPhone), number(r.ByEmail),
		number(r.Ambiguous), number(r.Unknown))
	list := func(ids []string) string { return oneLine(strings.Join(ids, "; "), 300) }
	p.ui.note(r.Ambiguous, "conversation", "Decide for %s in the sheet, in the column contact_id: %s", list(r.AmbiguousConversations))
	p.ui.note(r.Begun, "conversation", "Begun before, and not linked any more: %s: %s", list(r.BegunConversations))
	p.ui.note(r.UnusablePhones, "phone", "Of the contacts, %s without a country code match nothing. load --country gives the country of such phones.")
	p.ui.note(r.Unreadable, "contact", "Not readable in Kommo's answer: %s.")
	p.ui.note(int(r.IncomingLeads), "incoming lead", "The account has up to %s from chats. Until somebody accepts them, their contacts cannot be found.")
	p.ui.info("Nothing was changed in Kommo. Next: kommo-import conversations --out chats.xlsx%s", v.migrationFlag())
}

func (p *program) clearMatches(v *values) error {
	file, err := p.openExisting(v)
	if err != nil {
		return err
	}
	matched, err := file.ClearMatches()
	if err == nil {
		p.ui.info("Forgot the contact of %s. What was linked in Kommo stays linked.", plural(matched, "conversation"))
	}
	return withCloseError(err, file.Close())
}

// maxCards is how many cards of contacts are named after a send: those of a pilot.
const maxCards = 10

// printLinks prints the outcome of the links, and after a pilot the addresses of the cards.
func (p *program) printLinks(v *values, r importer.SendReport) {
	list := func(chats []string) string { return oneLine(strings.Join(chats, "; "), 300) }
	p.ui.note(r.Linked, "chat", "Linked to their contacts: %s.")
	p.ui.note(r.LinkedElsewhere, "chat", "Of another contact in Kommo than the matched one, and left there: %s: %s", list(r.LinkedElsewhereChats))
	p.ui.note(r.Unlinked, "chat", "Sent without a contact, because Kommo refused the link: %s: %s", list(r.UnlinkedChats))
	if len(r.Cards) > 0 && len(r.Cards) <= maxCards {
		p.ui.info("Look at the cards: do they show the old messages?")
		for _, contact := range r.Cards {
			p.ui.info("  %s", cardAddress(v.text("account-url"), contact))
		}
	}
}

// cardAddress returns the address of the card of a contact.
func cardAddress(account string, contact int64) string {
	base, err := url.Parse(account)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s://%s/contacts/detail/%d", base.Scheme, base.Host, contact)
}

// linkHint returns the hint of an error of match and of links, whatever it wraps.
func linkHint(err error) string {
	switch err.(type) {
	case *importer.NoTokenError:
		return noTokenHint
	case *importer.LinkRefusedError:
		return linkRefusedHint
	case *importer.UnmatchedError:
		return "Hint: run kommo-import match again; it goes on where it was. To send without links: kommo-import match --clear"
	case *importer.OtherAccountError:
		return "Hint: set KOMMO_ACCOUNT_URL and KOMMO_TOKEN to those of the account that KOMMO_SCOPE_ID is of, or run connect again."
	}
	return ""
}

// linkDeniedHint says whom to ask.
const linkDeniedHint = "Hint: Kommo lets a token link chats only if it is an administrator's, and if the uuid of its integration stands\n" +
	"      in the registration of the channel. Ask Kommo's support to add it; kommo-import check shows the uuid.\n" +
	"      To send without links: kommo-import match --clear"

// linkRefusedHint names a possible reason.
const linkRefusedHint = "Hint: nothing was sent into this chat. Does the uuid of the token's integration stand in the registration of the channel?\n" +
	"      The column contact_id of the sheet can name another contact. To send without links: kommo-import match --clear"

// noTokenHint says how to go on with links, and without.
const noTokenHint = "Hint: set KOMMO_ACCOUNT_URL and KOMMO_TOKEN as for kommo-import match. To send without links:\n" +
	"      kommo-import match --clear, and no contact_id in the sheet."
