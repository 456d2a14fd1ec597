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
	if file := c.String("green-api-token-file"); file != "" {
		return file
	}
	if fromFile(c, "token-file") != "" {
		return c.String("token-file")
	}
	return ""
}

// withTokenFile returns c with another --token-file.
func withTokenFile(c *cli.Context, file string) *cli.Context {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.String("token-file", file, "")
	return cli.NewContext(c.App, set, c)
}
