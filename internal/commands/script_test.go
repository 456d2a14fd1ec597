package commands

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// binary is the file of the real program, which the scripts and the kill tests run.
var binary string

func TestMain(m *testing.M) {
	os.Exit(runTests(m))
}

// runTests builds the real program and runs the tests. Most scripts wait for a program that waits, so more of them
// run in parallel than there are cores.
func runTests(m *testing.M) int {
	folder, err := os.MkdirTemp("", "kommo-import")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	if binary, err = buildProgram(folder); err != nil {
		panic(err)
	}
	flag.Parse()
	if set := flag.Lookup("test.parallel"); set.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		set.Value.Set(strconv.Itoa(3 * runtime.GOMAXPROCS(0)))
	}
	return m.Run()
}

// buildProgram builds the program into folder, with the race detector if the tests have it.
func buildProgram(folder string) (string, error) {
	file := filepath.Join(folder, "kommo-import")
	args := []string{"build", "-o", file}
	if raceDetector() {
		args = append(args, "-race", "-gcflags=modernc.org/...=-race=false")
	}
	build := exec.Command("go", append(args, "kommo-import")...)
	build.Stderr = os.Stderr
	return file, build.Run()
}

func raceDetector() bool {
	info, _ := debug.ReadBuildInfo()
	return slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// TestScripts runs the scripts in testdata: each is a transcript of the program as administrators see it, against a sandbox.
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
	samples, err := filepath.Abs("../../samples")
	if err != nil {
		return err
	}
	env.Vars = append(env.Vars, programEnvironment()...)
	env.Vars = append(env.Vars, "SAMPLES="+samples)
	env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
	stage := &scriptEnv{programs: make(map[string]*started)}
	env.Values[scriptKey{}] = stage
	env.Defer(stage.clear)
	return nil
}

// programEnvironment returns variables for the same output everywhere, and for an exit without the second that the race
// detector sleeps.
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

// words returns the arguments of a script's command, joined by spaces.
func words(args []string) string { return strings.Join(args, " ") }
