package commands

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/urfave/cli/v2"

	"kommo-import/internal/kommo"
	"kommo-import/signing"
)

// accountFlags tell how the account's main API is asked.
func accountFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "account-url", EnvVars: []string{"KOMMO_ACCOUNT_URL"}, Usage: "ask the account at `URL`, such as https://example.kommo.com"},
		&cli.StringFlag{Name: "token-file", Usage: "read the token of the account's main API from `FILE` (or set KOMMO_TOKEN)"},
	}
}

// channelFlag names the channel that is connected.
func channelFlag() cli.Flag {
	return &cli.StringFlag{Name: "channel-id", EnvVars: []string{"KOMMO_CHANNEL_ID"}, Usage: "take the channel with this `ID`, which its registration gave"}
}

func (d *desk) connect() *cli.Command {
	return &cli.Command{
		Name:  "connect",
		Usage: "connect the channel to an account, and print the scope id",
		Description: `Use it once, before everything else, and again after the integration was installed anew. It is safe to
run again: the scope id stays the same. It needs the id and the secret of the channel, and the amojo id of the account,
which it asks the account for if you give its address and a token.

  kommo-import connect --account-id 52e591f7-c98f-4255-8495-827210138c81
  kommo-import connect --account-url https://example.kommo.com --token-file token.txt`,
		Flags: flags([]cli.Flag{
			channelFlag(),
			&cli.StringFlag{Name: "account-id", Usage: "connect to the account with this amojo `ID`; the number in its settings is another one"},
			&cli.StringFlag{Name: "title", Usage: "call the channel `TEXT` in the account (default: its own name)"},
		}, accountFlags(), without(kommoFlags(), "scope-id")),
		Action: d.connectChannel,
	}
}

func (d *desk) connectChannel(c *cli.Context) error {
	channel, err := channelOf(c)
	if err != nil {
		return err
	}
	if channel == "" {
		return usage("KOMMO_CHANNEL_ID is not set: it is the id you got when the channel was registered")
	}
	client, err := unscopedClientOf(c)
	if err != nil {
		return err
	}
	account, err := d.accountIDOf(c)
	if err != nil {
		return err
	}
	connection, err := client.Connect(context.WithoutCancel(c.Context), channel, account, c.String("title"))
	if err != nil {
		return &hintedError{err, connectHint(err)}
	}
	if c.Bool("json") {
		return d.writeJSON(connection)
	}
	d.writef("%s\n", connection.ScopeID)
	d.talk.tell("The channel is connected to the account. Let kommo-import know the scope id above: in the environment, as\n"+
		"  KOMMO_SCOPE_ID=%s\nor in %s, as\n  scope-id: %[1]s", connection.ScopeID, defaultConfig)
	d.tellNext(c, "check")
	return nil
}

// channelOf returns the id of the channel, "" if none is given.
func channelOf(c *cli.Context) (string, error) {
	channel := pasted(c.String("channel-id"))
	if channel != "" && !isUUID(channel) {
		// The value is not quoted: it may be the secret, in the wrong place.
		return "", usage("KOMMO_CHANNEL_ID (%d characters) is no channel id: one looks like 344a5002-f8ca-454d-af3d-396180102ac7", len(channel))
	}
	return channel, nil
}

// unscopedClientOf returns the client for requests that belong to no scope.
func unscopedClientOf(c *cli.Context) (*kommo.Client, error) {
	secret, err := secretOf(c)
	if err != nil {
		return nil, err
	}
	base := cmp.Or(c.String("base-url"), defaultBaseURL)
	if _, err := kommo.ParseBaseURL(base); err != nil {
		return nil, badAddress("KOMMO_BASE_URL", err)
	}
	return &kommo.Client{BaseURL: base, Signer: signing.Signer{Secret: secret}}, nil
}

