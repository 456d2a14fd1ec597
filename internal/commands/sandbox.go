package commands

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/internal/sandbox"
)

func (d *desk) sandbox() *cli.Command {
	return &cli.Command{
		Name:  "sandbox",
		Usage: "run a local Kommo, and Green-API, to rehearse with",
		Description: `Use it to rehearse a migration before the real one: nothing leaves this computer. It prints the
environment that points kommo-import at it, and keeps what arrives in memory until it is stopped with Ctrl-C. Faults
can be rehearsed: --fault 502-taken:n=5 answers the 5th message with 502 although it was taken.

  kommo-import sandbox                                    at 127.0.0.1:8080, until Ctrl-C
  kommo-import sandbox --green-api samples/green-api      a Green-API instance with that account beside it
  kommo-import sandbox --addr 127.0.0.1:8080 --state      what has arrived there`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "addr", Value: "127.0.0.1:8080", Usage: "listen at `HOST:PORT`; port 0 is a free one"},
			&cli.BoolFlag{Name: "listen-beyond-loopback", Usage: "let other computers reach it"},
			&cli.BoolFlag{Name: "state", Usage: "ask the sandbox that runs at --addr what has arrived; --json: all of it"},
			&cli.StringFlag{Name: "dump", Usage: "when it is stopped, write all that arrived to `FILE` as JSON"},
			&cli.StringFlag{Name: "duplicates", Value: string(sandbox.KeepDuplicates), Usage: "`keep|drop|refuse` store a message whose msgid arrived before again, drop it, or answer with 400"},
			&cli.DurationFlag{Name: "latency", Usage: "take `TIME` for each answer"},
			&cli.DurationFlag{Name: "history-delay", Usage: "show a message in history only after `TIME`"},
			&cli.IntFlag{Name: "rate-limit", Usage: "answer more than `N` requests per second with 429"},
			&cli.DurationFlag{Name: "retry-after", Value: time.Second, Usage: "ask to wait `TIME` with a 429"},
			&cli.StringFlag{Name: "retry-after-in", Value: string(sandbox.InHeader), Usage: "`header|date|body|none` say how long to wait in this place of a 429"},
			&cli.IntFlag{Name: "block-after", Usage: "block after `N` answers with 429"},
			&cli.DurationFlag{Name: "clock-skew", Usage: "let the clock of the sandbox be ahead by `TIME`"},
			&cli.StringSliceFlag{Name: "fault", Usage: "let something go wrong as `RULE` says, such as cut:every=10 or refuse:p=0.1; repeatable"},
			&cli.StringFlag{Name: "green-api", Usage: "serve the WhatsApp account in `FOLDER` as a Green-API instance too"},
			&cli.IntFlag{Name: "green-api-rate", Value: 1, Usage: "let `N` chats be read per second"},
			&cli.DurationFlag{Name: "link-lifetime", Value: 15 * 24 * time.Hour, Usage: "let links to media die after `TIME`"},
			&cli.StringSliceFlag{Name: "green-api-fault", Usage: "let something go wrong at Green-API as `RULE` says; repeatable"},
		},
		Action: func(c *cli.Context) error {
			if c.Bool("state") {
				return d.sandboxState(c)
			}
			return d.runSandbox(c)
		},
	}
}

func sandboxOptions(c *cli.Context) (o sandbox.Options, err error) {
	o = sandbox.Options{
		Duplicates: sandbox.Duplicates(c.String("duplicates")), Latency: c.Duration("latency"),
		HistoryDelay: c.Duration("history-delay"), RateLimit: c.Int("rate-limit"), RetryAfter: c.Duration("retry-after"),
		RetryAfterIn: sandbox.RetryAfterPlace(c.String("retry-after-in")), BlockAfter: c.Int("block-after"),
		ClockSkew: c.Duration("clock-skew"),
	}
	for _, fault := range c.StringSlice("fault") {
		rule, err := sandbox.ParseRule(fault)
		if err != nil {
			return o, usage("--fault: %w", err)
		}
		o.Rules = append(o.Rules, rule)
	}
	if err := o.Check(); err != nil {
		return o, usage("%w", err)
	}
	return o, nil
}

