package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"strings"

	"kommo-import/internal/sandbox"
)

// greenMessages returns how many messages a chat has: of every 50 there are 49 with 50 to 818 messages, and a long one
// of which the program asks a second time. On average it is 500.
func greenMessages(chat int) int {
	if chat%50 == 49 {
		return 3734
	}
	return 50 + 16*(chat%50*17%49)
}

// greenAccount returns an account of Green-API with these chats, always the same. The histories are made while they
// are sent. None holds media: they are looked up one by one, and it is the lookups that would be measured.
func greenAccount(of chats) sandbox.Account {
	var account sandbox.Account
	pieces := newEntryPieces()
	for i := range of.conversations {
		phone := fmt.Sprintf("7900%07d", i)
		name := fmt.Sprintf("Клиент %d Petrov", i)
		account.Contacts = append(account.Contacts, json.RawMessage(fmt.Sprintf(
			`{"id":"%s@c.us","name":"","contactName":"%s","type":"user","chatId":"%[1]s@c.us","phoneNumber":%[1]s}`, phone, name)))
		account.Chats = append(account.Chats, sandbox.AccountChat{
			ID: phone + "@c.us",
			Listing: json.RawMessage(fmt.Sprintf(
				`{"archive":false,"id":"%s@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"%s","type":"user"}`, phone, name)),
			Entries: func() iter.Seq[json.RawMessage] { return pieces.history(i, of.messages(i), phone+"@c.us", name) },
		})
	}
	return account
}

// entryPieces are what entries are put together of, as they stand in JSON.
type entryPieces struct {
	words      []string
	thumbnails []string
}

func newEntryPieces() *entryPieces {
	p := &entryPieces{}
	for _, word := range append(words(), "Анна", "Сергей", "Lucía", "Mr. Brown") {
		quoted := strconv.AppendQuote(nil, word) // as JSON has it too: the words hold quotes, but nothing else to escape
		p.words = append(p.words, string(quoted[1:len(quoted)-1]))
	}
	random := rand.New(rand.NewPCG(3, 4))
	for kilobytes := 2; kilobytes <= 8; kilobytes++ {
		image := make([]byte, kilobytes*768) // base64 makes 4 bytes of 3
		for i := range image {
			image[i] = byte(random.Uint32())
		}
		p.thumbnails = append(p.thumbnails, base64.StdEncoding.EncodeToString(image))
	}
	return p
}

// history returns the entries of a chat, newest first, the same each time. About a third have the second of the one
// before. Texts have 1 to 40 words. 1 in 20 is a link with a preview, and 1 in 10 an answer.
func (p *entryPieces) history(chat, messages int, id, name string) iter.Seq[json.RawMessage] {
	return func(yield func(json.RawMessage) bool) {
		w := entryWriter{entryPieces: p, rand: rand.New(rand.NewPCG(uint64(chat), 5)), chat: chat, now: 1_760_000_000,
			incoming: fmt.Sprintf(`,"chatId":"%s","senderId":"%[1]s","senderName":"petrov ☀","senderContactName":"%s"`, id, name),
			outgoing: fmt.Sprintf(`,"chatId":"%s","statusMessage":"read","sendByApi":false`, id)}
		for n := range messages {
			if !yield(w.entry(n)) {
				return
			}
		}
	}
}

// An entryWriter makes up the entries of one chat.
type entryWriter struct {
	*entryPieces
	rand               *rand.Rand
	chat               int
	now                int64
	incoming, outgoing string // who wrote, as fields
}

// entry returns the n-th entry from the newest on.
func (w *entryWriter) entry(n int) json.RawMessage {
	if w.rand.IntN(3) > 0 {
		w.now -= 1 + w.rand.Int64N(200)
	}
	e := make([]byte, 0, 1024)
	if w.rand.IntN(2) == 0 {
		e = append(append(e, `{"type":"incoming"`...), w.incoming...)
	} else {
		e = append(append(e, `{"type":"outgoing"`...), w.outgoing...)
	}
	e = append(e, `,"timestamp":`...)
	e = strconv.AppendInt(e, w.now, 10)
	e = w.id(append(e, `,"idMessage":`...), n)
	switch {
	case n%20 == 7:
		text := w.text()
		e = append(append(e, `,"typeMessage":"extendedTextMessage","textMessage":`...), text...)
		e = append(append(e, `,"extendedTextMessage":{"text":`...), text...)
		e = append(e, `,"description":"Our bicycles","title":"example.com","previewType":"None","jpegThumbnail":"`...)
		e = append(e, w.thumbnails[w.rand.IntN(len(w.thumbnails))]...)
		e = append(e, `","forwardingScore":0,"isForwarded":false}`...)
	case n%10 == 3:
		e = append(append(e, `,"typeMessage":"quotedMessage","extendedTextMessage":{"text":`...), w.text()...)
		e = append(w.id(append(e, `,"stanzaId":`...), n+1), `},"quotedMessage":{"typeMessage":"textMessage","stanzaId":`...)
		e = append(append(w.id(e, n+1), `,"textMessage":`...), w.text()...)
		e = append(e, '}')
	default:
		e = append(append(e, `,"typeMessage":"textMessage","textMessage":`...), w.text()...)
		e = append(e, `,"isForwarded":false,"forwardingScore":0`...)
	}
	return append(e, `,"isEdited":false,"editedMessageId":"","isDeleted":false,"deletedMessageId":""}`...)
}

// id appends the id of the n-th entry. No two of an account are the same.
func (w *entryWriter) id(e []byte, n int) []byte {
	id := strings.ToUpper(strconv.FormatInt(1<<56|int64(w.chat)<<28|int64(n), 16))
	return append(append(append(e, `"3EB0`...), id...), '"')
}

// text returns a text as JSON: most are short.
func (w *entryWriter) text() []byte {
	spread := w.rand.Float64()
	text := append(make([]byte, 0, 256), '"')
	for i := range 1 + int(40*spread*spread) {
		if i > 0 {
			text = append(text, ' ')
		}
		text = append(text, w.words[w.rand.IntN(len(w.words))]...)
	}
	return append(text, '"')
}
