//go:build browser

package browser

import (
	"bytes"
	"database/sql"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	_ "modernc.org/sqlite"

	"kommo-import/internal/sandbox"
)

// built is the program, built once.
var built = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "kommo-import-browser")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "kommo-import")
	build := exec.Command("go", "build", "-o", path, "kommo-import")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// A program is kommo-import in a folder of its own, with a Kommo on loopback.
type program struct {
	*testing.T
	folder string
	box    *sandbox.Kommo
	env    []string
}

// newProgram returns a program in a folder with the samples.
func newProgram(t *testing.T) *program {
	t.Helper()
	p := &program{T: t, folder: t.TempDir(), box: sandbox.NewKommo(sandbox.Options{})}
	if err := os.CopyFS(p.folder, os.DirFS("../../samples")); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.box)
	t.Cleanup(server.Close)
	p.env = append(os.Environ(), append(p.box.Environment(server.URL), "TZ=UTC")...)
	return p
}

// run runs the program, which must end with a code: 0, or 3 if some messages are invalid.
func (p *program) run(code int, args ...string) {
	p.Helper()
	path, err := built()
	if err != nil {
		p.Fatal(err)
	}
	command := exec.Command(path, args...)
	command.Dir, command.Env = p.folder, p.env
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	command.Run()
	if got := command.ProcessState.ExitCode(); got != code {
		p.Fatalf("kommo-import %q ended with %d, want %d: %s", args, got, code, &said)
	}
}

// write writes a file into the folder.
func (p *program) write(name, content string) {
	p.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), []byte(content), 0o600); err != nil {
		p.Fatal(err)
	}
}

// change changes the migration file behind the back of the program.
func (p *program) change(statement string) {
	p.Helper()
	db, err := sql.Open("sqlite", p.path("migration.db"))
	if err == nil {
		_, err = db.Exec(statement)
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		p.Fatal(err)
	}
}

// path returns the path of a file in the folder.
func (p *program) path(name string) string { return filepath.Join(p.folder, name) }

// demo returns the page of a preview of the samples.
func demo(t *testing.T) string {
	t.Helper()
	p := newProgram(t)
	p.run(3, "load", "--csv", "chats.csv")
	p.run(0, "preview", "--html", "page.html")
	return p.path("page.html")
}
