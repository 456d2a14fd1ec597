package crm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"kommo-import/internal/kommo"
	"kommo-import/internal/web"
)

// A problemBody is the body of an answer that is not a success (documented). A field of another type than expected does not
// spoil the others.
//
//	{"title":"Unauthorized","type":"https://httpstatus.es/401","status":401,"detail":"…"}
//	{"validation-errors":[{"request_id":"0","errors":[{"code":"NotSupportedChoice","path":"status_id","detail":"…"}]}],
//	 "title":"Bad Request","type":"https://httpstatus.es/400","status":400,"detail":"Request validation failed"}
type problemBody struct {
	Title      kommo.LooseText   `json:"title"`
	Detail     kommo.LooseText   `json:"detail"`
	Validation []validationError `json:"validation-errors"`
}

type validationError struct {
	RequestID kommo.LooseText `json:"request_id"`
	Errors    []struct {
		Code   kommo.LooseText `json:"code"`
		Path   kommo.LooseText `json:"path"`
		Detail kommo.LooseText `json:"detail"`
	} `json:"errors"`
}

// isAboutEntry reports whether a 404 is about an entry of the request. One about the path has the detail "Cannot GET …"
// (documented); one of another server is no JSON.
func (p problemBody) isAboutEntry() bool {
	return p.Title != "" && !strings.HasPrefix(string(p.Detail), "Cannot ")
}

// mostErrors is how many validation errors an error text names.
const mostErrors = 3

// validation returns the first validation errors as a text, "" if there are no such errors.
func (p problemBody) validation() string {
	var all []string
	for _, of := range p.Validation {
		for _, e := range of.Errors {
			text := joined(": ", string(e.Path), string(e.Code), string(e.Detail))
			if of.RequestID != "" {
				text = joined(" ", text, fmt.Sprintf("(request %s)", of.RequestID))
			}
			all = append(all, text)
		}
	}
	if more := len(all) - mostErrors; more > 0 {
		all = append(all[:mostErrors], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(all, "; ")
}

// problem returns the typed error that the status stands for, nil for a 2xx. A 403 that is no JSON is the block after too many
// requests (documented): plain text or a page.
func problem(method string, a kommo.Answer, scrub *web.Scrubber) error {
	var body problemBody
	_ = json.Unmarshal(a.Body, &body)
	isJSON := bytes.HasPrefix(bytes.TrimSpace(a.Body), []byte("{"))
	switch {
	case a.Status < 300, a.Status == http.StatusTooManyRequests, a.Status == http.StatusRequestTimeout,
		a.Status == http.StatusTooEarly, a.Status == statusClientClosedRequest, a.Status >= 500:
		return a.Problem()
	case a.Status == http.StatusForbidden && !isJSON:
		return &kommo.BlockedError{Detail: a.Detail()}
	case slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
		http.StatusUnprocessableEntity}, a.Status), method == http.MethodPost && a.Status == http.StatusNotFound && body.isAboutEntry():
		text := joined(": ", string(body.Title), string(body.Detail), body.validation())
		return &kommo.RefusedError{Detail: cmp.Or(scrub.Text(text), a.Detail())}
	}
	denied := &kommo.AccountDeniedError{Status: a.Status, RedirectedTo: a.RedirectedTo()}
	if denied.Title = scrub.Text(string(body.Title)); denied.Title != "" {
		denied.Detail = scrub.Text(string(body.Detail))
	} else {
		denied.Detail = a.Detail()
	}
	return denied
}

// statusClientClosedRequest is the status of nginx for a request whose client did not wait for the answer.
const statusClientClosedRequest = 499

// joined returns the parts that are not empty, with the separator between them.
func joined(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), separator)
}
