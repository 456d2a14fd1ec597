package importer

import (
	"encoding/json"
	"iter"
	"unicode/utf8"

	"kommo-import/sources"
)

// An encodedBatch is a batch with what takes time to make of its messages, one encoding each.
type encodedBatch struct {
	sources.Batch
	encodings []encoding
}

// An encoding is what the spool holds of a message beside its fields.
type encoding struct {
	content            string // the message as JSON
	identity           identity
	counted            bool
	length             int      // of the text, in characters
	conversation, told identity // digests of the conversation's id, and of all that the message tells of it
}

// encoded yields the batches with their encodings. Below prefetch that happens while the batch before is stored.
func encoded(sourceKind string, batches iter.Seq2[sources.Batch, error]) iter.Seq2[encodedBatch, error] {
	return func(yield func(encodedBatch, error) bool) {
		for batch, err := range batches {
			b := encodedBatch{batch, make([]encoding, len(batch.Messages))}
			for i := range batch.Messages {
				if err == nil {
					err = b.encodings[i].encode(sourceKind, &batch.Messages[i])
				}
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

func (e *encoding) encode(sourceKind string, m *sources.Message) error {
	content, err := json.Marshal(m)
	c := &m.Conversation
	e.content, e.length = string(content), utf8.RuneCountInString(m.Text)
	e.identity, e.counted = identify(sourceKind, m)
	e.conversation = digest(c.ID)
	e.told = digest(c.ID, string(c.Kind), c.Client.ID, c.Client.Name, c.Client.Phone, c.Client.Email, c.Client.Avatar)
	return err
}
