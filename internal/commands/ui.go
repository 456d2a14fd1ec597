package commands

import (
	"context"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"kommo-import/importer"
)

// A ui writes to people, on stderr: lines, and the progress of long work. The same writer for both keeps a line from tearing
// a progress bar. Several goroutines may use it.
type ui struct {
	mu      sync.Mutex
	w       io.Writer
	columns func() int // the longest line that fits now; 0 without a terminal
	quiet   bool       // only errors and questions
	verbose bool
	bar     *progressbar.ProgressBar
	barOf   string    // the label of the bar
	drawn   int       // columns when the bar or the count was last drawn
	shown   time.Time // when the bar was last drawn
	count   bool      // a count is shown instead of a bar, because the total is unknown
	printed time.Time // when progress was last printed as a line
}

const (
	printEvery = 30 * time.Second       // how often progress is printed without a terminal
	drawEvery  = 100 * time.Millisecond // how often a bar is drawn
	slowAfter  = 800 * time.Millisecond // how long work may take without a message
)

// The longest line of help, which is also the width of a terminal of unknown size, and the narrowest width of all.
const (
	width      = 79
	minColumns = 30
)

func newUI(w io.Writer) *ui {
	return &ui{w: w, columns: func() int { return columnsOf(w) }}
}

// columnsOf returns the length of the longest line that fits on the terminal w, 0 if w is no terminal. The last column
// stays empty, because some terminals begin a new line after it.
func columnsOf(w io.Writer) int {
	if out, ok := w.(*output); ok {
		w = out.w
	}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
		return max(columns-1, minColumns)
	}
	return width
}

// lineLength returns the length of the longest line of text that w takes: that of a terminal, else that of the variable
// COLUMNS, 0 without it.
func lineLength(w io.Writer) int { return orVariable(columnsOf(w)) }

// orVariable returns the columns of a terminal, else those of the variable COLUMNS, 0 without it.
func orVariable(columns int) int {
	if columns > 0 {
		return columns
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		return max(columns-1, minColumns)
	}
	return 0
}

// Write is for libraries that want a writer.
func (u *ui) Write(text []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	return u.w.Write(text)
}

// print prints lines, also if the user wants quiet. On a terminal long lines are broken between words.
func (u *ui) print(format string, args ...any) {
	lines := strings.Split(fmt.Sprintf(format, args...), "\n")
	columns := orVariable(u.columns())
	for i, line := range lines {
		lines[i] = fit(line, columns, "  ")
	}
	fmt.Fprintln(u, strings.Join(lines, "\n"))
}

// hintLine matches a line break within a paragraph of a hint. A list is indented further.
var hintLine = regexp.MustCompile(`\n {6}(\S)`)

// printHint prints a hint, whose lines are made for a wide window. In a narrow one its paragraphs are broken anew.
func (u *ui) printHint(hint string) {
	if columns := orVariable(u.columns()); columns > 0 {
		var lines []string
		for line := range strings.SplitSeq(hintLine.ReplaceAllString(hint, " $1"), "\n") {
			lines = append(lines, fit(line, columns, "      "))
		}
		hint = strings.Join(lines, "\n")
	}
	u.print("%s", hint)
}

// info prints lines unless the user wants quiet.
func (u *ui) info(format string, args ...any) {
	if !u.quiet {
		u.print(format, args...)
	}
}

// note prints a line about a number of things, unless it is 0. The first %s in the format stands for the number, with
// the noun if there is a noun.
func (u *ui) note(n int, noun, format string, args ...any) {
	counted := number(n)
	if noun != "" {
		counted = plural(n, noun)
	}
	if n > 0 {
		u.info(format, append([]any{counted}, args...)...)
	}
}

