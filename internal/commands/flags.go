package commands

import (
	"cmp"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/signing"
)

// commonFlags are those of every command that works on a migration.
func commonFlags() []cli.Flag {
	return flags([]cli.Flag{
		&cli.StringFlag{Name: "migration", Aliases: []string{"m"}, Value: "migration.db", Usage: "work with the migration `FILE`"},
		configFlag(),
	}, talkFlags())
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", DefaultText: defaultConfig + ", if there is one", Usage: "read settings from `FILE`"}
}

// talkFlags tell how a command talks.
func talkFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print JSON on stdout, errors too"},
		&cli.BoolFlag{Name: "quiet", Usage: "say nothing but errors and questions"},
		&cli.BoolFlag{Name: "verbose", Usage: "say more of what happens, for finding out why something goes wrong"},
	}
}

// sourceFlags tell what is loaded; without a source they make no sense.
func sourceFlags() []cli.Flag {
	return flags(greenAPISourceFlags(), []cli.Flag{
		&cli.StringFlag{Name: "csv", Usage: "read conversations from a CSV `FILE`"},
		&cli.StringFlag{Name: "timezone", Usage: "take times that name no zone to be of `ZONE`, such as Europe/Madrid or Local"},
		&cli.StringFlag{Name: "since", Usage: "leave out messages before `TIME` (2024-01-31, or 2024-01-31T08:00:00Z)"},
		&cli.StringFlag{Name: "until", Usage: "leave out messages after `TIME`; a day is included"},
		&cli.StringSliceFlag{Name: "include", Usage: "take only conversations whose `ID` this is; * stands for anything; repeatable"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "leave out conversations whose `ID` this is; * stands for anything; repeatable"},
		&cli.StringFlag{Name: "groups", Value: "skip", Usage: "`skip|include` leave groups out, or include them"},
		&cli.BoolFlag{Name: "forget-unfinished", Usage: "do without the rest of what earlier loads did not read to its end"},
		&cli.StringFlag{Name: "media", Value: "link", Usage: "`link|text|skip` send media as a link that Kommo fetches the file from, as text, or not at all"},
		&cli.BoolFlag{Name: "allow-private-media", Usage: "let media links point into private networks and to this computer"},
	})
}

func kommoFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "scope-id", EnvVars: []string{"KOMMO_SCOPE_ID"}, Usage: "send as the channel connection with this `ID`: the scope id that connecting the channel to the account gave"},
		&cli.StringFlag{Name: "base-url", EnvVars: []string{"KOMMO_BASE_URL"}, Value: defaultBaseURL, Usage: "reach the Chats API at `URL`"},
		&cli.StringFlag{Name: "secret-file", Usage: "read the channel secret from `FILE` (or set KOMMO_CHANNEL_SECRET)"},
	}
}

// composerFlags tell how messages are composed.
func composerFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "bot-id", EnvVars: []string{"KOMMO_BOT_ID"}, Usage: "show outgoing messages as from the channel's bot, whose `ID` this is"},
		&cli.StringFlag{Name: "bot-name", EnvVars: []string{"KOMMO_BOT_NAME"}, Value: "Bot", Usage: "call the bot `NAME`"},
		&cli.StringFlag{Name: "conversation-prefix", Usage: "put `TEXT` before every conversation id"},
	}
}

func rateFlag() cli.Flag {
	return &cli.Float64Flag{Name: "rate", Value: pace.DefaultRate, Usage: "send `N` requests per second at most"}
}

func planFlags() []cli.Flag {
	return flags(composerFlags(), []cli.Flag{
		&cli.StringFlag{Name: "silent", Value: "but-last", Usage: "`but-last|all` send silently all messages but the last of each conversation, or all: then nobody is notified"},
		&cli.StringSliceFlag{Name: "only", Usage: "take only the conversation with this `ID`; repeatable"},
		&cli.IntFlag{Name: "max-conversations", DefaultText: "all", Usage: "take only the first `N` conversations that are not done"},
		rateFlag(),
	})
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
	if filter.Media, err = mediaFormOf(c); err != nil {
		return filter, err
	}
	if !filter.Since.IsZero() && !filter.Until.IsZero() && !filter.Since.Before(filter.Until) {
		return filter, usage("--since %s is after --until %s: that leaves out everything", c.String("since"), c.String("until"))
	}
	if err := filter.Check(); err != nil {
		return filter, usage("--include, --exclude: %w", err)
	}
	return filter, nil
}

func mediaFormOf(c *cli.Context) (importer.MediaForm, error) {
	switch form := importer.MediaForm(c.String("media")); form {
	case "link":
		return importer.MediaAsLink, nil
	case importer.MediaAsText, importer.MediaNot:
		return form, nil
	default:
		return "", usage("--media %s: want link, text or skip", form)
	}
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
	return composer, nil
}

// sendingComposer returns the composer for sending, which needs to know who is notified.
func sendingComposer(c *cli.Context) (importer.Composer, error) {
	composer, err := composerOf(c)
	if err != nil {
		return composer, err
	}
	composer.AllSilent, err = allSilent(c)
	return composer, err
}

// allSilent reports whether nobody is to be notified.
func allSilent(c *cli.Context) (bool, error) {
	switch c.String("silent") {
	case "all":
		return true, nil
	case "but-last":
		return false, nil
	}
	return false, usage("--silent %s: want all or but-last", c.String("silent"))
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
	scope, err := scopeOf(c)
	if err != nil {
		return nil, err
	}
	base := cmp.Or(c.String("base-url"), defaultBaseURL)
	if _, err := kommo.ParseBaseURL(base); err != nil {
		return nil, badAddress("KOMMO_BASE_URL", err)
	}
	return &kommo.Client{BaseURL: base, ScopeID: scope, Signer: signing.Signer{Secret: secret}}, nil
}

// scopeOf returns the scope id that flags and environment name.
func scopeOf(c *cli.Context) (string, error) {
	scope := pasted(c.String("scope-id"))
	switch channel, account, _ := strings.Cut(scope, "_"); {
	case scope == "":
		return "", usage("KOMMO_SCOPE_ID is not set: it is what connecting the channel to the account answered")
	case !isUUID(channel) || !isUUID(account):
		// The value is not quoted: it may be the secret, in the wrong place.
		return "", usage("KOMMO_SCOPE_ID (%d characters) is no scope id: that is the channel's id, _ and the account's amojo id", len(scope))
	}
	return scope, nil
}

// secretOf returns the channel secret. No error quotes it.
func secretOf(c *cli.Context) (string, error) {
	return secretIn(c, "KOMMO_CHANNEL_SECRET", "secret-file", "it is the secret you got when the channel was registered", "a channel secret")
}

// secretIn returns the secret that a file holds, or else a variable of the environment, which comes before a file that
// the config file names. what says what it is, kind what
// it should look like.
func secretIn(c *cli.Context, variable, fileFlag, what, kind string) (string, error) {
	secret, from := os.Getenv(variable), variable
	if file := c.String(fileFlag); file != "" && !isOverruled(c, fileFlag, variable) {
		content, err := os.ReadFile(file)
		if err != nil && isSecretInPlaceOfFile(file) {
			return "", usage("--%s: %s", fileFlag, secretInPlaceOfFile(file))
		}
		if err != nil {
			return "", usage("--%s: %w", fileFlag, err)
		}
		secret, from = string(content), "--"+fileFlag+" "+file
	}
	secret = strings.TrimSpace(secret)
	switch {
	case secret == "":
		return "", usage("%s is empty: %s", from, what)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usage("%s is not %s: it holds spaces or other characters that no secret has", from, kind)
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
