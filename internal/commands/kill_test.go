package commands

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
)

// killMessages is how many messages the migration has that is killed at each of them, in three conversations.
const killMessages = 12

// TestSendKilled kills the program at every message, before Kommo takes it and after, and runs it again.
func TestSendKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), manyMessages(killMessages))
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv")
	for _, taken := range []bool{false, true} {
		for n := 1; n <= killMessages; n++ {
			t.Run(fmt.Sprintf("message %d taken %v", n, taken), func(t *testing.T) {
				t.Parallel()
				killAt(t, filepath.Join(folder, "migration.db"), n, taken)
			})
		}
	}
}

func killAt(t *testing.T, migration string, n int, taken bool) {
	folder := t.TempDir()
	copyFile(t, migration, filepath.Join(folder, "migration.db"))
	launched := make(chan *started, 1)
	var once sync.Once
	kill := func() {
		program := <-launched
		program.cmd.Process.Kill()
		<-program.done
	}
	box := serveKommo(sandbox.Options{}, func(arrived int, isTaken bool) {
		if arrived == n && isTaken == taken {
			once.Do(kill)
		}
	})
	t.Cleanup(box.server.Close)
	sending := []string{"send", "--yes", "--rate", "1000", "--settle", "20ms"}
	program, err := launch(command(t, folder, box.environment(), sending...))
	if err != nil {
		t.Fatal(err)
	}
	launched <- program
	<-program.done
	if err := checkExit(program.err, -1); err != nil {
		t.Fatalf("%v\n%s", err, program.stderr)
	}

	checkConserved(t, folder, killMessages)
	runProgram(t, folder, box.environment(), exitDone, sending...)
	if err := box.check(killMessages, 3, false); err != nil {
		t.Error(err)
	}
	if got := checkConserved(t, folder, killMessages); got.Accepted != killMessages {
		t.Errorf("accepted = %d, want %d", got.Accepted, killMessages)
	}
}

// TestSendKilledAnywhere kills the program at any time, not only when a message arrives, until all is sent.
func TestSendKilledAnywhere(t *testing.T) {
	t.Parallel()
	messages := 120
	if os.Getenv("SOAK") != "" {
		messages = 3000
	}
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "chats.csv"), manyMessages(messages))
	runProgram(t, folder, nil, exitDone, "load", "--csv", "chats.csv")
	box := serveKommo(sandbox.Options{Latency: 2 * time.Millisecond}, nil)
	t.Cleanup(box.server.Close)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	chance := rand.New(rand.NewPCG(seed, 0))
	kills := 0
	for ; box.Summary().Messages < messages && kills < messages; kills++ {
		program, err := launch(command(t, folder, box.environment(), "send", "--yes", "--rate", "500", "--settle", "20ms"))
		if err != nil {
			t.Fatal(err)
		}
		want := min(box.Summary().Messages+1+chance.IntN(12), messages)
		err = wait(func() bool { return box.Summary().Messages >= want })
		time.Sleep(time.Duration(chance.IntN(3000)) * time.Microsecond)
		program.cmd.Process.Kill()
		<-program.done
		if err != nil {
			t.Fatalf("%v\n%s", err, program.stderr)
		}
		checkConserved(t, folder, messages)
	}
	t.Logf("killed %d times", kills)
	runProgram(t, folder, box.environment(), exitDone, "send", "--yes", "--rate", "500", "--settle", "20ms")
	if err := box.check(messages, messages/4, false); err != nil {
		t.Error(err)
	}
}

// TestLoadKilled kills a load again and again as the migration file grows. In the end the plan is the one of a load
// that nobody disturbed.
func TestLoadKilled(t *testing.T) {
	t.Parallel()
	const messages = 12_000
	folder, calm := t.TempDir(), t.TempDir()
	for _, place := range []string{folder, calm} {
		writeFile(t, filepath.Join(place, "chats.csv"), manyMessages(messages))
	}
	runProgram(t, calm, nil, exitDone, "load", "--csv", "chats.csv")
	for grown := int64(64 << 10); ; grown += 1 << 20 {
		program, err := launch(command(t, folder, nil, "load", "--csv", "chats.csv"))
		if err != nil {
			t.Fatal(err)
		}
		over := func() bool {
			select {
			case <-program.done:
				return true
			default:
				return size(folder) >= grown
			}
		}
		if err := wait(over); err != nil {
			t.Fatal(err)
		}
		program.cmd.Process.Kill()
		<-program.done
		if program.err == nil {
			break
		}
	}
	checkConserved(t, folder, messages)
	bot := []string{"KOMMO_BOT_ID=5a0db0c5-0000-4000-8000-0000000000b1"}
	got, _ := runProgram(t, folder, bot, exitDone, "preview", "--payloads")
	want, _ := runProgram(t, calm, bot, exitDone, "preview", "--payloads")
	if got != want {
		t.Errorf("the plan differs from that of an undisturbed load: %d bytes, want %d", len(got), len(want))
	}
}

// size returns the bytes of the migration file in folder, with what is not yet in its place.
func size(folder string) (bytes int64) {
	for _, name := range []string{"migration.db", "migration.db-wal"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// command returns the real program, to be run in folder.
func command(t *testing.T, folder string, environment []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = folder
	cmd.Env = append(cleanEnvironment(), environment...)
	return cmd
}

// runProgram runs the program in folder to its end, and returns what it printed and said.
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

// checkConserved wants every message of the migration in folder to be in one state, and returns how many are in which.
func checkConserved(t *testing.T, folder string, messages int) importer.Counts {
	t.Helper()
	file, err := importer.OpenReadOnly(filepath.Join(folder, "migration.db"))
	if err != nil {
		t.Fatal(err)
	}
	status, err := file.Status()
	if err := errors.Join(err, file.Close()); err != nil {
		t.Fatal(err)
	}
	m := status.Messages
	sum := m.Duplicate + m.Skipped + m.Invalid + m.Planned + m.Sending + m.Accepted + m.Verified + m.Refused
	if m.Read != messages || sum != messages {
		t.Errorf("got %+v, in all %d, want %d", m, sum, messages)
	}
	return m
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
