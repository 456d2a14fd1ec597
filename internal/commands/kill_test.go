package commands

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
)

// killMessages is the number of messages in the migration of TestSendKilled, in three conversations.
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
	if err := box.check(killMessages, 3, 3); err != nil {
		t.Error(err)
	}
	if got := checkConserved(t, folder, killMessages); got.Accepted != killMessages {
		t.Errorf("accepted = %d, want %d", got.Accepted, killMessages)
	}
}

// TestSendKilledAnywhere kills the program at random times until everything is sent.
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
	if err := box.check(messages, messages/4, messages/4); err != nil {
		t.Error(err)
	}
}

// TestLoadKilled kills a load again and again as the migration file grows. In the end the plan is that of an undisturbed
// load.
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
		if err := checkExit(program.err, -1); err != nil {
			t.Fatalf("load: %v\n%s", err, program.stderr)
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

// size returns the bytes of the migration file in folder, with its -wal file.
func size(folder string) (bytes int64) {
	for _, name := range []string{"migration.db", "migration.db-wal"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err == nil {
			bytes += info.Size()
		}
	}
	return bytes
}

// checkConserved wants every message of the migration in folder to be in exactly one state, and returns the counts.
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
