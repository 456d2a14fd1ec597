package commands

import (
	"context"
	"errors"

	"github.com/urfave/cli/v2"
)

func (p *program) connect() *cli.Command {
	return p.command("connect", "connect the channel to an account, and print the scope id",
		`Use it once, before everything else, and again after the integration was installed anew. It is safe to
run again: the scope id stays the same. It needs the id and the secret of the channel, and the amojo id of the account,
which it asks the account for if you give its address and a token.

  kommo-import connect --account-id 52e591f7-c98f-4255-8495-827210138c81
  kommo-import connect --account-url https://example.kommo.com --kommo-token-file token.txt`,
		p.connectChannel)
}

func (p *program) connectChannel(ctx context.Context, v *values) error {
	channel, err := v.channel()
	if err != nil {
		return err
	}
	if channel == "" {
		return usage("KOMMO_CHANNEL_ID is not set: it is the id you got when the channel was registered")
	}
	client, err := v.unscopedClient()
	if err != nil {
		return err
	}
	account, err := p.accountID(ctx, v)
	if err != nil {
		return err
	}
	connection, err := client.Connect(context.WithoutCancel(ctx), channel, account, v.text("title"))
	if err != nil {
		return &hintedError{err, connectHint(err)}
	}
	if v.on("json") {
		return p.writeJSON(connection)
	}
	p.writef("%s\n", connection.ScopeID)
	p.ui.info("The channel is connected to the account. Let kommo-import know the scope id above: in the environment, as\n"+
		"  KOMMO_SCOPE_ID=%s\nor in %s, as\n  scope-id: %[1]s", connection.ScopeID, defaultConfig)
	p.printNext(v, "check")
	return nil
}

// accountID returns the amojo id of the account: the setting, or else the answer of the account.
func (p *program) accountID(ctx context.Context, v *values) (string, error) {
	if id := normalizeID(v.text("account-id")); id != "" {
		if !isUUID(id) {
			return "", usage("--account-id (%d characters) is no amojo id: one looks like 52e591f7-c98f-4255-8495-827210138c81; "+
				"the number in the settings of the account is another one", len(id))
		}
		return id, nil
	}
	client, err := v.accountClient()
	if err != nil {
		return "", err
	}
	if client == nil {
		return "", usage("which account? give its amojo id with --account-id, or KOMMO_ACCOUNT_URL and KOMMO_TOKEN to ask it")
	}
	account, err := client.Account(ctx)
	if isUnreached(err) {
		return "", &hintedError{err, "Hint: check KOMMO_ACCOUNT_URL, and the network of this computer. Or give the account's amojo id with --account-id."}
	}
	if err != nil {
		return "", err
	}
	p.ui.info("The account is %s.", oneLine(account.Name, 100))
	id := normalizeID(account.AmojoID)
	if !isUUID(id) {
		return "", errors.New("the account gives an amojo id that is none; ask Kommo's support for it, and use --account-id")
	}
	return id, nil
}
