package sandbox

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
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

func greenAPIMethods() []Endpoint {
	return []Endpoint{OnGetChatHistory, OnGetChats, OnGetContacts, OnGetContactInfo, OnGetSettings, OnGetStateInstance,
		OnGetWaSettings, OnDownloadFile}
}

func greenAPIEndpoints() []Endpoint {
	return append(greenAPIMethods(), OnMedia, OnAny)
}

const (
	instancePrefix = "/waInstance"
	mediaPrefix    = "/media/"
)

// Serves reports whether a request's path is one of Green-API's, or of its files.
func (g *GreenAPI) Serves(path string) bool {
	return strings.HasPrefix(path, instancePrefix) || strings.HasPrefix(path, mediaPrefix)
}

// A greenAPICall is what both ways in have in common.
type greenAPICall struct {
	endpoint        Endpoint // "" for a path that Green-API does not have
	instance, token string
	verb            string
	path            string // with the token
	base            string // scheme and host that the client knows the sandbox by
	query           url.Values
	body            []byte
	asked
}

// asked is what the body says before anybody has checked it.
type asked struct {
	ChatID    string          `json:"chatId"`
	IDMessage string          `json:"idMessage"`
	Count     json.RawMessage `json:"count"`
}

func readGreenAPICall(r *http.Request, base string) (greenAPICall, error) {
	q := greenAPICall{verb: r.Method, path: r.URL.Path, base: base, query: r.URL.Query()}
	q.endpoint, q.instance, q.token = routeGreenAPI(q.path)
	if r.Body == nil {
		return q, nil
	}
	defer r.Body.Close()
	var err error
	if q.body, err = io.ReadAll(r.Body); err != nil {
		return q, err
	}
	json.Unmarshal(q.body, &q.asked) // whether the body is right is for the method to say
	return q, nil
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
	for _, m := range greenAPIMethods() {
		if parts[1] == string(m) || parts[1] == strings.ToUpper(string(m[:1]))+string(m[1:]) {
			method = m
		}
	}
	return method, parts[0], parts[2]
}

func (q greenAPICall) asRequest(now time.Time) GreenAPIRequest {
	r := GreenAPIRequest{At: now, Method: q.endpoint, ChatID: q.ChatID}
	if q.endpoint == OnGetChatHistory {
		r.Count = defaultCount
	}
	if q.Count != nil {
		r.Count, _ = strconv.Atoi(string(q.Count))
	}
	return r
}

// admits reports whether the request reaches the instance, or the storage of files, which asks for no token.
func (g *GreenAPI) admits(q greenAPICall) bool {
	return q.endpoint == OnMedia || q.instance == g.Options.Instance && q.token == g.Options.Token
}

// handle answers a request that meets no fault.
func (g *GreenAPI) handle(q greenAPICall) answer {
	verb := http.MethodGet
	if slices.Contains([]Endpoint{OnGetChatHistory, OnGetContactInfo, OnDownloadFile}, q.endpoint) {
		verb = http.MethodPost
	}
	switch {
	case q.endpoint == OnMedia:
		return g.media(q)
	case q.instance == "":
		return g.errorAnswer(q, http.StatusNotFound, "Cannot "+q.verb+" "+q.path)
	case q.instance != g.Options.Instance:
		return g.errorAnswer(q, http.StatusForbidden, "Forbidden")
	case q.token != g.Options.Token:
		return g.unauthorized(q)
	case q.endpoint == "" || q.verb != verb:
		return g.errorAnswer(q, http.StatusNotFound, "Cannot "+q.verb+" "+q.path)
	}
	return g.call(q)
}

// call answers a request that may be made. Only what tells how the instance does is answered in every state of it.
func (g *GreenAPI) call(q greenAPICall) answer {
	switch q.endpoint {
	case OnGetStateInstance:
		return okAnswer(map[string]string{"stateInstance": g.account.State})
	case OnGetSettings:
		return okAnswer(g.account.Settings)
	}
	switch g.account.State {
	case "authorized":
	case "starting":
		return g.starting(q)
	default:
		return g.errorAnswer(q, http.StatusBadRequest, "instance account not authorized")
	}
	switch q.endpoint {
	case OnGetWaSettings:
		return okAnswer(g.account.WaSettings)
	case OnGetChats:
		return g.getChats(q)
	case OnGetContacts:
		return g.getContacts(q)
	case OnGetContactInfo:
		return g.getContactInfo(q)
	case OnDownloadFile:
		return g.downloadFile(q)
	default:
		return g.getChatHistory(q)
	}
}
