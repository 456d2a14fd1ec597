package commands

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
)

// patience is how long a script waits for an event.
const patience = 60 * time.Second

// scriptCommands returns the commands that scripts have beyond those of testscript:
//
//	exits CODE PROGRAM ARGS…     runs a program that must end with that code
//	sandbox [FLAGS]              starts a sandbox of its own for the script, and points the environment at it;
//	                             -green-api FOLDER adds a Green-API instance, -contacts FILE gives the account contacts.
//	                             $SAMPLES is the folder of samples, $ACCOUNT_TOKEN the token of the account, whose
//	                             address is $KOMMO_BASE_URL
//	fault RULE…                  replaces the faults of the sandbox; no rule removes them
//	green-fault RULE…            likewise those of its Green-API
//	arrived N messages in N chats [with N notifications]
//	                             wants these messages in the sandbox: each once, in order, a notification per chat
//	requested N                  wants so many requests at the sandbox, of whatever kind, but for those to Green-API
//	green-requested N METHOD     wants so many requests at its Green-API
//	posted                       prints the bodies that the sandbox took, chat by chat, a line each
//	start NAME PROGRAM ARGS…     runs a program in the background
//	await NAME stdout|stderr TEXT, await N messages, await N METHOD
//	                             waits until the program has said that, or the sandbox has so many messages, or its
//	                             Green-API so many requests
//	signal NAME INT|TERM|KILL    sends a signal
//	finish NAME CODE|killed      waits for the end of the program, and takes its output
//	source NAME                  sets the variables that the program has printed, and $ADDR to the host of KOMMO_BASE_URL
//	generate WHAT N FILE         makes a CSV file: of so many messages, columns, or bytes of text
//	sqlite FILE SQL              changes a database
//	damage lose|change|double TEXT, damage swap TEXT TEXT, damage insert CONVERSATION TEXT
//	                             changes the messages with these texts in the chats of the sandbox
//	kept N FILE                  waits until a load has written so many messages into a migration file
func scriptCommands() map[string]func(*testscript.TestScript, bool, []string) {
	commands := map[string]func(*testscript.TestScript, bool, []string){"kommo-import": runInScript}
	for name, run := range map[string]func(*testscript.TestScript, []string) error{
		"exits": exits, "sandbox": startSandbox, "fault": fault, "arrived": wantArrived, "requested": requested,
		"posted": posted, "start": start, "await": await, "signal": sendSignal, "finish": finish, "source": source,
		"generate": generate, "sqlite": changeDatabase, "damage": damageChats,
		"green-fault": greenFault, "green-requested": greenRequested, "kept": kept,
	} {
		commands[name] = func(ts *testscript.TestScript, neg bool, args []string) {
			if neg {
				ts.Fatalf("! %s makes no sense", name)
			}
			if err := run(ts, args); err != nil {
				ts.Fatalf("%s: %v", name, err)
			}
		}
	}
	return commands
}

// runInScript runs the program, which must succeed, or fail behind "!".
func runInScript(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(binary, args...)
	if (err != nil) != neg {
		ts.Fatalf("kommo-import %s: got error %v, want an error: %t", strings.Join(args, " "), err, neg)
	}
}

type scriptKey struct{}

// A scriptEnv is the sandbox of a script, and its programs in the background.
type scriptEnv struct {
	kommo    *kommoServer
	programs map[string]*started
}

func scriptOf(ts *testscript.TestScript) *scriptEnv { return ts.Value(scriptKey{}).(*scriptEnv) }

func (s *scriptEnv) clear() {
	for _, program := range s.programs {
		program.cmd.Process.Kill()
		<-program.done
	}
	if s.kommo != nil {
		s.kommo.server.CloseClientConnections()
		s.kommo.server.Close()
	}
}

