package commands

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// TestNoSecretIsWritten searches everything that the program has written, with everything going wrong, for the
// channel secret and for every signature that was sent.
func TestNoSecretIsWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), manyMessages(12)+",,,,,,,\nnobody,,,,yesterday,in,,bad\n")
	rules := []sandbox.Rule{
		{Do: sandbox.Refuse, N: 2}, {Do: sandbox.TooMany, N: 3}, {Do: sandbox.BadGatewayTaken, N: 5}, {Do: sandbox.Cut, N: 7},
		{Do: sandbox.CutTaken, N: 9}, {Do: sandbox.Garbage, N: 11}, {Do: sandbox.HTML, N: 12},
	}
	box := serveKommo(sandbox.Options{Rules: rules}, nil)
	t.Cleanup(box.server.Close)
	environment := box.environment()
	said := make(map[string]string)
	run := func(wantExit int, args ...string) {
		t.Helper()
		name := strings.Join(args, " ")
		stdout, stderr := runProgram(t, folder, environment, wantExit, append(args, "--verbose")...)
		said["stdout of "+name], said["stderr of "+name] = stdout, stderr
	}

	run(exitIncomplete, "load", "--csv", "chats.csv")
	run(exitDone, "preview")
	run(exitDone, "preview", "--payloads")
	sending := []string{"send", "--yes", "--rate", "500", "--settle", "20ms"}
	run(exitIncomplete, append(sending, "--json")...)
	run(exitDone, "failures", "--retry")
	for _, do := range []sandbox.Action{sandbox.BadSignature, sandbox.NotFound, sandbox.Redirect, sandbox.Block} {
		box.ClearRules()
		box.AddRule(sandbox.Rule{Do: do})
		box.AddRule(sandbox.Rule{Do: do, On: sandbox.OnHistory})
		run(exitDenied, append(sending, "--rate", "501", "--base-url", box.server.URL+"/")...)
	}
	box.server.CloseClientConnections()
	run(exitDone, "status")
	run(exitDone, "status", "--json")
	run(exitDone, "failures")
	run(exitDone, "failures", "--out", "failures.csv")
	secretFile := "secret.txt"
	writeFile(t, filepath.Join(folder, secretFile), "two "+box.Options.ChannelSecret)
	run(exitUsage, append(sending, "--secret-file", secretFile)...)
	if err := os.Remove(filepath.Join(folder, secretFile)); err != nil {
		t.Fatal(err)
	}

	for name, content := range filesIn(t, folder) {
		said["file "+name] = content
	}
	for _, name := range []string{"file migration.db", "file migration.db.lock", "file failures.csv"} {
		if said[name] == "" {
			t.Errorf("%s: there is nothing to search in", name)
		}
	}
	if len(box.signatures) < 12 {
		t.Errorf("got %d signatures, want 12 or more", len(box.signatures))
	}
	searchSecrets(t, said, append(box.signatures, box.Options.ChannelSecret)...)
}

// searchSecrets wants no secret in the outputs, in letters of any case.
func searchSecrets(t *testing.T, said map[string]string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		for name, content := range said {
			if secret != "" && strings.Contains(strings.ToLower(content), strings.ToLower(secret)) {
				t.Errorf("%s holds the secret %s", name, secret)
			}
		}
	}
}

func filesIn(t *testing.T, folder string) map[string]string {
	t.Helper()
	contents := make(map[string]string)
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(folder, path))
		contents[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return contents
}

// A searched collects the output of programs that know a secret, to search it for the secret.
type searched struct {
	*testing.T
	environment []string
	said        map[string]string // by the name of the output
}

// run runs the program in folder, and keeps its output.
func (s *searched) run(folder string, wantExit int, args ...string) {
	s.Helper()
	stdout, stderr := runProgram(s.T, folder, s.environment, wantExit, append(args, "--verbose")...)
	name := strconv.Itoa(len(s.said)) + ", " + args[0]
	s.said["stdout of "+name], s.said["stderr of "+name] = stdout, stderr
}

// keepFiles keeps the files of a folder.
func (s *searched) keepFiles(folder string) {
	for name, content := range filesIn(s.T, folder) {
		s.said["file "+filepath.Join(filepath.Base(folder), name)] = content
	}
}

