package importer

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
	"kommo-import/sources"
)

// A storage keeps files of 7 bytes behind links that die, and makes new ones for messages whose file it still has.
type storage struct {
	life   time.Duration
	silent bool   // it does not tell when a link dies
	kind   string // Content-Type

	mu      sync.Mutex
	dies    map[string]time.Time
	asked   int
	renewed int
	gone    map[string]bool
	failure error // of renewing
}

func newStorage(life time.Duration) *storage {
	return &storage{life: life, kind: "image/jpeg", dies: make(map[string]time.Time), gone: make(map[string]bool)}
}

// link makes a link.
func (s *storage) link(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	link := fmt.Sprintf("https://files.example/%d/%s.jpg", len(s.dies), name)
	s.dies[link] = time.Now().Add(s.life)
	return link
}

func (s *storage) renew(_ context.Context, conversation, message string) (string, error) {
	s.mu.Lock()
	s.renewed++
	failure, gone := s.failure, s.gone[message]
	s.mu.Unlock()
	switch {
	case failure != nil:
		return "", failure
	case gone:
		return "", fmt.Errorf("asking for the file: %w", sources.ErrMediaGone)
	}
	return s.link(conversation + "-" + message), nil
}

func (s *storage) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	answer := &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: r}
	if dies, known := s.dies[r.URL.String()]; known && time.Now().Before(dies) {
		answer.StatusCode, answer.ContentLength = http.StatusOK, 7
		answer.Header.Set("Content-Type", s.kind)
		if !s.silent {
			answer.Header.Set("X-Amz-Expiration", `expiry-date="`+dies.UTC().Format(http.TimeFormat)+`", rule-id="x"`)
		}
	}
	return answer, nil
}

func (s *storage) loader() Loader {
	return Loader{Renew: s.renew, MediaTransport: s}
}

// fileOf returns a message with a file.
func fileOf(id string, second int, kind sources.Kind, link string) sources.Message {
	m := textOf("ann", id, second)
	m.Kind, m.Text, m.Media = kind, "", &sources.Media{URL: link, Name: id + ".jpg", MIME: "image/jpeg", Renewable: true}
	return m
}

// mediaPlanned tells of each message what is sent: kind and link, or the text.
func mediaPlanned(t *testing.T, f *File) (planned []string) {
	t.Helper()
	for _, body := range bodies(t, f, newComposer())["ann"] {
		link := between(body, `"media":"`, `"`)
		if link == "" {
			link = between(body, `"text":"`, `"`)
		}
		planned = append(planned, between(body, `"type":"`, `"`)+" "+link)
	}
	return planned
}

func wantMedia(t *testing.T, f *File, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, mediaPlanned(t, f)); diff != "" {
		t.Errorf("planned (-want +got):\n%s", diff)
	}
}

// Loading makes a new link where there is none or a dead one, asks living ones once, and turns into text what is gone.
// A file whose link could not be made is asked for by the next load.
func TestLoadRenewsLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		alive := s.link("alive")
		s.gone["4"] = true
		batch := sources.Batch{Messages: []sources.Message{
			fileOf("1", 1, sources.KindPicture, alive), fileOf("2", 2, sources.KindVoice, ""),
			fileOf("3", 3, sources.KindVideo, "https://files.example/dead.jpg"), fileOf("4", 4, sources.KindSticker, "")}}
		f := newFile(t)
		report := loadScript(t, f, s.loader(), batch)
		if report.MediaFound != 3 || report.MediaGone != 1 || report.MediaRenewed != 2 || s.renewed != 3 {
			t.Errorf("report %+v, asked for %d new links", report, s.renewed)
		}
		want := []string{"picture " + alive, "voice https://files.example/1/ann-2.jpg", "video https://files.example/2/ann-3.jpg",
			"text [sticker: 4.jpg, no longer available]"}
		sortedWant := want
		if got := mediaPlanned(t, f); strings.Contains(got[1], "/2/") { // they are made at the same time
			sortedWant = []string{want[0], "voice https://files.example/2/ann-2.jpg", "video https://files.example/1/ann-3.jpg", want[3]}
		}
		wantMedia(t, f, sortedWant...)

		asked := s.asked
		if report := loadScript(t, f, s.loader(), batch); report.Known != 4 || s.asked != asked || s.renewed != 3 {
			t.Errorf("loaded again: %+v, asked %d links, %d new ones", report, s.asked-asked, s.renewed-3)
		}
		wantMedia(t, f, sortedWant...)

		another := s.link("another")
		batch.Messages[3].Media.URL = another // the source has found it again
		loadScript(t, f, s.loader(), batch)
		wantMedia(t, f, append(sortedWant[:3:3], "sticker "+another)...)

		time.Sleep(16 * 24 * time.Hour)
		if report := loadScript(t, f, s.loader(), batch); report.MediaRenewed != 3 || report.MediaGone != 1 {
			t.Errorf("loaded again when the links are dead: %+v", report)
		}
	})
}

