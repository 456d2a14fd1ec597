package commands

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A talk is what is said to people, on stderr: sentences, and the progress of what takes long. It is the one writer
// for both, so that a sentence does not tear a bar. It may be used by several goroutines.
type talk struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	quiet    bool // only errors and questions
	verbose  bool
	bar      *progressbar.ProgressBar
	barOf    string    // what the bar shows
	count    bool      // a count stands where a bar would, since nobody knows the end
	said     time.Time // when progress was last told where there is no bar
}

// tellEvery is how often progress is told where there is no terminal.
const tellEvery = 30 * time.Second

func newTalk(w io.Writer) *talk {
	file, ok := w.(*os.File)
	return &talk{w: w, terminal: ok && term.IsTerminal(int(file.Fd()))}
}

// Write is for libraries that want a writer.
func (t *talk) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	return t.w.Write(p)
}

// say says a line, always. On a terminal long lines are broken between words.
func (t *talk) say(format string, args ...any) {
	lines := strings.Split(fmt.Sprintf(format, args...), "\n")
	for i, line := range lines {
		if t.terminal && len([]rune(line)) > width {
			lines[i] = wrap(line, width, "  ")
		}
	}
	fmt.Fprintln(t, strings.Join(lines, "\n"))
}

// width is how many characters a line on a terminal has at most.
const width = 79

// ask says a question whose answer is typed behind it.
func (t *talk) ask(format string, args ...any) {
	fmt.Fprintf(t, format, args...)
}

// tell says a line unless silence is wanted.
func (t *talk) tell(format string, args ...any) {
	if !t.quiet {
		t.say(format, args...)
	}
}

// clear takes away what shows the progress. What cannot be cleared is only untidy.
func (t *talk) clear() {
	if t.count {
		fmt.Fprintf(t.w, "\r%*s\r", barLine, "")
	}
	if t.bar != nil {
		_ = t.bar.Clear()
	}
}

// progress shows how far something is: a bar on a terminal, else a line every so often. what is a text without
// numbers, remaining the time until it is done, 0 if unknown.
func (t *talk) progress(what string, done, total int, remaining time.Duration) {
	if t.quiet {
		return
	}
	line := fmt.Sprintf("%s: %s", what, number(done))
	if total > 0 {
		line += " of " + number(total)
	}
	if remaining > 0 {
		line += ", " + duration(remaining) + " left"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.terminal {
		t.draw(what, line, done, total)
		return
	}
	if now := time.Now(); t.said.IsZero() {
		t.said = now
	} else if now.Sub(t.said) >= tellEvery {
		t.said = now
		fmt.Fprintln(t.w, line)
	}
}

// draw shows the line and a bar. A bar is of one thing: another begins where another thing does, or its end is known.
func (t *talk) draw(what, line string, done, total int) {
	if t.count = total == 0; t.count {
		fmt.Fprintf(t.w, "\r%-*s", barLine, oneLine(line, barLine))
		return
	}
	if t.bar == nil || t.barOf != what || t.bar.GetMax() != total {
		t.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(t.w), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(10), progressbar.OptionUseANSICodes(false),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetRenderBlankState(true))
		t.barOf = what
	}
	t.bar.Describe(oneLine(line, barLine))
	_ = t.bar.Set(done)
}

// barLine is how many characters go before a bar, so that it fits into 80 with its number.
const barLine = 58

// endProgress takes the bar away.
func (t *talk) endProgress() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clear()
	t.bar, t.barOf, t.count, t.said = nil, "", false, time.Time{}
}

// logger returns a logger whose records are told as sentences.
func (t *talk) logger() *slog.Logger { return slog.New(sentences{t, ""}) }

// sentences is a handler that writes a record as "message (key value, key value)".
type sentences struct {
	talk  *talk
	attrs string
}

func (s sentences) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && !s.talk.quiet || s.talk.verbose
}

func (s sentences) Handle(_ context.Context, record slog.Record) error {
	told := []string{}
	record.Attrs(func(a slog.Attr) bool {
		told = append(told, a.Key+" "+oneLine(a.Value.String(), 300))
		return true
	})
	line := record.Message + s.attrs
	if len(told) > 0 {
		line += " (" + strings.Join(told, "; ") + ")"
	}
	s.talk.say("%s", oneLine(line, 600))
	return nil
}

func (s sentences) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		s.attrs += " " + a.Key + " " + a.Value.String()
	}
	return s
}

func (s sentences) WithGroup(string) slog.Handler { return s }
