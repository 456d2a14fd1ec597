package commands

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kommo-import/importer"
	"kommo-import/internal/sandbox"
)

// A soak is a migration whose commands are killed again and again, while its sources change.
type soak struct {
	t        *testing.T
	chance   *rand.Rand
	folder   string
	box      *kommoServer
	got      atomic.Int64 // when Kommo got a message last
	answered atomic.Int64 // when it answered a message last
	rows     []string     // of the table
	entries  int          // of the account
	kills    map[string]int
	hit      int // kills with a message in flight
}

const soakChats = 12

// TestKilledEverywhere kills load, send, verify --retry and failures --retry at random moments, while the table grows,
// shrinks and changes and the account grows, and Kommo loses answers, refuses and shows messages late. In the end each
// message is at Kommo once and in order.
func TestKilledEverywhere(t *testing.T) {
	kills := 300
	if os.Getenv("SOAK") == "" {
		kills = 12
	}
	t.Parallel()
	seed := rand.Uint64()
	if text := os.Getenv("SOAK_SEED"); text != "" {
		fmt.Sscan(text, &seed)
	}
	s := &soak{t: t, chance: rand.New(rand.NewPCG(seed, 1)), folder: t.TempDir(), kills: make(map[string]int)}
	s.serve()
	s.grow(60)
	for total := 0; total < kills; {
		if s.chance.IntN(4) == 0 {
			s.grow(1 + s.chance.IntN(40))
		}
		if s.step() {
			total++
		}
	}
	s.finish()
	t.Logf("seed %d; kills %v, %d of them with a message in flight; %d messages, %d of them resolved after a doubt", seed, s.kills, s.hit,
		len(s.rows)+s.entries, s.resolved())
	if kills == 300 && s.hit < 100 {
		t.Errorf("only %d kills hit a message in flight", s.hit)
	}
}

func (s *soak) serve() {
	green := sandbox.NewGreenAPI(sandbox.Account{Chats: []sandbox.AccountChat{{ID: "34611000001@c.us", Listing: []byte(`{"id":"34611000001@c.us","name":"Ann","type":"user"}`)}}},
		sandbox.GreenAPIOptions{HistoryRate: 50})
	s.box = serveBoth(sandbox.Options{Latency: 4 * time.Millisecond, HistoryDelay: 150 * time.Millisecond, RetryAfter: time.Second, Rules: []sandbox.Rule{
		{Do: sandbox.CutTaken, On: sandbox.OnMessage, Every: 67}, {Do: sandbox.Cut, On: sandbox.OnMessage, Every: 71},
		{Do: sandbox.TooMany, On: sandbox.OnMessage, Every: 101}, {Do: sandbox.Refuse, On: sandbox.OnMessage, Every: 103},
	}}, green, func(_ int, taken bool) {
		if !taken {
			s.got.Store(time.Now().UnixNano())
			return
		}
		time.Sleep(2 * time.Millisecond)
		s.answered.Store(time.Now().UnixNano())
	})
	s.t.Cleanup(s.box.server.Close)
}

// grow adds rows to the table, and an entry to the account.
func (s *soak) grow(rows int) {
	for range rows {
		n := len(s.rows)
		s.rows = append(s.rows, fmt.Sprintf("chat-%d,%d,%s,m%d,text #t%d.", n%soakChats, 1700000000+n/soakChats, []string{"in", "out"}[n%2], n, n))
	}
	entry := fmt.Sprintf(`{"type":"incoming","idMessage":"G%d","chatId":"34611000001@c.us","senderId":"34611000001@c.us","timestamp":%d,"typeMessage":"textMessage","textMessage":"text #g%d."}`,
		s.entries, 1700000000+s.entries, s.entries)
	s.box.green.AddEntry("34611000001@c.us", []byte(entry), false)
	s.entries++
}

// writeTable writes the table: all of it, or a part, or with other names, or in another order.
func (s *soak) writeTable() {
	rows, name := slices.Clone(s.rows), "Client"
	switch s.chance.IntN(6) {
	case 0:
		rows = rows[:len(rows)-s.chance.IntN(len(rows)/4)]
	case 1:
		name = fmt.Sprint("Client ", s.chance.IntN(9))
	case 2:
		slices.SortFunc(rows, func(a, b string) int { return strings.Compare(a[strings.Index(a, "#"):], b[strings.Index(b, "#"):]) })
	}
	s.write(rows, name)
}