// A source that does not answer leaves the media for the next load, and one that does not let us in ends the load; the
// plan is not ready until then. Another load without that source leaves them alone.
func TestLoadThatCannotRenew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(time.Hour)
		s.failure = fmt.Errorf("the phone is offline: %w", sources.ErrUnavailable)
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		if report := loadScript(t, f, s.loader(), batch); report.MediaFailed != 1 {
			t.Errorf("report %+v", report)
		}
		wantMedia(t, f, "text [picture: 1.jpg]")

		quota := errors.New("the quota is used up")
		s.failure = quota
		batch.Messages = append(batch.Messages, fileOf("2", 2, sources.KindPicture, ""))
		loader := s.loader()
		loader.File, loader.Name = f, "scripted"
		if _, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{batch}}); !errors.Is(err, quota) {
			t.Errorf("error %v, want %v", err, quota)
		}
		if _, notReady := errors.AsType[*NotReadyError](f.ready(Selection{})); !notReady {
			t.Errorf("ready: %v", f.ready(Selection{}))
		}
		s.failure = nil
		if loadFile(t, f, writeCSV(t, threeConversations()), Filter{}); s.renewed == 0 || f.ready(Selection{}) == nil {
			t.Error("a load of another source has looked up the media")
		}
		if report := loadScript(t, f, s.loader(), batch); report.MediaRenewed != 2 || f.ready(Selection{}) != nil {
			t.Errorf("report %+v, ready: %v", report, f.ready(Selection{}))
		}
	})
}

// A file that is gone by an answer that may be wrong is asked for again by the next load; one that is surely gone is not.
func TestLoadAsksAgainForWhatMayBeThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		s.failure = fmt.Errorf("status 500: %w, %w", sources.ErrMediaGone, sources.ErrUnavailable)
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		if report := loadScript(t, f, s.loader(), batch); report.MediaGone != 1 {
			t.Errorf("report %+v", report)
		}
		s.failure, s.gone["1"] = nil, true
		for range 2 {
			loadScript(t, f, s.loader(), batch)
		}
		if s.renewed != 2 {
			t.Errorf("asked for a new link %d times, want 2", s.renewed)
		}
		wantMedia(t, f, "text [picture: 1.jpg, no longer available]")
	})
}

// A load that was interrupted among the files goes on with them, and does not read the source again for that.
func TestLoadGoesOnWithFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		s.failure = errors.New("the quota is used up")
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		loader := s.loader()
		loader.File, loader.Name = f, "scripted"
		if _, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{batch}}); err == nil {
			t.Fatal("no error")
		}
		s.failure = nil
		if report := loadScript(t, f, s.loader(), batch); report.Read != 0 || report.MediaRenewed != 1 {
			t.Errorf("the next load: %+v", report)
		}
		if report := loadScript(t, f, s.loader(), batch); report.Read != 1 {
			t.Errorf("the load after it: %+v", report)
		}
	})
}

// Files that were not asked about hold up the conversations that they belong to, and no others.
func TestFilesHoldUpTheirConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		s.failure = errors.New("the quota is used up")
		f := newFile(t)
		loader := s.loader()
		loader.File = f
		_, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{{
			Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, ""), textOf("bob", "1", 1)}}}})
		if err == nil {
			t.Fatal("no error")
		}
		if f.ready(Selection{}) == nil || f.ready(Selection{Only: []string{"ann"}}) == nil {
			t.Error("a conversation counts as ready whose files were not asked about")
		}
		if err := f.ready(Selection{Only: []string{"bob"}}); err != nil {
			t.Errorf("another one: %v", err)
		}
	})
}

// Where the source that messages came from is replaced by another one of its kind, that one makes the links.
func TestAnotherSourceMakesTheLinks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		s.failure = errors.New("there is no such instance any more")
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		loader := s.loader()
		loader.File, loader.Name = f, "scripted"
		if _, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{batch}}); err == nil {
			t.Fatal("no error")
		}
		s.failure = nil
		loader.Name = "another"
		report, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{batch}})
		if err != nil || report.Duplicate != 1 || report.MediaRenewed != 1 || f.ready(Selection{}) != nil {
			t.Errorf("report %+v, error %v, ready: %v", report, err, f.ready(Selection{}))
		}
	})
}