func startSandbox(ts *testscript.TestScript, args []string) error {
	var o sandbox.Options
	flags := flag.NewFlagSet("sandbox", flag.ContinueOnError)
	flags.DurationVar(&o.Latency, "latency", 0, "")
	flags.DurationVar(&o.HistoryDelay, "history-delay", 0, "")
	flags.DurationVar(&o.IndexDelay, "index-delay", 0, "")
	flags.DurationVar(&o.TokenLifetime, "token-lifetime", 0, "")
	flags.StringVar(&o.AccountToken, "account-token", "", "")
	flags.Func("token-scopes", "", func(s string) error { o.TokenScopes = append(o.TokenScopes, s); return nil })
	flags.Func("contacts", "", func(name string) (err error) {
		o.Contacts, err = sandbox.ReadContacts(strings.NewReader(ts.ReadFile(name)))
		return err
	})
	flags.DurationVar(&o.ClockSkew, "clock-skew", 0, "")
	flags.DurationVar(&o.RetryAfter, "retry-after", 0, "")
	flags.IntVar(&o.RateLimit, "rate-limit", 0, "")
	flags.IntVar(&o.BlockAfter, "block-after", 0, "")
	flags.Func("retry-after-in", "", func(s string) error { o.RetryAfterIn = sandbox.RetryAfterPlace(s); return nil })
	flags.Func("duplicates", "", func(s string) error { o.Duplicates = sandbox.Duplicates(s); return nil })
	flags.Func("fault", "", func(s string) error {
		rule, err := sandbox.ParseRule(s)
		o.Rules = append(o.Rules, rule)
		return err
	})
	flags.Func("quirk", "", func(s string) error {
		quirk, err := sandbox.ParseQuirk(s)
		o.Quirks = append(o.Quirks, quirk)
		return err
	})
	account := greenFlags(flags)
	if err := errors.Join(flags.Parse(args), o.Check()); err != nil {
		return err
	}
	green, err := account.open(ts)
	if err != nil {
		return err
	}
	stage := scriptOf(ts)
	if stage.kommo != nil {
		stage.kommo.server.Close()
	}
	stage.kommo = serveBoth(o, green, nil)
	for _, name := range []string{"GREEN_API_URL", "GREEN_API_INSTANCE", "GREEN_API_TOKEN"} {
		ts.Setenv(name, "")
	}
	for _, line := range stage.kommo.environment() {
		name, value, _ := strings.Cut(line, "=")
		ts.Setenv(name, value)
	}
	ts.Setenv("ACCOUNT_TOKEN", stage.kommo.Options.AccountToken) // of the account, whose address is KOMMO_BASE_URL
	return nil
}

func kommoOf(ts *testscript.TestScript) (*kommoServer, error) {
	if kommo := scriptOf(ts).kommo; kommo != nil {
		return kommo, nil
	}
	return nil, errors.New("there is no sandbox")
}

func fault(ts *testscript.TestScript, args []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	kommo.ClearRules()
	for _, arg := range args {
		rule, err := sandbox.ParseRule(arg)
		if err != nil {
			return err
		}
		kommo.AddRule(rule)
	}
	return nil
}

func wantArrived(ts *testscript.TestScript, args []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	m := regexp.MustCompile(`^(\d+) messages? in (\d+) chats?(?: with (\d+) notifications?)?$`).FindStringSubmatch(words(args))
	if m == nil {
		return errors.New("want: arrived N messages in N chats [with N notifications]")
	}
	messages, _ := strconv.Atoi(m[1])
	chats, _ := strconv.Atoi(m[2])
	loud := chats
	if m[3] != "" {
		loud, _ = strconv.Atoi(m[3])
	}
	return kommo.check(messages, chats, loud)
}

func requested(ts *testscript.TestScript, args []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	if got, want := strconv.Itoa(kommo.Summary().Requests), words(args); got != want {
		return fmt.Errorf("got %s requests, want %s", got, want)
	}
	return nil
}

func posted(ts *testscript.TestScript, _ []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	for _, chat := range kommo.Dump().Chats {
		for _, message := range chat.Messages {
			fmt.Fprintf(ts.Stdout(), "%s\n", message.Body)
		}
	}
	return nil
}

func exits(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return checkExit(ts.Exec(args[1], args[2:]...), want)
}

