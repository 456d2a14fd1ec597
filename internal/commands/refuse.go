package commands

import (
	"context"

	"kommo-import/importer"
	"kommo-import/internal/pace"
)

// A decision is what became of the message of failures --refuse, as JSON:
//
//	{"msgid": "ki1-0123456789abcdef0123456789abcdef", "state": "refused"}
type decision struct {
	MsgID string         `json:"msgid"`
	State importer.State `json:"state"` // refused; accepted if its chat shows the message
}

// refuseInDoubt is the action of failures --refuse.
func (p *program) refuseInDoubt(ctx context.Context, v *values) error {
	decider, err := p.decider(v)
	if err != nil {
		return err
	}
	if decider.File, err = p.openExisting(v); err != nil {
		return err
	}
	return withCloseError(p.decide(ctx, v, decider), decider.File.Close())
}

// decider returns the decider that the settings describe, without its file.
func (p *program) decider(v *values) (decider *importer.Decider, err error) {
	decider = &importer.Decider{Settle: v.span("settle"), Pace: pace.New(v.number("rate")), Log: p.ui.logger()}
	if decider.Client, err = v.client(); err != nil {
		return nil, err
	}
	decider.Composer, err = v.composer()
	return decider, err
}

func (p *program) decide(ctx context.Context, v *values, decider *importer.Decider) error {
	msgid := v.text("refuse")
	p.ui.info("Reading the chat of the message. No message is posted.")
	state, err := decider.Refuse(ctx, msgid)
	if err != nil {
		return err
	}
	status, err := decider.File.Status()
	if err != nil {
		return err
	}
	if v.on("json") {
		return p.writeJSON(decision{msgid, state})
	}
	if state == importer.Accepted {
		p.ui.info("Not refused: its chat shows the message, so that it is accepted.")
	} else {
		p.ui.info("Refused: %s", msgid)
	}
	if status.Messages.Planned+status.Messages.Sending > 0 {
		p.printNext(v, "send")
	}
	return nil
}