// accountIDOf returns the amojo id of the account: what the flag says, else what the account says.
func (d *desk) accountIDOf(c *cli.Context) (string, error) {
	if id := pasted(c.String("account-id")); id != "" {
		if !isUUID(id) {
			return "", usage("--account-id (%d characters) is no amojo id: one looks like 52e591f7-c98f-4255-8495-827210138c81; "+
				"the number in the settings of the account is another one", len(id))
		}
		return id, nil
	}
	client, err := accountClientOf(c)
	if err != nil {
		return "", err
	}
	if client == nil {
		return "", usage("which account? give its amojo id with --account-id, or KOMMO_ACCOUNT_URL and KOMMO_TOKEN to ask it")
	}
	account, err := client.Account(c.Context)
	if isUnreached(err) {
		return "", &hintedError{err, "Hint: check KOMMO_ACCOUNT_URL, and the network of this computer. Or give the account's amojo id with --account-id."}
	}
	if err != nil {
		return "", err
	}
	d.talk.tell("The account is %s.", oneLine(account.Name, 100))
	id := pasted(account.AmojoID)
	if !isUUID(id) {
		return "", errors.New("the account gives an amojo id that is none; ask Kommo's support for it, and use --account-id")
	}
	return id, nil
}

// accountClientOf returns the client of the account's main API, nil if it is not given. A token file in the config file
// is Green-API's, as it is for load and send: it must not end up at Kommo.
func accountClientOf(c *cli.Context) (*kommo.AccountClient, error) {
	address := c.String("account-url")
	if address == "" {
		return nil, nil
	}
	if _, err := kommo.ParseBaseURL(address); err != nil {
		return nil, badAddress("KOMMO_ACCOUNT_URL", err)
	}
	token, err := secretIn(withTokenFile(c, typedTokenFile(c)), "KOMMO_TOKEN", "token-file",
		"it is the token of a private integration of the account", "a token")
	if err != nil {
		return nil, err
	}
	return &kommo.AccountClient{BaseURL: address, Token: token}, nil
}

// A hintedError is an error with a hint of its own.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Unwrap() error { return e.error }

// connectHint returns what to do about an error of connecting.
func connectHint(err error) string {
	if _, ok := errors.AsType[*kommo.RefusedError](err); ok {
		return "Hint: check --account-id: it is the account's amojo id. A channel that is not public yet can only be connected to\n" +
			"      the accounts that were named at its registration; Kommo's support adds others."
	}
	if isUnreached(err) {
		return "Hint: check KOMMO_BASE_URL, and the network of this computer; then run the same command again. It is safe."
	}
	denied, ok := errors.AsType[*kommo.DeniedError](err)
	if !ok || isSkewed(denied) {
		return hint(err)
	}
	switch denied.Status {
	case http.StatusForbidden:
		return "Hint: check that KOMMO_CHANNEL_SECRET is the secret of the channel KOMMO_CHANNEL_ID."
	case http.StatusNotFound:
		return "Hint: check KOMMO_CHANNEL_ID: Kommo knows no such channel. Or is KOMMO_BASE_URL of another country?"
	}
	return "Hint: check KOMMO_BASE_URL."
}

// isUnreached reports whether no answer came, or none that can be understood.
func isUnreached(err error) bool {
	_, isUnreachable := errors.AsType[*kommo.UnreachableError](err)
	_, isUnknown := errors.AsType[*kommo.UnknownOutcomeError](err)
	return isUnreachable || isUnknown
}

// accountHint returns what to do about an account that does not let us in.
func accountHint(denied *kommo.AccountDeniedError) string {
	switch denied.Status {
	case http.StatusUnauthorized:
		return "Hint: check KOMMO_TOKEN: is it of this account, and not expired?"
	case http.StatusPaymentRequired:
		return "Hint: the account is not paid for; its owner can pay in its settings."
	case http.StatusForbidden:
		return "Hint: the token must be an administrator's, and the account must let this computer's address in."
	}
	return "Hint: check KOMMO_ACCOUNT_URL: it is the address you see when you work in the account."
}
