//go:build browser

package browser

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Nobody meets a barrier, and nothing is wider than the screen: in no part of the page, at no width, in the light or the dark.
func TestScreens(t *testing.T) {
	p := newProgram(t)
	p.write("all.csv", strings.Replace(everyKind, "@LONG@", strings.Repeat("many words ", 460), 1))
	p.run(3, "load", "--csv", "chats.csv")
	p.run(3, "load", "--csv", "all.csv", "--since", "2020-01-01")
	p.run(0, "preview", "--html", "page.html")
	for _, on := range []screen{wide, {1440, 900, true}, narrow, {360, 740, true}} {
		t.Run(on.String(), func(t *testing.T) {
			b := open(t, p.path("page.html"), on)
			b.wantAccessible("overview")
			b.wantNoOverflow("overview")
			b.run(chromedp.Evaluate(`location.hash = "#conversations"`, nil), chromedp.Evaluate(`document.querySelector("#filters").open = true`, nil))
			b.wantAccessible("list")
			b.wantNoOverflow("list")
			for i := range eval[int](b, `document.querySelectorAll("#list a").length`) {
				b.run(chromedp.Evaluate(fmt.Sprintf(`location.hash = "#c%d"`, i), nil))
				b.want(fmt.Sprintf(`document.querySelector("#list [aria-current]")?.hash === "#c%d"`, i))
				name := b.text("#chat-name")
				b.wantNoOverflow(name)
				if name == "Ann" || name == "Ben" || i == 0 {
					b.wantAccessible(name)
				}
			}
		})
	}
}

// TestScreenshots writes the pictures of docs into the folder SCREENSHOTS.
func TestScreenshots(t *testing.T) {
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		t.Skip("SCREENSHOTS is not set")
	}
	path, million := demo(t), large(t, 1_000_000)
	for _, s := range []struct {
		name string
		on   screen
		page string
		show string // the part of the page
	}{
		{"preview-overview", wide, million, "#summary"},
		{"preview-chat-dark", screen{1440, 900, true}, path, "Ольга Викторовна"},
		{"preview-phone-list", narrow, path, "#conversations"},
		{"preview-phone-chat-dark", screen{360, 740, true}, path, "Maya Lindqvist"},
	} {
		b := open(t, s.page, s.on)
		if strings.HasPrefix(s.show, "#") {
			b.run(chromedp.Evaluate(`location.hash = `+quote(s.show), nil))
		} else {
			b.openNamed(s.show)
		}
		b.want(`document.body.dataset.ready === "true"`)
		var picture []byte
		b.run(emulation.SetDeviceMetricsOverride(s.on.width, s.on.height, 1, false), chromedp.CaptureScreenshot(&picture))
		if err := os.WriteFile(filepath.Join(folder, s.name+".png"), picture, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}
