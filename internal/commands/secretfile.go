package commands

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/urfave/cli/v2"
)

// warnOfSecretFiles tells of the files with secrets which others on this computer can read. Windows has no permissions
// that could be asked so simply.
func (d *desk) warnOfSecretFiles(c *cli.Context) {
	if runtime.GOOS == "windows" {
		return
	}
	for _, flag := range c.Command.Flags {
		path := c.String(flag.Names()[0])
		if !textOf(flag).isSecretFile() || path == "" {
			continue
		}
		const groupAndOthersRead = 0o044
		if file, err := os.Stat(path); err == nil && file.Mode().IsRegular() && file.Mode().Perm()&groupAndOthersRead != 0 {
			d.talk.tell("Others on this computer can read the secret in %s. To keep it to yourself: chmod 600 %s", printable(path), shellWord(path))
		}
	}
}

// isOverruled reports whether a file with a secret is named in the config file only, while the secret itself is in the
// environment, which comes first.
func isOverruled(c *cli.Context, fileFlag, variable string) bool {
	return fromFile(c, fileFlag) != "" && !c.Bool(fileIsChosen) && os.Getenv(variable) != ""
}

// isSecretInPlaceOfFile reports whether the name of a file looks like a secret that was given by a slip.
func isSecretInPlaceOfFile(name string) bool {
	if _, err := os.Stat(name); err == nil {
		return false
	}
	const shortest = 20
	return len(name) >= shortest && !strings.ContainsAny(name, `/\.`)
}

// secretInPlaceOfFile returns what is said of such a name instead of the name.
func secretInPlaceOfFile(name string) string {
	return fmt.Sprintf("(%d characters, which look like the secret itself: want the name of a file)", len(name))
}

// shellWord returns text as it is typed in a shell to be one word.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,"
	if text != "" && strings.Trim(text, plain) == "" {
		return printable(text)
	}
	return "'" + strings.ReplaceAll(printable(text), "'", `'\''`) + "'"
}
