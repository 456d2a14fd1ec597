package commands

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const checkCSV = csvHeader +
	"anna,Anna,+34600000001,a1,2025-03-01T10:00:00Z,in,,Hello\n" +
	"anna,Anna,+34600000001,a2,2025-03-01T10:01:00Z,out,Eva Sandbox,Hi\n" +
	"anna,Anna,+34600000001,a3,2025-03-01T10:02:00Z,out,Zoe,Hi again\n"

const (
	anotherUUID   = "8e4a3b4c-0d2f-4a55-9d53-0c2f7c4e1a11"
	kommoToken    = "check-test-token-of-the-account"
	greenAPIToken = "5a0dc0ffee0000400080000000000e15a0db0c5"
)

// A checkCase is a setup in which check must find a problem.
type checkCase struct {
	name    string
	options sandbox.Options
	account sandbox.Account                 // of Green-API
	rules   []string                        // faults of Kommo
	env     func(box *kommoServer) []string // variables that differ
	before  func(t *testing.T, path string) // changes the migration file
	config  string
	args    []string
	exit    int
	wants   []wantedCheck
}

// A wantedCheck is the name and the state of a result that is not ok, and parts of its detail and its advice.
type wantedCheck [4]string

func set(lines ...string) func(*kommoServer) []string {
	return func(*kommoServer) []string { return lines }
}

