package commands

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// A started program runs in the background.
type started struct {
	cmd            *exec.Cmd
	stdout, stderr *transcript
	done           chan struct{}
	err            error // of the end; read it when done is closed
}

// launch starts a program.
func launch(cmd *exec.Cmd) (*started, error) {
	p := &started{cmd: cmd, stdout: new(transcript), stderr: new(transcript), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = p.stdout, p.stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.done)
		p.err = cmd.Wait()
	}()
	return p, nil
}

// A transcript is the output of a running program.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// cleanEnvironment returns the environment of this process without the variables that may point at a real Kommo.
func cleanEnvironment() (clean []string) {
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "KOMMO_") && !strings.HasPrefix(variable, "GREEN_API_") {
			clean = append(clean, variable)
		}
	}
	return append(clean, programEnvironment()...)
}

// command returns the real program, to be run in folder.
func command(t *testing.T, folder string, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = folder
	cmd.Env = append(cleanEnvironment(), environment...)
	return cmd
}

// runProgram runs the program in folder to its end, and returns its output.
func runProgram(t *testing.T, folder string, environment []string, wantExit int, args ...string) (stdout, stderr string) {
	t.Helper()
	program, err := launch(command(t, folder, environment, args...))
	if err != nil {
		t.Fatal(err)
	}
	<-program.done
	if err := checkExit(program.err, wantExit); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, program.stderr)
	}
	return program.stdout.String(), program.stderr.String()
}

func checkExit(err error, want int) error {
	got := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("got exit code %d, want %d", got, want)
	}
	return nil
}

// wait waits until happened returns true.
func wait(happened func() bool) error {
	late := time.After(patience)
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for !happened() {
		select {
		case <-again.C:
		case <-late:
			return fmt.Errorf("nothing of that within %v", patience)
		}
	}
	return nil
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	target, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(target, source)
	if err := errors.Join(err, target.Close()); err != nil {
		t.Fatal(err)
	}
}
