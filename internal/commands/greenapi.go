package commands

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/sources/greenapi"
)

const defaultGreenAPI = "https://api.green-api.com"

// greenAPIFlags tell which instance is asked: for its history, and for new links to media.
func greenAPIFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "green-api-url", EnvVars: []string{"GREEN_API_URL"}, Value: defaultGreenAPI, Usage: "reach Green-API at `URL`, which is apiUrl in its console"},
		&cli.StringFlag{Name: "green-api-instance", EnvVars: []string{"GREEN_API_INSTANCE"}, Usage: "read the instance with this `ID`, which is idInstance in the console"},
		&cli.StringFlag{Name: "token-file", Usage: "read the token of the instance from `FILE` (or set GREEN_API_TOKEN)"},
	}
}

// greenAPISourceFlags tell what is read of an instance.
func greenAPISourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "green-api", Usage: "read the WhatsApp chats of a Green-API instance"},
		&cli.StringSliceFlag{Name: "chat", Usage: "read only the chat with this `ID`, such as 79001234567@c.us; repeatable"},
		&cli.IntFlag{Name: "count-max", DefaultText: "all", Usage: "read only the newest `N` messages of a chat"},
		&cli.StringFlag{Name: "deleted", Value: "skip", Usage: "`skip|include` leave out messages that their writer deleted, or include them"},
		&cli.BoolFlag{Name: "force", Usage: "read although the instance is not ready, or its settings leave messages out"},
		&cli.Float64Flag{Name: "green-api-rate", Value: 1, Usage: "read `N` chats per second at most; Green-API allows 1"},
	}
}

// greenAPIOf returns the client for the instance that flags and environment name.
func (d *desk) greenAPIOf(c *cli.Context) (*greenapi.Client, error) {
	address := cmp.Or(c.String("green-api-url"), defaultGreenAPI)
	if _, err := greenapi.ParseBaseURL(address); err != nil {
		return nil, badAddress("GREEN_API_URL", err)
	}
	instance := strings.TrimSpace(c.String("green-api-instance"))
	switch {
	case instance == "":
		return nil, usage("GREEN_API_INSTANCE is not set: it is idInstance in the console of Green-API")
	case strings.Trim(instance, "0123456789") != "" || len(instance) > 20:
		// The value is not quoted: it may be the token, in the wrong place.
		return nil, usage("GREEN_API_INSTANCE (%d characters) is no id of an instance: it is a number such as 7105000000", len(instance))
	}
	token, err := tokenOf(c)
	if err != nil {
		return nil, err
	}
	rate := 1.0
	if c.IsSet("green-api-rate") {
		rate = c.Float64("green-api-rate")
	}
	if !(rate > 0 && rate <= 1000) {
		return nil, usage("--green-api-rate %v: want more than 0 chats per second", rate)
	}
	return &greenapi.Client{BaseURL: address, Instance: instance, Token: token, HistoryRate: rate, Log: d.talk.logger()}, nil
}

// tokenOf returns the token of the instance. No error quotes it.
func tokenOf(c *cli.Context) (string, error) {
	return secretIn(c, "GREEN_API_TOKEN", "token-file", "it is apiTokenInstance in the console of Green-API", "a token of Green-API")
}

// greenAPISource returns the source of the chats of an instance.
func (d *desk) greenAPISource(c *cli.Context, client *greenapi.Client) (*greenapi.Source, error) {
	source := &greenapi.Source{Client: client, Only: c.StringSlice("chat"), CountMax: c.Int("count-max"), Force: c.Bool("force"),
		Notice: func(text string) { d.talk.tell("%s", printable(text)) },
		Progress: func(done, total int, remaining time.Duration) {
			d.talk.progress("Chats read", done, total, remaining)
		},
	}
	if c.IsSet("count-max") && source.CountMax < 1 {
		return nil, usage("--count-max %d: want 1 or more", source.CountMax)
	}
	for _, id := range source.Only {
		if !strings.Contains(id, "@") {
			return nil, usage("--chat %s: want the id of a chat, such as 79001234567@c.us", id)
		}
	}
	switch deleted := c.String("deleted"); deleted {
	case "include":
		source.IncludeDeleted = true
	case "skip":
	default:
		return nil, usage("--deleted %s: want skip or include", deleted)
	}
	return source, nil
}

// renewing lets the sender make new links to media, if the environment names an instance.
func (d *desk) renewing(c *cli.Context, sender *importer.Sender) error {
	if c.String("green-api-instance") == "" || os.Getenv("GREEN_API_TOKEN") == "" && c.String("token-file") == "" {
		return nil
	}
	client, err := d.greenAPIOf(c)
	if err != nil {
		return err
	}
	sender.Renew, sender.RenewOf = client.DownloadFile, (&greenapi.Source{Client: client}).Name()
	return nil
}

// deniedByGreenAPI reports whether Green-API does not let us in.
func deniedByGreenAPI(err error) bool {
	_, isDenied := errors.AsType[*greenapi.DeniedError](err)
	_, isQuota := errors.AsType[*greenapi.QuotaError](err)
	preflight, isPreflight := errors.AsType[*greenapi.PreflightError](err)
	return isDenied || isQuota || isPreflight && preflight.State != "authorized"
}

// greenAPIHint returns what to do about an error of Green-API, or "".
func greenAPIHint(err error) string {
	if denied, ok := errors.AsType[*greenapi.DeniedError](err); ok {
		return greenAPIDeniedHint(denied)
	}
	if quota, ok := errors.AsType[*greenapi.QuotaError](err); ok {
		hint := fmt.Sprintf("Hint: go on after %s, or with another plan of Green-API: run the same command again.", quota.Resets.Format(time.DateOnly))
		if quota.Method == "downloadFile" {
			hint += "\n      Or do without the files: load with --media=text."
		}
		return hint
	}
	if _, ok := errors.AsType[*greenapi.PreflightError](err); ok {
		return "Hint: mend that and run the same command again. --force reads what there is all the same."
	}
	if _, ok := errors.AsType[*greenapi.UnknownChatError](err); ok {
		return "Hint: ids look like 79001234567@c.us, for groups like 120363025486842017@g.us."
	}
	if errors.Is(err, greenapi.ErrEmptyAccount) {
		return "Hint: switch incomingWebhook and outgoingMessageWebhook on in the console of Green-API and save, then log the\n" +
			"      instance out and scan its QR code again. WhatsApp then hands over what it has; that takes some minutes."
	}
	if failed, ok := errors.AsType[*greenapi.UnavailableError](err); ok {
		hint := "Hint: what was read is kept. Run the same command again to go on."
		if failed.Method == "getChatHistory" {
			hint += "\n      Does it stop at the same chat each time? --count-max 1000 asks for less of each."
		}
		return hint
	}
	return ""
}

func greenAPIDeniedHint(denied *greenapi.DeniedError) string {
	switch denied.Status {
	case 400:
		return "Hint: connect the phone in the console of Green-API: scan the QR code of the instance."
	case 401:
		return "Hint: check GREEN_API_TOKEN; it is apiTokenInstance in the console of Green-API."
	case 403:
		return "Hint: check GREEN_API_INSTANCE and GREEN_API_URL; the console of Green-API shows them as idInstance and apiUrl."
	}
	return "Hint: check GREEN_API_URL; it is apiUrl in the console of Green-API."
}
