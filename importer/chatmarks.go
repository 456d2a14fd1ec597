package importer

import (
	"database/sql"
	"strings"
	"time"

	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A marker sets the marks of the conversations of a view.
type marker struct {
	*ChatView
	bits []uint32 // by conversation, whose ids are numbered from 1; 0 is the one of the invalid entries
}

// mark sets a mark of a conversation.
func (k *marker) mark(conversation int64, kind string) {
	bit := -1
	for i, known := range k.Marks {
		if known == kind {
			bit = i
		}
	}
	if bit < 0 {
		bit = len(k.Marks)
		k.Marks = append(k.Marks, kind)
	}
	for int64(len(k.bits)) <= conversation {
		k.bits = append(k.bits, 0)
	}
	k.bits[conversation] |= 1 << bit
}

// note sets a mark with a note.
func (k *marker) note(conversation int64, kind WarningKind, note string) {
	k.mark(conversation, string(kind))
	k.related[conversation] = append(k.related[conversation], Mark{string(kind), note})
}

// apply writes the marks into the list.
func (k *marker) apply() {
	for i := range k.Chats {
		if id := k.Chats[i].ID; id < int64(len(k.bits)) {
			k.Chats[i].Marks = k.bits[id]
		}
	}
}

// markEach marks the conversations that a query yields, as its last column.
func (k *marker) markEach(q migration.Querier, kind, query string, args ...any) error {
	for id, err := range migration.Query(q, scanID, query, args...) {
		if err != nil {
			return err
		}
		k.mark(id, kind)
	}
	return nil
}

// markWarnings marks the conversations that the warnings of a preview are about.
func (v *ChatView) markWarnings(tx *sql.Tx, selection Selection) error {
	k := &marker{ChatView: v}
	for _, warning := range warningQueries(v.composer, selection) {
		if err := k.markWarning(tx, warning); err != nil {
			return err
		}
	}
	if err := k.markSenders(tx, selection); err != nil {
		return err
	}
	if err := k.markMedia(tx); err != nil {
		return err
	}
	if err := k.markRelated(tx, selection); err != nil {
		return err
	}
	k.apply()
	return nil
}

func (k *marker) markWarning(tx *sql.Tx, w warningQuery) error {
	return k.markEach(tx, string(w.kind), `WITH about (n, example, conversation) AS (`+w.query+`) SELECT conversation FROM about WHERE conversation <> 0`, w.args...)
}

// markSenders marks the conversations with messages that have neither a bot nor a Kommo user as their sender.
func (k *marker) markSenders(tx *sql.Tx, selection Selection) error {
	if k.composer.BotID != "" {
		return nil
	}
	type row struct {
		conversation int64
		author       sources.Author
	}
	condition, args := selection.where()
	for r, err := range migration.Query(tx, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(&r.conversation, &r.author.ID, &r.author.Name)
		return r, err
	}, `SELECT DISTINCT conversation, coalesce(external_id, ''), coalesce(name, '') FROM pending LEFT JOIN author ON author.id = pending.author
		WHERE direction = 'outgoing' AND messages > 0 AND conversation IN (SELECT id FROM conversation WHERE `+condition+`)`, args...) {
		if err != nil {
			return err
		}
		if k.composer.user(r.author) == "" {
			k.mark(r.conversation, string(NoSender))
		}
	}
	return nil
}

// markMedia marks the conversations with media that are gone, unreachable or about to die.
func (k *marker) markMedia(tx *sql.Tx) error {
	soon := time.Now().Add(24 * time.Hour).UnixMilli()
	const trouble = `(status IN ('gone', 'pending', 'failed', 'refused') OR status = 'found' AND renewer IS NOT NULL AND expires BETWEEN 1 AND ?1)`
	var some bool
	if err := tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM media WHERE `+trouble+`)`, soon).Scan(&some); err != nil || !some {
		return err
	}
	type row struct {
		conversation int64
		status       string
	}
	kinds := map[string]WarningKind{"gone": MediaGone, "pending": MediaUnknown, "failed": MediaUnknown, "refused": MediaPrivate, "found": MediaDying}
	for r, err := range migration.Query(tx, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(&r.conversation, &r.status)
		return r, err
	}, `SELECT DISTINCT m.conversation, d.status FROM media d JOIN staging s ON s.media_key = d.key
			JOIN conversation c ON c.external_id = `+chatIDOf("s.conversation")+`
			JOIN message m ON m.conversation = c.id AND m.time = s.time AND m.staging = s.id
		WHERE `+trouble+` AND m.state IN ('planned', 'sending')`, soon) {
		if err != nil {
			return err
		}
		k.mark(r.conversation, string(kinds[r.status]))
	}
	return nil
}

// markRelated marks the conversations that seem to belong to one client, and names the others.
func (k *marker) markRelated(tx *sql.Tx, selection Selection) error {
	chats, phones, err := readClientChats(tx, selection)
	if err != nil {
		return err
	}
	pairs, err := clientPairs(tx, chats, phones)
	if err != nil {
		return err
	}
	for pair, reasons := range pairs {
		because := ": " + strings.Join(reasons, ", ")
		k.note(pair.hidden.conversation, SameClient, pair.other.id+because)
		k.note(pair.other.conversation, SameClient, pair.hidden.id+because)
	}
	for _, g := range phones {
		if !g.isPair() {
			k.noteEach(SamePhone, g.chats, g.phone+": ")
		}
	}
	for _, group := range alikeIDs(chats) {
		k.noteEach(SimilarIDs, group, "")
	}
	return nil
}

// noteEach marks each of several conversations with the ids of all.
func (k *marker) noteEach(kind WarningKind, chats []*clientChat, before string) {
	note := before + listIDs(chats, kind == SimilarIDs)
	for _, c := range chats {
		k.note(c.conversation, kind, note)
	}
}

// markOutcome marks the conversations with findings, and with messages that are not, or may not be, in Kommo.
func (v *ChatView) markOutcome(tx *sql.Tx) error {
	k := &marker{ChatView: v}
	type row struct {
		conversation int64
		kind         string
	}
	for r, err := range migration.Query(tx, func(rows *sql.Rows) (r row, err error) {
		err = rows.Scan(&r.conversation, &r.kind)
		return r, err
	}, `SELECT DISTINCT conversation, kind FROM finding WHERE `+isFault+` ORDER BY kind`) {
		if err != nil {
			return err
		}
		k.mark(r.conversation, r.kind)
	}
	for _, kind := range []struct{ kind, condition string }{
		{MarkSetAside, `aside <> '' AND planned + sending > 0`},
		{MarkInDoubt, `sending > 0 AND EXISTS (SELECT 1 FROM message WHERE conversation = conversation.id AND state = 'sending' AND may_exist)`},
		{MarkRefused, `refused > 0`},
		{MarkSkipped, `skipped > 0`},
	} {
		if err := k.markEach(tx, kind.kind, `SELECT id FROM conversation WHERE `+kind.condition); err != nil {
			return err
		}
	}
	for chat := range v.invalid.byChat {
		if err := k.markEach(v.tx, MarkInvalid, `SELECT id FROM conversation WHERE external_id = ?`, chat); err != nil {
			return err
		}
	}
	if len(v.invalid.strays) > 0 {
		k.mark(0, MarkInvalid)
	}
	k.apply()
	return nil
}
