package sandbox

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// The methods of Green-API that the sandbox has, by their names in the path, and OnMedia for the storage of files.
const (
	OnGetChatHistory   Endpoint = "getChatHistory"   // POST
	OnGetChats         Endpoint = "getChats"         // GET
	OnGetContacts      Endpoint = "getContacts"      // GET
	OnGetContactInfo   Endpoint = "getContactInfo"   // POST
	OnGetSettings      Endpoint = "getSettings"      // GET
	OnGetStateInstance Endpoint = "getStateInstance" // GET
	OnGetWaSettings    Endpoint = "getWaSettings"    // GET
	OnDownloadFile     Endpoint = "downloadFile"     // POST
	OnMedia            Endpoint = "media"            // GET or HEAD /media/…
)

// methods say how the methods of Green-API are asked for and answered.
var methods = []struct {
	name   Endpoint
	verb   string
	answer func(*GreenAPI, call) answer
}{
	{OnGetChatHistory, http.MethodPost, (*GreenAPI).getChatHistory},
	{OnGetChats, http.MethodGet, (*GreenAPI).getChats},
	{OnGetContacts, http.MethodGet, func(g *GreenAPI, q call) answer { return g.firstOf(q, g.account.Contacts) }},
	{OnGetContactInfo, http.MethodPost, (*GreenAPI).getContactInfo},
	{OnGetSettings, http.MethodGet, func(g *GreenAPI, q call) answer { return okAnswer(g.account.Settings) }},
	{OnGetStateInstance, http.MethodGet, func(g *GreenAPI, q call) answer {
		return okAnswer(map[string]string{"stateInstance": g.account.State})
	}},
	{OnGetWaSettings, http.MethodGet, func(g *GreenAPI, q call) answer { return okAnswer(g.account.WaSettings) }},
	{OnDownloadFile, http.MethodPost, (*GreenAPI).downloadFile},
}

func greenAPIEndpoints() (all []Endpoint) {
	for _, m := range methods {
		all = append(all, m.name)
	}
	return append(all, OnMedia, OnAny)
}

const (
	instancePrefix = "/waInstance"
	mediaPrefix    = "/media/"
)

// A call is a request to Green-API with the meaning of its path and body.
type call struct {
	endpoint        Endpoint // "" for a path that Green-API does not have
	instance, token string
	verb            string
	path            string // with the token
	base            string // scheme and host under which the client knows the sandbox
	query           url.Values
	body            []byte
	parameters
}

// parameters are the fields of a body.
type parameters struct {
	ChatID    string          `json:"chatId"`
	IDMessage string          `json:"idMessage"`
	Count     json.RawMessage `json:"count"`
}

func newCall(r *http.Request, body []byte) call {
	q := call{verb: r.Method, path: r.URL.Path, base: "http://" + r.Host, query: r.URL.Query(), body: body}
	switch {
	case r.URL.Host != "": // of a RoundTrip
		q.base = r.URL.Scheme + "://" + r.URL.Host
	case r.TLS != nil:
		q.base = "https://" + r.Host
	}
	q.endpoint, q.instance, q.token = routeGreenAPI(q.path)
	json.Unmarshal(body, &q.parameters) // the method checks the body itself
	return q
}

// routeGreenAPI takes /waInstance7105000000/getChats/token apart. A method may begin with a capital letter, as in older
// editions of the documents.
func routeGreenAPI(path string) (method Endpoint, instance, token string) {
	if strings.HasPrefix(path, mediaPrefix) {
		return OnMedia, "", ""
	}
	rest, ok := strings.CutPrefix(path, instancePrefix)
	parts := strings.Split(rest, "/")
	if !ok || len(parts) != 3 {
		return "", "", ""
	}
	for _, m := range methods {
		if parts[1] == string(m.name) || parts[1] == strings.ToUpper(string(m.name[:1]))+string(m.name[1:]) {
			method = m.name
		}
	}
	return method, parts[0], parts[2]
}

const defaultCount = 100 // entries of getChatHistory

// count returns how many entries a getChatHistory asks for; 0 for other methods.
func (q call) count() int {
	if q.Count == nil && q.endpoint == OnGetChatHistory {
		return defaultCount
	}
	n, _ := strconv.Atoi(string(q.Count))
	return n
}

// admits reports whether the request reaches the instance, or the storage of files, which asks for no token.
func (g *GreenAPI) admits(q call) bool {
	return q.endpoint == OnMedia || q.instance == g.Options.Instance && q.token == g.Options.Token
}

// handle answers a request that meets no fault. Only getStateInstance and getSettings are answered in every state of the
// instance.
func (g *GreenAPI) handle(q call) answer {
	switch {
	case q.endpoint == OnMedia:
		return g.media(q)
	case q.instance == "":
		return g.errorAnswer(q, http.StatusNotFound, "Cannot "+q.verb+" "+q.path)
	case q.instance != g.Options.Instance:
		return g.errorAnswer(q, http.StatusForbidden, "Forbidden")
	case q.token != g.Options.Token:
		return g.errorAnswer(q, http.StatusUnauthorized, "Unauthorized")
	}
	for _, m := range methods {
		always := m.name == OnGetStateInstance || m.name == OnGetSettings
		switch {
		case m.name != q.endpoint || m.verb != q.verb:
		case always || g.account.State == "authorized":
			return m.answer(g, q)
		case g.account.State == "starting":
			return g.starting(q)
		default:
			return g.errorAnswer(q, http.StatusBadRequest, "instance account not authorized")
		}
	}
	return g.errorAnswer(q, http.StatusNotFound, "Cannot "+q.verb+" "+q.path)
}

// errorAnswer has the form of Green-API's errors. The path holds the token on purpose, as in the real service: a client
// that prints the body gives the token away.
//
//	{"statusCode":403,"timestamp":"2026-03-01T12:00:00.000Z","path":"/waInstance7105000000/getChats/5a0d…","message":"Forbidden"}
func (g *GreenAPI) errorAnswer(q call, status int, message string) answer {
	return jsonAnswer(status, "application/json", struct {
		StatusCode int    `json:"statusCode"`
		Timestamp  string `json:"timestamp"`
		Path       string `json:"path"`
		Message    string `json:"message"`
	}{status, g.now().UTC().Format("2006-01-02T15:04:05.000Z"), q.path, message})
}

func (g *GreenAPI) starting(q call) answer {
	return g.errorAnswer(q, http.StatusBadRequest, "instance in starting process try later")
}

// invalid is the answer to a body that the method does not accept. It does not name the reason.
func (g *GreenAPI) invalid(q call) answer {
	return g.errorAnswer(q, http.StatusBadRequest, "Validation failed")
}
