package bench

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/signing"
	"kommo-import/sources"
)

const maxPeak = 150 // MB, for every command

// BenchmarkProgram loads a large CSV with the built program, previews it as text and as a page, prints every payload, and resumes a send that
// was interrupted near its end. Conversations have 100 messages on average: a few are very long and most are short.
func BenchmarkProgram(b *testing.B) {
	p := build(b)
	conversations := *rows / 100
	source := chats{conversations, func(i int) int { return int(50 / math.Sqrt((float64(i)+0.5)/float64(conversations))) }}
	total := source.total()
	export := filepath.Join(p.folder, "chats.csv")
	if err := source.writeCSV(export, time.RFC3339); err != nil {
		b.Fatal(err)
	}
	box := sandbox.NewKommo(sandbox.Options{})
	environment := serve(b, box)
	var plain time.Duration
	b.Run("load", func(b *testing.B) {
		load := p.run(b, nil, nil, "load", "--csv", export, "--quiet")
		reportAtLeast(b, float64(total)/load.elapsed.Seconds(), "rows/s", 50_000)
		reportAtMost(b, load.peak, "MB-peak", maxPeak)
		plain = load.elapsed
	})
	os.Remove(export)
	b.Run("load, mapped", func(b *testing.B) {
		if err := source.writeCSV(export, "02.01.2006 15:04:05"); err != nil {
			b.Fatal(err)
		}
		load := p.run(b, nil, nil, "load", "--csv", export, "--quiet", "-m", "mapped.db", "--time-format", "DD.MM.YYYY HH:MM",
			"--timezone", "UTC", "--map", "conversation_id={client_phone}@c.us,author_name=author_name+author_id")
		reportAtLeast(b, 100*plain.Seconds()/load.elapsed.Seconds(), "%-of-plain", 85)
		reportAtMost(b, load.peak, "MB-peak", maxPeak)
		os.Remove(filepath.Join(p.folder, "mapped.db"))
	})
	os.Remove(export)
	b.Run("preview", func(b *testing.B) {
		var plan struct{ Messages, Conversations int }
		preview := p.run(b, environment, &plan, "preview", "--json", "--quiet")
		if plan.Messages != total || plan.Conversations != conversations {
			b.Fatalf("%+v are planned, want %d messages in %d", plan, total, conversations)
		}
		report(b, preview.elapsed.Seconds(), "s")
		reportAtMost(b, preview.peak, "MB-peak", maxPeak)
	})
	b.Run("page", func(b *testing.B) {
		page := p.run(b, environment, nil, "preview", "--html", "page.html", "--quiet")
		reportAtMost(b, page.elapsed.Seconds(), "s", 10*max(1, float64(total)/1e6))
		reportAtMost(b, page.peak, "MB-peak", maxPeak)
		info, err := os.Stat(filepath.Join(p.folder, "page.html"))
		if err != nil {
			b.Fatal(err)
		}
		reportAtMost(b, float64(info.Size())/1e6, "MB-of-page", 20)
	})
	b.Run("payloads", func(b *testing.B) {
		payloads := p.run(b, environment, nil, "preview", "--payloads", "--quiet")
		report(b, float64(total)/payloads.elapsed.Seconds(), "payloads/s")
		reportAtMost(b, payloads.peak, "MB-peak", maxPeak)
	})
	b.Run("resume", func(b *testing.B) {
		left := markAccepted(b, filepath.Join(p.folder, "migration.db"))
		send := p.run(b, environment, nil, "send", "--yes", "--quiet", "--rate", "1000")
		checkArrived(b, box, left)
		reportAtMost(b, box.Requests()[0].At.Sub(send.started).Seconds(), "s-to-first-POST", 1)
		reportAtMost(b, send.peak, "MB-peak", maxPeak)
	})
}

// BenchmarkPreviewOfManyChats previews 1 conversation per 50 rows, with 3 messages each: without and with clients that have
// two chats.
func BenchmarkPreviewOfManyChats(b *testing.B) {
	conversations := *rows / 50
	three := func(int) int { return 3 }
	for name, source := range map[string]sources.Source{
		"phones": chats{conversations, three},
		"lids":   hiddenPairs{chats{conversations / 2, three}},
	} {
		b.Run(name, func(b *testing.B) {
			file := loadSource(b, filepath.Join(b.TempDir(), "migration.db"), source)
			started := time.Now()
			preview, err := file.Preview(importer.Composer{BotID: "bot"}, importer.Selection{}, 6)
			if err != nil || preview.Conversations != conversations {
				b.Fatalf("%d conversations, error %v, want %d", preview.Conversations, err, conversations)
			}
			report(b, time.Since(started).Seconds(), "s")
		})
	}
}

