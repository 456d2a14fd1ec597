package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"kommo-import/importer"
	"kommo-import/sources"
)

// chats is a source of made-up conversations.
type chats struct {
	conversations int
	messages      func(conversation int) int // how many one has
}

// Name is that of a CSV, which it stands for.
func (c chats) Name() string { return "csv:bench" }

// Batches yields a conversation at a time. It is meant to be read once.
func (c chats) Batches(context.Context, string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		for i := range c.conversations {
			batch := sources.Batch{FromStart: i == 0, Messages: c.conversation(i), Cursor: fmt.Sprint(i)}
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func (c chats) conversation(i int) (messages []sources.Message) {
	phone := fmt.Sprintf("7900%07d", i)
	start := time.Date(2024, 1, 1, 9, i%60, 0, 0, time.UTC)
	for n := range c.messages(i) {
		messages = append(messages, sources.Message{
			Conversation: sources.Conversation{ID: phone + "@c.us", Kind: sources.Person,
				Client: sources.Client{ID: phone + "@c.us", Name: fmt.Sprintf("Client %d", i), Phone: "+" + phone}},
			ID:        fmt.Sprintf("%d-%d", i, n),
			Time:      start.Add(time.Duration(n/2) * time.Second),
			Direction: []sources.Direction{sources.Incoming, sources.Outgoing}[n%2],
			Kind:      sources.KindText,
			Text:      fmt.Sprintf("Здравствуйте! This is message %d of conversation %d, \"the blue one\".", n, i),
		})
	}
	return messages
}

// migration loads a source into a new migration file.
func (b *bench) migration(ctx context.Context, name string, source sources.Source) (*importer.File, error) {
	file, err := importer.Open(b.path(name+".db"), "bench")
	if err != nil {
		return nil, err
	}
	if _, err := (&importer.Loader{File: file}).Load(ctx, source); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}
