package commands

import (
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/sources/greenapi"
)

// hasGreenAPI reports whether an instance and its token are set.
func (v *values) hasGreenAPI() bool {
	return v.text("green-api-instance") != "" && v.hasSecret("green-api-token-file")
}

// greenAPIClient returns the client of the instance.
func (p *program) greenAPIClient(v *values) (*greenapi.Client, error) {
	address := v.text("green-api-url")
	if _, err := greenapi.ParseBaseURL(address); err != nil {
		return nil, badAddress("GREEN_API_URL", err)
	}
	instance := strings.TrimSpace(v.text("green-api-instance"))
	switch {
	case instance == "":
		return nil, usage("GREEN_API_INSTANCE is not set: it is idInstance in the console of Green-API")
	case !isInstanceID(instance):
		return nil, usage("GREEN_API_INSTANCE (%d characters) is no id of an instance: it is a number such as 7105000000", len(instance))
	}
	token, err := v.secret("green-api-token-file")
	if err != nil {
		return nil, err
	}
	return &greenapi.Client{BaseURL: address, Instance: instance, Token: token, HistoryRate: v.number("green-api-rate"),
		Log: p.ui.logger()}, nil
}

// greenAPISource returns the source of the chats of an instance.
func (p *program) greenAPISource(v *values, client *greenapi.Client) (*greenapi.Source, error) {
	source := &greenapi.Source{Client: client, Only: v.list("chat"), CountMax: v.count("count-max"), Force: v.on("force"),
		IncludeDeleted: v.text("deleted") == "include",
		Notice:         func(text string) { p.ui.info("%s", printable(text)) },
		Progress: func(done, total int, remaining time.Duration) {
			p.ui.progress("Chats read", done, total, remaining)
		},
	}
	for _, id := range source.Only {
		if !strings.Contains(id, "@") {
			return nil, usage("--chat %s: want the id of a chat, such as 79001234567@c.us", id)
		}
	}
	return source, nil
}

// renewLinks lets the sender make new links to media, if an instance is set.
func (p *program) renewLinks(v *values, sender *importer.Sender) error {
	if !v.hasGreenAPI() {
		return nil
	}
	client, err := p.greenAPIClient(v)
	if err != nil {
		return err
	}
	sender.Renew, sender.RenewOf = client.DownloadFile, (&greenapi.Source{Client: client}).Name()
	return nil
}