// Media that nobody wants as links are not asked about, go as text or not at all, and can be wanted again.
func TestMediaForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(15 * 24 * time.Hour)
		alive := s.link("alive")
		batch := sources.Batch{Messages: []sources.Message{
			textOf("ann", "0", 0), fileOf("1", 1, sources.KindPicture, alive), fileOf("2", 2, sources.KindVoice, "")}}
		f := newFile(t)
		load := func(form MediaForm) {
			t.Helper()
			loader := s.loader()
			loader.Filter.Media = form
			loadScript(t, f, loader, batch)
			if err := f.ready(Selection{}); err != nil {
				t.Errorf("--media=%s: %v", form, err)
			}
		}
		load(MediaAsText)
		wantMedia(t, f, "text text of 0", "text [picture: 1.jpg] "+alive, "text [voice: 2.jpg]")
		load(MediaNot)
		wantMedia(t, f, "text text of 0")
		if s.asked+s.renewed > 0 {
			t.Errorf("asked %d times, %d new links", s.asked, s.renewed)
		}
		load(MediaAsLink)
		wantMedia(t, f, "text text of 0", "picture "+alive, "voice https://files.example/1/ann-2.jpg")
		load(MediaAsText)
		wantMedia(t, f, "text text of 0", "text [picture: 1.jpg] "+alive, "text [voice: 2.jpg] https://files.example/1/ann-2.jpg")
		load(MediaNot)
		load(MediaAsLink)
		wantMedia(t, f, "text text of 0", "picture "+alive, "voice https://files.example/1/ann-2.jpg")
	})
}

// When a quota is used up, media can be done without.
func TestMediaAsTextAfterAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(time.Hour)
		s.failure = errors.New("the quota is used up")
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		loader := s.loader()
		loader.File, loader.Name = f, "scripted"
		if _, err := loader.Load(t.Context(), &scripted{batches: []sources.Batch{batch}}); err == nil {
			t.Fatal("no error")
		}
		loader.Filter.Media = MediaAsText
		loadScript(t, f, loader, batch)
		if status, err := f.Status(); err != nil || status.MediaUnknown != 0 || f.ready(Selection{}) != nil {
			t.Errorf("status %+v, error %v, ready: %v", status, err, f.ready(Selection{}))
		}
		wantMedia(t, f, "text [picture: 1.jpg]")
	})
}

// A file is sent as what its server calls it where the source does not say.
func TestVoiceByItsType(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(time.Hour)
		s.kind = "audio/ogg; codecs=opus"
		untold, told := fileOf("1", 1, sources.KindAudio, s.link("1")), fileOf("2", 2, sources.KindAudio, s.link("2"))
		untold.Media.MIME, told.Media.MIME = "", "audio/mpeg"
		f := newFile(t)
		loadScript(t, f, s.loader(), sources.Batch{Messages: []sources.Message{untold, told}})
		wantMedia(t, f, "voice https://files.example/0/1.jpg", "audio https://files.example/1/2.jpg")
	})
}

// sentMedia returns the links that arrived.
func sentMedia(box *sandbox.Kommo) (links []string) {
	for _, body := range arrived(box)["ann"] {
		links = append(links, between(body, `"type":"`, `"`)+" "+between(body, `"media":"`, `"`))
	}
	return links
}

// The key of a file holds whose it is, whatever the id of its message.
func TestMediaKey(t *testing.T) {
	m := fileOf("3A/5B", 1, sources.KindPicture, "")
	key := mediaKey("green-api", "34611@c.us", &m)
	conversation, id := messageOfKey(key.String)
	if conversation != "34611@c.us" || id != "3A/5B" {
		t.Errorf("got %q and %q of %q", conversation, id, key.String)
	}
}

// A link that was just made and does not work is no proof that the file is gone: the next load asks again.
func TestFreshLinkThatDoesNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStorage(-time.Hour)
		batch := sources.Batch{Messages: []sources.Message{fileOf("1", 1, sources.KindPicture, "")}}
		f := newFile(t)
		if report := loadScript(t, f, s.loader(), batch); report.MediaGone != 1 {
			t.Errorf("report %+v", report)
		}
		s.life = time.Hour
		if report := loadScript(t, f, s.loader(), batch); report.MediaFound != 1 {
			t.Errorf("the next load: %+v", report)
		}
	})
}