// tokenOf returns a JWT with these claims.
func tokenOf(claims string) string {
	return "eyJ0eXAiOiJKV1QifQ." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func damage(t *testing.T, path string) {
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 4096; i < len(content); i++ {
		content[i] ^= 0x5a
	}
	writeFile(t, path, string(content))
}

func changing(statement string) func(t *testing.T, path string) {
	return func(t *testing.T, path string) { change(t, path, statement) }
}

func checkCases() []checkCase {
	const failed, notTested = "failed", "not tested"
	afterSignature := wantedCheck{"connection", notTested, "did not look at the request", ""}
	return []checkCase{
		{name: "all is in order"},
		{name: "wrong secret", env: set("KOMMO_CHANNEL_SECRET=0000000000000000000000000000000000000000"), exit: exitDenied,
			wants: []wantedCheck{{"signature", failed, "403", "KOMMO_CHANNEL_SECRET"}, afterSignature}},
		{name: "no secret", env: set("KOMMO_CHANNEL_SECRET="), exit: exitError, wants: []wantedCheck{
			{"channel secret", failed, "KOMMO_CHANNEL_SECRET is empty", "--secret-file"},
			{"signature", notTested, "not complete", ""}, {"connection", notTested, "not complete", ""}}},
		{name: "no scope", env: set("KOMMO_SCOPE_ID="), exit: exitError, wants: []wantedCheck{
			{"scope id", failed, "KOMMO_SCOPE_ID is not set", "kommo-import connect"},
			{"signature", notTested, "not complete", ""}, {"connection", notTested, "not complete", ""},
			{"scope of the migration", notTested, "not known", ""}}},
		{name: "scope of another channel", env: set("KOMMO_CHANNEL_ID=" + anotherUUID), exit: exitError, wants: []wantedCheck{
			{"scope id", failed, "but KOMMO_CHANNEL_ID is " + anotherUUID, "kommo-import connect"},
			{"signature", notTested, "", ""}, {"connection", notTested, "", ""}, {"scope of the migration", notTested, "", ""}}},
		{name: "wrong scope", env: func(box *kommoServer) []string {
			return []string{"KOMMO_SCOPE_ID=" + box.Options.ChannelID + "_" + anotherUUID}
		}, exit: exitDenied, wants: []wantedCheck{
			{"signature", notTested, "does not know the scope", ""}, {"connection", failed, "404", "kommo-import connect"},
			{"account", failed, "but the scope id is of the account " + anotherUUID, "KOMMO_ACCOUNT_URL"}}},
		{name: "not connected", options: sandbox.Options{Disconnected: true}, exit: exitDenied, wants: []wantedCheck{
			{"signature", notTested, "", ""}, {"connection", failed, "404", "kommo-import connect"}}},
		{name: "clock behind", options: sandbox.Options{ClockSkew: time.Hour}, exit: exitDenied, wants: []wantedCheck{
			{"clock", failed, "1 h 00 min behind", "clock"}, {"signature", failed, "403", "Correct the clock"}, afterSignature}},
		{name: "clock ahead", options: sandbox.Options{ClockSkew: -12 * time.Minute}, exit: exitError, wants: []wantedCheck{
			{"clock", failed, "12 min ahead", "clock"}}},
		{name: "too fast", rules: []string{"429:on=history"}, options: sandbox.Options{RetryAfter: 5 * time.Minute}, exit: exitError,
			wants: []wantedCheck{{"signature", failed, "too many requests", "Wait 5 min"}, afterSignature}},
		{name: "blocked", rules: []string{"403:on=history"}, exit: exitDenied,
			wants: []wantedCheck{{"signature", failed, "blocks us", "Wait some hours"}, afterSignature}},
		{name: "redirect", rules: []string{"302:on=history"}, exit: exitDenied,
			wants: []wantedCheck{{"signature", failed, "302", "KOMMO_BASE_URL"}, afterSignature}},
		{name: "a login page", rules: []string{"html:on=history"}, exit: exitError, wants: []wantedCheck{
			{"Kommo answers", failed, "HTML page", "login page"}, {"clock", notTested, "", ""}, {"signature", notTested, "", ""}, {"connection", notTested, "", ""}}},
		{name: "unreachable", env: set("KOMMO_BASE_URL=http://127.0.0.1:9"), exit: exitError, wants: []wantedCheck{
			{"Kommo answers", failed, "its server takes no connections", "KOMMO_BASE_URL"}, {"clock", notTested, "", ""}, {"signature", notTested, "", ""}, {"connection", notTested, "", ""}}},
		{name: "http", env: set("KOMMO_BASE_URL=http://amojo.kommo.com"), exit: exitError, wants: []wantedCheck{
			{"address", failed, "plain http", "https://amojo.kommo.com"}, {"Kommo answers", notTested, "", ""}, {"clock", notTested, "", ""},
			{"signature", notTested, "", ""}, {"connection", notTested, "", ""}}},

		{name: "no migration file", args: []string{"-m", "other.db"}, wants: []wantedCheck{
			{"migration file", notTested, "load", ""}, {"counts", notTested, "", ""}, {"plan", notTested, "", ""},
			{"media links", notTested, "", ""}, {"scope of the migration", notTested, "", ""}, {"senders", notTested, "", ""}}},
		{name: "a folder", args: []string{"-m", "."}, exit: exitError, wants: []wantedCheck{
			{"migration file", failed, "this is a folder", "--migration"}, {"free disk", notTested, "", ""}}},
		{name: "damaged", before: damage, exit: exitError, wants: []wantedCheck{
			{"migration file", failed, "damaged", "copy"}, {"counts", notTested, "", ""}, {"plan", notTested, "", ""},
			{"media links", notTested, "", ""}, {"scope of the migration", notTested, "", ""}, {"senders", notTested, "", ""}}},
		{name: "another file", before: func(t *testing.T, path string) { writeFile(t, path, strings.Repeat("notes ", 99)) }, exit: exitError,
			wants: []wantedCheck{{"migration file", failed, "not a migration file", "--migration"}, {"counts", notTested, "", ""},
				{"plan", notTested, "", ""}, {"media links", notTested, "", ""}, {"scope of the migration", notTested, "", ""}, {"senders", notTested, "", ""}}},
		{name: "miscounted", before: changing(`UPDATE conversation SET accepted = 1`), exit: exitError,
			wants: []wantedCheck{{"counts", failed, "anna", "do not send"}}},
		{name: "half read", before: changing(`INSERT INTO unfinished (source, from_start, after, cursor, shape, balance) SELECT id, 0, 0, '', '', 0 FROM source`), exit: exitError,
			wants: []wantedCheck{{"plan", failed, "is not finished", "run that load again"}}},
		{name: "begun with another scope", before: changing(`UPDATE message SET may_exist = 1; INSERT INTO setting VALUES ('scope', '"elsewhere"')`),
			exit: exitError, wants: []wantedCheck{{"scope of the migration", failed, `"elsewhere"`, "same scope"}}},
		{name: "no bot", env: set("KOMMO_BOT_ID="), exit: exitError, wants: []wantedCheck{
			{"senders", failed, "of Zoe (1 message), Eva Sandbox (1 message)", "KOMMO_BOT_ID"}}},
		{name: "mapping incomplete", env: set("KOMMO_BOT_ID="), config: "users:\n  Zoe: 5a0db0c5-0000-4000-8000-0000000000d1\n  Zoo: 5a0db0c5-0000-4000-8000-0000000000d1\n",
			exit: exitError, wants: []wantedCheck{{"senders", failed, "of Eva Sandbox (1 message); mapped, but the author of nothing that is to be sent: Zoo", "users:"}}},
		{name: "bot id that is none", env: set("KOMMO_BOT_ID=12"), exit: exitError, wants: []wantedCheck{{"senders", failed, "no bot id", "KOMMO_BOT_ID"}}},
		{name: "mapped to a stranger", config: "users:\n  Zoe: " + anotherUUID + "\n", exit: exitError,
			wants: []wantedCheck{{"users", failed, "Zoe", "users:"}}},

		{name: "Green-API not authorized", account: sandbox.Account{State: "notAuthorized"}, exit: exitDenied,
			wants: []wantedCheck{{"Green-API", failed, "not ready", "QR code"}}},
		{name: "Green-API does not record", account: sandbox.Account{Settings: map[string]any{"incomingWebhook": "no"}}, exit: exitError,
			wants: []wantedCheck{{"Green-API", failed, "not ready", "incomingWebhook"}}},
		{name: "wrong token of Green-API", env: set("GREEN_API_TOKEN=another"), exit: exitDenied,
			wants: []wantedCheck{{"Green-API", failed, "401", "GREEN_API_TOKEN"}}},
		{name: "no Green-API", env: set("GREEN_API_TOKEN="), wants: []wantedCheck{{"Green-API", notTested, "not set", ""}}},

		{name: "wrong token of the account", env: set("KOMMO_TOKEN=another"), exit: exitDenied,
			wants: []wantedCheck{{"account", failed, "401", "KOMMO_TOKEN"}, {"users", notTested, "", ""}}},
		{name: "no account", env: set("KOMMO_TOKEN="), wants: []wantedCheck{
			{"account", notTested, "KOMMO_TOKEN", ""}, {"users", notTested, "", ""}}},
		{name: "account over http", env: set("KOMMO_ACCOUNT_URL=http://example.kommo.com"), exit: exitError,
			wants: []wantedCheck{{"account", failed, "plain http", "KOMMO_ACCOUNT_URL"}, {"users", notTested, "", ""}}},
		{name: "another account", options: sandbox.Options{AccountID: anotherUUID}, env: func(box *kommoServer) []string {
			return []string{"KOMMO_SCOPE_ID=" + box.Options.ChannelID + "_5a0db0c5-0000-4000-8000-0000000000a1"}
		}, exit: exitDenied, wants: []wantedCheck{{"signature", notTested, "", ""}, {"connection", failed, "404", ""},
			{"account", failed, anotherUUID, "KOMMO_ACCOUNT_URL"}}},
		{name: "token expired", options: sandbox.Options{TokenLifetime: -48 * time.Hour}, exit: exitDenied, wants: []wantedCheck{
			{"token", failed, "has expired: it was valid until 20", "a new token"}, {"account", failed, "401", "KOMMO_TOKEN"}, {"users", notTested, "", ""}}},
		{name: "token without the scope", options: sandbox.Options{TokenScopes: []string{"files", "notifications"}}, exit: exitDenied,
			wants: []wantedCheck{{"token", failed, "lacks the scope crm", "access to the data"}, {"account", failed, "Invalid scope", "token"},
				{"users", notTested, "", ""}}},
		{name: "token without scopes", options: sandbox.Options{TokenScopes: []string{}}, exit: exitDenied,
			wants: []wantedCheck{{"token", failed, "without a scope", "access to the data"}, {"account", failed, "Invalid scope", "token"},
				{"users", notTested, "", ""}}},
		{name: "token of another account", options: sandbox.Options{AccountToken: tokenOf(`{"account_id":5}`)}, exit: exitError,
			wants: []wantedCheck{{"account", failed, "Sandbox is account 30000001, but the token is for account 5", "KOMMO_TOKEN"}}},
		{name: "token with little in it", options: sandbox.Options{AccountToken: tokenOf(`{"aud":"\u001b[31m"}`)}},
		{name: "token of two lines", env: set("KOMMO_TOKEN=a b"), exit: exitError, wants: []wantedCheck{
			{"token", failed, "KOMMO_TOKEN is not a token", "KOMMO_TOKEN"}, {"account", failed, "KOMMO_TOKEN is not a token", "KOMMO_TOKEN"},
			{"users", notTested, "", ""}}},
		{name: "account not paid", rules: []string{"402:on=account"}, exit: exitDenied,
			wants: []wantedCheck{{"account", failed, "402", "paid"}, {"users", notTested, "", ""}}},
		{name: "no rights to the users", rules: []string{"403-rights:on=users"},
			wants: []wantedCheck{{"users", notTested, "administrator", ""}}},
		{name: "account slow", rules: []string{"429:on=users"}, exit: exitError, wants: []wantedCheck{{"users", failed, "too many requests", "later"}}},
	}
}

// TestCheck breaks each thing in each way: check must find it, give the right advice, and change nothing anywhere.
func TestCheck(t *testing.T) {
	t.Parallel()
	loaded := t.TempDir()
	writeFile(t, filepath.Join(loaded, "chats.csv"), checkCSV)
	runProgram(t, loaded, nil, exitDone, "load", "--csv", "chats.csv")
	for _, tt := range checkCases() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			content, err := os.ReadFile(filepath.Join(loaded, "migration.db"))
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(folder, "migration.db")
			writeFile(t, path, string(content))
			if tt.before != nil {
				tt.before(t, path)
			}
			if tt.config != "" {
				writeFile(t, filepath.Join(folder, defaultConfig), tt.config)
			}
			box, environment := checkServers(t, tt)
			before, _ := os.ReadFile(path)

			stdout, stderr := runProgram(t, folder, environment, tt.exit, append([]string{"check", "--json"}, tt.args...)...)
			if diff := cmp.Diff(tt.wants, notInOrder(t, stdout, tt.wants)); diff != "" {
				t.Errorf("what is not in order (-want +got):\n%s\n%s", diff, stdout)
			}
			if strings.Contains(stdout+stderr, "error\"") {
				t.Errorf("got an error besides:\n%s%s", stdout, stderr)
			}
			for _, secret := range []string{box.Options.ChannelSecret, box.Options.AccountToken, greenAPIToken} {
				if strings.Contains(stdout+stderr, secret) {
					t.Errorf("the output holds the secret %s", secret)
				}
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the migration file has changed")
			}
			for _, request := range box.Requests() {
				if request.Method != "GET" {
					t.Errorf("made the request %+v, want only reading ones", request)
				}
			}
			if got := box.Dump(); len(got.Chats) > 0 {
				t.Errorf("got %+v, want nothing at Kommo", got.Summary)
			}
		})
	}
}

