package bench

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// chats are made-up conversations, always the same. They are a source, a CSV or an account of Green-API.
type chats struct {
	conversations int
	messages      func(conversation int) int // how many a conversation has
}

func (c chats) total() (n int) {
	for i := range c.conversations {
		n += c.messages(i)
	}
	return n
}

// phoneOf returns the phone of the client of a conversation.
func phoneOf(conversation int) string { return fmt.Sprintf("+7900%07d", conversation) }

// message returns the n-th message of a conversation. Two messages each have the same time. 1 in 25 is a picture. 1 in 40
// of the first half is an answer to the message before: the second half can be sent without the first.
func (c chats) message(i, n int) sources.Message {
	random := rand.New(rand.NewPCG(uint64(i), uint64(n)))
	phone := strings.TrimPrefix(phoneOf(i), "+")
	m := sources.Message{
		Conversation: sources.Conversation{ID: phone + "@c.us", Kind: sources.Person,
			Client: sources.Client{ID: phone + "@c.us", Name: fmt.Sprintf("Клиент %d Petrov", i), Phone: "+" + phone}},
		ID:        fmt.Sprintf("3EB0%06X%06X", i, n),
		Time:      time.Date(2022, 3, 1, 8, 0, n/2, 0, time.UTC),
		Direction: sources.Incoming,
		Kind:      sources.KindText,
		Text:      words(random, 80),
	}
	if random.IntN(2) == 0 {
		author := random.IntN(12)
		m.Direction, m.Author = sources.Outgoing, sources.Author{ID: fmt.Sprint(1000 + author), Name: fmt.Sprintf("Менеджер %d", author)}
	}
	if random.IntN(25) == 0 {
		m.Kind, m.Media = sources.KindPicture, &sources.Media{URL: fmt.Sprintf("https://files.example.com/%s.jpg", m.ID),
			Name: fmt.Sprintf("IMG-%d.jpg", n), Size: int64(20_000 + n)}
	}
	if n > 0 && n < c.messages(i)/2 && random.IntN(40) == 0 {
		m.ReplyTo = fmt.Sprintf("3EB0%06X%06X", i, n-1)
	}
	return m
}

var vocabulary = strings.Fields(`Здравствуйте! Подскажите, пожалуйста, заказ готов? order is ready, "the blue one" спасибо
	доставка завтра please call me back хорошо ok договорились 🚲 cuánto cuesta цена 1 500 ₽ wheels 20"`)

// words returns a text of up to so many words in two alphabets, with quotes, commas and line ends. Most texts are short.
func words(random *rand.Rand, most int) string {
	spread := random.Float64()
	var text strings.Builder
	for i := range 1 + int(float64(most)*spread*spread*spread) {
		if i > 0 && i%17 == 0 {
			text.WriteByte('\n')
		} else if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(vocabulary[random.IntN(len(vocabulary))])
	}
	return text.String()
}

// Family returns [sources.Table].
func (c chats) Family() sources.Family { return sources.Table }

