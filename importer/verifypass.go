package importer

import (
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"kommo-import/internal/kommo"
)

// lastPass is the one that ends the search for what is missing: it begins when Kommo has had its time. The second
// begins after an eighth of that time, the third after a quarter, the fourth after a half.
const lastPass = 5

// A pagePass is one page of a pass over a chat while it is written down.
//
// A message of the plan that is met for the first time in this verification is judged. Met again under the same id
// at Kommo it was pushed onto this page by messages that have arrived meanwhile, or belongs to a later pass; under
// another id it is a double.
type pagePass struct {
	*readback
	tx       *sql.Tx
	composer Composer
	verification
	now      time.Time
	verified int // messages that have become verified, less those that no longer are
}

// keepPage writes down the next page of a pass, and reports whether the pass has ended with it.
func (r *verifying) keepPage(rb *readback, page []kommo.HistoryMessage) (ended bool, err error) {
	err = r.File.Update(func(tx *sql.Tx) error {
		p := &pagePass{readback: rb, tx: tx, composer: r.Composer, verification: r.verification, now: time.Now()}
		p.trail.turn(page, p.next == 0)
		for i := range page {
			if err := p.take(&page[i]); err != nil {
				return err
			}
		}
		p.next += len(page)
		if ended = p.atEnd(page); ended {
			if err := p.end(len(page) < kommo.PageSize, r.wait); err != nil {
				return err
			}
		}
		return p.keep()
	})
	return ended, err
}

// overdue lets a pass that begins when Kommo has had its time be the last.
func (rb *readback) overdue(now time.Time, wait time.Duration) {
	if rb.missed > 0 && rb.next == 0 && !now.Before(fromMillis(rb.missed).Add(wait)) {
		rb.pass = lastPass
	}
}

// A metMessage is a message of the plan that was met in a chat.
type metMessage struct {
	outgoing
	remoteID string
	met      int64
}

// take takes up one message of the chat.
func (p *pagePass) take(there *kommo.HistoryMessage) error {
	m, err := p.planned(there.Message.ClientID)
	if err != nil {
		return err
	}
	switch {
	case m == nil:
		return p.foreign(there)
	case m.state == Sending: // in doubt: the next send settles that
		return nil
	case m.state != Accepted && m.state != Verified:
		return p.found(MessageUnsent, m, there.Message.ID, "it is in the chat, although the plan has it as "+string(m.state))
	case m.met <= p.serial(0):
		if err := p.judge(m, there); err != nil {
			return err
		}
	case m.remoteID != there.Message.ID:
		return p.found(MessageDoubled, m, there.Message.ID, "it is in the chat more than once")
	case m.met == p.serial(p.pass):
		return nil
	}
	if err := p.meet(m, there); err != nil || !sameTime(m.msec, there) {
		return err // of another time, it stands at another place, and that has been told
	}
	return p.misplaced(p.trail.follow(place{m.identity.msgid(), m.time, m.msec}))
}

// planned returns the message of the plan that has a msgid, nil if there is none.
func (p *pagePass) planned(msgid string) (*metMessage, error) {
	raw, err := hex.DecodeString(msgid)
	if err != nil || len(raw) != len(identity{}) || hex.EncodeToString(raw) != msgid {
		return nil, nil
	}
	m := &metMessage{outgoing: outgoing{identity: identity(raw)}}
	var source string
	err = p.tx.QueryRow(`SELECT time, spool, state, msec, direction, kind, as_text, remote_id, met,
			(SELECT name FROM source WHERE id = message.source)
		FROM message WHERE conversation = ? AND identity = ?`, p.id, raw).
		Scan(&m.time, &m.spool, &m.state, &m.msec, &m.direction, &m.content.Kind, &m.asText, &m.remoteID, &m.met, &source)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	m.sourceKind = kindOf(source)
	return m, err
}

// judge compares m with what is there. It becomes verified if that is what was sent, and no longer is if not.
func (p *pagePass) judge(m *metMessage, there *kommo.HistoryMessage) error {
	if err := complete(p.tx, &p.conversation, &m.outgoing); err != nil {
		return err
	}
	reason, err := p.composer.differences(&p.conversation, &m.outgoing, there)
	if err != nil {
		return err
	}
	verdict := Verified
	if reason != "" {
		verdict = Accepted
		if err := p.found(MessageDiffers, m, there.Message.ID, reason); err != nil {
			return err
		}
	}
	p.verified += one(verdict == Verified) - one(m.state == Verified)
	p.met++
	p.judged++
	if p.pass > 1 {
		p.trail.Left--
	}
	m.state = verdict
	return nil
}

// meet notes that this pass has met m, and under which id.
func (p *pagePass) meet(m *metMessage, there *kommo.HistoryMessage) error {
	_, err := p.tx.Exec(`UPDATE message SET state = ?, remote_id = ?, met = ? WHERE conversation = ? AND time = ? AND spool = ?`,
		m.state, there.Message.ID, p.serial(p.pass), p.id, m.time, m.spool)
	return err
}

