package importer

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
)

// uncounted returns an empty migration file whose sums are not checked after every commit, for tests of many messages.
func uncounted(t testing.TB) *File {
	t.Helper()
	f := newFile(t)
	f.Commit = (*sql.Tx).Commit
	return f
}

// An allowance is a server's limit of requests, which may change. Each kind counts in another way.
type allowance struct {
	box     http.RoundTripper
	latency time.Duration
	limit   func(at time.Duration) int // requests per second, by the time since the beginning
	kind    string                     // sliding, fixed or bucket
	retry   http.Header                // of a 429

	mu       sync.Mutex
	began    time.Time
	taken    []time.Time
	tokens   float64
	filled   time.Time
	rejected []time.Time
}

// take reports whether the server lets a request through.
func (a *allowance) take(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.began.IsZero() {
		a.began, a.filled, a.tokens = now, now, float64(a.limit(0))
	}
	limit, free := a.limit(now.Sub(a.began)), true
	switch a.kind {
	case "sliding", "fixed":
		since := now.Add(-time.Second)
		if a.kind == "fixed" {
			since = now.Truncate(time.Second).Add(-1)
		}
		within := 0
		for i := len(a.taken) - 1; i >= 0 && a.taken[i].After(since); i-- {
			within++
		}
		free = within < limit
	case "bucket":
		a.tokens = min(float64(limit), a.tokens+now.Sub(a.filled).Seconds()*float64(limit))
		a.filled = now
		if free = a.tokens >= 1; free {
			a.tokens--
		}
	}
	if free {
		a.taken = append(a.taken, now)
	} else {
		a.rejected = append(a.rejected, now)
	}
	return free
}

func (a *allowance) RoundTrip(r *http.Request) (*http.Response, error) {
	free := a.take(time.Now())
	time.Sleep(a.latency)
	if free {
		return a.box.RoundTrip(r)
	}
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: a.retry.Clone(), Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// bursts returns how many groups of rejections there were, where those within a latency of each other are one.
func (a *allowance) bursts() (n int) {
	for i, at := range a.rejected {
		if i == 0 || at.Sub(a.rejected[i-1]) > a.latency+100*time.Millisecond {
			n++
		}
	}
	return n
}

func constant(limit int) func(time.Duration) int { return func(time.Duration) int { return limit } }

// However a server counts, most of what it allows is used, and it is not asked again and again for more.
func TestAllowance(t *testing.T) {
	t.Parallel()
	for i, kind := range []string{"sliding", "fixed", "bucket"} {
		for j, tt := range []struct {
			rate    float64
			limit   int
			latency time.Duration
			n       int // messages
			share   float64
			bursts  int
		}{
			{30, 10, 150 * time.Millisecond, 600, 0.85, 3},
			{6, 4, 150 * time.Millisecond, 240, 0.90, 2},
			{20, 7, 40 * time.Millisecond, 600, 0.85, 4},
			{12, 5, 900 * time.Millisecond, 400, 0.85, 3},
		} {
			if (i > 0 && j != i || i == 0 && j > 1) && os.Getenv("SOAK") == "" {
				continue
			}
			if kind == "bucket" { // a full bucket lets more through at first, and is met again and again
				tt.bursts += 3
			}
			inBubble(t, fmt.Sprintf("%s, %d of %v, %v", kind, tt.limit, tt.rate, tt.latency), func(t *testing.T) {
				f, box := uncounted(t), newBox()
				load(t, f, manyConversations(20, tt.n/20))
				s := newSender(f, box)
				a := &allowance{box: box, latency: tt.latency, limit: constant(tt.limit), kind: kind, retry: http.Header{"Retry-After": {"1"}}}
				s.Client.Transport, s.Pace = a, pace.New(tt.rate)
				report, err := s.Send(t.Context())
				share := float64(tt.n) / report.Elapsed.Seconds() / float64(tt.limit)
				t.Logf("%.1f %% of what is allowed, %d times 429 in %d bursts", 100*share, report.SlowDowns, a.bursts())
				if err != nil || report.Accepted != tt.n || share < tt.share || a.bursts() > tt.bursts {
					t.Errorf("report %+v, error %v", report, err)
				}
			})
		}
	}
}

// An allowance that halves for a minute is followed down, and nothing is risked to find out that it is back.
func TestAllowanceHalves(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := uncounted(t), newBox()
		load(t, f, manyConversations(20, 30))
		s := newSender(f, box)
		a := &allowance{box: box, latency: 150 * time.Millisecond, kind: "sliding", limit: func(at time.Duration) int {
			return 6 - 3*btoi(at > time.Minute && at < 2*time.Minute)
		}}
		s.Client.Transport, s.Pace = a, pace.New(6)
		report, err := s.Send(t.Context())
		lowest := 60*6 + 3*(report.Elapsed.Seconds()-60)
		if share := 600 / lowest; err != nil || share < 0.9 || a.bursts() > 2 {
			t.Errorf("%.3f of the lowest allowance so far, %d bursts, report %+v, error %v", share, a.bursts(), report, err)
		}
	})
}

