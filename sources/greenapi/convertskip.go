package greenapi

import (
	"fmt"
	"strings"

	"kommo-import/sources"
)

// skip returns why e is left out whatever it says, or "". The chat comes first, then what kind of entry it is.
func (c *chat) skip(e *entry) string {
	id := c.conversation.ID
	switch {
	case strings.HasSuffix(id, "@newsletter"):
		return "a newsletter; nobody answers there"
	case strings.HasSuffix(id, "@broadcast"):
		return "a broadcast list or status; nobody answers there"
	case c.own != "" && id == c.own:
		return "notes to oneself; there is no client"
	case e.TypeMessage == "editedMessage" && c.survey.has(e.Edited.StanzaID):
		return "only says that another message was edited"
	case e.TypeMessage == "deletedMessage":
		return "only says that another message was deleted"
	case undelivered(e):
		return fmt.Sprintf("it was never delivered: %s", e.StatusMessage)
	case c.deleted(e) && !c.includeDeleted:
		return "its writer deleted it; --deleted=include takes it along"
	}
	return ""
}

// deleted reports whether the writer of e took it back: isDeleted says so, which was always false before release
// 5.44.29.39 (seen in code, issue #674), or an entry of its own names it. What only tells the new words of another message
// goes with that.
func (c *chat) deleted(e *entry) bool {
	return bool(e.IsDeleted) || c.survey.deletions[string(e.IDMessage)] ||
		e.TypeMessage == "editedMessage" && c.survey.deletions[string(e.Edited.StanzaID)]
}

// quotesDeleted reports whether what e quotes was taken back.
func (c *chat) quotesDeleted(e *entry) bool {
	return e.QuotedMessage != nil && c.deleted(e.QuotedMessage) || c.survey.deletions[e.replyTo()]
}

// undelivered reports whether the client never got e (statusMessage: seen in code).
func undelivered(e *entry) bool {
	if sources.Direction(e.Type) != sources.Outgoing {
		return false
	}
	switch e.StatusMessage {
	case "failed", "noAccount", "notInGroup", "yellowCard":
		return true
	}
	return false
}
