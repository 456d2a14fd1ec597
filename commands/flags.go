package commands

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/kommo"
	"kommo-import/signing"
)

func commonFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "migration", Aliases: []string{"m"}, Value: "migration.db", Usage: "the migration `FILE`"},
		&cli.StringFlag{Name: "config", Usage: "read settings from `FILE` (default: " + defaultConfig + ", if there is one)"},
		&cli.BoolFlag{Name: "json", Usage: "print JSON on stdout"},
		&cli.BoolFlag{Name: "quiet", Usage: "say nothing but errors and questions"},
		&cli.BoolFlag{Name: "verbose", Usage: "say more"},
	}
}

func sourceFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "csv", Usage: "read conversations from a CSV `FILE`"},
		&cli.StringFlag{Name: "timezone", Usage: "the `ZONE` of times that name none, such as Europe/Madrid or Local"},
		&cli.StringFlag{Name: "since", Usage: "leave out messages before `TIME` (2024-01-31, or 2024-01-31T08:00:00Z)"},
		&cli.StringFlag{Name: "until", Usage: "leave out messages after `TIME`; a day is included"},
		&cli.StringSliceFlag{Name: "include", Usage: "only conversations whose `ID` this is; * stands for anything; repeatable"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out conversations whose `ID` this is; repeatable"},
		&cli.StringFlag{Name: "groups", Value: "skip", Usage: "`skip` groups, or include them"},
		&cli.BoolFlag{Name: "forget-unfinished", Usage: "do without the rest of other files whose load was interrupted"},
		&cli.BoolFlag{Name: "allow-private-media", Usage: "media links may point into private networks and to this computer"},
	}
}

func kommoFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "scope-id", EnvVars: []string{"KOMMO_SCOPE_ID"}, Usage: "the `ID` of the channel's connection to the account"},
		&cli.StringFlag{Name: "base-url", EnvVars: []string{"KOMMO_BASE_URL"}, Value: defaultBaseURL, Usage: "the `URL` of the Chats API"},
		&cli.StringFlag{Name: "secret-file", Usage: "read the channel secret from `FILE` (or set KOMMO_CHANNEL_SECRET)"},
	}
}

func planFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "bot-id", EnvVars: []string{"KOMMO_BOT_ID"}, Usage: "the `ID` of the channel's bot, whom outgoing messages are from"},
		&cli.StringFlag{Name: "bot-name", EnvVars: []string{"KOMMO_BOT_NAME"}, Value: "Bot", Usage: "the bot's `NAME`"},
		&cli.StringFlag{Name: "conversation-prefix", Usage: "put `TEXT` before every conversation id"},
		&cli.StringFlag{Name: "silent", Value: "but-last", Usage: "`all`: notify nobody; but-last: notify once per conversation, of its last message"},
		&cli.StringSliceFlag{Name: "only", Usage: "only the conversation with this `ID`; repeatable"},
		&cli.IntFlag{Name: "max-conversations", DefaultText: "all", Usage: "only the first `N` conversations that are not done"},
		&cli.Float64Flag{Name: "rate", Value: importer.DefaultRate, Usage: "requests per second, `N` at most"},
	}
}

// filterOf returns the filter that the flags describe.
func filterOf(c *cli.Context) (filter importer.Filter, err error) {
	zone, err := zoneOf(c)
	if err != nil {
		return filter, err
	}
	if filter.Since, err = timeOf(c, "since", zone, 0); err != nil {
		return filter, err
	}
	if filter.Until, err = timeOf(c, "until", zone, 1); err != nil {
		return filter, err
	}
	filter.Include, filter.Exclude = c.StringSlice("include"), c.StringSlice("exclude")
	switch c.String("groups") {
	case "include":
		filter.Groups = true
	case "skip":
	default:
		return filter, usage("--groups %s: want skip or include", c.String("groups"))
	}
	if !filter.Since.IsZero() && !filter.Until.IsZero() && !filter.Since.Before(filter.Until) {
		return filter, usage("--since %s is after --until %s: that leaves out everything", c.String("since"), c.String("until"))
	}
	if err := filter.Check(); err != nil {
		return filter, usage("--include, --exclude: %w", err)
	}
	return filter, nil
}