func start(ts *testscript.TestScript, args []string) error {
	path := args[1]
	for _, folder := range filepath.SplitList(ts.Getenv("PATH")) {
		if found, err := exec.LookPath(filepath.Join(folder, args[1])); err == nil {
			path = found
			break
		}
	}
	cmd := exec.Command(path, args[2:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = cleanEnvironment()
	for _, name := range []string{"KOMMO_BASE_URL", "KOMMO_SCOPE_ID", "KOMMO_CHANNEL_ID", "KOMMO_CHANNEL_SECRET", "KOMMO_BOT_ID",
		"GREEN_API_URL", "GREEN_API_INSTANCE", "GREEN_API_TOKEN"} {
		if value := ts.Getenv(name); value != "" {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	program, err := launch(cmd)
	if err == nil {
		scriptOf(ts).programs[args[0]] = program
	}
	return err
}

func programOf(ts *testscript.TestScript, name string) (*started, error) {
	if program := scriptOf(ts).programs[name]; program != nil {
		return program, nil
	}
	return nil, fmt.Errorf("nothing was started as %s", name)
}

func await(ts *testscript.TestScript, args []string) error {
	if len(args) == 2 && strings.HasPrefix(args[1], "message") {
		kommo, err := kommoOf(ts)
		if err != nil {
			return err
		}
		want, err := strconv.Atoi(args[0])
		return errors.Join(err, wait(func() bool { return kommo.Summary().Messages >= want }))
	}
	if want, err := strconv.Atoi(args[0]); err == nil && len(args) == 2 {
		green, err := greenOf(ts)
		if err != nil {
			return err
		}
		return wait(func() bool { return countRequests(green, args[1]) >= want })
	}
	program, err := programOf(ts, args[0])
	if err != nil {
		return err
	}
	said := program.stdout
	if args[1] == "stderr" {
		said = program.stderr
	}
	err = wait(func() bool { return strings.Contains(said.String(), words(args[2:])) })
	if err != nil {
		return fmt.Errorf("%w; it said:\n%s", err, said)
	}
	return nil
}

func sendSignal(ts *testscript.TestScript, args []string) error {
	program, err := programOf(ts, args[0])
	if err != nil {
		return err
	}
	signals := map[string]os.Signal{"INT": os.Interrupt, "TERM": syscall.SIGTERM, "KILL": os.Kill}
	return program.cmd.Process.Signal(signals[args[1]])
}

func finish(ts *testscript.TestScript, args []string) error {
	program, err := programOf(ts, args[0])
	if err != nil {
		return err
	}
	select {
	case <-program.done:
	case <-time.After(patience):
		return fmt.Errorf("%s did not end within %v; it said:\n%s", args[0], patience, program.stderr)
	}
	delete(scriptOf(ts).programs, args[0])
	fmt.Fprint(ts.Stdout(), program.stdout)
	fmt.Fprint(ts.Stderr(), program.stderr)
	if args[1] == "killed" {
		return checkExit(program.err, -1)
	}
	want, err := strconv.Atoi(args[1])
	return errors.Join(err, checkExit(program.err, want))
}

func source(ts *testscript.TestScript, args []string) error {
	program, err := programOf(ts, args[0])
	if err != nil {
		return err
	}
	for line := range strings.Lines(program.stdout.String()) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		ts.Setenv(name, value)
		if host, ok := strings.CutPrefix(value, "http://"); ok {
			ts.Setenv("ADDR", host)
		}
	}
	return nil
}

const csvHeader = "conversation_id,client_name,client_phone,message_id,timestamp,direction,author_name,text\n"

// manyMessages returns a CSV of n messages, in conversations of four. The rows take the conversations in turn.
func manyMessages(n int) string {
	var text strings.Builder
	text.WriteString(csvHeader)
	chats := (n + 3) / 4
	for i := range n {
		chat, direction, author := i%chats+1, "in", ""
		if i/chats%2 == 1 {
			direction, author = "out", "Eva"
		}
		written := time.Date(2025, 3, 1, 10, 0, i, 0, time.UTC).Format(time.RFC3339)
		fmt.Fprintf(&text, "chat-%d,Client %d,+346000%05d,m%d,%s,%s,%s,message %d\n", chat, chat, chat, i+1, written, direction, author, i+1)
	}
	return text.String()
}

func generate(ts *testscript.TestScript, args []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	var text string
	switch args[0] {
	case "messages":
		text = manyMessages(n)
	case "columns":
		text = "conversation_id,timestamp,direction,text" + strings.Repeat(",x", n-4) + "\nanna,1740823200,in,Hello" + strings.Repeat(",", n-4) + "\n"
	case "text":
		text = "conversation_id,timestamp,direction,text\nanna,1740823200,in," + strings.Repeat("long text ", n/10) + "\nanna,1740823201,in,Hello\n"
	default:
		return fmt.Errorf("%q: want messages, columns or text", args[0])
	}
	return os.WriteFile(ts.MkAbs(args[2]), []byte(text), 0o666)
}

func changeDatabase(ts *testscript.TestScript, args []string) error {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), words(args[1:]))
	return errors.Join(err, db.Close())
}

func kept(ts *testscript.TestScript, args []string) error {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	return wait(func() bool { return unplanned(ts.MkAbs(args[1])) >= want })
}

// unplanned returns how many messages an interrupted load has written into a migration file.
func unplanned(path string) int {
	file, err := importer.OpenReadOnly(path)
	if err != nil {
		return 0
	}
	defer file.Close()
	status, err := file.Status()
	if err != nil {
		return 0
	}
	return status.Unplanned
}

func TestManyMessages(t *testing.T) {
	if got, want := strings.Count(manyMessages(12), "\n"), 13; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
}

// A greenAccount is the Green-API that the flags of a script's sandbox describe.
type greenAccount struct {
	folder  string // "" without a Green-API
	options sandbox.GreenAPIOptions
}

func greenFlags(flags *flag.FlagSet) *greenAccount {
	a := new(greenAccount)
	flags.StringVar(&a.folder, "green-api", "", "")
	flags.IntVar(&a.options.HistoryRate, "green-api-rate", 50, "")
	flags.DurationVar(&a.options.LinkLifetime, "link-lifetime", 0, "")
	flags.Func("green-api-fault", "", func(s string) error {
		rule, err := sandbox.ParseRule(s)
		a.options.Rules = append(a.options.Rules, rule)
		return err
	})
	return a
}

func (a *greenAccount) open(ts *testscript.TestScript) (*sandbox.GreenAPI, error) {
	if a.folder == "" {
		return nil, nil
	}
	account, err := sandbox.ReadAccount(os.DirFS(ts.MkAbs(a.folder)))
	if err := errors.Join(err, a.options.Check()); err != nil {
		return nil, err
	}
	return sandbox.NewGreenAPI(account, a.options), nil
}

func greenOf(ts *testscript.TestScript) (*sandbox.GreenAPI, error) {
	if kommo := scriptOf(ts).kommo; kommo != nil && kommo.green != nil {
		return kommo.green, nil
	}
	return nil, errors.New("there is no Green-API")
}

func greenFault(ts *testscript.TestScript, args []string) error {
	green, err := greenOf(ts)
	if err != nil {
		return err
	}
	green.ClearRules()
	for _, arg := range args {
		rule, err := sandbox.ParseRule(arg)
		if err := errors.Join(err, rule.CheckForGreenAPI()); err != nil {
			return err
		}
		green.AddRule(rule)
	}
	return nil
}

func greenRequested(ts *testscript.TestScript, args []string) error {
	green, err := greenOf(ts)
	if err != nil {
		return err
	}
	if got, want := strconv.Itoa(countRequests(green, args[1])), args[0]; got != want {
		return fmt.Errorf("got %s requests of %s, want %s", got, args[1], want)
	}
	return nil
}

// countRequests returns how many requests of a method an instance had, those that it turned away included.
func countRequests(green *sandbox.GreenAPI, method string) (n int) {
	for _, request := range green.Requests() {
		if string(request.Method) == method {
			n++
		}
	}
	return n
}

// damageChats changes the messages in the sandbox as no send would.
func damageChats(ts *testscript.TestScript, args []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	if len(args) == 3 && args[0] == "insert" {
		return kommo.Insert(args[1], "", args[2], time.Now())
	}
	var ids []string
	for _, text := range args[1:] {
		id, err := kommo.withText(text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	switch {
	case args[0] == "lose" && len(ids) == 1:
		return kommo.Lose(ids[0])
	case args[0] == "double" && len(ids) == 1:
		return kommo.Double(ids[0])
	case args[0] == "swap" && len(ids) == 2:
		return kommo.Swap(ids[0], ids[1])
	case args[0] == "change" && len(ids) == 1:
		return kommo.Rewrite(ids[0], func(payload map[string]any) {
			payload["message"].(map[string]any)["text"] = "something else"
		})
	}
	return errors.New("want lose, change, double, swap or insert")
}

// withText returns the msgid of the message with a text.
func (r *kommoServer) withText(text string) (msgid string, err error) {
	for _, chat := range r.Dump().Chats {
		for _, m := range chat.Messages {
			if m.Text == text {
				return m.MsgID, nil
			}
		}
	}
	return "", fmt.Errorf("no message says %q", text)
}
