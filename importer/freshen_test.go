package importer

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// The link to a file dies, or may have died, between load and send.
func TestSendRenewsDeadLinks(t *testing.T) {
	const life = 10 * time.Hour
	unavailable := fmt.Errorf("the phone is offline: %w", sources.ErrUnavailable)
	fatal := errors.New("the token is wrong")
	for _, tt := range []struct {
		name    string
		later   time.Duration // is sent so long after it was loaded
		change  func(*storage, *Sender)
		sent    string // "" if nothing is
		asked   int    // how often the link is asked while sending
		renewed int
		err     string // text of the error, "" for no error
	}{
		{name: "alive", later: life - 2*time.Hour, sent: "picture OLD"},
		{name: "dies soon", later: life - time.Minute, sent: "picture NEW", asked: 1, renewed: 1},
		{name: "dead", later: life + time.Hour, sent: "picture NEW", asked: 1, renewed: 1},
		{name: "dead and gone", later: life + time.Hour, change: func(s *storage, _ *Sender) { s.gone["1"] = true }, sent: "text ", renewed: 1},
		{name: "dies soon and gone", later: life - time.Minute, change: func(s *storage, _ *Sender) { s.gone["1"] = true }, sent: "picture OLD", renewed: 1},
		{name: "dead, no answer", later: life + time.Hour, change: func(s *storage, _ *Sender) { s.failure = unavailable }, renewed: 1, err: "the phone is offline"},
		{name: "dies soon, no answer", later: life - time.Minute, change: func(s *storage, _ *Sender) { s.failure = unavailable }, sent: "picture OLD", renewed: 1},
		{name: "dead, not let in", later: life + time.Hour, change: func(s *storage, _ *Sender) { s.failure = fatal }, renewed: 1, err: "the token is wrong"},
		{name: "dead, nobody makes new ones", later: life + time.Hour, change: func(_ *storage, s *Sender) { s.Renew = nil }, err: "have died"},
		{name: "dead, another source makes new ones", later: life + time.Hour, change: func(_ *storage, s *Sender) { s.RenewOf = "scripted:2" }, err: "have died"},
		{name: "dead, gone as far as one can tell", later: life + time.Hour,
			change: func(s *storage, _ *Sender) {
				s.failure = fmt.Errorf("%w, %w", sources.ErrMediaGone, sources.ErrUnavailable)
			}, renewed: 1, err: "cannot be renewed now"},
		{name: "dies soon, nobody makes new ones", later: life - time.Minute, change: func(_ *storage, s *Sender) { s.Renew = nil }, sent: "picture OLD"},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			s := newStorage(life)
			old := s.link("old")
			f := newFile(t)
			loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, old)}})
			time.Sleep(tt.later)
			asked := s.asked
			box := newBox()
			report, err := sendFrom(t, f, box, s, tt.change)
			got := ""
			if sent := sentMedia(box); len(sent) > 0 {
				got = strings.NewReplacer(old, "OLD", "https://files.example/1/ann-1.jpg", "NEW").Replace(sent[0])
			}
			if got != tt.sent || s.asked-asked != tt.asked || s.renewed != tt.renewed {
				t.Errorf("sent %q, asked %d times, %d new links asked for; want %q, %d, %d", got, s.asked-asked, s.renewed, tt.sent, tt.asked, tt.renewed)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
			var gone []string
			if tt.sent == "text " {
				gone = []string{"ann/1"}
			}
			if diff := cmp.Diff(gone, report.GoneMedia); diff != "" || report.Gone != len(gone) {
				t.Errorf("listed as gone %d (-want +got):\n%s", report.Gone, diff)
			}
			var listed []string
			if strings.HasSuffix(tt.sent, "NEW") {
				listed = []string{"ann/1"}
			}
			if diff := cmp.Diff(listed, report.RenewedMedia); diff != "" || report.Renewed != len(listed) {
				t.Errorf("listed as renewed %d (-want +got):\n%s", report.Renewed, diff)
			}
			if status, _ := f.Status(); status.Messages.Sending != 0 {
				t.Errorf("something is in doubt: %+v", status.Messages)
			}
		})
	}
}

