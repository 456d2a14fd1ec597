package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kommo-import/internal/kommo"
)

// A historyReader reads the chats of one run, of a send or of a verification.
type historyReader struct {
	file     *File
	client   *kommo.Client
	requests *requester
	composer Composer
	ids      shownIDs
}

// An unreadError means that a chat cannot be read, or not far enough to prove that it lacks a message. It concerns that
// chat alone.
type unreadError struct{ why error }

func (e *unreadError) Error() string { return e.why.Error() }

func (e *unreadError) Unwrap() error { return e.why }

// errManyChats means that Kommo makes a new chat whenever it is asked for the chat of a conversation.
var errManyChats error = &unreadError{errors.New("another chat is named each time")}

func unread(format string, args ...any) error { return &unreadError{fmt.Errorf(format, args...)} }

// page reads a page of a chat, behind offset entries. Failures are retried.
func (r *historyReader) page(ctx context.Context, cv *conversation, offset int) (page []kommo.HistoryMessage, err error) {
	err = r.requests.read(ctx, func(ctx context.Context) (err error) {
		page, err = r.client.HistoryPage(ctx, cv.chatID, offset)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, r.ids.see(r.file.Reader, cv, page)
}

// askChat asks Kommo for the chat of a conversation, and stores its id. For a known conversation_id Kommo returns the
// existing chat (documented), for another it makes a chat without messages, which the account does not show
// (documented). moved reports whether the chat is another than before. The avatar is left out: a dead one is refused.
func (r *historyReader) askChat(ctx context.Context, cv *conversation) (moved bool, err error) {
	user := client(cv)
	user.Avatar = ""
	var id string
	err = r.requests.read(ctx, func(ctx context.Context) (err error) {
		id, err = r.client.CreateChat(ctx, kommo.NewChat{ConversationID: r.composer.Prefix + cv.externalID, User: user})
		return err
	})
	if err != nil {
		return false, err
	}
	id = r.composer.believed(cv, id)
	if id == "" {
		return false, unread("Kommo does not name the chat of this conversation")
	}
	if id == cv.chatID {
		return false, nil
	}
	return true, r.file.setChat(cv, id)
}

// believed returns the id that Kommo gives for the chat of a conversation; "" for an id that cannot be Kommo's. A
// documented sample has our own id of the conversation there.
func (c Composer) believed(cv *conversation, id string) string {
	if !kommo.IsChatID(id) || strings.EqualFold(id, c.Prefix+cv.externalID) {
		return ""
	}
	return id
}

// isNotFound reports whether Kommo does not know the chat that was to be read, or the whole channel.
func isNotFound(err error) bool {
	denied, ok := errors.AsType[*kommo.DeniedError](err)
	return ok && denied.Status == http.StatusNotFound
}

// blame returns an [unreadError] if a failure to read concerns that chat alone: Kommo answers about another. Else it
// returns why Kommo does not answer.
func (r *historyReader) blame(ctx context.Context, failure error) error {
	if _, ok := errors.AsType[*unreadError](failure); ok || !isAnswer(failure) {
		return failure
	}
	if err := r.requests.ping(ctx, r.client); err != nil {
		return err
	}
	return &unreadError{failure}
}

// isAnswer reports whether a failure is an answer of Kommo to a request.
func isAnswer(err error) bool {
	_, refused := errors.AsType[*kommo.RefusedError](err)
	_, denied := errors.AsType[*kommo.DeniedError](err)
	_, accountDenied := errors.AsType[*kommo.AccountDeniedError](err)
	_, unclear := errors.AsType[*kommo.UnclearError](err)
	_, unknown := errors.AsType[*kommo.UnknownOutcomeError](err)
	return refused || denied || accountDenied || unclear || unknown
}

// longestChat is how many entries a chat may have, if ten times the messages of the plan are fewer.
const longestChat = 10_000

// A pager notices a history that has no end.
type pager struct {
	plan    int // messages of the plan in the chat
	before  int // length of the page before, 0 for the first page of a run
	repeats int // pages in a row that were as long as the page before and brought nothing new
}

// check returns an [unreadError] if a page shows that the history has no end. The page begins behind offset entries;
// news is how many of its entries no page has shown before.
func (p *pager) check(offset, length, news int) error {
	if length > 0 && news == 0 && length == p.before {
		p.repeats++
	} else {
		p.repeats = 0
	}
	p.before = length
	switch end := offset + length; {
	case p.repeats == 2: // once may be a message that has just come, and pushes the others onto the next page
		return unread("its history gives the same page again behind %d entries", offset)
	case end > longestChat && end > 10*p.plan:
		return unread("its history has more than %d entries, and the plan has %d messages in it", offset, p.plan)
	}
	return nil
}

// plannedIn returns how many messages the plan has in a conversation.
func (f *File) plannedIn(cv *conversation) (messages int, err error) {
	err = f.Reader.QueryRow(`SELECT skipped + planned + sending + accepted + verified + refused FROM conversation WHERE id = ?`, cv.id).
		Scan(&messages)
	return messages, f.Explain(err)
}
