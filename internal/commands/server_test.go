package commands

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"

	"kommo-import/internal/sandbox"
)

// A kommoServer is a sandbox on a loopback listener.
type kommoServer struct {
	*sandbox.Kommo
	green  *sandbox.GreenAPI // nil without a Green-API
	server *httptest.Server
	// hook, if not nil, is called twice for each message's request, whose number n counts from 1: when it arrives, and
	// when it is taken and not yet answered.
	hook func(n int, taken bool)

	mu         sync.Mutex
	messages   int
	signatures []string
}

func serveKommo(options sandbox.Options, hook func(n int, taken bool)) *kommoServer {
	return serveBoth(options, nil, hook)
}

// serveBoth is serveKommo, with a Green-API unless green is nil.
func serveBoth(options sandbox.Options, green *sandbox.GreenAPI, hook func(n int, taken bool)) *kommoServer {
	r := &kommoServer{Kommo: sandbox.NewKommo(options), green: green, hook: hook}
	r.server = httptest.NewServer(r)
	return r
}

func (r *kommoServer) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if r.green != nil && r.green.Serves(q.URL.Path) {
		r.green.ServeHTTP(w, q)
		return
	}
	r.mu.Lock()
	r.signatures = append(r.signatures, q.Header.Get("X-Signature"))
	isMessage := q.Method == http.MethodPost && !strings.HasSuffix(q.URL.Path, "/chats")
	if isMessage {
		r.messages++
	}
	n := r.messages
	r.mu.Unlock()
	if !isMessage || r.hook == nil {
		r.Kommo.ServeHTTP(w, q)
		return
	}
	r.hook(n, false)
	held := httptest.NewRecorder()
	r.Kommo.ServeHTTP(held, q)
	r.hook(n, true)
	w.WriteHeader(held.Code)
	w.Write(held.Body.Bytes())
}

func (r *kommoServer) environment() []string {
	if r.green == nil {
		return r.Environment(r.server.URL)
	}
	return append(r.Environment(r.server.URL), r.green.Environment(r.server.URL)...)
}

// check wants so many messages in so many chats: each once, in order, and a notifying message in so many of the chats.
func (r *kommoServer) check(messages, chats, loud int) error {
	got := r.Summary()
	if got.Messages != messages || got.Chats != chats || got.Doubled != 0 || got.OutOfOrder != 0 ||
		got.Loud != loud || got.ChatsWithoutOneLoud != chats-loud {
		return fmt.Errorf("got %+v, want %d messages in %d chats, each once and in order, %d of them loud", got, messages, chats, loud)
	}
	return nil
}

// serveGreenAPI returns a sandbox whose Green-API has the account of the samples, with two entries more that hold the
// token: in a link, and in an entry of an unknown type.
func serveGreenAPI(t *testing.T, rules ...sandbox.Rule) *kommoServer {
	t.Helper()
	account, err := sandbox.ReadAccount(os.DirFS("../../samples/green-api"))
	if err != nil {
		t.Fatal(err)
	}
	green := sandbox.NewGreenAPI(account, sandbox.GreenAPIOptions{HistoryRate: 50, Rules: rules})
	const common = `{"type":"incoming","chatId":"34677894321@c.us","senderId":"34677894321@c.us","timestamp":%d,"idMessage":"TOKEN%[1]d",`
	green.AddEntry("34677894321@c.us", fmt.Appendf(nil, common+
		`"typeMessage":"imageMessage","downloadUrl":"https://api.green-api.com/waInstance7105000000/downloadFile/%s","mimeType":"image/jpeg"}`,
		1793700001, green.Options.Token), false)
	green.AddEntry("34677894321@c.us", fmt.Appendf(nil, common+
		`"typeMessage":"novelMessage","novelMessage":{"url":"https://api.green-api.com/waInstance7105000000/downloadFile/%s"}}`,
		1793700002, green.Options.Token), false)
	box := serveBoth(sandbox.Options{}, green, nil)
	t.Cleanup(box.server.Close)
	t.Cleanup(box.server.CloseClientConnections)
	return box
}
