package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"
)

// chatColumns are the columns of the CSV, as an export of a messenger has them: what is known of the client is
// repeated on every row.
func chatColumns() []string {
	return []string{"conversation_id", "client_name", "client_phone", "client_email", "message_id", "timestamp", "direction",
		"author_id", "author_name", "type", "text", "media_url", "file_name", "file_size", "reply_to"}
}

// writeChats writes a CSV of that many messages, always the same: sorted by time and so interleaved between the
// conversations, a few of which are very long and most short. Some have the same second, texts have from 1 to
// about 80 words in two alphabets, with quotes, commas and line ends. 1 in 25 is a picture and 1 in 40 an answer.
func writeChats(path string, messages, conversations int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(file, 1<<20)
	err = writeRows(w, messages, conversations)
	return errors.Join(err, w.Flush(), file.Close())
}

func writeRows(w io.Writer, messages, conversations int) error {
	c := &chatter{rand: rand.New(rand.NewPCG(1, 2)), last: make([]int, conversations),
		now: time.Date(2022, 3, 1, 8, 0, 0, 0, time.UTC), words: words()}
	rows := csv.NewWriter(w)
	if err := rows.Write(chatColumns()); err != nil {
		return err
	}
	for n := 1; n <= messages; n++ {
		if err := rows.Write(c.message(n)); err != nil {
			return err
		}
	}
	rows.Flush()
	return rows.Error()
}

// A chatter makes up messages.
type chatter struct {
	rand  *rand.Rand
	last  []int // the number of each conversation's last message
	now   time.Time
	words []string
}

// message returns the row of the n-th message, in the order of [chatColumns].
func (c *chatter) message(n int) []string {
	if c.rand.IntN(10) < 7 {
		c.now = c.now.Add(time.Duration(1+c.rand.IntN(30)) * time.Second)
	}
	at := c.rand.Float64()
	conversation := int(at * at * float64(len(c.last))) // squared: the first ones get the most
	if n <= len(c.last) {
		conversation = n - 1 // everybody says something
	}
	phone := fmt.Sprintf("7900%07d", conversation)
	row := []string{phone + "@c.us", fmt.Sprintf("Клиент %d Petrov", conversation), "+" + phone,
		fmt.Sprintf("client%d@example.com", conversation), messageID(n), c.now.Format(time.RFC3339), "in", "", "", "text",
		c.text(), "", "", "", ""}
	if c.rand.IntN(2) == 0 {
		author := c.rand.IntN(12)
		row[6], row[7], row[8] = "out", strconv.Itoa(1000+author), fmt.Sprintf("Менеджер %d", author)
	}
	if c.rand.IntN(25) == 0 {
		row[9], row[11] = "picture", fmt.Sprintf("https://files.example.com/chats/2022/%d.jpg", n)
		row[12], row[13] = fmt.Sprintf("IMG-%d.jpg", n), strconv.Itoa(20_000+n%900_000)
	}
	if c.rand.IntN(40) == 0 && c.last[conversation] > 0 {
		row[14] = messageID(c.last[conversation])
	}
	c.last[conversation] = n
	return row
}

func messageID(n int) string { return fmt.Sprintf("3EB0%012X", n) }

// text returns a text: most are short and some are long.
func (c *chatter) text() string {
	spread := c.rand.Float64()
	var text strings.Builder
	for i := range 1 + int(80*spread*spread*spread) {
		if i > 0 && i%17 == 0 {
			text.WriteByte('\n')
		} else if i > 0 {
			text.WriteByte(' ')
		}
		text.WriteString(c.words[c.rand.IntN(len(c.words))])
	}
	return text.String()
}

// words returns what texts are made of.
func words() []string {
	return strings.Fields(`Здравствуйте! Подскажите, пожалуйста, заказ готов? order is ready, "the blue one" спасибо
		доставка завтра please call me back хорошо ok договорились 🚲 cuánto cuesta цена 1 500 ₽ wheels 20"
		size мастер позвонит tomorrow at ten`)
}
