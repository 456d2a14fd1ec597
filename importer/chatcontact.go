package importer

import (
	"cmp"
	"fmt"
	"time"
)

// readContact reads to which contact the chat of a conversation belongs, or is to be linked.
func (v *ChatView) readContact(listed ListedChat, chat *Chat) error {
	if !v.matched {
		return nil
	}
	var contact int64
	var state linkState
	var reason, foundBy, candidates, name string
	err := v.tx.QueryRow(`SELECT contact, state, reason, found_by, candidates, coalesce((SELECT name FROM contact WHERE contact.id = c.contact), ''),
			(SELECT count(*) FROM message WHERE conversation = ?1 AND state <> 'skipped' AND time < ?2)
		FROM (SELECT coalesce((SELECT contact FROM link WHERE link.conversation = external_id), `+linkTo+`) AS contact,
			coalesce((SELECT state FROM link WHERE link.conversation = external_id), '') AS state,
			coalesce((SELECT reason FROM link WHERE link.conversation = external_id), '') AS reason,
			coalesce((SELECT found_by FROM matched WHERE matched.conversation = external_id), '') AS found_by,
			coalesce((SELECT candidates FROM matched WHERE matched.conversation = external_id), '') AS candidates
		FROM conversation WHERE id = ?1) c`, listed.ID, time.Now().Add(-24*time.Hour).UnixMilli()).
		Scan(&contact, &state, &reason, &foundBy, &candidates, &name, &chat.Older)
	who := fmt.Sprintf("contact %d", contact)
	if name != "" {
		who = fmt.Sprintf("contact %s (%d)", name, contact)
	}
	switch {
	case err != nil:
		return err
	case state == linked:
		chat.Contact = "linked to " + who
	case state == elsewhere:
		chat.Contact = "of " + reason + ", and stays there"
	case state == unlinked:
		chat.Contact = "not linked to " + who + ": " + reason
	case contact != 0:
		chat.Contact = fmt.Sprintf("to be linked to %s, by %s", who, cmp.Or(foundBy, "the sheet"))
	case candidates != "":
		chat.Contact = "several contacts: " + candidates
	default:
		chat.Contact = "no contact"
	}
	return nil
}
