package importer

import (
	"context"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

func TestParseWindow(t *testing.T) {
	for text, want := range map[string]Window{
		"20:00-08:00": {20 * time.Hour, 8 * time.Hour},
		"08:30-17:05": {8*time.Hour + 30*time.Minute, 17*time.Hour + 5*time.Minute},
		"00:00-24:00": {0, 24 * time.Hour},
		"8:00-9:00":   {8 * time.Hour, 9 * time.Hour},
	} {
		if got, err := ParseWindow(text); got != want || err != nil {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "20-8", "20:00", "20:00-20:00", "24:00-08:00", "20:00-24:01", "20:60-08:00", "20:00-08:00 x", "-1:00-08:00", "20:00-08:00-09:00"} {
		if got, err := ParseWindow(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestWindowOpens(t *testing.T) {
	madrid, err := time.LoadLocation("Europe/Madrid")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ window, now, want string }{
		{"20:00-08:00", "2025-03-01 19:59", "2025-03-01 20:00"},
		{"20:00-08:00", "2025-03-01 20:00", "2025-03-01 20:00"},
		{"20:00-08:00", "2025-03-01 07:59", "2025-03-01 07:59"},
		{"20:00-08:00", "2025-03-01 08:00", "2025-03-01 20:00"},
		{"09:00-17:00", "2025-03-31 17:00", "2025-04-01 09:00"},
		{"09:00-17:00", "2025-03-01 08:00", "2025-03-01 09:00"},
		{"09:00-17:00", "2025-03-01 12:00", "2025-03-01 12:00"},
		{"09:00-17:00", "2025-03-29 18:00", "2025-03-30 09:00"}, // the night in which summer time begins
		{"18:00-24:00", "2025-03-01 23:59", "2025-03-01 23:59"},
	} {
		window, err := ParseWindow(tt.window)
		if err != nil {
			t.Fatal(err)
		}
		now, _ := time.ParseInLocation("2006-01-02 15:04", tt.now, madrid)
		if got := window.opens(now).Format("2006-01-02 15:04"); got != tt.want {
			t.Errorf("%s at %s: opens at %s, want %s", tt.window, tt.now, got, tt.want)
		}
	}
	if now := time.Now(); (Window{}).opens(now) != now {
		t.Error("without a window there is something to wait for")
	}
}

// Messages leave within the window only; a message in doubt is resolved outside it, too.
func TestWindow(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f := loaded(t)
		box := sandbox.NewKommo(sandbox.Options{Latency: 10 * time.Second, Rules: []sandbox.Rule{lose(msgidOf(bodies(t, f, newComposer())["ann"][1]), true)}})
		s := newSender(f, box)
		now := time.Now()
		midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
		from := now.Add(2*time.Hour).Sub(midnight).Truncate(time.Minute) % (24 * time.Hour)
		s.Window = Window{from, from + time.Minute}
		if _, err := s.Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range box.Requests() {
			if opens := s.Window.opens(r.At.In(now.Location())); r.Endpoint == sandbox.OnMessage && !opens.Equal(r.At) {
				t.Errorf("a message leaves at %v, and the window opens at %v", r.At, opens)
			}
		}
		if box.Summary().Messages != 10 || box.Summary().Doubled > 0 {
			t.Errorf("arrived %+v", box.Summary())
		}
	})
}

// When the time of sending is over, the requests under way end, and the run with them, without an error.
func TestMaxDuration(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), sandbox.NewKommo(sandbox.Options{Latency: 10 * time.Second})
		s := newSender(f, box)
		s.MaxDuration = 15 * time.Second
		report, err := s.Send(t.Context())
		if err != nil || !report.TimeUp || report.Accepted != 5 || report.Elapsed.Round(time.Second) != 20*time.Second {
			t.Errorf("report %+v, error %v", report, err)
		}
		if report, err := s.Send(t.Context()); err != nil || !report.TimeUp || report.Accepted == 0 || box.Summary().Doubled > 0 {
			t.Errorf("report %+v, error %v", report, err)
		}
		s.MaxDuration = time.Hour
		if report, err := s.Send(t.Context()); err != nil || report.TimeUp {
			t.Errorf("report %+v, error %v", report, err)
		}
		ctx, interrupt := context.WithCancel(t.Context())
		interrupt()
		load(t, f, threeConversations()+row("dan", 1, "in", "one", "1"))
		if report, err := s.Send(ctx); err == nil || report.TimeUp {
			t.Errorf("interrupted: report %+v, error %v", report, err)
		}
	})
}
