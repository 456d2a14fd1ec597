package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

var rows = flag.Int("rows", 5_000_000, "load about `N` messages; at least 1000")

// report adds a figure to those of the benchmark.
func report(b *testing.B, value float64, unit string) {
	b.ReportMetric(0, "ns/op") // not shown: it would count the preparations too
	b.ReportMetric(value, unit)
}

// reportAtLeast reports a figure whose target is least or more. A figure that misses its target is said to, and fails
// nothing: machines differ.
func reportAtLeast(b *testing.B, value float64, unit string, least float64) {
	report(b, value, unit)
	if value < least {
		b.Logf("MISSED: %.4g %s, want at least %v", value, unit, least)
	}
}

// reportAtMost reports a figure whose target is most or less, in either direction.
func reportAtMost(b *testing.B, value float64, unit string, most float64) {
	report(b, value, unit)
	if math.Abs(value) > most {
		b.Logf("MISSED: %.4g %s, want at most %v", value, unit, most)
	}
}

// A program is the built kommo-import, which works in a folder of its own.
type program struct{ path, folder string }

func build(b *testing.B) program {
	p := program{folder: b.TempDir()}
	p.path = filepath.Join(p.folder, "kommo-import.exe")
	command := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-o", p.path, "kommo-import")
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return p
}

// A process is a run of the program that ended well.
type process struct {
	started time.Time
	elapsed time.Duration
	peak    float64 // resident memory in MB; 0 if the system does not show it
}

// run runs the program with these settings in its environment. out takes its output as JSON; nil discards it.
func (p program) run(b *testing.B, environment []string, out any, args ...string) process {
	b.Helper()
	var stdout bytes.Buffer
	command := exec.CommandContext(b.Context(), p.path, args...)
	command.Dir = p.folder
	command.Env = append(append(os.Environ(), "TMPDIR="+p.folder), environment...)
	command.Stderr = os.Stderr
	if out != nil {
		command.Stdout = &stdout
	}
	run := process{started: time.Now()}
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	var err error
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(10 * time.Millisecond):
			run.peak = max(run.peak, peakOf(command.Process.Pid))
		}
	}
	run.elapsed = time.Since(run.started)
	if err == nil && out != nil {
		err = json.Unmarshal(stdout.Bytes(), out)
	}
	if err != nil {
		b.Fatalf("kommo-import %s: %v", args[0], err)
	}
	return run
}

// peakOf returns the peak resident memory of a running process in MB, as Linux shows it (proc(5): VmHWM); else 0.
func peakOf(pid int) float64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var kilobytes float64
		if _, err := fmt.Sscanf(lines.Text(), "VmHWM: %f kB", &kilobytes); err == nil {
			return kilobytes / 1000
		}
	}
	return 0
}

// serve serves a Kommo on loopback and returns the environment that points at it.
func serve(b *testing.B, kommo *sandbox.Kommo) []string {
	server := httptest.NewServer(kommo)
	b.Cleanup(server.Close)
	return kommo.Environment(server.URL)
}

// checkArrived makes sure that so many messages arrived in order and once each. A figure is worth nothing otherwise.
func checkArrived(b testing.TB, kommo *sandbox.Kommo, messages int) {
	b.Helper()
	s := kommo.Summary()
	if s.Messages != messages || s.Doubled > 0 || s.OutOfOrder > 0 || s.ChatsWithoutOneLoud > 0 {
		b.Fatalf("%+v arrived, want %d messages, once and in order", s, messages)
	}
}
