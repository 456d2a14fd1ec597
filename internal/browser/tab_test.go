//go:build browser

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// allocator starts browsers for all tests.
var allocator context.Context

func TestMain(m *testing.M) {
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(os.Getenv("BROWSER")), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Env("TZ=UTC"), chromedp.WSURLReadTimeout(time.Minute))
	var stop context.CancelFunc
	allocator, stop = chromedp.NewExecAllocator(context.Background(), options...)
	browser, closeBrowser := chromedp.NewContext(allocator)
	allocator = browser
	if err := chromedp.Run(browser); err != nil {
		fmt.Fprintf(os.Stderr, "BROWSER=%q does not start: %v\n", os.Getenv("BROWSER"), err)
		os.Exit(1)
	}
	code := m.Run()
	closeBrowser()
	stop()
	os.Exit(code)
}

// A tab is a tab of the browser with a page. When its test ends, it wants that nothing was fetched, that no script of others
// ran, and that the console has no error.
type tab struct {
	*testing.T
	ctx    context.Context
	mu     sync.Mutex
	faults []string
}

// A screen is a size of the browser's window, light or dark.
type screen struct {
	width, height int64
	dark          bool
}

var (
	wide   = screen{1440, 900, false}
	narrow = screen{360, 740, false}
)

func (s screen) String() string {
	mode := "light"
	if s.dark {
		mode = "dark"
	}
	return fmt.Sprintf("%d-%s", s.width, mode)
}

// open opens a page from the disk.
func open(t *testing.T, path string, on screen) *tab {
	t.Helper()
	ctx, closeTab := chromedp.NewContext(allocator)
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	b := &tab{T: t, ctx: ctx}
	t.Cleanup(func() {
		b.wantNoFaults()
		cancel()
		closeTab()
	})
	chromedp.ListenTarget(ctx, b.watch)
	scheme := "light"
	if on.dark {
		scheme = "dark"
	}
	b.run(network.Enable(), log.Enable(), runtime.Enable(), page.Enable(),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.EmulateViewport(on.width, on.height), chromedp.Navigate("file://"+path))
	return b
}

// watch notes every request and every error of a page. Both are faults.
func (b *tab) watch(event any) {
	fault := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		isIcon := strings.HasPrefix(e.Request.URL, "data:image/svg+xml;") // of the browser's own fields
		if !isIcon && (!strings.HasPrefix(e.Request.URL, "file:///") || e.Type != network.ResourceTypeDocument) {
			fault = "requested " + e.Request.URL
		}
	case *runtime.EventExceptionThrown:
		fault = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		fault = "the console has a line of kind " + string(e.Type)
	case *log.EventEntryAdded:
		fault = "the log says " + e.Entry.Text
	case *page.EventJavascriptDialogOpening:
		fault = "a dialog says " + e.Message
		go chromedp.Run(b.ctx, page.HandleJavaScriptDialog(true))
	}
	if fault != "" {
		b.mu.Lock()
		b.faults = append(b.faults, fault)
		b.mu.Unlock()
	}
}

func (b *tab) wantNoFaults() {
	b.Helper()
	var pwned bool
	if b.run(chromedp.Evaluate(`"pwned" in window`, &pwned)); pwned {
		b.Error("a script of a text ran")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, fault := range b.faults {
		b.Error(fault)
	}
}

func (b *tab) run(actions ...chromedp.Action) {
	b.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.Fatal(err)
	}
}

// eval returns the value of an expression in the page.
func eval[T any](b *tab, expression string) (value T) {
	b.Helper()
	b.run(chromedp.Evaluate(expression, &value))
	return value
}

// text returns the visible text of an element.
func (b *tab) text(selector string) string {
	b.Helper()
	return eval[string](b, fmt.Sprintf(`document.querySelector(%s).innerText`, quote(selector)))
}

