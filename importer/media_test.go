package importer

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
)

// A shelf has files of 7 bytes at /there…, nothing at /gone…, and trouble elsewhere. It counts what it is asked.
type shelf struct {
	*httptest.Server
	mu    sync.Mutex
	asked map[string]int
	well  bool // there is no trouble any more
}

func newShelf(t *testing.T) *shelf {
	s := &shelf{asked: make(map[string]int)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[r.URL.Path]++
		switch {
		case strings.HasPrefix(r.URL.Path, "/there"), s.well:
			http.ServeContent(w, r, "a.bin", longAfter(), strings.NewReader("1234567"))
		case strings.HasPrefix(r.URL.Path, "/gone"):
			http.NotFound(w, r)
		default:
			w.Header().Set("Retry-After", "0")
			http.Error(w, "trouble", http.StatusBadGateway)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func mediaRow(second, id, url string) string {
	return "ann,170000000" + second + ",in,caption," + id + ",Ann,,,picture," + url + ",,\n"
}

// Media whose size the source does not tell are asked for while loading, each link once; what is gone becomes text;
// what gave no answer is asked again by the next load; what filters leave out is not asked for.
func TestMediaAreLookedUpWhileLoading(t *testing.T) {
	server := newShelf(t)
	f := newFile(t)
	path := writeCSV(t, csvHeader+
		mediaRow("0", "0", server.URL+"/there/early.jpg")+
		mediaRow("1", "1", server.URL+"/there/a.jpg")+
		mediaRow("2", "2", server.URL+"/there/a.jpg")+
		mediaRow("3", "3", server.URL+"/gone/b.jpg")+
		mediaRow("4", "4", server.URL+"/trouble/c.jpg")+
		"ann,1700000005,in,known,5,Ann,,,picture,"+server.URL+"/there/d.jpg,d.jpg,100\n")
	load := func(filter Filter) LoadReport {
		report, err := (&Loader{File: f, Name: path, Filter: filter, AllowPrivateMedia: true}).Load(t.Context(), &csvfile.File{Path: path, Now: longAfter})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	planned := func() (kinds []string) {
		for _, body := range bodies(t, f, newComposer())["ann"] {
			kind := between(body, `"type":"`, `"`)
			if kind == "text" {
				kind = between(body, `"text":"`, `"`)
			} else {
				kind += " " + between(body, `"file_name":"`, `"`) + " " + between(body, `"file_size":`, `}`)
			}
			kinds = append(kinds, kind)
		}
		return kinds
	}

	report := load(Filter{Since: fromMillis(1700000001000)})
	if report.MediaFound != 1 || report.MediaGone != 1 || report.MediaFailed != 1 {
		t.Errorf("first load: %+v", report)
	}
	link := server.URL + "/trouble/c.jpg"
	want := []string{"picture a.jpg 7", "picture a.jpg 7", `[picture: b.jpg, no longer available]\ncaption`,
		`[picture: c.jpg] ` + link + `\ncaption`, "picture d.jpg 100"}
	if diff := cmp.Diff(want, planned()); diff != "" {
		t.Errorf("after the first load (-want +got):\n%s", diff)
	}
	if server.asked["/there/early.jpg"]+server.asked["/there/d.jpg"] > 0 || server.asked["/there/a.jpg"] != 1 {
		t.Errorf("asked %v", server.asked)
	}

	server.well = true
	if report := load(Filter{}); report.MediaFound != 2 || report.Restored != 1 {
		t.Errorf("second load: %+v", report)
	}
	want[3] = "picture c.jpg 7"
	if diff := cmp.Diff(append([]string{"picture early.jpg 7"}, want...), planned()); diff != "" {
		t.Errorf("after the second load (-want +got):\n%s", diff)
	}
}

// Links into private networks are not asked, and become text.
func TestPrivateMediaAreNotLookedUp(t *testing.T) {
	server := newShelf(t)
	f := newFile(t)
	report := load(t, f, csvHeader+mediaRow("1", "1", server.URL+"/there/a.jpg"))
	if report.MediaRefused != 1 || len(server.asked) > 0 {
		t.Errorf("report %+v, asked %v", report, server.asked)
	}
	if body := bodies(t, f, newComposer())["ann"][0]; !strings.Contains(body, "[picture: a.jpg] "+server.URL) {
		t.Errorf("got %s", body)
	}
	preview, err := f.Preview(newComposer(), Selection{}, 6)
	if err != nil || preview.Warnings[len(preview.Warnings)-1].Kind != MediaPrivate {
		t.Errorf("preview warns %+v, error %v", preview.Warnings, err)
	}
}

// Links into private networks that one load did not ask are asked by the next one that may.
func TestPrivateMediaAreLookedUpWhenAllowed(t *testing.T) {
	server := newShelf(t)
	f := newFile(t)
	path := writeCSV(t, csvHeader+mediaRow("1", "1", server.URL+"/there/a.jpg"))
	loadFile(t, f, path, Filter{})
	report, err := (&Loader{File: f, Name: path, AllowPrivateMedia: true}).Load(t.Context(), &csvfile.File{Path: path, Now: longAfter})
	if err != nil || report.MediaFound != 1 {
		t.Errorf("report %+v, error %v, want the link found", report, err)
	}
}

// A load that ends before all media were looked up leaves a plan that is not complete, and send says so.
func TestMediaThatWereNotLookedUp(t *testing.T) {
	server := newShelf(t)
	f := newFile(t)
	path := writeCSV(t, csvHeader+mediaRow("1", "1", server.URL+"/there/a.jpg"))
	healthy := f.Commit
	f.Commit = failAfter(f, 2) // the batch and the arrangement; not the answer
	if _, err := (&Loader{File: f, Name: path, AllowPrivateMedia: true}).Load(t.Context(), &csvfile.File{Path: path, Now: longAfter}); err == nil {
		t.Fatal("the load went to its end")
	}
	f.Commit = healthy
	box := newBox()
	_, err := newSender(f, box).Send(t.Context())
	if notReady, ok := err.(*NotReadyError); !ok || notReady.Media != 1 || len(box.Requests()) > 0 {
		t.Errorf("send returns %v after %d requests, want a NotReadyError", err, len(box.Requests()))
	}
}
