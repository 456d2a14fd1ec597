package importer

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"kommo-import/internal/sandbox"
)

// Each Kommo user is a sender of its own: ten refusals of one, and no acceptance, stop the run, also if the bot's are accepted.
func TestRefusalsOfOneUser(t *testing.T) {
	t.Parallel()
	const anna = "5a0db0c5-0000-4000-8000-00000000000a"
	for _, tt := range []struct {
		annas   int // messages of Anna, each between two of the bot
		stopped bool
	}{{9, false}, {10, true}} {
		inBubble(t, fmt.Sprint(tt.annas), func(t *testing.T) {
			content := csvHeader
			for i := range tt.annas {
				content += row("ann", 10*i, "in", "text", fmt.Sprint("i", i)) + row("ann", 10*i+1, "out", "text", fmt.Sprint("o", i)) +
					strings.Replace(row("ann", 10*i+2, "out", "text", fmt.Sprint("a", i)), "Client of ann,", "Client of ann,Anna", 1)
			}
			f, box := newFile(t), sandbox.NewKommo(sandbox.Options{Rules: []sandbox.Rule{{Do: sandbox.Refuse, From: anna}}})
			load(t, f, content)
			s := newSender(f, box)
			s.Composer.Users = map[string]string{"Anna": anna}
			report, err := s.Send(t.Context())
			if report.Refused != tt.annas || is[*StoppedError](err) != tt.stopped || tt.stopped && !strings.Contains(err.Error(), "the Kommo user "+anna) {
				t.Errorf("report %+v, error %v", report, err)
			}
		})
	}
}

// A wrong certificate stops at once: trying again makes it no better.
func TestWrongCertificate(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box, requests := loaded(t), newBox(), 0
		s := newSender(f, box)
		s.Workers = 1
		s.Client.Transport = transport(func(*http.Request) (*http.Response, error) {
			requests++
			return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
		})
		if _, err := s.Send(t.Context()); err == nil || requests != 1 {
			t.Errorf("error %v after %d requests", err, requests)
		}
		if status, err := f.Status(); err != nil || status.Messages.Planned != 10 {
			t.Errorf("status %+v, error %v", status.Messages, err)
		}
	})
}

// Messages that are rejected at the same time share one ping.
func TestOnePingForAll(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := newFile(t), sandbox.NewKommo(sandbox.Options{Latency: time.Second, Rules: []sandbox.Rule{{Do: sandbox.TooLarge, Text: "first", On: sandbox.OnMessage}}})
		content := csvHeader
		for c := range 8 {
			content += row(fmt.Sprint("c", c), 1, "in", "first", "1") + row(fmt.Sprint("c", c), 2, "in", "second", "2")
		}
		load(t, f, content)
		s := newSender(f, box)
		s.Workers = 8
		report, err := s.Send(t.Context())
		if pings := countRequests(box, sandbox.OnHistory); err != nil || report.Refused != 8 || report.Accepted != 8 || pings != 1 {
			t.Errorf("report %+v, error %v, %d pings", report, err, pings)
		}
	})
}

// A message in doubt that an administrator refused, and planned again, is looked for before it is posted.
func TestRetryOfARefusedDoubt(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), newBox()
		lost := msgidOf(bodies(t, f, newComposer())["bob"][3])
		box.AddRule(lose(lost, true))
		s := newSender(f, box)
		s.Client.Transport = &troubled{box: box, chat: "bob", status: 404}
		if report, err := s.Send(t.Context()); err != nil || report.SetAside != 1 {
			t.Fatalf("report %+v, error %v", report, err)
		}
		d := &Decider{File: f, Client: s.Client, Composer: newComposer(), Pace: s.Pace}
		if state, err := d.Refuse(t.Context(), lost); err != nil || state != Refused {
			t.Fatalf("state %s, error %v", state, err)
		}
		if planned, err := f.RetryRefused(); err != nil || planned != 1 {
			t.Fatalf("planned %d, error %v", planned, err)
		}
		report, err := newSender(f, box).Send(t.Context())
		if err != nil || report.Settled != 1 || box.Summary().Doubled != 0 {
			t.Errorf("report %+v, error %v, arrived %+v", report, err, box.Summary())
		}
	})
}
