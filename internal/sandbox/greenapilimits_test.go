package sandbox_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

func TestGreenAPILimits(t *testing.T) {
	tests := []struct {
		verb, method, body string
		o                  sandbox.GreenAPIOptions
		perSecond          int // 0: no limit
	}{
		{"POST", "getChatHistory", asking(anna, 1), sandbox.GreenAPIOptions{}, 1},
		{"POST", "getChatHistory", asking(anna, 1), sandbox.GreenAPIOptions{HistoryRate: 3}, 3},
		{"POST", "getChatHistory", asking(anna, 1), unlimited, 0},
		{"GET", "getChats", "", unlimited, 1},
		{"GET", "getContacts", "", unlimited, 1},
		{"POST", "getContactInfo", `{"chatId":"` + anna + `"}`, unlimited, 1},
		{"GET", "getSettings", "", unlimited, 1},
		{"GET", "getStateInstance", "", unlimited, 1},
		{"GET", "getWaSettings", "", unlimited, 1},
		{"POST", "downloadFile", `{"chatId":"` + anna + `","idMessage":"photo"}`, unlimited, 5},
	}
	for _, tt := range tests {
		t.Run(tt.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPhone(withPhoto(), tt.o)
				got := p.burst(t, tt.verb, tt.method, tt.body)
				time.Sleep(time.Second - time.Nanosecond)
				got += p.burst(t, tt.verb, tt.method, tt.body)
				time.Sleep(time.Nanosecond)
				got += p.burst(t, tt.verb, tt.method, tt.body)
				full := strings.Repeat("-", tt.perSecond) + strings.Repeat("x", 7-tt.perSecond)
				want := full + "xxxxxxx" + full
				if tt.perSecond == 0 {
					want = strings.Repeat("-", 21)
				}
				if got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		})
	}
}

// burst asks seven times and marks each 429 with an x.
func (p phone) burst(t *testing.T, verb, method, body string) (marks string) {
	for range 7 {
		switch got := p.call(t, verb, p.path(method), body); got.Status {
		case 200:
			marks += "-"
		case 429:
			marks += "x"
		default:
			t.Errorf("got %+v", got)
		}
	}
	return marks
}

// The methods have a limit each, and what has the wrong token does not count.
func TestGreenAPILimitsApart(t *testing.T) {
	p := newPhone(account(1), sandbox.GreenAPIOptions{})
	wrong := "/waInstance" + p.Options.Instance + "/getChats/wrong"
	got := []int{p.call(t, "GET", wrong, "").Status, p.call(t, "GET", wrong, "").Status}
	for _, method := range []string{"getChats", "getContacts", "getSettings", "getSettings"} {
		got = append(got, p.get(t, method).Status)
	}
	if diff := cmp.Diff([]int{401, 401, 200, 200, 200, 429}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.call(t, "GET", "/media/x.jpg", "")
	if got := p.call(t, "GET", "/media/x.jpg", ""); got.Status != 404 {
		t.Errorf("files: got %+v, want no limit", got)
	}
}
