package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"kommo-import/internal/sandbox"
)

const (
	minRowsPerSecond = 50_000
	rowsPerChat      = 100 // on average
)

// measureLoad reads a large CSV with the built program, from its start to its end.
func (b *bench) measureLoad(ctx context.Context) ([]figure, error) {
	conversations := b.rows / rowsPerChat
	b.say("writing a CSV: %s messages in %s conversations, interleaved, sorted by time with ties, %d columns, texts of 1 to 80 words",
		number(b.rows), number(conversations), len(chatColumns()))
	if err := writeChats(b.path("chats.csv"), b.rows, conversations); err != nil {
		return nil, err
	}
	idle, err := b.call(ctx, nil, nil, "--help")
	if err != nil {
		return nil, err
	}
	b.say("loading it")
	load, err := b.call(ctx, nil, nil, "load", "--csv", "chats.csv")
	if err != nil {
		return nil, err
	}
	perSecond := int(float64(b.rows) / load.elapsed.Seconds())
	return []figure{
		{"load " + number(b.rows) + " rows of CSV", fmt.Sprintf("%s rows/s (%s)", number(perSecond), seconds(load.elapsed)),
			"≥ 50,000 rows/s", perSecond >= minRowsPerSecond},
		{name: "peak resident memory: --help, for comparison", measured: fmt.Sprintf("%.0f MB", float64(idle.peak)/1e6)},
		peakFigure("load", load.peak),
	}, os.Remove(b.path("chats.csv"))
}

// measurePreview looks at the plan of the large migration: as a whole, and at every payload.
func (b *bench) measurePreview(ctx context.Context) ([]figure, error) {
	environment := sandbox.NewKommo(sandbox.Options{}).Environment("")
	b.say("previewing")
	preview, err := b.preview(ctx, environment)
	if err != nil {
		return nil, err
	}
	b.say("printing every payload to nowhere")
	payloads, err := b.call(ctx, environment, nil, "preview", "--payloads")
	if err != nil {
		return nil, err
	}
	perSecond := int(float64(b.rows) / payloads.elapsed.Seconds())
	return []figure{
		{name: "preview of " + number(b.rows) + " messages", measured: seconds(preview.elapsed)},
		peakFigure("preview", preview.peak),
		{name: "preview --payloads of " + number(b.rows) + " messages",
			measured: fmt.Sprintf("%s payloads/s (%s)", number(perSecond), seconds(payloads.elapsed))},
		peakFigure("preview --payloads", payloads.peak),
	}, nil
}

// preview runs preview --json and makes sure that every message that was written is planned.
func (b *bench) preview(ctx context.Context, environment []string) (call, error) {
	out, err := os.Create(b.path("preview.json"))
	if err != nil {
		return call{}, err
	}
	c, err := b.call(ctx, environment, out, "preview", "--json")
	if err = errors.Join(err, out.Close()); err != nil {
		return c, err
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		return c, err
	}
	var told struct{ Conversations, Messages int }
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&told); err != nil {
		return c, fmt.Errorf("preview --json: %w", err)
	}
	if told.Messages != b.rows || told.Conversations != b.rows/rowsPerChat {
		return c, fmt.Errorf("preview --json: %d messages in %d conversations are planned; want %d in %d",
			told.Messages, told.Conversations, b.rows, b.rows/rowsPerChat)
	}
	return c, nil
}