func (s *soak) write(rows []string, name string) {
	content := "conversation_id,timestamp,direction,message_id,text,client_name\n"
	for _, row := range rows {
		content += row + "," + name + "\n"
	}
	writeFile(s.t, filepath.Join(s.folder, "chats.csv"), content)
}

// step runs a command, and kills it at a random moment unless it has ended before. It reports whether it was killed.
func (s *soak) step() (killed bool) {
	commands := [][]string{
		{"load", "--csv", "chats.csv"}, {"load", "--green-api", "--green-api-rate", "50"}, {"verify", "--retry", "--yes", "--wait", "600ms", "--rate", "500"},
		{"failures", "--retry"}, {"send", "--yes", "--rate", "150", "--settle", "100ms"}, {"send", "--yes", "--rate", "150", "--settle", "100ms"},
		{"send", "--yes", "--rate", "150", "--settle", "100ms"},
	}
	args := commands[s.chance.IntN(len(commands))]
	if args[1] == "--csv" {
		s.writeTable()
	}
	s.forgetPace()
	program, err := launch(command(s.t, s.folder, s.box.environment(), args...))
	if err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-program.done:
		return false
	case <-time.After(time.Duration(30+s.chance.IntN(600)) * time.Millisecond):
	}
	if args[0] == "send" { // wait for a message to be in flight, most of the time
		for until := time.Now().Add(100 * time.Millisecond); !s.isInFlight() && time.Now().Before(until); {
			time.Sleep(200 * time.Microsecond)
		}
	}
	hit := s.isInFlight()
	program.cmd.Process.Kill()
	<-program.done
	if program.err == nil || checkExit(program.err, -1) != nil {
		return false
	}
	s.kills[args[0]]++
	if hit {
		s.hit++
	}
	return true
}

// forgetPace removes the rate that the last 429 has left, so that an hour of it does not pass here.
func (s *soak) forgetPace() {
	path := filepath.Join(s.folder, "migration.db")
	if _, err := os.Stat(path); err != nil {
		return
	}
	file, err := importer.Open(path, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	err = file.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM setting WHERE name = 'pace'`)
		return err
	})
	if err := errors.Join(err, file.Close()); err != nil {
		s.t.Fatal(err)
	}
}

// isInFlight reports whether Kommo has just got a message that it has not answered.
func (s *soak) isInFlight() bool {
	got := s.got.Load()
	return got > s.answered.Load() && time.Since(time.Unix(0, got)) < 5*time.Millisecond
}

// finish loads everything, sends until nothing is left, and checks what has arrived.
func (s *soak) finish() {
	s.box.ClearRules()
	s.write(s.rows, "Client")
	environment := s.box.environment()
	green := []string{"load", "--green-api", "--green-api-rate", "50"}
	for _, args := range [][]string{{"load", "--csv", "chats.csv"}, green, green} { // the first may only end a killed load
		runProgram(s.t, s.folder, environment, exitDone, args...)
	}
	for range 5 {
		s.forgetPace()
		runProgram(s.t, s.folder, environment, exitDone, "failures", "--retry")
		program, err := launch(command(s.t, s.folder, environment, "send", "--yes", "--rate", "1000", "--settle", "200ms"))
		if err != nil {
			s.t.Fatal(err)
		}
		if <-program.done; program.err == nil {
			break
		}
		s.t.Logf("send: %v\n%s", program.err, program.stderr)
	}
	arrived := make(map[string]int)
	for _, chat := range s.box.Dump().Chats {
		for _, m := range chat.Messages {
			arrived[m.Text]++
		}
	}
	for i := range s.rows {
		if n := arrived[fmt.Sprintf("text #t%d.", i)]; n != 1 {
			s.t.Errorf("message #t%d is at Kommo %d times", i, n)
		}
	}
	for i := range s.entries {
		if n := arrived[fmt.Sprintf("text #g%d.", i)]; n != 1 {
			s.t.Errorf("message #g%d is at Kommo %d times", i, n)
		}
	}
	if sum := s.box.Summary(); sum.Loud > sum.Chats || sum.Doubled > 0 {
		s.t.Errorf("arrived %+v", sum)
	}
}

// resolved returns how many messages were once in doubt.
func (s *soak) resolved() (messages int) {
	file, err := importer.OpenReadOnly(filepath.Join(s.folder, "migration.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	if err := file.Reader.QueryRow(`SELECT count(*) FROM message WHERE may_exist = 1`).Scan(&messages); err != nil {
		s.t.Fatal(err)
	}
	return messages
}
