package commands

import (
	"context"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/kommo/crm"
	"kommo-import/internal/pace"
)

func (p *program) configUsers() *cli.Command {
	return p.command("config users", "propose which author of old messages is which user of Kommo",
		`Use it after load, if old messages are to appear in the names of those who wrote them. It reads the
account's users and prints the section users: of the config file, for you to correct. Whoever is not in it writes as the
bot. It needs KOMMO_ACCOUNT_URL and KOMMO_TOKEN.

  kommo-import config users >>kommo-import.yaml`,
		p.proposeUsers)
}

func (p *program) proposeUsers(ctx context.Context, v *values) error {
	client, err := v.neededAccountClient()
	if err != nil {
		return err
	}
	var mapping importer.Mapping
	err = p.readFile(v, "Reading the authors", func(file *importer.File) (err error) {
		mapping, err = file.Mapping(importer.Composer{})
		return err
	})
	if err != nil {
		return err
	}
	limit := pace.New(v.number("rate"))
	users, err := crm.All(func(next string) (crm.Page[crm.User], error) {
		if err := limit.Wait(ctx); err != nil {
			return crm.Page[crm.User]{}, err
		}
		return client.Users(ctx, next)
	})
	if err != nil {
		return err
	}
	p.writef("%s", usersYAML(users, mapping.Unmapped))
	p.ui.info("%s of the account, %s in the migration file. Correct the section before you use it.",
		plural(len(users), "user"), plural(len(mapping.Unmapped), "author"))
	p.ui.info("Warning: %s", userWarning)
	return nil
}