func (p *pagePass) found(kind FindingKind, m *metMessage, remoteID, reason string) error {
	return addFinding(p.tx, p.id, finding{kind: kind, msgid: m.identity.msgid(), remoteID: remoteID, time: m.time, reason: reason})
}

func (p *pagePass) foreign(there *kommo.HistoryMessage) error {
	f := finding{kind: MessageForeign, msgid: there.Message.ClientID, remoteID: there.Message.ID, reason: "it is not of this migration"}
	if at := there.Time(); !at.IsZero() {
		f.time = at.UnixMilli()
	}
	return addFinding(p.tx, p.id, f)
}

func (p *pagePass) misplaced(places []place) error {
	for _, at := range places {
		err := addFinding(p.tx, p.id, finding{kind: MessageOutOfOrder, msgid: at.MsgID, time: at.Time,
			reason: "Kommo shows it at another place than it was sent to"})
		if err != nil {
			return err
		}
	}
	return nil
}

// atEnd reports whether the pass ends with that page: at the end of the chat, or where there can be nothing any more of
// what it looks for.
func (p *pagePass) atEnd(page []kommo.HistoryMessage) bool {
	if len(page) < kommo.PageSize {
		return true
	}
	if p.pass == 1 {
		return false
	}
	var order newestFirst
	for i := range page {
		order.add(page[i].Time())
	}
	return p.trail.Left <= 0 || order.past(fromMillis(p.trail.Until).Add(-timeMargin))
}

// end ends a pass: there is a verdict on every message, or another pass will look for what is missing.
func (p *pagePass) end(ofChat bool, wait time.Duration) error {
	if ofChat {
		if err := p.misplaced(p.trail.judge(nil)); err != nil {
			return err
		}
	}
	var missing int
	var oldest int64
	err := p.tx.QueryRow(`SELECT count(*), coalesce(min(msec), 0) FROM message
		WHERE conversation = ? AND state IN ('accepted', 'verified') AND met <= ?`, p.id, p.serial(0)).Scan(&missing, &oldest)
	if err != nil {
		return err
	}
	if missing == 0 {
		return p.conclude()
	}
	if p.pass >= lastPass {
		if err := p.missing("it is not in the chat"); err != nil {
			return err
		}
		return p.conclude()
	}
	if p.missed == 0 {
		p.missed = p.now.UnixMilli()
	}
	p.pass, p.next, p.trail = p.pass+1, 0, trail{Until: oldest, Left: missing}
	due := fromMillis(p.missed).Add(wait >> (lastPass - p.pass))
	_, err = p.tx.Exec(`UPDATE readback SET due = ? WHERE conversation = ?`, due.UnixMilli(), p.id)
	return err
}

// missing writes down what was not met. It is not verified, whatever a verification before said.
func (p *pagePass) missing(reason string) error {
	found, err := affected(p.tx.Exec(`INSERT INTO finding (conversation, kind, msgid, remote_id, time, reason)
		SELECT conversation, 'missing', lower(hex(identity)), '', time, ? FROM message
		WHERE conversation = ? AND state IN ('accepted', 'verified') AND met <= ?`, reason, p.id, p.serial(0)))
	if err != nil {
		return err
	}
	back, err := affected(p.tx.Exec(`UPDATE message SET state = 'accepted' WHERE conversation = ? AND state = 'verified' AND met <= ?`,
		p.id, p.serial(0)))
	p.judged += found
	p.verified -= back
	return err
}

// affected returns how many rows a statement has changed.
func affected(result sql.Result, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	return int(n), err
}

func (p *pagePass) conclude() error {
	_, err := p.tx.Exec(`UPDATE readback SET ended = 1 WHERE conversation = ?`, p.id)
	return err
}

// keep writes down how far the pass is, and the conversation's numbers.
func (p *pagePass) keep() error {
	stored, err := json.Marshal(p.trail)
	if err != nil {
		return err
	}
	_, err = p.tx.Exec(`UPDATE readback SET pass = ?, next = ?, trail = ?, missed = ?, met = ? WHERE conversation = ?`,
		p.pass, p.next, string(stored), p.missed, p.met, p.id)
	if err != nil {
		return err
	}
	_, err = p.tx.Exec(`UPDATE conversation SET accepted = accepted - ?1, verified = verified + ?1 WHERE id = ?2`, p.verified, p.id)
	return err
}

// concludeWithoutChat counts as missing all of a conversation whose chat at Kommo is not known. Kommo is not asked for
// it: it would make one if there is none.
func (f *File) concludeWithoutChat(v verification, rb *readback) error {
	return f.Update(func(tx *sql.Tx) error {
		p := &pagePass{readback: rb, tx: tx, verification: v}
		return errors.Join(p.missing("Kommo has not told in which chat it is"), p.conclude(), p.keep())
	})
}