// markAccepted writes into the migration file the state that an interrupted send leaves, and returns how many messages
// are left: the last five of at most 200 conversations. Everything else is accepted, but without Kommo's ids. Sending
// five million messages would come to the same, in an hour.
func markAccepted(b testing.TB, path string) (left int) {
	file, err := importer.Open(path, "bench")
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	err = file.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`
			CREATE TEMP TABLE resumed AS SELECT id FROM conversation WHERE id % (SELECT 1 + count(*) / 200 FROM conversation) = 0;
			UPDATE message SET state = 'accepted';
			UPDATE message SET state = 'planned' WHERE (conversation, time, staging) IN (
				SELECT m.conversation, m.time, m.staging FROM resumed r JOIN message m ON m.conversation = r.id
				WHERE (m.time, m.staging) IN (SELECT time, staging FROM message WHERE conversation = r.id
					ORDER BY time DESC, staging DESC LIMIT 5));
			UPDATE conversation SET accepted = planned, planned = 0, notifier = (SELECT staging FROM message
				WHERE conversation = conversation.id ORDER BY time DESC, staging DESC LIMIT 1);
			UPDATE conversation SET accepted = accepted - 5, planned = 5, notifier = NULL WHERE id IN (SELECT id FROM resumed);
			DROP TABLE resumed`)
		return errors.Join(err, tx.QueryRow(`SELECT sum(planned) FROM conversation`).Scan(&left))
	})
	if err != nil {
		b.Fatal(err)
	}
	return left
}

// The benchmark of a resume changes the migration file by hand. This shows that it still does so rightly.
func TestMarkAccepted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration.db")
	chats{3, func(int) int { return 12 }}.load(t, path).Close()
	left := markAccepted(t, path)
	file, err := importer.Open(path, "bench")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	box := sandbox.NewKommo(sandbox.Options{})
	if _, err := sender(file, box, noPace).Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	if checkArrived(t, box, left); left != 15 {
		t.Errorf("%d messages are left, want the last five of three conversations", left)
	}
}

const noPace = 1e6 // requests per second

// sender returns a sender to a sandbox within this process.
func sender(file *importer.File, to *sandbox.Kommo, perSecond float64) *importer.Sender {
	return &importer.Sender{
		File: file,
		Client: &kommo.Client{ScopeID: to.ScopeID(), Signer: signing.Signer{Secret: to.Options.ChannelSecret},
			Transport: to},
		Composer: importer.Composer{BotID: to.Options.BotID},
		Pace:     pace.New(perSecond),
	}
}

