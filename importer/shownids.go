package importer

import (
	"context"
	"errors"
	"sync/atomic"

	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// shownIDs holds which ids of messages the chats of a run have shown so far. A chat that lacks an id proves nothing
// where ids are not shown.
type shownIDs struct {
	msgids    atomic.Bool // one of kommo-import
	remoteIDs atomic.Bool // Kommo's id from the answer to a message
}

// any reports whether a message that Kommo accepted can be recognised in a chat.
func (s *shownIDs) any() bool { return s.msgids.Load() || s.remoteIDs.Load() }

// see looks for ids in a page of a chat. The id of a message that was once in doubt may be known from the chat itself, and
// does not count.
func (s *shownIDs) see(q migration.Querier, cv *conversation, page []kommo.HistoryMessage) error {
	for i := range page {
		if s.msgids.Load() {
			return nil
		}
		if _, ours := parseMsgid(page[i].Message.ClientID); ours {
			s.msgids.Store(true)
			return nil
		}
		if s.remoteIDs.Load() {
			continue
		}
		known, err := hasRemoteID(q, cv, page[i].Message.ID, ` AND NOT may_exist`)
		if err != nil {
			return err
		}
		if known {
			s.remoteIDs.Store(true)
		}
	}
	return nil
}

// hasRemoteID reports whether a message of a conversation, of those that the condition selects, has that id at Kommo.
func hasRemoteID(q migration.Querier, cv *conversation, id, condition string) (known bool, err error) {
	err = q.QueryRow(`SELECT EXISTS (SELECT 1 FROM message INDEXED BY message_remote
		WHERE conversation = ? AND remote_id = ? AND remote_id <> ''`+condition+`)`,
		cv.id, id).Scan(&known)
	return known, err
}

// sampled is how many chats are looked into for ids.
const sampled = 3

// lookForIDs reads the first pages of a few other chats with accepted messages, until one shows ids. tried reports
// whether there is such a chat.
func (r *historyReader) lookForIDs(ctx context.Context, except *conversation) (tried bool, err error) {
	if r.ids.any() {
		return true, nil
	}
	others, err := migration.All(r.file.Reader, scanConversation, conversationColumns+` FROM conversation
		WHERE accepted + verified > 0 AND id <> ? ORDER BY id LIMIT ?`, except.id, sampled)
	if err != nil {
		return false, r.file.Explain(err)
	}
	for _, cv := range others {
		if err := r.firstPage(ctx, cv); err != nil {
			if _, ok := errors.AsType[*unreadError](err); !ok {
				return true, err
			}
		}
		if r.ids.any() {
			break
		}
	}
	return len(others) > 0, nil
}

// firstPage reads the first page of a chat for the ids that it shows.
func (r *historyReader) firstPage(ctx context.Context, cv *conversation) error {
	if cv.chatID == "" {
		if _, err := r.askChat(ctx, cv); err != nil {
			return r.blame(ctx, err)
		}
	}
	_, err := r.page(ctx, cv, 0)
	return r.blame(ctx, err)
}