// clear removes the progress from the terminal. If that fails the terminal is only untidy.
func (u *ui) clear() {
	if u.bar == nil && !u.count {
		return
	}
	switch columns := u.columns(); {
	case columns < u.drawn: // the terminal has broken the line since, and it cannot be removed
		fmt.Fprintln(u.w)
	case u.count:
		fmt.Fprintf(u.w, "\r%*s\r", room(columns), "")
	default:
		_ = u.bar.Clear()
	}
}

// progress shows how much of some work is done: a bar on a terminal, else a line now and then. label has no numbers;
// total and the remaining time are 0 if they are unknown.
func (u *ui) progress(label string, done, total int, remaining time.Duration) {
	if u.quiet {
		return
	}
	line := fmt.Sprintf("%s: %s", label, number(done))
	if total > 0 {
		line += " of " + number(total)
	}
	if remaining > 0 {
		line += ", " + duration(remaining) + " left"
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if columns := u.columns(); columns > 0 {
		u.draw(label, line, done, total, columns)
		return
	}
	if now := time.Now(); u.printed.IsZero() {
		u.printed = now
	} else if now.Sub(u.printed) >= printEvery {
		u.printed = now
		fmt.Fprintln(u.w, line)
	}
}

// draw shows the line and a bar. A new bar begins for a new label, for a new total, and when the window is resized.
func (u *ui) draw(label, line string, done, total, columns int) {
	isResized := u.drawn != columns
	u.drawn = columns
	line = oneLine(line, room(columns))
	if u.count = total == 0; u.count {
		fmt.Fprintf(u.w, "\r%-*s", room(columns), line)
		return
	}
	if u.bar != nil && u.barOf != label {
		_ = u.bar.Clear() // the next bar may be shorter
	}
	isNew := u.bar == nil || u.barOf != label || u.bar.GetMax() != total || isResized
	if !isNew && done < total && time.Since(u.shown) < drawEvery {
		return
	}
	u.shown = time.Now()
	if isNew {
		u.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(u.w), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetWidth(10), progressbar.OptionUseANSICodes(false),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription(line), progressbar.OptionSetRenderBlankState(true))
		u.barOf = label
	}
	u.bar.Describe(line)
	_ = u.bar.Set(done)
}

// room returns the length of the text before a bar, so that both fit into a line.
func room(columns int) int {
	const longest, bar = 58, 21
	return min(longest, columns-bar)
}

// endProgress removes the bar.
func (u *ui) endProgress() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.clear()
	u.bar, u.barOf, u.count, u.printed = nil, "", false, time.Time{}
}

// notifyIfSlow prints the name of some work if the work takes long. The caller calls done at its end.
func (u *ui) notifyIfSlow(work string) (done func()) {
	timer := time.AfterFunc(slowAfter, func() { u.info("%s …", work) })
	return func() { timer.Stop() }
}

// whileRunning shows the progress of some work twice a second, with the label or, while requests are held back, with
// paused. It prints a line when ctx ends and the work is about to stop. The caller calls ended at the end of the work;
// that removes the progress.
func (u *ui) whileRunning(ctx context.Context, label, paused string, progress func() importer.Progress) (ended func()) {
	running, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticks := time.NewTicker(500 * time.Millisecond)
		defer ticks.Stop()
		for {
			select {
			case <-running.Done():
				return
			case <-ticks.C:
				now, label := progress(), label
				if now.PausedFor > 0 {
					label = paused
				}
				if now.Total > 0 {
					u.progress(label, now.Done, now.Total, now.Remaining)
				}
			}
		}
	}()
	forget := context.AfterFunc(ctx, func() {
		if running.Err() == nil {
			u.print("Stopping after the requests under way. Press Ctrl-C again to stop at once.")
		}
	})
	return func() {
		forget()
		stop()
		<-done
		u.endProgress()
	}
}

// withContext returns the result of read, or the cause of ctx if that ends first. Somebody at a keyboard can take any
// time.
func withContext[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case <-ctx.Done():
		var zero T
		return zero, context.Cause(ctx)
	case r := <-done:
		return r.value, r.err
	}
}