// BenchmarkSend sends as fast as possible. Every message is committed twice, as sending and as accepted, and every
// commit is on the disk before the next step.
func BenchmarkSend(b *testing.B) {
	source := chats{max(1, min(200, *rows/100)), func(int) int { return 100 }}
	file := source.load(b, filepath.Join(b.TempDir(), "migration.db"))
	box := sandbox.NewKommo(sandbox.Options{})
	sent, err := sender(file, box, noPace).Send(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	checkArrived(b, box, source.total())
	reportAtLeast(b, float64(sent.Accepted)/sent.Elapsed.Seconds(), "messages/s", 2000)
}

// BenchmarkVerify reads back the messages that the built program has sent.
func BenchmarkVerify(b *testing.B) {
	p := build(b)
	source := chats{max(1, min(100, *rows/1000)), func(int) int { return 1000 }}
	source.load(b, filepath.Join(p.folder, "migration.db")).Close()
	box := sandbox.NewKommo(sandbox.Options{})
	environment := serve(b, box)
	p.run(b, environment, nil, "send", "--yes", "--quiet", "--rate", "1000000")
	checkArrived(b, box, source.total())
	before := len(box.Requests())
	verify := p.run(b, environment, nil, "verify", "--quiet", "--rate", "1000000")
	requests := len(box.Requests()) - before
	reportAtMost(b, float64(requests), "requests", 21*float64(source.conversations)) // 20 pages of 50, and an empty one
	report(b, float64(source.total())/verify.elapsed.Seconds(), "messages/s")
	reportAtMost(b, verify.peak, "MB-peak", 100)
}

// BenchmarkPacedSend makes three sends at 20 per second at the same time, because they do little but wait: an
// undisturbed send, a send that is interrupted and resumed, and a send to a Kommo that is slower than the pace.
// Conversations have 3 to 9 messages. They are short because a run of a minute has to resemble a run of hours: at the
// end the last conversations are alone, and the longer they are, the slower it is.
func BenchmarkPacedSend(b *testing.B) {
	if testing.Short() {
		b.Skip("takes 70 s")
	}
	const rate = 20
	even, slow := 150*time.Millisecond, 400*time.Millisecond
	sends := []struct {
		name          string
		conversations int
		latency       time.Duration
		interrupt     time.Duration   // the send is interrupted after it, and resumed; 0: it is not
		asked         []time.Duration // when the ETA is asked for
	}{
		{"even", 220, even, 0, []time.Duration{30 * time.Second}},
		{"resumed", 250, even, 10 * time.Second, []time.Duration{5 * time.Second, 30 * time.Second}},
		{"slow", 110, slow, 0, []time.Duration{30 * time.Second}},
	}
	source := func(conversations int) chats { return chats{conversations, func(i int) int { return 3 + i*5%7 }} }
	errorsOf := make([][]float64, len(sends))
	boxes := make([]*sandbox.Kommo, len(sends))
	group, ctx := errgroup.WithContext(b.Context())
	for i, s := range sends {
		boxes[i] = sandbox.NewKommo(sandbox.Options{Latency: s.latency})
		file := source(s.conversations).load(b, filepath.Join(b.TempDir(), "migration.db"))
		group.Go(func() (err error) {
			if s.interrupt > 0 {
				short, cancel := context.WithTimeout(ctx, s.interrupt)
				defer cancel()
				if _, err := sender(file, boxes[i], rate).Send(short); !errors.Is(err, context.DeadlineExceeded) {
					return errors.Join(errors.New("the send was not interrupted"), err)
				}
			}
			errorsOf[i], err = etaErrors(ctx, sender(file, boxes[i], rate), s.asked)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	reportAtLeast(b, paceShare(boxes[0], rate), "%-of-rate", 99)
	reportAtMost(b, float64(boxes[0].Summary().BusiestSecond), "busiest-second", rate+1)
	for i, s := range sends {
		checkArrived(b, boxes[i], source(s.conversations).total())
		for n, after := range s.asked {
			reportAtMost(b, errorsOf[i][n], "%-ETA-error-"+s.name+"-after-"+after.String(), 5)
		}
	}
}

// paceShare returns the percentage of the rate that arrived within 30 s from the first request.
func paceShare(box *sandbox.Kommo, rate float64) float64 {
	const window = 30 * time.Second
	requests, arrived := box.Requests(), 0
	for _, r := range requests {
		if r.At.Sub(requests[0].At) < window {
			arrived++
		}
	}
	return 100 * float64(arrived) / (rate * window.Seconds())
}

// etaErrors sends, asks the sender at these times after the start for its remaining time, and returns by how many percent
// each answer was wrong.
func etaErrors(ctx context.Context, sender *importer.Sender, at []time.Duration) ([]float64, error) {
	started := time.Now()
	ended := make(chan error, 1)
	go func() {
		_, err := sender.Send(ctx)
		ended <- err
	}()
	off := make([]float64, len(at))
	for i, after := range at {
		time.Sleep(time.Until(started.Add(after)))
		off[i] = sender.Progress().Remaining.Seconds()
	}
	err := <-ended
	for i, after := range at {
		off[i] = 100 * (off[i]/(time.Since(started)-after).Seconds() - 1)
	}
	return off, err
}

// BenchmarkGreenAPI loads accounts of Green-API with the built program, over loopback: an account at the allowed rate,
// the same one without a limit, and a single long chat. The server takes its share of the processors. Documented is 1
// getChatHistory per second, at which 2,000 chats would last for 34 minutes. Here it is 10, for the server and for the
// program alike. That is the harder test: the program has a tenth of the time for everything from the 150 ms until an
// answer begins to the storing of its last message. The server refuses requests above the limit.
func BenchmarkGreenAPI(b *testing.B) {
	p := build(b)
	// Of every 50 chats there are 49 with 50 to 818 messages, and a long chat of which the program asks a second time. The
	// average is 500.
	many := chats{max(20, *rows/2500), func(chat int) int {
		if chat%50 == 49 {
			return 3734
		}
		return 50 + 16*(chat%50*17%49)
	}}
	const rate = 10
	limited := sandbox.GreenAPIOptions{HistoryRate: rate, Latency: 150 * time.Millisecond}
	b.Run("rate", func(b *testing.B) {
		histories := p.loadGreen(b, many, rate, limited)
		last, refused := len(histories)-1, 0
		for _, r := range histories {
			if r.Status == http.StatusTooManyRequests {
				refused++
			}
		}
		share := 100 * float64(last) / histories[last].At.Sub(histories[0].At).Seconds() / rate
		reportAtLeast(b, share, "%-of-rate", 99)
		reportAtMost(b, float64(refused), "refused", 0)
	})
	b.Run("unlimited", func(b *testing.B) { p.loadGreen(b, many, 1000, sandbox.GreenAPIOptions{HistoryRate: -1}) })
	b.Run("long", func(b *testing.B) {
		p.loadGreen(b, chats{1, func(int) int { return min(200_000, *rows) }}, rate, limited)
	})
}

// loadGreen loads an account into a new migration file, makes sure that every message of it is planned, and reports
// memory and speed, planning included. It returns the getChatHistory in order of arrival, refused ones included.
func (p program) loadGreen(b *testing.B, of chats, rate int, o sandbox.GreenAPIOptions) (histories []sandbox.GreenAPIRequest) {
	b.Helper()
	green := sandbox.NewGreenAPI(of.account(), o)
	server := httptest.NewServer(green)
	defer server.Close()
	for _, old := range []string{"", "-wal", "-shm"} {
		os.Remove(filepath.Join(p.folder, "migration.db"+old))
	}
	load := p.run(b, green.Environment(server.URL), nil, "load", "--quiet", "--green-api", "--green-api-rate", strconv.Itoa(rate))
	report(b, float64(of.total())/load.elapsed.Seconds(), "messages/s")
	reportAtMost(b, load.peak, "MB-peak", maxPeak)
	var status struct {
		Conversations struct{ Total int }
		Messages      struct{ Read, Planned int }
	}
	p.run(b, nil, &status, "status", "--json")
	if m := status.Messages; m.Planned != of.total() || m.Read != of.total() || status.Conversations.Total != of.conversations {
		b.Fatalf("status %+v, want %d messages in %d conversations, all planned", status, of.total(), of.conversations)
	}
	for _, r := range green.Requests() {
		if r.Method == sandbox.OnGetChatHistory {
			histories = append(histories, r)
		}
	}
	return histories
}

// BenchmarkMatch matches 50,000 conversations of 2 messages with 100,000 contacts by the built program: at first it reads the
// contacts, then it has them.
func BenchmarkMatch(b *testing.B) {
	p := build(b)
	source := chats{min(50_000, *rows/20), func(int) int { return 2 }}
	source.load(b, filepath.Join(p.folder, "migration.db")).Close()
	contacts := make([]sandbox.Contact, 2*source.conversations)
	for i := range contacts {
		contacts[i] = sandbox.Contact{Name: "Client", Phones: []string{phoneOf(i), "+34 911 00 00 00"}[:1+i%2], Emails: []string{"client" + strconv.Itoa(i) + "@example.com"}}
	}
	box := sandbox.NewKommo(sandbox.Options{Contacts: contacts})
	server := httptest.NewServer(box)
	defer server.Close()
	environment := box.AccountEnvironment(server.URL)
	for _, name := range []string{"reading", "again"} {
		b.Run(name, func(b *testing.B) {
			before := len(box.Requests())
			var matched struct {
				ByPhone int `json:"by_phone"`
			}
			match := p.run(b, environment, &matched, "match", "--json", "--quiet", "--rate", "1000000")
			if matched.ByPhone != source.conversations {
				b.Fatalf("%d chats are matched, want %d", matched.ByPhone, source.conversations)
			}
			reportAtMost(b, float64(len(box.Requests())-before), "requests", float64(len(contacts)/250+3))
			reportAtMost(b, match.peak, "MB-peak", 100)
			if name == "again" {
				reportAtMost(b, match.elapsed.Seconds(), "s", 5)
			}
		})
	}
}

// BenchmarkSheet writes the sheet of 50,000 conversations with the built program, and takes it back unedited.
func BenchmarkSheet(b *testing.B) {
	p := build(b)
	source := chats{min(50_000, *rows/20), func(int) int { return 2 }}
	source.load(b, filepath.Join(p.folder, "migration.db")).Close()
	for _, name := range []string{"sheet.xlsx", "sheet.csv"} {
		b.Run(name, func(b *testing.B) {
			write := p.run(b, nil, nil, "conversations", "--out", name, "--quiet")
			take := p.run(b, nil, nil, "conversations", "--from", name, "--quiet")
			reportAtMost(b, (write.elapsed + take.elapsed).Seconds(), "s", 5)
			reportAtMost(b, max(write.peak, take.peak), "MB-peak", maxPeak)
		})
	}
}
