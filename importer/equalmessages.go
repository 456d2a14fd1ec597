package importer

import (
	"database/sql"
	"slices"
)

// A contentKey is equal for equal messages of two chats: those of one second and one direction with the same text.
type contentKey struct {
	moment int64 // the second, and the direction in the last bit: 1 is incoming
	words  int64 // hash of a text; 0 for media, whose file names differ from chat to chat
}

func (k contentKey) incoming() bool { return k.moment&1 == 1 }

// keysOfChats selects the keys of the messages of persons' chats on one side, of one in so many seconds.
const keysOfChats = `SELECT c.id, m.time / 1000 * 2 + (m.direction = 'incoming'), iif(m.kind = 'text', m.words, 0)
	FROM conversation c CROSS JOIN message m ON m.conversation = c.id -- in this order
	WHERE c.kind = 'person' AND c.planned + c.sending + c.accepted + c.verified > 0 AND (c.external_id GLOB '*@lid') = ?
	AND m.state <> 'skipped' AND m.time / 1000 % ? = 0`

// maxKeys is about how many keys are held in memory. Of larger accounts equalMessages compares the messages of a part of all
// seconds.
const maxKeys = 500_000

// equalMessages returns how many messages the chats under an @lid share with other chats.
//
// In a large account some clients write "yes" in the same second, and a mailing reaches many clients in one second. So a
// message counts only if exactly one chat of each side has it. For a pair to count it needs two such messages of the client,
// or one that is all that the client wrote in one of the chats, or one message with the same id in both.
func equalMessages(tx *sql.Tx, chats []*clientChat) (map[chatPair]int, error) {
	c := sideComparison{chats: make(map[int64]*clientChat, len(chats)), holders: make(map[contentKey]*chatPair), every: 1}
	hidden, others := 0, 0
	for _, chat := range chats {
		c.chats[chat.conversation] = chat
		if chat.hidden() {
			hidden += chat.messages
		} else if chat.person {
			others += chat.messages
		}
	}
	c.every += min(hidden, others) / maxKeys
	larger := hidden > others
	if err := c.read(tx, !larger, c.addSmaller); err != nil {
		return nil, err
	}
	if err := c.read(tx, larger, c.addLarger); err != nil {
		return nil, err
	}
	return c.conclude(tx)
}

// A sideComparison compares the messages of two sides, the chats under an @lid and the others.
type sideComparison struct {
	chats   map[int64]*clientChat
	holders map[contentKey]*chatPair // the chats that have a message
	every   int                      // one in so many seconds is compared
}

// several stands for several chats with one message.
var several = new(clientChat)

func (c *sideComparison) read(tx *sql.Tx, hidden bool, add func(contentKey, *clientChat)) error {
	rows, err := tx.Query(keysOfChats, hidden, c.every)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var conversation int64
		var k contentKey
		if err := rows.Scan(&conversation, &k.moment, &k.words); err != nil {
			return err
		}
		chat := c.chats[conversation]
		if k.incoming() {
			chat.incoming++
		}
		add(k, chat)
	}
	return rows.Err()
}

func (c *sideComparison) addSmaller(k contentKey, chat *clientChat) {
	if c.holders[k] == nil {
		c.holders[k] = new(chatPair)
	}
	c.holders[k].add(chat)
}

func (c *sideComparison) addLarger(k contentKey, chat *clientChat) {
	if pair := c.holders[k]; pair != nil {
		pair.add(chat)
	}
}

// add makes chat the chat of its side, if it is the only one.
func (p *chatPair) add(chat *clientChat) {
	side := &p.other
	if chat.hidden() {
		side = &p.hidden
	}
	if *side == nil {
		*side = chat
	} else if *side != chat {
		*side = several
	}
}

// A sharing is the messages that two chats share.
type sharing struct {
	keys     []contentKey
	incoming int // texts of the client among them
}

// conclude returns how many messages the pairs share that share enough.
func (c *sideComparison) conclude(tx *sql.Tx) (map[chatPair]int, error) {
	shared := make(map[chatPair]*sharing)
	for k, pair := range c.holders {
		if pair.hidden == nil || pair.other == nil || pair.hidden == several || pair.other == several {
			continue
		}
		s := shared[*pair]
		if s == nil {
			s = new(sharing)
			shared[*pair] = s
		}
		s.keys = append(s.keys, k)
		s.incoming += btoi(k.incoming() && k.words != 0)
	}
	enough := make(map[chatPair]int)
	for pair, s := range shared {
		whole := c.every == 1 && min(pair.hidden.incoming, pair.other.incoming) == 1
		if s.incoming > 1 || s.incoming == 1 && whole {
			enough[pair] = len(s.keys)
			continue
		}
		same, err := s.sameID(tx, pair)
		if err != nil {
			return nil, err
		}
		if same {
			enough[pair] = len(s.keys)
		}
	}
	return enough, nil
}

// sameID reports whether one of the messages has the same id in both chats.
func (s *sharing) sameID(tx *sql.Tx, pair chatPair) (same bool, err error) {
	const query = `SELECT EXISTS (SELECT 1 FROM message h JOIN message o ON o.conversation = ?2 AND o.time BETWEEN ?3 AND ?3 + 999
		WHERE h.conversation = ?1 AND h.time BETWEEN ?3 AND ?3 + 999 AND h.direction = o.direction
		AND (SELECT content ->> '$.id' FROM staging WHERE id = h.staging) = (SELECT content ->> '$.id' FROM staging WHERE id = o.staging))`
	slices.SortFunc(s.keys, func(a, b contentKey) int { return int(a.moment - b.moment) })
	for _, k := range s.keys {
		err := tx.QueryRow(query, pair.hidden.conversation, pair.other.conversation, k.moment/2*1000).Scan(&same)
		if same || err != nil {
			return same, err
		}
	}
	return false, nil
}