// A link of which nobody knows when it dies is asked before it is sent, unless that was done within a day.
func TestSendAsksLinksOfUnknownLife(t *testing.T) {
	for _, tt := range []struct {
		name   string
		later  time.Duration
		change func(*storage, *Sender)
		sent   string
		asked  int
		err    string
	}{
		{name: "asked lately", later: 23 * time.Hour, sent: "picture OLD"},
		{name: "alive", later: 25 * time.Hour, sent: "picture OLD", asked: 1},
		{name: "dead", later: 50 * time.Hour, sent: "picture NEW", asked: 2},
		{name: "dead, nobody makes new ones", later: 50 * time.Hour, change: func(_ *storage, s *Sender) { s.Renew = nil }, asked: 1, err: "have died"},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			s := newStorage(48 * time.Hour)
			s.silent = true
			old := s.link("old")
			f := newFile(t)
			loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, old)}})
			time.Sleep(tt.later)
			asked := s.asked
			box := newBox()
			_, err := sendFrom(t, f, box, s, tt.change)
			got := ""
			if sent := sentMedia(box); len(sent) > 0 {
				got = strings.NewReplacer(old, "OLD", "https://files.example/1/ann-1.jpg", "NEW").Replace(sent[0])
			}
			if got != tt.sent || s.asked-asked != tt.asked {
				t.Errorf("sent %q, asked %d times; want %q, %d", got, s.asked-asked, tt.sent, tt.asked)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

func sendFrom(t *testing.T, f *File, box *sandbox.Kommo, s *storage, change func(*storage, *Sender)) (SendReport, error) {
	sender := newSender(f, box)
	sender.Renew, sender.RenewOf, sender.MediaTransport = s.renew, "scripted", s
	if change != nil {
		change(s, sender)
	}
	return sender.Send(t.Context())
}

// What was renewed while sending is known the next time, and counts for preview.
func TestRenewedLinkIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(10 * time.Hour)
		f := newFile(t)
		loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, s.link("old"))}})
		time.Sleep(11 * time.Hour)
		box := sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.BadSignature, Count: 1}}})
		if _, err := sendFrom(t, f, box, s, nil); err == nil {
			t.Fatal("no error")
		}
		wantMedia(t, f, "picture https://files.example/1/ann-1.jpg")
		planned := bodies(t, f, newComposer())
		report, err := sendFrom(t, f, box, s, nil)
		if err != nil || report.Renewed != 0 || s.renewed != 1 {
			t.Errorf("report %+v, error %v, %d new links", report, err, s.renewed)
		}
		wantArrived(t, box, planned)
	})
}

// A file that Kommo refuses, and one that nobody wants, goes as text without its link being asked.
func TestTextsNeedNoLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(10 * time.Hour)
		f := newFile(t)
		loader := s.loader()
		loadScript(t, f, loader, sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, s.link("old"))}})
		loader.Filter.Media = MediaAsText
		loadScript(t, f, loader, sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}})
		time.Sleep(11 * time.Hour)
		asked := s.asked
		if report, err := sendFrom(t, f, newBox(), s, func(_ *storage, s *Sender) { s.Renew = nil }); err != nil || report.Accepted != 1 {
			t.Errorf("report %+v, error %v", report, err)
		}
		if s.asked != asked || s.renewed != 0 {
			t.Errorf("asked %d times, %d new links", s.asked-asked, s.renewed)
		}
	})
}

// A file that no link could be made for while loading gets one before its message is sent; without one it is not sent.
func TestSendMakesMissingLinks(t *testing.T) {
	unavailable := fmt.Errorf("the phone is offline: %w", sources.ErrUnavailable)
	for _, tt := range []struct {
		name   string
		change func(*storage, *Sender)
		sent   string
		err    string
	}{
		{"made", func(s *storage, _ *Sender) { s.failure = nil }, "picture https://files.example/0/ann-1.jpg", ""},
		{"still no answer", nil, "", "the phone is offline"},
		{"nobody makes any", func(_ *storage, s *Sender) { s.Renew = nil }, "", "have died"},
	} {
		inBubble(t, tt.name, func(t *testing.T) {
			s := newStorage(10 * time.Hour)
			s.failure = unavailable
			f := newFile(t)
			loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}})
			box := newBox()
			_, err := sendFrom(t, f, box, s, tt.change)
			if got := strings.Join(sentMedia(box), ""); got != tt.sent {
				t.Errorf("sent %q, want %q", got, tt.sent)
			}
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want one with %q", err, tt.err)
			}
		})
	}
}

// The preview tells of links that are dead, or nearly.
func TestPreviewTellsOfDyingLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(48 * time.Hour)
		f := newFile(t)
		loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, s.link("a"))}})
		dying := func() (count int) {
			preview, err := f.Preview(newComposer(), Selection{}, 6)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range preview.Warnings {
				if w.Kind == MediaDying {
					count += w.Count
				}
			}
			return count
		}
		if n := dying(); n != 0 {
			t.Errorf("%d links are told of that live for two days", n)
		}
		time.Sleep(25 * time.Hour)
		if n := dying(); n != 1 {
			t.Errorf("%d links are told of, want 1", n)
		}
	})
}
