package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// An answer is a response before it is known which way it leaves.
type answer struct {
	status int
	header http.Header
	body   []byte
	stream stream // instead of body, for what is made while it is sent
	done   func() // nil, or called once or more when the whole answer has left or nobody wants it any longer
}

// newAnswer returns an answer with that body; an empty contentType means an answer without a body.
func newAnswer(status int, contentType string, body []byte) answer {
	a := answer{status: status, header: http.Header{}, body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

func emptyAnswer(status int) answer {
	return newAnswer(status, "", nil)
}

func textAnswer(status int, text string) answer {
	return newAnswer(status, "text/plain; charset=utf-8", []byte(text))
}

func htmlAnswer(status int) answer {
	title := strconv.Itoa(status) + " " + http.StatusText(status)
	page := "<!DOCTYPE html>\n<html><head><title>" + title + "</title></head><body><h1>" + title + "</h1></body></html>\n"
	return newAnswer(status, "text/html; charset=utf-8", []byte(page))
}

func redirectAnswer() answer {
	a := htmlAnswer(http.StatusFound)
	a.header.Set("Location", "/login")
	return a
}

func jsonAnswer(status int, contentType string, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return textAnswer(http.StatusInternalServerError, "sandbox: "+err.Error())
	}
	return newAnswer(status, contentType, body)
}

func okAnswer(v any) answer {
	return jsonAnswer(http.StatusOK, "application/json", v)
}

// apiError is the documented error body of the Chats API:
//
//	{"status":0,"error_code":403,"error_type":"ORIGIN_INVALID_SIGNATURE","error_description":"invalid signature"}
type apiError struct {
	Status      int    `json:"status"`
	Code        int    `json:"error_code"`
	Type        string `json:"error_type"`
	Description string `json:"error_description"`
}

func errorAnswer(status int, kind, description string) answer {
	return jsonAnswer(status, "application/json", apiError{Code: status, Type: kind, Description: description})
}

func invalidSignature() answer {
	return errorAnswer(http.StatusForbidden, "ORIGIN_INVALID_SIGNATURE", "invalid signature")
}

func notRegistered() answer {
	return errorAnswer(http.StatusNotFound, "ORIGIN_NOT_REGISTERED", "NOT_FOUND")
}

// refused is the answer to invalid data. Kommo documents "details in the body" and not their shape: that it is the
// envelope of the other errors, and that error_description begins with the name of the field, is the sandbox's choice.
func refused(reason string) answer {
	return errorAnswer(http.StatusBadRequest, "BAD_REQUEST", reason)
}

// write sends the answer. Where its stream breaks the connection is dropped, after what came before has been sent.
func (a answer) write(w http.ResponseWriter) {
	defer a.finish()
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	for piece, err := range a.pieces() {
		if err != nil {
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		if _, err := w.Write(piece); err != nil {
			return // a client that has gone away misses nothing but its own answer
		}
	}
}

func (a answer) finish() {
	if a.done != nil {
		a.done()
	}
}

func (a answer) response(r *http.Request) *http.Response {
	var b io.ReadCloser = io.NopCloser(bytes.NewReader(a.body))
	if a.stream != nil {
		b = &body{ctx: r.Context(), pieces: a.stream, done: a.finish}
	}
	return &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		Body:          b,
		ContentLength: a.length(),
		Request:       r,
	}
}

// length returns the Content-Length, or -1 where the answer is not made yet.
func (a answer) length() int64 {
	if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
		return n
	}
	if a.stream != nil {
		return -1
	}
	return int64(len(a.body))
}
