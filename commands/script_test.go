package commands

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(suite{m}, map[string]func(){"kommo-import": program})
}

// A suite takes the real program away when all tests have run.
type suite struct{ *testing.M }

func (s suite) Run() int {
	folder, err := os.MkdirTemp("", "kommo-import")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	os.Setenv(realFolder, folder)
	flag.Parse()
	if set := flag.Lookup("test.parallel"); set.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		set.Value.Set(strconv.Itoa(3 * runtime.GOMAXPROCS(0))) // most of them wait for a program that waits
	}
	return s.M.Run()
}

// realFolder is the variable that names the folder of the real program.
const realFolder = "REAL_KOMMO_IMPORT"

// realProgram builds the program as everybody does and returns its folder. It does not find races, but is twenty
// times as fast, and goes through main.
var realProgram = sync.OnceValues(func() (string, error) {
	folder := os.Getenv(realFolder)
	build := exec.Command("go", "build", "-o", folder, "kommo-import")
	build.Stderr = os.Stderr
	return folder, build.Run()
})

// program is main of package main, which no test can import.
func program() {
	ctx, cancel := context.WithCancelCause(context.Background())
	signals, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(signals, func() {
		stop()
		cancel(ErrInterrupted)
	})
	os.Exit(Run(ctx, os.Args, os.Stdin, os.Stdout, os.Stderr))
}

// TestScripts runs what administrators do, as they see it: every script in testdata is a transcript of the program
// against a sandbox.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		Setup:              setupScript,
		Cmds:               scriptCommands(),
		Condition:          condition,
		RequireUniqueNames: true,
		Deadline:           time.Now().Add(8 * time.Minute),
	})
}

func setupScript(env *testscript.Env) error {
	samples, err := filepath.Abs("../samples")
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, programEnvironment()...)
	env.Vars = append(env.Vars, "SAMPLES="+samples)
	if underRace && !slices.Contains(racedScripts(), filepath.Base(env.WorkDir)) {
		folder, err := realProgram()
		if err != nil {
			return err
		}
		env.Setenv("PATH", folder+string(os.PathListSeparator)+env.Getenv("PATH"))
	}
	stage := &stage{programs: make(map[string]*started)}
	env.Values[stageKey{}] = stage
	env.Defer(stage.clear)
	return nil
}

// racedScripts are those in which much happens at the same time. With the race detector they run the program that has it
// too; the others run the one that go build makes, since each start of it takes a tenth of the time.
func racedScripts() []string {
	return []string{"script-journey", "script-send", "script-trouble", "script-interrupt", "script-media", "script-verify",
		"script-green-api", "script-check"}
}

// programEnvironment returns what the program needs for the same output everywhere, and to end without the second
// that the race detector sleeps at an exit.
func programEnvironment() []string {
	return []string{"TZ=UTC", "GORACE=atexit_sleep_ms=0 " + os.Getenv("GORACE")}
}

// condition adds to the conditions of testscript: [root], and [mounts] where a script may mount file systems of its
// own.
func condition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "mounts":
		return exec.Command("unshare", "--map-root-user", "--mount", "true").Run() == nil, nil
	}
	return false, &unknownCondition{name}
}

type unknownCondition struct{ name string }

func (e *unknownCondition) Error() string { return "unknown condition " + e.name }

// words returns the arguments of a script's command as one sentence.
func words(args []string) string { return strings.Join(args, " ") }