// checkServers returns the servers of a case, and the environment that points at them.
func checkServers(t *testing.T, tt checkCase) (*kommoServer, []string) {
	t.Helper()
	for _, text := range tt.rules {
		rule, err := sandbox.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		tt.options.Rules = append(tt.options.Rules, rule)
	}
	if o := tt.options; o.AccountToken == "" && o.TokenScopes == nil && o.TokenLifetime == 0 {
		tt.options.AccountToken = kommoToken
	}
	box := serveKommo(tt.options, nil)
	t.Cleanup(box.server.Close)
	green := sandbox.NewGreenAPI(tt.account, sandbox.GreenAPIOptions{Token: greenAPIToken})
	greenServer := httptest.NewServer(green)
	t.Cleanup(greenServer.Close)
	environment := slices.Concat(box.environment(), box.AccountEnvironment(box.server.URL), green.Environment(greenServer.URL))
	if tt.env != nil {
		environment = append(environment, tt.env(box)...)
	}
	return box, environment
}

// notInOrder returns the results that are not ok. A detail or an advice that contains the wanted text becomes that text.
func notInOrder(t *testing.T, stdout string, wants []wantedCheck) (got []wantedCheck) {
	t.Helper()
	var results []checkResult
	if err := json.Unmarshal([]byte(stdout), &results); err != nil {
		t.Fatalf("%v in %s", err, stdout)
	}
	for _, r := range results {
		switch {
		case r.State == checkFailed && (r.Detail == "" || r.Advice == ""):
			t.Errorf("%s failed with the detail %q and the advice %q, want both", r.Name, r.Detail, r.Advice)
		case r.State == checkNotTested && r.Detail == "":
			t.Errorf("%s was not tested, and nobody knows why", r.Name)
		case r.State == checkOK:
			continue
		}
		is := wantedCheck{r.Name, string(r.State), r.Detail, r.Advice}
		if i := slices.IndexFunc(wants, func(w wantedCheck) bool { return w[0] == r.Name }); i >= 0 {
			for part := 2; part < len(is); part++ {
				if strings.Contains(is[part], wants[i][part]) {
					is[part] = wants[i][part]
				}
			}
		}
		got = append(got, is)
	}
	return got
}

