package commands

import (
	"bytes"
	"context"
	"database/sql"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
)

// A corrector is an administrator who loads, sends, corrects, and loads again. Each text of a table ends in a tag such as
// #a1, from which the test knows how often Kommo has the message.
type corrector struct {
	t      *testing.T
	folder string
	box    *kommoServer
}

func newCorrector(t *testing.T) *corrector {
	c := &corrector{t: t, folder: t.TempDir(), box: serveKommo(sandbox.Options{}, nil)}
	t.Cleanup(c.box.server.Close)
	writeFile(t, c.path("secret"), c.box.Options.ChannelSecret)
	return c
}

func (c *corrector) path(name string) string { return filepath.Join(c.folder, name) }

// running is held while a command line runs in this process: the flag --help of urfave/cli is a global variable.
var running sync.Mutex

// run runs a command line on the migration file, and returns the exit code and what it prints.
func (c *corrector) run(args ...string) (code int, stdout, stderr string) {
	running.Lock()
	defer running.Unlock()
	var out, messages bytes.Buffer
	args = append([]string{"kommo-import", args[0], "-m", c.path("migration.db")}, args[1:]...)
	code = Run(context.Background(), args, strings.NewReader(""), &out, &messages)
	return code, out.String(), messages.String()
}

func (c *corrector) load(file string, args ...string) (code int, stderr string) {
	c.t.Helper()
	code, _, stderr = c.run(append([]string{"load", "--csv", c.path(file)}, args...)...)
	if code != exitDone && code != exitIncomplete && !strings.Contains(stderr, "Nothing was changed: sending") {
		c.t.Fatalf("load %s: exit code %d\n%s", args, code, stderr)
	}
	return code, stderr
}

func (c *corrector) send(wantExit int, args ...string) {
	c.t.Helper()
	code, _, stderr := c.run(append([]string{"send", "--yes", "--rate", "1e6", "--settle", "1ms", "--base-url", c.box.server.URL, "--scope-id", c.box.ScopeID(),
		"--secret-file", c.path("secret"), "--bot-id", c.box.Options.BotID}, args...)...)
	if code != wantExit {
		c.t.Fatalf("send %s: exit code %d, want %d\n%s", args, code, wantExit, stderr)
	}
}

// plan returns what would be sent.
func (c *corrector) plan() string {
	c.t.Helper()
	code, stdout, stderr := c.run("preview", "--payloads", "--bot-id", c.box.Options.BotID)
	if code != exitDone {
		c.t.Fatalf("preview: exit code %d\n%s", code, stderr)
	}
	return stdout
}

// update changes the migration file behind the back of the program.
func (c *corrector) update(statements ...string) {
	c.t.Helper()
	file, err := importer.Open(c.path("migration.db"), "test")
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	err = file.Update(func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// left returns the tags of the messages that are left out.
func (c *corrector) left() (tags []string) {
	c.t.Helper()
	file, err := importer.OpenReadOnly(c.path("migration.db"))
	if err != nil {
		c.t.Fatal(err)
	}
	defer file.Close()
	for failure, err := range file.Failures() {
		if err != nil {
			c.t.Fatal(err)
		}
		tags = append(tags, tagPattern.FindString(failure.Text))
	}
	return tags
}

var tagPattern = regexp.MustCompile(`#\w+`)

// check sends the rest. Kommo then has each message of tags once, unless it is left out with a reason, and no message twice.
func (c *corrector) check(tags ...string) {
	c.t.Helper()
	got := c.arrived()
	for _, tag := range tags {
		if got[tag] == 0 {
			c.t.Errorf("%s is neither at Kommo nor left out", tag)
		}
	}
	for tag, n := range got {
		if n > 1 {
			c.t.Errorf("%s is %d times at Kommo", tag, n)
		}
	}
}

// arrived sends the rest and returns how often each message is at Kommo, or 1 if it is left out.
func (c *corrector) arrived() map[string]int {
	c.t.Helper()
	c.box.ClearRules()
	c.run("failures", "--retry")
	c.send(exitDone)
	got := make(map[string]int)
	for _, chat := range c.box.Dump().Chats {
		for _, m := range chat.Messages {
			got[tagPattern.FindString(m.Text)]++
		}
	}
	for _, tag := range c.left() {
		got[tag] = max(got[tag], 1)
	}
	return got
}
