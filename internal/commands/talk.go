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
	mu      sync.Mutex
	w       io.Writer
	columns func() int // how many characters a line can have now; 0: it is no terminal
	quiet   bool       // only errors and questions
	verbose bool
	bar     *progressbar.ProgressBar
	barOf   string    // what the bar shows
	drawn   int       // columns when the bar or the count was last drawn
	shown   time.Time // when the bar was last drawn
	count   bool      // a count stands where a bar would, since nobody knows the end
	said    time.Time // when progress was last told where there is no bar
}

const (
	tellEvery = 30 * time.Second       // how often progress is told where there is no terminal
	drawEvery = 100 * time.Millisecond // how often a bar is drawn
)

func newTalk(w io.Writer) *talk {
	return &talk{w: w, columns: func() int { return columnsOf(w) }}
}

// columnsOf returns how many characters a line on the terminal w can have, or 0 if w is none. The last column stays
// empty, because some terminals begin a new line after it.
func columnsOf(w io.Writer) int {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
		return max(columns-1, minColumns)
	}
	return width
}

// width is how many characters a line of help has at most, and of a terminal that does not tell its size; minColumns
// is what nothing is made narrower than.
const (
	width      = 79
	minColumns = 30
)

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
	columns := t.columns()
	for i, line := range lines {
		lines[i] = fit(line, columns, "  ")
	}
	fmt.Fprintln(t, strings.Join(lines, "\n"))
}

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
	if t.bar == nil && !t.count {
		return
	}
	switch columns := t.columns(); {
	case columns < t.drawn: // the line has been broken since, and cannot be taken back
		fmt.Fprintln(t.w)
	case t.count:
		fmt.Fprintf(t.w, "\r%*s\r", room(columns), "")
	default:
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
	if columns := t.columns(); columns > 0 {
		t.draw(what, line, done, total, columns)
		return
	}
	if now := time.Now(); t.said.IsZero() {
		t.said = now
	} else if now.Sub(t.said) >= tellEvery {
		t.said = now
		fmt.Fprintln(t.w, line)
	}
}

// draw shows the line and a bar. A bar is of one thing and of one size: another begins where another thing does, its end
// is known, or the window was made narrower or wider.
func (t *talk) draw(what, line string, done, total, columns int) {
	isResized := t.drawn != columns
	t.drawn = columns
	if t.count = total == 0; t.count {
		fmt.Fprintf(t.w, "\r%-*s", room(columns), oneLine(line, room(columns)))
		return
	}
	line = oneLine(line, room(columns))
	isNew := t.bar == nil || t.barOf != what || t.bar.GetMax() != total || isResized
	if !isNew && done < total && time.Since(t.shown) < drawEvery {
		return
	}
	t.shown = time.Now()
	if isNew {
		t.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(t.w), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(10), progressbar.OptionUseANSICodes(false),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription(line), progressbar.OptionSetRenderBlankState(true))
		t.barOf = what
	}
	t.bar.Describe(line)
	_ = t.bar.Set(done)
}

// room returns how many characters go before a bar, so that it fits into the line with its number.
func room(columns int) int {
	const mostRoom, bar = 58, 21
	return min(mostRoom, columns-bar)
}

// meanwhile says what is being done if it takes so long that people wonder. The caller calls done when it is done.
func (t *talk) meanwhile(what string) (done func()) {
	timer := time.AfterFunc(wonder, func() { t.tell("%s …", what) })
	return func() { timer.Stop() }
}

// wonder is how long nobody minds that nothing is said.
const wonder = 800 * time.Millisecond

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
