package sandbox

import (
	"net/http"
	"strings"
)

// Endpoint names what a request asks for.
type Endpoint string

const (
	OnMessage    Endpoint = "message"    // POST …/{scope}
	OnChats      Endpoint = "chats"      // POST …/{scope}/chats
	OnHistory    Endpoint = "history"    // GET …/{scope}/chats/{chat}/history
	OnConnect    Endpoint = "connect"    // POST …/{channel}/connect
	OnDisconnect Endpoint = "disconnect" // DELETE …/{channel}/disconnect
	OnAny        Endpoint = "any"        // in a Rule: all of these, and paths that do not exist
)

func kommoEndpoints() []Endpoint {
	return append([]Endpoint{OnMessage, OnChats, OnHistory, OnConnect, OnDisconnect, OnAny}, accountEndpoints()...)
}

// A target is what a path says. Its endpoint is "" when the sandbox has no such path.
type target struct {
	endpoint         Endpoint
	channel, account string
	chat             string // Kommo's id, for OnHistory
}

func route(method, path string) target {
	rest, ok := strings.CutPrefix(path, "/v2/origin/custom/")
	if !ok {
		return target{endpoint: routeAccount(method, path)}
	}
	first, rest, deeper := strings.Cut(rest, "/")
	channel, account, _ := strings.Cut(first, "_")
	t := target{channel: channel, account: account}
	switch {
	case method == http.MethodPost && !deeper:
		t.endpoint = OnMessage
	case method == http.MethodPost && rest == "chats":
		t.endpoint = OnChats
	case method == http.MethodPost && rest == "connect":
		t.endpoint = OnConnect
	case method == http.MethodDelete && rest == "disconnect":
		t.endpoint = OnDisconnect
	case method == http.MethodGet:
		t.chat, ok = cutBoth(rest, "chats/", "/history")
		if ok {
			t.endpoint = OnHistory
		}
	}
	return t
}

// cutBoth returns what stands between prefix and suffix, if that is one segment of a path.
func cutBoth(s, prefix, suffix string) (string, bool) {
	s, before := strings.CutPrefix(s, prefix)
	s, after := strings.CutSuffix(s, suffix)
	return s, before && after && s != "" && !strings.Contains(s, "/")
}

// handle answers a request that meets no fault. A path that does not exist gets an empty 404, as clients of Kommo
// have come to expect; a channel that is not there gets one with a body.
func (k *Kommo) handle(q request) answer {
	if q.endpoint == "" {
		return emptyAnswer(http.StatusNotFound)
	}
	if q.endpoint.ofAccount() {
		return k.handleAccount(q)
	}
	if q.channel != k.Options.ChannelID {
		return notRegistered()
	}
	if refusal := k.checkHeaders(q); refusal != nil {
		return *refusal
	}
	switch q.endpoint {
	case OnConnect:
		return k.connect(q.body)
	case OnDisconnect:
		return k.disconnect(q.body)
	}
	if !k.reaches(q.account) {
		return notRegistered()
	}
	switch q.endpoint {
	case OnChats:
		return k.createChat(q.body)
	case OnHistory:
		return k.history(q.chat, q.query)
	default:
		return k.takeMessage(q.body)
	}
}
