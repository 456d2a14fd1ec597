package main

import (
	"context"
	"errors"
	"fmt"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
)

const (
	unpacedChats        = 200
	unpacedPerChat      = 100
	minUnpacedPerSecond = 2000
	noPace              = 1e6 // requests per second
)

// measureUnpaced sends as fast as it goes. Every message is committed twice, as sending and as accepted, and every
// commit is on the disk before the next step.
func (b *bench) measureUnpaced(ctx context.Context) (figures []figure, err error) {
	const messages = unpacedChats * unpacedPerChat
	b.say("sending %s messages as fast as it goes", number(messages))
	file, err := b.migration(ctx, "unpaced", chats{unpacedChats, func(int) int { return unpacedPerChat }})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	here := sandbox.NewKommo(sandbox.Options{})
	report, err := sender(file, here, noPace).Send(ctx)
	if err != nil {
		return nil, err
	}
	if err := checkArrived(here, messages); err != nil {
		return nil, err
	}
	perSecond := int(messages / report.Elapsed.Seconds())
	return []figure{{"send without a pace, two commits a message", fmt.Sprintf("%s messages/s", number(perSecond)),
		"≥ 2,000/s", perSecond >= minUnpacedPerSecond}}, nil
}

// sender returns a sender to a sandbox within this process.
func sender(file *importer.File, to *sandbox.Kommo, perSecond float64) *importer.Sender {
	return &importer.Sender{
		File: file,
		Client: &kommo.Client{ScopeID: to.ScopeID(), Signer: signing.Signer{Secret: to.Options.ChannelSecret},
			Transport: to},
		Composer: importer.Composer{BotID: to.Options.BotID},
		Pace:     pace.New(perSecond),
	}
}
