package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"kommo-import/internal/sandbox"
)

const (
	leftMessages     = 1000 // of the large migration, when it is resumed
	leftPerChat      = 5
	maxFirstPost     = time.Second
	resumedPerSecond = 1000
)

// measureResume goes on with the large migration, of which nearly everything is accepted: with the built program,
// against the sandbox on loopback.
func (b *bench) measureResume(ctx context.Context) ([]figure, error) {
	b.say("marking all but %s messages as accepted", number(leftMessages))
	if err := b.markAccepted(ctx, b.path("migration.db")); err != nil {
		return nil, fmt.Errorf("marking messages as accepted: %w", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	kommo := sandbox.NewKommo(sandbox.Options{})
	server := &http.Server{Handler: kommo}
	go server.Serve(listener) // ends with Close
	defer server.Close()
	b.say("resuming")
	send, err := b.call(ctx, kommo.Environment("http://"+listener.Addr().String()), nil,
		"send", "--yes", "--rate", strconv.Itoa(resumedPerSecond))
	if err != nil {
		return nil, err
	}
	if err := checkArrived(kommo, leftMessages); err != nil {
		return nil, err
	}
	wait := firstPost(kommo).Sub(send.started)
	return []figure{
		{fmt.Sprintf("resume, %s of %s messages left: first POST after", number(leftMessages), number(b.rows)), seconds(wait),
			"< 1 s", wait < maxFirstPost},
		peakFigure("send, resuming", send.peak),
	}, nil
}

// markAccepted writes into the migration file what a send would have left that was interrupted near its end: in
// every so-manieth conversation the last five messages are planned, everything else is accepted, the conversations'
// numbers agree, and the finished conversations have had their one message with silent=false. Only Kommo's ids are
// missing. What is planned answers nothing, as the sandbox has none of the messages that it could answer. Sending the
// five million would come to the same, in an hour.
func (b *bench) markAccepted(ctx context.Context, path string) error {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: filepath.ToSlash(path),
		RawQuery: "_txlock=immediate&_pragma=journal_mode(WAL)&_pragma=cache_size(-8000)"}).String())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	every := b.rows / rowsPerChat / (leftMessages / leftPerChat) // conversations
	for _, statement := range []struct {
		text string
		args []any
	}{
		{`UPDATE message SET state = 'accepted'`, nil},
		{`UPDATE message SET state = 'planned' WHERE (conversation, time, spool) IN (
			SELECT c.id, m.time, m.spool FROM conversation c JOIN message m ON m.conversation = c.id
			WHERE c.id % ?1 = 0 AND c.id <= ?1 * ?2 AND (m.time, m.spool) IN (SELECT time, spool FROM message
				WHERE conversation = c.id ORDER BY time DESC, spool DESC LIMIT ?3))`,
			[]any{every, leftMessages / leftPerChat, leftPerChat}},
		{`UPDATE conversation SET accepted = planned, planned = 0,
			loud = (SELECT spool FROM message WHERE conversation = conversation.id ORDER BY time DESC, spool DESC LIMIT 1)`, nil},
		{`UPDATE conversation SET accepted = accepted - ?3, planned = ?3, loud = NULL WHERE id % ?1 = 0 AND id <= ?1 * ?2`,
			[]any{every, leftMessages / leftPerChat, leftPerChat}},
		{`UPDATE spool SET content = json_remove(content, '$.reply_to') WHERE id IN (
			SELECT spool FROM message WHERE conversation IN (SELECT id FROM conversation WHERE planned > 0) AND state = 'planned')`, nil},
	} {
		if _, err := tx.ExecContext(ctx, statement.text, statement.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// firstPost returns when the first message arrived.
func firstPost(kommo *sandbox.Kommo) time.Time {
	requests := kommo.Requests()
	first := slices.IndexFunc(requests, func(r sandbox.Request) bool { return r.Endpoint == sandbox.OnMessage })
	return requests[first].At
}

// checkArrived makes sure that so many messages arrived, and rightly: a figure is worth nothing otherwise.
func checkArrived(kommo *sandbox.Kommo, messages int) error {
	s := kommo.Summary()
	if s.Messages == messages && s.Requests == messages && s.Doubled == 0 && s.OutOfOrder == 0 && s.ChatsWithoutOneLoud == 0 {
		return nil
	}
	return errors.Join(fmt.Errorf("what arrived is not what was to be sent, %d messages once and in order: %+v", messages, s))
}
