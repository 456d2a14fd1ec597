package commands

import (
	"fmt"
	"strings"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/signing"
	"kommo-import/sources"
	"kommo-import/sources/greenapi"
)

// This file makes the arguments of other packages from the values of the settings. An error names the variable or the
// flag, and does not quote an id of the wrong form: it may be a secret in the wrong place.

// country returns the country of phones without a country code, "" if there is none.
func (v *values) country() (string, error) {
	country := strings.ToUpper(v.text("country"))
	if country != "" {
		if err := sources.CheckCountry(country); err != nil {
			return "", usage("--country %w", err)
		}
	}
	return country, nil
}

// filter returns the filter of a load.
func (v *values) filter() (filter importer.Filter, err error) {
	zone, err := v.zone()
	if err != nil {
		return filter, err
	}
	if filter.Since, err = v.time("since", zone, 0); err != nil {
		return filter, err
	}
	if filter.Until, err = v.time("until", zone, 1); err != nil {
		return filter, err
	}
	filter.Include, filter.Exclude = v.ids("include"), v.ids("exclude")
	if filter.Country, err = v.country(); err != nil {
		return filter, err
	}
	filter.Groups = v.text("groups") == "include"
	filter.Deleted = v.text("deleted") == "include"
	filter.MatchMinutes = v.on("match-minutes")
	if form := v.text("media"); form != "link" {
		filter.Media = importer.MediaForm(form)
	}
	if !filter.Since.IsZero() && !filter.Until.IsZero() && !filter.Since.Before(filter.Until) {
		return filter, usage("--since %s is after --until %s: that leaves out everything", v.text("since"), v.text("until"))
	}
	if err := filter.Check(); err != nil {
		return filter, usage("--include, --exclude: %w", err)
	}
	return filter, nil
}

// zone returns the zone of times that name no zone, nil if it is not set.
func (v *values) zone() (*time.Location, error) {
	name := v.text("timezone")
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usage("--timezone %s: there is no such time zone; want a name such as Europe/Madrid, or Local", name)
	}
	return zone, nil
}

// time returns the time of a setting, the zero time if it is not set. A day without a time begins at midnight; days are
// added to it.
func (v *values) time(name string, zone *time.Location, days int) (time.Time, error) {
	text := v.text(name)
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	if zone == nil {
		zone = time.Local
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, usage("--%s %s: not a time; want 2024-01-31 or 2024-01-31T08:00:00Z", name, text)
	}
	return t.AddDate(0, 0, days), nil
}

// composer returns the composer of messages.
func (v *values) composer() (importer.Composer, error) {
	policy, err := v.notifyPolicy()
	if err != nil {
		return importer.Composer{}, err
	}
	composer := importer.Composer{BotID: normalizeID(v.text("bot-id")), BotName: v.text("bot-name"),
		Prefix: v.text("conversation-prefix"), Users: v.file.users, Notify: policy}
	if composer.BotID != "" && !isUUID(composer.BotID) {
		return composer, usage("KOMMO_BOT_ID (%d characters) is no bot id: one looks like 8e4a3b4c-0d2f-4a55-9d53-0c2f7c4e1a11", len(composer.BotID))
	}
	for author, user := range composer.Users {
		if !isUUID(user) {
			return composer, usage("users: %q is mapped to %q, which is no amojo id: one looks like 76fc2bea-902f-425c-9a3d-dcdac4766090",
				author, user)
		}
	}
	return composer, nil
}

// selection returns the conversations that are sent.
func (v *values) selection() importer.Selection {
	return importer.Selection{Only: v.ids("only"), MaxConversations: v.count("max-conversations")}
}

// client returns the client of the scope.
func (v *values) client() (*kommo.Client, error) {
	client, err := v.unscopedClient()
	if err != nil {
		return nil, err
	}
	client.ScopeID, err = v.scope()
	return client, err
}

// unscopedClient returns the client for requests that belong to no scope.
func (v *values) unscopedClient() (*kommo.Client, error) {
	secret, err := v.secret("secret-file")
	if err != nil {
		return nil, err
	}
	base, err := v.baseURL()
	if err != nil {
		return nil, err
	}
	return &kommo.Client{BaseURL: base, Signer: signing.Signer{Secret: secret}}, nil
}

// baseURL returns the address of the Chats API.
func (v *values) baseURL() (string, error) {
	base := v.text("base-url")
	if _, err := kommo.ParseBaseURL(base); err != nil {
		return "", badAddress("KOMMO_BASE_URL", err)
	}
	return base, nil
}

// scope returns the scope id.
func (v *values) scope() (string, error) {
	scope := normalizeID(v.text("scope-id"))
	switch {
	case scope == "":
		return "", usage("KOMMO_SCOPE_ID is not set: it is what connecting the channel to the account answered")
	case !isScopeID(scope):
		return "", usage("KOMMO_SCOPE_ID (%d characters) is no scope id: that is the channel's id, _ and the account's amojo id", len(scope))
	}
	return scope, nil
}

// channel returns the id of the channel, "" if it is not set.
func (v *values) channel() (string, error) {
	channel := normalizeID(v.text("channel-id"))
	if channel != "" && !isUUID(channel) {
		return "", usage("KOMMO_CHANNEL_ID (%d characters) is no channel id: one looks like 344a5002-f8ca-454d-af3d-396180102ac7", len(channel))
	}
	return channel, nil
}

// accountClient returns the client of the account's main API, nil if its address is not set.
func (v *values) accountClient() (*crm.Client, error) {
	address := v.text("account-url")
	if address == "" {
		return nil, nil
	}
	if _, err := kommo.ParseBaseURL(address); err != nil {
		return nil, badAddress("KOMMO_ACCOUNT_URL", err)
	}
	token, err := v.secret("kommo-token-file")
	if err != nil {
		return nil, err
	}
	return &crm.Client{BaseURL: address, Token: token}, nil
}

// neededAccountClient returns the client for the account, and an error if its address is not set.
func (v *values) neededAccountClient() (*crm.Client, error) {
	client, err := v.accountClient()
	if err == nil && client == nil {
		err = usage("which account? set KOMMO_ACCOUNT_URL to its address, such as https://example.kommo.com, and KOMMO_TOKEN to a token of it")
	}
	return client, err
}

// accountIfSet returns the client for the account, nil if its address or its token is not set.
func (v *values) accountIfSet() (*crm.Client, error) {
	if v.text("account-url") == "" || !v.hasSecret("kommo-token-file") {
		return nil, nil
	}
	return v.accountClient()
}

// badAddress returns the error that a variable holds no address of a server.
func badAddress(variable string, err error) error {
	problem := strings.TrimPrefix(err.Error(), "base URL: ")
	if strings.HasPrefix(problem, "plain http") {
		problem += "; write https://"
	}
	return usage("%s: %s", variable, problem)
}

// A usageError means that the command line or a setting is invalid.
type usageError struct{ cause error }

func (e *usageError) Error() string { return e.cause.Error() }

func (e *usageError) Unwrap() error { return e.cause }

// usage returns the error that the command line or a setting is invalid. It takes a format as fmt.Errorf does.
func usage(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

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
	source := &greenapi.Source{Client: client, Only: v.ids("chat"), CountMax: v.count("count-max"), Force: v.on("force"),
		Notice: func(text string) { p.ui.info("%s", printable(text)) },
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