// zoneOf returns the zone of --timezone, nil if none is given.
func zoneOf(c *cli.Context) (*time.Location, error) {
	name := c.String("timezone")
	if name == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, usage("--timezone %s: there is no such time zone; want a name such as Europe/Madrid, or Local", name)
	}
	return zone, nil
}

// timeOf returns the time of a flag, the zero time if it is not given. A day without a time begins at midnight; days
// are added to it.
func timeOf(c *cli.Context, name string, zone *time.Location, days int) (time.Time, error) {
	text := c.String(name)
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

// composerOf returns the composer that flags and config file describe.
func composerOf(c *cli.Context) (importer.Composer, error) {
	composer := importer.Composer{BotID: pasted(c.String("bot-id")), BotName: c.String("bot-name"),
		Prefix: c.String("conversation-prefix"), Users: usersOf(c)}
	if composer.BotID != "" && !isUUID(composer.BotID) {
		return composer, usage("KOMMO_BOT_ID (%d characters) is no bot id: one looks like 8e4a3b4c-0d2f-4a55-9d53-0c2f7c4e1a11", len(composer.BotID))
	}
	for author, user := range composer.Users {
		if !isUUID(user) {
			return composer, usage("users: %q is mapped to %q, which is no amojo id: one looks like 76fc2bea-902f-425c-9a3d-dcdac4766090",
				author, user)
		}
	}
	switch c.String("silent") {
	case "all":
		composer.AllSilent = true
	case "but-last":
	default:
		return composer, usage("--silent %s: want all or but-last", c.String("silent"))
	}
	return composer, nil
}

func selectionOf(c *cli.Context) (importer.Selection, error) {
	if c.IsSet("max-conversations") && c.Int("max-conversations") < 1 {
		return importer.Selection{}, usage("--max-conversations %d: want 1 or more", c.Int("max-conversations"))
	}
	return importer.Selection{Only: c.StringSlice("only"), MaxConversations: c.Int("max-conversations")}, nil
}

func rateOf(c *cli.Context) (float64, error) {
	if perSecond := c.Float64("rate"); perSecond > 0 && perSecond <= 1e6 {
		return perSecond, nil
	}
	return 0, usage("--rate %v: want more than 0 requests per second", c.Float64("rate"))
}

const defaultBaseURL = "https://amojo.kommo.com"

// clientOf returns the client for the scope that flags and environment name.
func clientOf(c *cli.Context) (*kommo.Client, error) {
	secret, err := secretOf(c)
	if err != nil {
		return nil, err
	}
	scope := pasted(c.String("scope-id"))
	switch channel, account, _ := strings.Cut(scope, "_"); {
	case scope == "":
		return nil, usage("KOMMO_SCOPE_ID is not set: it is what connecting the channel to the account answered")
	case !isUUID(channel) || !isUUID(account):
		// The value is not quoted: it may be the secret, in the wrong place.
		return nil, usage("KOMMO_SCOPE_ID (%d characters) is no scope id: that is the channel's id, _ and the account's amojo id", len(scope))
	}
	base := cmp.Or(c.String("base-url"), defaultBaseURL)
	if _, err := kommo.ParseBaseURL(base); err != nil {
		return nil, usage("KOMMO_BASE_URL: %w", err)
	}
	return &kommo.Client{BaseURL: base, ScopeID: scope, Signer: signing.Signer{Secret: secret}}, nil
}

// secretOf returns the channel secret. No error quotes it.
func secretOf(c *cli.Context) (string, error) {
	secret, from := os.Getenv("KOMMO_CHANNEL_SECRET"), "KOMMO_CHANNEL_SECRET"
	if file := c.String("secret-file"); file != "" {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", usage("--secret-file: %w", err)
		}
		secret, from = string(content), "--secret-file "+file
	}
	secret = strings.TrimSpace(secret)
	switch {
	case secret == "":
		return "", usage("%s is empty: it is the secret you got when the channel was registered", from)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usage("%s is not a channel secret: it holds spaces or other characters that no secret has", from)
	}
	return secret, nil
}

// pasted returns an id as it must be, without what comes along when it is copied.
func pasted(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

func isUUID(id string) bool {
	ok, err := regexp.MatchString(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, id)
	return err == nil && ok
}

func flags(lists ...[]cli.Flag) (all []cli.Flag) {
	for _, list := range lists {
		all = append(all, list...)
	}
	return all
}
