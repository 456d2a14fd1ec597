package commands

import (
	"flag"

	"github.com/urfave/cli/v2"
)

// typedTokenFile returns the file that --token-file on the command line names. On the commands that speak with the
// account it holds KOMMO_TOKEN. In the config file the setting of that name is of Green-API, for all commands.
func typedTokenFile(c *cli.Context) string {
	if fromFile(c, "token-file") != "" {
		return ""
	}
	return c.String("token-file")
}

// greenAPITokenFile returns the file that holds the token of Green-API, on a command whose --token-file is another's.
func greenAPITokenFile(c *cli.Context) string {
	const variable = "GREEN_API_TOKEN"
	if file := c.String("green-api-token-file"); file != "" && !isOverruled(c, "green-api-token-file", variable) {
		return file
	}
	if fromFile(c, "token-file") != "" && !isOverruled(c, "token-file", variable) {
		return c.String("token-file")
	}
	return ""
}

// fileIsChosen is a flag that nobody can give: it says that --token-file was chosen with regard to where it is from.
const fileIsChosen = "token file is chosen"

// withTokenFile returns c with another --token-file.
func withTokenFile(c *cli.Context, file string) *cli.Context {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.String("token-file", file, "")
	set.Bool(fileIsChosen, true, "")
	return cli.NewContext(c.App, set, c)
}