// TestNoTokenIsWritten searches everything that the program writes for the token of a Green-API instance. The token is in
// the path of each request, and in the answers of the sandbox.
func TestNoTokenIsWritten(t *testing.T) {
	t.Parallel()
	box := serveGreenAPI(t)
	token := box.green.Options.Token
	s := &searched{T: t, environment: box.environment(), said: make(map[string]string)}
	folder := t.TempDir()
	load := []string{"load", "--green-api", "--green-api-rate", "50", "--allow-private-media"}
	s.run(folder, exitIncomplete, load...)
	s.run(folder, exitDone, "preview")
	s.run(folder, exitDone, "preview", "--payloads")
	s.run(folder, exitIncomplete, "send", "--yes", "--rate", "500", "--json")
	s.run(folder, exitDone, "status", "--json")
	s.run(folder, exitDone, "failures", "--json")
	s.run(folder, exitDone, "failures", "--out", "failures.csv")
	s.run(folder, exitDone, "config", "show")

	// The token where it does not belong.
	s.run(folder, exitUsage, append(load, "--green-api-instance", token)...)
	s.run(folder, exitUsage, append(load, "--green-api-url", box.server.URL+"/waInstance7105000000/getChats/"+token)...)
	elsewhere := t.TempDir()
	writeFile(t, filepath.Join(elsewhere, "two.txt"), "token "+token)
	s.run(elsewhere, exitUsage, append(load, "--green-api-token-file", "two.txt")...)
	writeFile(t, filepath.Join(elsewhere, "bad.yaml"), "green-api-token: "+token+"\n")
	s.run(elsewhere, exitUsage, append(load, "--config", "bad.yaml")...)

	// Killed, so that all files of the migration are there.
	box.green.AddRule(sandbox.Rule{Do: sandbox.Slow, Wait: patience, Chat: "34677894321@c.us"})
	program := s.launch(folder, append(load, "-m", "killed.db")...)
	s.said["arguments"] = argumentsOf(program)
	if err := wait(func() bool { return unplanned(filepath.Join(folder, "killed.db")) > 0 }); err != nil {
		t.Fatalf("%v; it said:\n%s", err, program.stderr)
	}
	program.cmd.Process.Kill()
	<-program.done

	s.keepFiles(folder)
	for _, name := range []string{"migration.db", "failures.csv", "killed.db", "killed.db-wal"} {
		if s.said["file "+filepath.Join(filepath.Base(folder), name)] == "" {
			t.Errorf("%s: there is nothing to search in", name)
		}
	}
	sent, err := json.Marshal(box.Dump())
	if err != nil {
		t.Fatal(err)
	}
	s.said["what was sent"] = string(sent)
	searchSecrets(t, s.said, token, box.Options.ChannelSecret)
}

// TestNoTokenInErrors searches the messages about each failure of a Green-API for the token.
func TestNoTokenInErrors(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{
		"401", "403", "404", "302", "466", "466-correspondents", "400-text",
		"401:on=getStateInstance", "401:on=getSettings", "401:on=getWaSettings", "401:on=getChats", "401:on=getContacts",
		"401:on=getContactInfo", "401:on=downloadFile", "500:on=downloadFile", "404:on=media",
		// These are tried again.
		"429:count=1", "499:count=1", "500:count=1", "502:count=1", "502-html:count=1", "503:count=1", "504:count=1",
		"cut:count=1", "cut-body:count=1", "half:count=1", "garbage:count=1", "html:count=1", "empty:count=1", "400-starting:count=1",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			rule, err := sandbox.ParseRule(fault)
			if err != nil {
				t.Fatal(err)
			}
			box := serveGreenAPI(t, rule)
			s := &searched{T: t, environment: box.environment(), said: make(map[string]string)}
			folder := t.TempDir()
			program := s.launch(folder, "load", "--green-api", "--green-api-rate", "50", "--allow-private-media", "--chat", "34677894321@c.us")
			<-program.done
			s.said["stdout"], s.said["stderr"] = program.stdout.String(), program.stderr.String()
			if !strings.Contains(s.said["stderr"], "Loading the chats") {
				t.Errorf("it said %q", s.said["stderr"])
			}
			s.keepFiles(folder)
			searchSecrets(t, s.said, box.green.Options.Token)
		})
	}
}

// TestNoUnaskedBytesAreWritten lets a server send the token behind each of its answers. net/http logs such bytes, with the
// standard logger.
func TestNoUnaskedBytesAreWritten(t *testing.T) {
	t.Parallel()
	box := serveGreenAPI(t)
	token := box.green.Options.Token
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded := httptest.NewRecorder()
		box.green.ServeHTTP(recorded, r)
		answer := recorded.Result()
		answer.ContentLength = int64(recorded.Body.Len())
		connection, out, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer connection.Close()
		answer.Write(out)
		out.WriteString("unasked: /waInstance7105000000/getChats/" + token)
		out.Flush()
	}))
	t.Cleanup(server.Close)
	s := &searched{T: t, environment: box.green.Environment(server.URL), said: make(map[string]string)}
	program := s.launch(t.TempDir(), "load", "--green-api", "--green-api-rate", "50", "--chat", "34677894321@c.us")
	select {
	case <-program.done:
	case <-time.After(patience):
		program.cmd.Process.Kill()
		t.Errorf("it did not end within %v", patience)
		<-program.done
	}
	s.said["stdout"], s.said["stderr"] = program.stdout.String(), program.stderr.String()
	if !strings.Contains(s.said["stderr"], "Loading the chats") {
		t.Errorf("it said %q", s.said["stderr"])
	}
	searchSecrets(t, s.said, token)
}

func (s *searched) launch(folder string, args ...string) *started {
	s.Helper()
	program, err := launch(command(s.T, folder, s.environment, append(args, "--verbose")...))
	if err != nil {
		s.Fatal(err)
	}
	return program
}

// argumentsOf returns the arguments of a process that runs, as everybody on the computer can see them; "" where they
// cannot be asked for.
func argumentsOf(program *started) string {
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", program.cmd.Process.Pid))
	if err != nil {
		return ""
	}
	return string(arguments)
}