// want waits until an expression is true.
func (b *tab) want(expression string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Run(ctx, chromedp.Poll(expression, nil, chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		b.Fatalf("it does not become true that %s: %v; the page says %.2000s", expression, err, eval[string](b, "document.body.innerText"))
	}
}

// wantText waits until the text of an element is as wanted.
func (b *tab) wantText(selector, want string) {
	b.Helper()
	b.want(fmt.Sprintf(`document.querySelector(%s)?.innerText.includes(%s)`, quote(selector), quote(want)))
}

// click clicks as a mouse does.
func (b *tab) click(selector string) {
	b.Helper()
	b.run(chromedp.Click(selector, chromedp.ByQuery))
}

// find replaces the text in the search field.
func (b *tab) find(text string) {
	b.Helper()
	b.run(chromedp.Evaluate(`document.querySelector("#search").select()`, nil), chromedp.SendKeys("#search", kb.Backspace+text, chromedp.ByQuery))
}

// choose sets a filter.
func (b *tab) choose(field, value string) {
	b.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf(`(() => { const f = document.querySelector(%s); f.value = %s; f.dispatchEvent(new Event("change")); })()`,
		quote(field), quote(value)), nil))
	if got := eval[string](b, fmt.Sprintf(`document.querySelector(%s).value`, quote(field))); got != value {
		b.Fatalf("the filter %s does not offer %q", field, value)
	}
}

// rows returns the names in the list.
func (b *tab) rows() []string {
	b.Helper()
	return eval[[]string](b, `[...document.querySelectorAll("#list .who")].map((e) => e.textContent)`)
}

// openNamed opens the conversation with a name.
func (b *tab) openNamed(name string) {
	b.Helper()
	b.run(chromedp.Evaluate(fmt.Sprintf(`[...document.querySelectorAll("#list a")].find((a) => a.querySelector(".who").textContent === %s).click()`, quote(name)), nil))
	b.wantText("#chat-name", name)
}

// emulatePrint shows the page as it is on paper.
func (b *tab) emulatePrint() {
	b.Helper()
	b.run(emulation.SetEmulatedMedia().WithMedia("print"))
}

// wantNoOverflow wants that the page and its parts need no scrolling to the side.
func (b *tab) wantNoOverflow(where string) {
	b.Helper()
	wide := eval[[]string](b, `(() => {
		const found = [], most = document.documentElement.clientWidth;
		for (const e of document.querySelectorAll("body, body *:not(svg *)")) {
			const box = e.getBoundingClientRect(), style = getComputedStyle(e);
			if (!box.width || e.closest(".vh, noscript") || style.visibility === "hidden") continue;
			if (box.right > most + 1 || box.left < -1) found.push(e.tagName + "." + e.className + " to " + Math.round(box.right));
			if (e.scrollWidth > e.clientWidth + 1 && e.clientWidth && /auto|scroll/.test(style.overflowX)) found.push(e.tagName + "." + e.className + " scrolls");
		}
		if (document.documentElement.scrollWidth > most) found.push("the page scrolls: " + document.documentElement.scrollWidth + " of " + most);
		return found;
	})()`)
	if len(wide) > 0 {
		b.Errorf("%s: too wide: %s", where, strings.Join(wide[:min(len(wide), 10)], ", "))
	}
}

// wantAccessible wants that axe-core finds nothing.
func (b *tab) wantAccessible(where string) {
	b.Helper()
	axe, err := os.ReadFile(os.Getenv("AXE"))
	if err != nil {
		b.Fatalf("AXE: %v", err)
	}
	var violations []string
	b.run(chromedp.Evaluate(string(axe), nil), chromedp.Evaluate(`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) =>
		v.id + ": " + v.nodes.map((n) => n.html.slice(0, 200) + " " + n.failureSummary).slice(0, 3).join("; ")))`,
		&violations, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
	for _, v := range violations {
		b.Errorf("%s: axe finds %s", where, v)
	}
}

// quote returns a text as JavaScript.
func quote(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}
