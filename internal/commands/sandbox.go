package commands

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/internal/sandbox"
)

func (p *program) sandbox() *cli.Command {
	return p.command("sandbox", "run a local Kommo, and Green-API, to rehearse with",
		`Use it to rehearse a migration before the real one: nothing leaves this computer. It prints the
environment that points kommo-import at it, and keeps what arrives in memory until it is stopped with Ctrl-C. Faults
can be rehearsed: --fault 502-taken:n=5 answers the 5th message with 502 although it was taken.

  kommo-import sandbox                                    at 127.0.0.1:8080, until Ctrl-C
  kommo-import sandbox --green-api samples/green-api      a Green-API instance with that account beside it
  kommo-import sandbox --addr 127.0.0.1:8080 --state      what has arrived there`,
		func(ctx context.Context, v *values) error {
			if v.on("state") {
				return p.sandboxState(ctx, v)
			}
			return p.runSandbox(ctx, v)
		})
}

func sandboxOptions(v *values) (o sandbox.Options, err error) {
	o = sandbox.Options{
		Duplicates: sandbox.Duplicates(v.text("duplicates")), Latency: v.span("latency"),
		HistoryDelay: v.span("history-delay"), RateLimit: v.count("rate-limit"), RetryAfter: v.span("retry-after"),
		RetryAfterIn: sandbox.RetryAfterPlace(v.text("retry-after-in")), BlockAfter: v.count("block-after"),
		ClockSkew: v.span("clock-skew"), Lenient: v.on("lenient"),
		IndexDelay: v.span("index-delay"), TokenScopes: v.list("token-scopes"), TokenLifetime: v.span("token-lifetime"),
	}
	if o.Contacts, err = sandboxContacts(v.text("contacts")); err != nil {
		return o, usage("--contacts: %w", err)
	}
	for _, fault := range v.list("fault") {
		rule, err := sandbox.ParseRule(fault)
		if err != nil {
			return o, usage("--fault: %w", err)
		}
		o.Rules = append(o.Rules, rule)
	}
	for _, text := range v.list("quirk") {
		quirk, err := sandbox.ParseQuirk(text)
		if err != nil {
			return o, usage("--quirk: %w", err)
		}
		o.Quirks = append(o.Quirks, quirk)
	}
	if err := o.Check(); err != nil {
		return o, usage("%w", err)
	}
	return o, nil
}

// sandboxContacts returns the contacts in a file; without a name, none.
func sandboxContacts(name string) ([]sandbox.Contact, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	contacts, err := sandbox.ReadContacts(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return contacts, nil
}

func (p *program) runSandbox(ctx context.Context, v *values) error {
	options, err := sandboxOptions(v)
	if err != nil {
		return err
	}
	if !v.on("listen-beyond-loopback") && !onLoopback(v.text("addr")) {
		return usage("--addr %s: the sandbox stays on this computer, at 127.0.0.1, unless --listen-beyond-loopback is given", v.text("addr"))
	}
	green, err := greenAPISandbox(v)
	if err != nil {
		return err
	}
	// The file is created at the start, because an error after hours of rehearsal would come too late.
	dump, err := os.OpenFile(cmp.Or(v.text("dump"), os.DevNull), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return usage("--dump: %w", err)
	}
	listener, err := net.Listen("tcp", v.text("addr"))
	if err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	box := sandbox.NewKommo(options)
	server := &http.Server{Handler: beside(box, green), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(p.ui.logger().Handler(), slog.LevelWarn)}
	stopped := context.AfterFunc(ctx, func() { server.Close() })
	defer stopped()
	base := "http://" + listener.Addr().String()
	environment := slices.Concat(box.AccountEnvironment(base), box.Environment(base))
	if green != nil {
		environment = append(environment, green.Environment(base)...)
	}
	p.writef("%s\n", strings.Join(environment, "\n"))
	p.ui.info("The sandbox runs until Ctrl-C. Set the environment above where you run kommo-import.")
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	p.ui.info("%s", arrived(box.Summary()))
	return writeDump(box, dump)
}

// greenAPISandbox returns the Green-API instance that the settings describe, nil without a folder.
func greenAPISandbox(v *values) (*sandbox.GreenAPI, error) {
	folder := v.text("green-api")
	if folder == "" {
		return nil, nil
	}
	account, err := sandbox.ReadAccount(os.DirFS(folder))
	if err != nil {
		return nil, usage("--green-api %s: %w", folder, err)
	}
	options := sandbox.GreenAPIOptions{HistoryRate: v.count("green-api-rate"), LinkLifetime: v.span("link-lifetime")}
	for _, fault := range v.list("green-api-fault") {
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

// beside serves Kommo and Green-API at the same address.
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

// writeDump writes all that arrived, and closes the file.
func writeDump(box *sandbox.Kommo, file *os.File) error {
	encoder := json.NewEncoder(file)
	encoder.SetIndent("", "  ")
	return errors.Join(encoder.Encode(box.Dump()), file.Close())
}

// arrived returns the content of a sandbox as a sentence.
func arrived(s sandbox.Summary) string {
	text := fmt.Sprintf("The sandbox holds %s in %s: ", plural(s.Messages, "message"), plural(s.Chats, "chat"))
	if s.Doubled == 0 {
		text += "each once, "
	} else {
		text += number(s.Doubled) + " of them duplicated, "
	}
	if s.OutOfOrder == 0 {
		text += "all in order, "
	} else {
		text += number(s.OutOfOrder) + " out of order, "
	}
	text += plural(s.Loud, "notification")
	if s.ChatsWithoutOneLoud == 0 {
		text += ", one for each chat."
	} else {
		text += fmt.Sprintf("; %s with none or more than one.", plural(s.ChatsWithoutOneLoud, "chat"))
	}
	if s.Linked > 0 {
		text += fmt.Sprintf(" Linked to contacts: %s; incoming leads: %s.", plural(s.Linked, "chat"), number(s.IncomingLeads))
	}
	return text
}

// sandboxState prints the content of a running sandbox.
func (p *program) sandboxState(ctx context.Context, v *values) error {
	what := "summary"
	if v.on("json") {
		what = "state"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+v.text("addr")+"/sandbox/"+what, nil)
	if err != nil {
		return usage("--addr: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("no sandbox answers at --addr %s: %w", v.text("addr"), err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("no sandbox answers at --addr %s: status %d", v.text("addr"), response.StatusCode)
	}
	if v.on("json") {
		_, err := io.Copy(p.stdout, response.Body)
		return err
	}
	var summary sandbox.Summary
	if err := json.NewDecoder(response.Body).Decode(&summary); err != nil {
		return fmt.Errorf("no sandbox answers at --addr %s: %w", v.text("addr"), err)
	}
	p.writef("%s\n", fit(arrived(summary), lineLength(p.stdout), "  "))
	return nil
}