// A pause that Kommo has asked for holds also when the run is interrupted and begun again.
func TestPauseHoldsOverRuns(t *testing.T) {
	t.Parallel()
	inBubble(t, "", func(t *testing.T) {
		f, box := loaded(t), sandbox.NewKommo(sandbox.Options{RetryAfter: 5 * time.Minute, Rules: []sandbox.Rule{{Do: sandbox.TooMany, N: 3}}})
		ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
		defer interrupt()
		began := time.Now()
		if _, err := newSender(f, box).Send(ctx); err == nil {
			t.Fatal("not interrupted")
		}
		before := len(box.Requests())
		f.Close()
		f = openFile(t, f.Path)
		if _, err := newSender(f, box).Send(t.Context()); err != nil {
			t.Fatal(err)
		}
		if first := box.Requests()[before].At.Sub(began); first < 5*time.Minute || box.Summary().Messages != 10 {
			t.Errorf("the first request of the next run comes after %v", first)
		}
	})
}

// The rate is used also where answers take long.
func TestRateWithSlowAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		rate    float64
		latency time.Duration
		content string
		share   float64
	}{
		{6, 2 * time.Second, unequalConversations(60), 0.95},
		{20, 150 * time.Millisecond, manyConversations(30, 10), 0.98},
		{6, time.Second, manyConversations(40, 20), 0.98},
		{6, 700 * time.Millisecond, manyConversations(25, 20), 0.98},
	}[:2+2*btoi(os.Getenv("SOAK") != "")] {
		inBubble(t, fmt.Sprint(tt.rate, tt.latency), func(t *testing.T) {
			f, box := uncounted(t), sandbox.NewKommo(sandbox.Options{Latency: tt.latency})
			load(t, f, tt.content)
			s := newSender(f, box)
			s.Pace = pace.New(tt.rate)
			report, err := s.Send(t.Context())
			share := float64(report.Accepted) / report.Elapsed.Seconds() / tt.rate
			t.Logf("%.1f %% of the rate", 100*share)
			if busiest := box.Summary().BusiestSecond; err != nil || share < tt.share || float64(busiest) > math.Ceil(tt.rate) {
				t.Errorf("%.3f of the rate, %d requests in one second, error %v", share, busiest, err)
			}
		})
	}
}

// unequalConversations are so many conversations of 1 to 40 messages.
func unequalConversations(conversations int) string {
	var content strings.Builder
	content.WriteString(csvHeader)
	for c := range conversations {
		for m := range 1 + c*17%40 {
			content.WriteString(row(fmt.Sprintf("c%03d", c), m, "in", "text", fmt.Sprint(m)))
		}
	}
	return content.String()
}

// With many messages in flight all of them can be in doubt at once: each is resolved, and nothing leaves faster than the rate.
func TestManyInDoubtAtOnce(t *testing.T) {
	t.Parallel()
	for _, workers := range []int{16, 64} {
		for _, taken := range []bool{true, false} {
			inBubble(t, fmt.Sprint(workers, taken), func(t *testing.T) {
				f := newFile(t)
				load(t, f, manyConversations(workers, 3))
				box := sandbox.NewKommo(sandbox.Options{Latency: 3 * time.Second})
				for _, list := range bodies(t, f, newComposer()) {
					box.AddRule(lose(msgidOf(list[1]), taken))
				}
				s := newSender(f, box)
				s.Workers, s.Pace = workers, pace.New(40)
				report, err := s.Send(t.Context())
				settled := workers * btoi(taken)
				if sum := box.Summary(); err != nil || report.Accepted != 3*workers || report.Settled != settled || sum.Messages != 3*workers ||
					sum.Doubled+sum.OutOfOrder > 0 || sum.BusiestSecond > 40 {
					t.Errorf("report %+v, error %v, arrived %+v", report, err, sum)
				}
			})
		}
	}
}
