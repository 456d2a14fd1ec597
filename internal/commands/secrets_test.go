package commands

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
		run(exitDenied, append(sending, "--rate", "501", "--base-url", box.server.URL+"/")...)
	}
	box.server.CloseClientConnections()
	run(exitDone, "status")
	run(exitDone, "status", "--json")
	run(exitDone, "failures")
	run(exitDone, "failures", "--csv", "failures.csv")
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

// searchSecrets wants none of the secrets in what was written, in letters of any case.
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
