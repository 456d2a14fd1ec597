package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/migration"
)

// A madeLink is a link that a send has made, or found.
type madeLink struct {
	conversation int64
	chatID       string
	contact      int64
}

// checkLinks reads the links back of the chats that this verification has read. A chat that does not belong to its contact is a
// finding. Without a client for the account nothing is asked.
func (r *verifyRun) checkLinks(ctx context.Context) error {
	if r.verifier.Account == nil {
		return nil
	}
	scan := func(rows *sql.Rows) (l madeLink, err error) {
		err = rows.Scan(&l.conversation, &l.chatID, &l.contact)
		return l, err
	}
	links, err := migration.All(r.file.Reader, scan, `SELECT c.id, c.chat_id, l.contact FROM link l JOIN conversation c ON c.external_id = l.conversation
		WHERE l.state = 'linked' AND c.chat_id <> '' AND c.id IN (SELECT conversation FROM readback) ORDER BY c.first`)
	if err != nil {
		return r.file.Explain(err)
	}
	for len(links) > 0 {
		batch := links[:min(len(links), crm.MaxLinks)]
		links = links[len(batch):]
		if err := r.checkBatch(ctx, batch); err != nil {
			return denied(err)
		}
	}
	return nil
}

// checkBatch reads the links of some chats back, and stores a finding for each that differs. A refusal may be about one of the
// chats, so they are then asked for one by one.
func (r *verifyRun) checkBatch(ctx context.Context, batch []madeLink) error {
	ids := make([]string, len(batch))
	for i, l := range batch {
		ids[i] = l.chatID
	}
	shown := make(map[string]int64)
	err := r.requests.read(ctx, func(ctx context.Context) error {
		links, err := r.verifier.Account.ChatLinks(ctx, ids)
		for _, l := range links {
			shown[strings.ToLower(l.ChatID)] = l.ContactID
		}
		return err
	})
	refused, isRefused := errors.AsType[*kommo.RefusedError](err)
	if isRefused && len(batch) > 1 {
		for i := range batch {
			if err := r.checkBatch(ctx, batch[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	}
	if err != nil && !isRefused {
		return err
	}
	return r.file.Update(func(tx *sql.Tx) error {
		for _, l := range batch {
			contact := shown[strings.ToLower(l.chatID)]
			reason := fmt.Sprintf("it was linked to contact %d, and belongs to contact %d now", l.contact, contact)
			if contact == 0 {
				reason = fmt.Sprintf("it was linked to contact %d, and belongs to no contact now", l.contact)
			}
			if isRefused {
				reason = "its link could not be read: " + refused.Detail
			}
			var err error
			if contact == l.contact {
				_, err = tx.Exec(`DELETE FROM finding WHERE conversation = ? AND kind = 'unlinked'`, l.conversation)
			} else {
				_, err = tx.Exec(`INSERT OR REPLACE INTO finding (conversation, kind, identity, client_id, remote_id, time, reason)
					VALUES (?, 'unlinked', x'', '', '', 0, ?)`, l.conversation, reason)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}