// TestCheckWhileSending checks a file that is being sent.
func TestCheckWhileSending(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), manyMessages(40))
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv")
	release := make(chan struct{})
	box := serveKommo(sandbox.Options{}, func(n int, taken bool) {
		if n >= 5 && !taken {
			<-release
		}
	})
	t.Cleanup(box.server.Close)
	program, err := launch(command(t, folder, box.environment(), "send", "--yes", "--rate", "500"))
	if err != nil {
		t.Fatal(err)
	}
	if err := wait(func() bool { return box.Summary().Messages >= 4 }); err != nil {
		t.Fatal(err)
	}
	stdout, _ := runProgram(t, folder, box.environment(), exitDone, "check")
	if !strings.Contains(stdout, "migration file: is whole") || !strings.Contains(stdout, "counts: the numbers kept agree") {
		t.Errorf("got\n%s", stdout)
	}
	close(release)
	<-program.done
	if program.err != nil {
		t.Errorf("send ended with %v\n%s", program.err, program.stderr)
	}
}

// TestTokensOfTwo wants each token to go only to its own server, from flags and from the config file.
func TestTokensOfTwo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "green.token"), greenAPIToken)
	writeFile(t, filepath.Join(folder, "kommo.token"), kommoToken)
	writeFile(t, filepath.Join(folder, defaultConfig), "green-api-token-file: green.token\n")
	writeFile(t, filepath.Join(folder, "both.yaml"), "green-api-token-file: green.token\nkommo-token-file: kommo.token\n")
	box, environment := checkServers(t, checkCase{env: set("KOMMO_TOKEN=", "GREEN_API_TOKEN=")})
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "account: KOMMO_TOKEN is not set, but KOMMO_ACCOUNT_URL is"},
		{[]string{"--kommo-token-file", "kommo.token"}, "account: Sandbox, which the scope id is of"},
		{[]string{"--config", "both.yaml"}, "account: Sandbox, which the scope id is of"},
	} {
		stdout, _ := runProgram(t, folder, environment, exitDone, append([]string{"check"}, tt.args...)...)
		for _, want := range []string{tt.want, fmt.Sprintf("%-12sGreen-API: the instance is ready", checkOK)} {
			if !strings.Contains(stdout, want) {
				t.Errorf("%v: got no line with %q in\n%s", tt.args, want, stdout)
			}
		}
	}
	runProgram(t, folder, environment, exitUsage, "connect")
	for _, request := range box.Requests() {
		if request.Status == 401 {
			t.Errorf("got %+v: a wrong token was sent", request)
		}
	}
	stdout, _ := runProgram(t, folder, environment, exitDone, "connect", "--kommo-token-file", "kommo.token")
	if stdout != box.ScopeID()+"\n" {
		t.Errorf("connect printed %q, want the scope id alone", stdout)
	}
}

// TestCheckText wants marks and colors on a terminal only, and a line for each result in a pipe.
func TestCheckText(t *testing.T) {
	result := checkResult{Name: "clock", State: checkFailed, Detail: strings.Repeat("long ", 18), Advice: "set it right"}
	tests := []struct {
		columns int
		marks   bool
		want    string
	}{
		{0, false, "failed      clock: " + result.Detail + "\n            → set it right\n"},
		{40, false, "failed      clock: long long long long\n            long long long long long\n            long long long long long\n" +
			"            long long long long\n            → set it right\n"},
		{79, true, "\x1b[31m✗\x1b[0m clock: long long long long long long long long long long long long long long\n" +
			"  long long long long\n  → set it right\n"},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, result.text(tt.columns, tt.marks)); diff != "" {
			t.Errorf("%d columns, marks %v (-want +got):\n%s", tt.columns, tt.marks, diff)
		}
	}
}

func TestUsersYAML(t *testing.T) {
	if got, want := yamlLine("yes: no #1", anotherUUID), "'yes: no #1': "+anotherUUID; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// change changes a database, without leaving a -wal file behind.
func change(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{statement, "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
