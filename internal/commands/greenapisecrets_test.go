package commands

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"kommo-import/internal/sandbox"
)

// A searched is what is written by programs that know a secret, to be searched for it.
type searched struct {
	*testing.T
	environment []string
	said        map[string]string // by what it is
}

// run runs the program in folder, and keeps what it printed and said.
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

// TestNoTokenIsWritten searches everything that the program has written of a Green-API instance for the token. It stands
// in the path of each request, and in what the sandbox answers.
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
	s.run(folder, exitDone, "failures", "--csv", "failures.csv")
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

// TestNoTokenIsTold searches what the program says of each way in which a Green-API says no.
func TestNoTokenIsTold(t *testing.T) {
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

// serveGreenAPI returns a sandbox whose Green-API has the account of the samples, with two entries more that hold the
// token: one in a link, one in what cannot be understood.
func serveGreenAPI(t *testing.T, rules ...sandbox.Rule) *kommoServer {
	t.Helper()
	account, err := sandbox.ReadAccount(os.DirFS("../../samples/green-api"))
	if err != nil {
		t.Fatal(err)
	}
	green := sandbox.NewGreenAPI(account, sandbox.GreenAPIOptions{HistoryRate: 50, Rules: rules})
	const common = `{"type":"incoming","chatId":"34677894321@c.us","senderId":"34677894321@c.us","timestamp":%d,"idMessage":"TOKEN%[1]d",`
	green.AddEntry("34677894321@c.us", fmt.Appendf(nil, common+
		`"typeMessage":"imageMessage","downloadUrl":"https://api.green-api.com/waInstance7105000000/downloadFile/%s","mimeType":"image/jpeg"}`,
		1793700001, green.Options.Token), false)
	green.AddEntry("34677894321@c.us", fmt.Appendf(nil, common+
		`"typeMessage":"novelMessage","novelMessage":{"url":"https://api.green-api.com/waInstance7105000000/downloadFile/%s"}}`,
		1793700002, green.Options.Token), false)
	box := serveBoth(sandbox.Options{}, green, nil)
	t.Cleanup(box.server.Close)
	t.Cleanup(box.server.CloseClientConnections)
	return box
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
