package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// An answer is a response that can leave as an [http.Response] or over a connection.
type answer struct {
	status int
	header http.Header
	body   []byte
	last   int    // where the last element of an array begins in body; 0 for other bodies
	broken error  // nil, or how the connection breaks after body
	done   func() // nil, or called at least once when the answer has left or the client has closed it
}

// newAnswer returns an answer with that body; an empty contentType means an answer without a body.
func newAnswer(status int, contentType string, body []byte) answer {
	a := answer{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

func emptyAnswer(status int) answer { return newAnswer(status, "", nil) }

// status returns the status in the name of an action, or 200.
func (do Action) status() int {
	number, _, _ := strings.Cut(string(do), "-")
	status, err := strconv.Atoi(number)
	if err != nil {
		return http.StatusOK
	}
	return status
}

// proxyAnswer returns an answer that a proxy in front of the service gives: an HTML page, or the status as a plain text
// such as 502 Bad Gateway.
func proxyAnswer(do Action) answer {
	status := do.status()
	text := strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
	if do != HTML && do != Redirect && !strings.HasSuffix(string(do), "-html") {
		return newAnswer(status, "text/plain; charset=utf-8", []byte(text))
	}
	page := "<!DOCTYPE html>\n<html><head><title>" + text + "</title></head><body><h1>" + text + "</h1></body></html>\n"
	a := newAnswer(status, "text/html; charset=utf-8", []byte(page))
	if do == Redirect {
		a.header.Set("Location", "/login")
	}
	return a
}

func jsonAnswer(status int, contentType string, v any) answer {
	return newAnswer(status, contentType, mustMarshal(v))
}

func okAnswer(v any) answer {
	return jsonAnswer(http.StatusOK, "application/json", v)
}

// mustMarshal returns v, one of the sandbox's own types, as JSON.
func mustMarshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sandbox: " + err.Error())
	}
	return b
}

// errCut is the error of a connection that breaks.
func errCut() error {
	return fmt.Errorf("sandbox: connection reset by peer: %w", io.ErrUnexpectedEOF)
}

// cutShort returns the answer up to the middle of its last element. There the connection breaks with that error; nil is
// a regular end.
func (a answer) cutShort(broken error) answer {
	a.body = a.body[:a.last+(len(a.body)-a.last)/2]
	a.broken = broken
	return a
}

// write sends the answer. If it is broken, the connection is dropped after the body has left.
func (a answer) write(w http.ResponseWriter) {
	defer a.finish()
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.status)
	w.Write(a.body) // on an error the client has gone away, and misses only its own answer
	if a.broken != nil {
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (a answer) finish() {
	if a.done != nil {
		a.done()
	}
}

func (a answer) response(r *http.Request) *http.Response {
	length := int64(len(a.body))
	if r.Method == http.MethodHead {
		length, _ = strconv.ParseInt(a.header.Get("Content-Length"), 10, 64)
		a.body = nil
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          &responseBody{ctx: r.Context(), answer: a, rest: bytes.NewReader(a.body)},
		ContentLength: length,
		Request:       r,
	}
}

var errClosed = errors.New("sandbox: read of a closed body")

// A responseBody is the body of an answer that did not go over a network. As there, nothing can be read once the
// request's context has ended.
type responseBody struct {
	ctx    context.Context
	answer answer
	rest   *bytes.Reader // nil: closed
}

func (b *responseBody) Read(p []byte) (int, error) {
	switch {
	case b.ctx.Err() != nil:
		return 0, context.Cause(b.ctx)
	case b.rest == nil:
		return 0, errClosed
	}
	n, err := b.rest.Read(p)
	if err == io.EOF {
		b.answer.finish()
		err = cmp.Or(b.answer.broken, io.EOF)
	}
	return n, err
}

func (b *responseBody) Close() error {
	b.answer.finish()
	b.rest, b.answer.body = nil, nil
	return nil
}