func (d *desk) runSandbox(c *cli.Context) error {
	options, err := sandboxOptions(c)
	if err != nil {
		return err
	}
	if !c.Bool("listen-beyond-loopback") && !onLoopback(c.String("addr")) {
		return usage("--addr %s: the sandbox stays on this computer, at 127.0.0.1, unless --listen-beyond-loopback is given", c.String("addr"))
	}
	green, err := greenAPISandbox(c)
	if err != nil {
		return err
	}
	dump, err := createDump(c.String("dump"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.String("addr"))
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	box := sandbox.NewKommo(options)
	server := &http.Server{Handler: beside(box, green), ReadHeaderTimeout: 10 * time.Second}
	stopped := context.AfterFunc(c.Context, func() { server.Close() })
	defer stopped()
	base := "http://" + listener.Addr().String()
	environment := slices.Concat(box.AccountEnvironment(base), box.Environment(base))
	if green != nil {
		environment = append(environment, green.Environment(base)...)
	}
	d.writef("%s\n", strings.Join(environment, "\n"))
	d.talk.tell("The sandbox runs until Ctrl-C. Set the environment above where you run kommo-import.")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	d.talk.tell("%s", arrived(box.Summary()))
	return dumpSandbox(box, dump)
}

// greenAPISandbox returns the Green-API instance that the flags describe, nil if they describe none.
func greenAPISandbox(c *cli.Context) (*sandbox.GreenAPI, error) {
	folder := c.String("green-api")
	if folder == "" {
		return nil, nil
	}
	account, err := sandbox.ReadAccount(os.DirFS(folder))
	if err != nil {
		return nil, usage("--green-api %s: %w", folder, err)
	}
	options := sandbox.GreenAPIOptions{HistoryRate: c.Int("green-api-rate"), LinkLifetime: c.Duration("link-lifetime")}
	for _, fault := range c.StringSlice("green-api-fault") {
		rule, err := sandbox.ParseRule(fault)
		if err != nil {
			return nil, usage("--green-api-fault: %w", err)
		}
		options.Rules = append(options.Rules, rule)
	}
	if err := options.Check(); err != nil {
		return nil, usage("--green-api: %w", err)
	}
	return sandbox.NewGreenAPI(account, options), nil
}

// beside serves both halves at one address.
func beside(kommo *sandbox.Kommo, green *sandbox.GreenAPI) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if green != nil && green.Serves(r.URL.Path) {
			green.ServeHTTP(w, r)
			return
		}
		kommo.ServeHTTP(w, r)
	})
}

func onLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// createDump makes the file at once: that it cannot be made is not to be told after hours of rehearsal. It returns nil
// where none is wanted.
func createDump(path string) (*os.File, error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, usage("--dump: %w", err)
	}
	return file, nil
}

func dumpSandbox(box *sandbox.Kommo, file *os.File) error {
	if file == nil {
		return nil
	}
	encoder := json.NewEncoder(file)
	encoder.SetIndent("", "  ")
	return errors.Join(encoder.Encode(box.Dump()), file.Close())
}

// arrived returns in a sentence what a sandbox holds.
func arrived(s sandbox.Summary) string {
	text := fmt.Sprintf("The sandbox holds %s in %s: ", plural(s.Messages, "message"), plural(s.Chats, "chat"))
	if s.Doubled == 0 {
		text += "each once, "
	} else {
		text += number(s.Doubled) + " of them doubled, "
	}
	if s.OutOfOrder == 0 {
		text += "all in order, "
	} else {
		text += number(s.OutOfOrder) + " out of order, "
	}
	text += plural(s.Loud, "notification")
	if s.ChatsWithoutOneLoud == 0 {
		return text + ", one for each chat."
	}
	return text + fmt.Sprintf("; %s with none or more than one.", plural(s.ChatsWithoutOneLoud, "chat"))
}

// sandboxState asks a sandbox that runs what has arrived there.
func (d *desk) sandboxState(c *cli.Context) error {
	what := "summary"
	if c.Bool("json") {
		what = "state"
	}
	request, err := http.NewRequestWithContext(c.Context, http.MethodGet, "http://"+c.String("addr")+"/sandbox/"+what, nil)
	if err != nil {
		return usage("--addr: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no sandbox answers at --addr %s: %w", c.String("addr"), err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("no sandbox answers at --addr %s: status %d", c.String("addr"), response.StatusCode)
	}
	if c.Bool("json") {
		_, err := io.Copy(d.stdout, response.Body)
		return err
	}
	var summary sandbox.Summary
	if err := json.NewDecoder(response.Body).Decode(&summary); err != nil {
		return fmt.Errorf("no sandbox answers at --addr %s: %w", c.String("addr"), err)
	}
	d.writef("%s\n", arrived(summary))
	return nil
}