// Batches yields a conversation at a time. It is meant to be read once.
func (c chats) Batches(context.Context, string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		for i := range c.conversations {
			batch := sources.Batch{FromStart: i == 0, Cursor: fmt.Sprint(i)}
			for n := range c.messages(i) {
				m := c.message(i, n)
				m.Position = fmt.Sprint(i, ":", n)
				batch.Messages = append(batch.Messages, m)
			}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

// load loads the conversations into a new migration file.
func (c chats) load(b testing.TB, path string) *importer.File {
	b.Helper()
	return loadSource(b, path, c)
}

func loadSource(b testing.TB, path string, source sources.Source) *importer.File {
	b.Helper()
	file, err := importer.Open(path, "bench")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { file.Close() })
	if _, err := (&importer.Loader{File: file, Name: "bench"}).Load(b.Context(), source); err != nil {
		b.Fatal(err)
	}
	return file
}

// writeCSV writes the conversations as the export of a messenger: sorted by time, and so interleaved. No conversation
// may have more messages than one before it. Times have the layout.
func (c chats) writeCSV(path, layout string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffer := bufio.NewWriterSize(file, 1<<20)
	w := csv.NewWriter(buffer)
	w.Write(strings.Split("conversation_id,client_name,client_phone,client_email,message_id,timestamp,direction,"+
		"author_id,author_name,type,text,media_url,file_name,file_size,reply_to", ","))
	for n := range c.messages(0) {
		for i := 0; i < c.conversations && n < c.messages(i); i++ {
			m := c.message(i, n)
			row := []string{m.Conversation.ID, m.Conversation.Client.Name, m.Conversation.Client.Phone,
				fmt.Sprintf("client%d@example.com", i), m.ID, m.Time.Format(layout), string(m.Direction), m.Author.ID, m.Author.Name,
				string(m.Kind), m.Text, "", "", "", m.ReplyTo}
			if m.Media != nil {
				row[11], row[12], row[13] = m.Media.URL, m.Media.Name, fmt.Sprint(m.Media.Size)
			}
			w.Write(row)
		}
	}
	w.Flush()
	return errors.Join(w.Error(), buffer.Flush(), file.Close())
}

// account returns the conversations as an account of Green-API. It has no media: those are looked up one by one, and the
// look-ups would be measured.
func (c chats) account() (account sandbox.Account) {
	thumbnail := base64.StdEncoding.EncodeToString(make([]byte, 4000))
	for i := range c.conversations {
		of := c.message(i, 0).Conversation
		account.Contacts = append(account.Contacts, fmt.Appendf(nil, `{"id":"%s","name":"","contactName":"%s","type":"user"}`, of.ID, of.Client.Name))
		account.Chats = append(account.Chats, sandbox.AccountChat{
			ID:      of.ID,
			Listing: fmt.Appendf(nil, `{"archive":false,"id":"%s","name":"%s","type":"user"}`, of.ID, of.Client.Name),
			Entries: func() iter.Seq[json.RawMessage] {
				return func(yield func(json.RawMessage) bool) {
					for n := c.messages(i) - 1; n >= 0 && yield(greenEntry(c.message(i, n), n, thumbnail)); n-- {
					}
				}
			},
		})
	}
	return account
}

// greenEntry returns the text of a message as an entry of a history. 1 in 20 is a link with a preview.
func greenEntry(m sources.Message, n int, thumbnail string) json.RawMessage {
	text, _ := json.Marshal(m.Text)
	who := fmt.Sprintf(`"type":"incoming","senderId":"%s","senderName":"petrov ☀"`, m.Conversation.ID)
	if m.Direction == sources.Outgoing {
		who = `"type":"outgoing","statusMessage":"read","sendByApi":false`
	}
	content := fmt.Sprintf(`"typeMessage":"textMessage","textMessage":%s,"isForwarded":false,"forwardingScore":0`, text)
	switch {
	case n%20 == 7:
		content = fmt.Sprintf(`"typeMessage":"extendedTextMessage","textMessage":%s,"extendedTextMessage":{"text":%[1]s,`+
			`"description":"Our bicycles","title":"example.com","previewType":"None","jpegThumbnail":"%s"}`, text, thumbnail)
	case m.ReplyTo != "":
		content = fmt.Sprintf(`"typeMessage":"quotedMessage","extendedTextMessage":{"text":%s,"stanzaId":"%s"},`+
			`"quotedMessage":{"typeMessage":"textMessage","stanzaId":"%[2]s","textMessage":%[1]s}`, text, m.ReplyTo)
	}
	return fmt.Appendf(nil, `{%s,"chatId":"%s","timestamp":%d,"idMessage":"%s",%s,"isEdited":false,`+
		`"editedMessageId":"","isDeleted":false,"deletedMessageId":""}`, who, m.Conversation.ID, m.Time.Unix(), m.ID, content)
}

// hiddenPairs are made-up conversations of which each second one is of the client before, under an @lid: it has the messages
// and the name of that client, and the phone is only suspected.
type hiddenPairs struct{ chats }

func (c hiddenPairs) Batches(ctx context.Context, cursor string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		for batch, err := range c.chats.Batches(ctx, cursor) {
			for _, m := range batch.Messages {
				client := &m.Conversation.Client
				client.SuspectedPhone, client.Phone = strings.TrimPrefix(client.Phone, "+"), ""
				m.Conversation.ID = client.SuspectedPhone + "0000@lid"
				client.ID = m.Conversation.ID
				batch.Messages = append(batch.Messages, m)
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}
