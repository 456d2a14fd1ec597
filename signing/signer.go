// Package signing computes the signature that every request to the Chats API carries.
//
//	signer := signing.Signer{Secret: secret}
//	header := signer.Header(http.MethodPost, "/v2/origin/custom/"+scope, body, time.Now())
//
// The signature covers the exact bytes of the body: marshal once, sign those bytes, post those bytes.
// It is valid for 15 minutes from its Date (documented), so sign a request just before sending it.
//
// The sandbox checks signatures with code of its own, so that no error here can pass unnoticed.
package signing

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// A Signer signs requests with the secret of one channel. It may be used by several goroutines at once.
type Signer struct {
	// Secret is the channel's secret as Kommo hands it out. The bytes of this text are the key. The text looks like
	// hex but is not decoded (documented, and confirmed by the published vectors).
	Secret string
}

// Header returns the four headers of a signed request: Date, Content-Type, Content-MD5 and X-Signature. GET requests have
// an empty body and are signed as well (documented).
//
// Date is now in UTC and ends in +0000, the documented form; [http.TimeFormat] would end it in GMT. Content-MD5 is in
// lower-case hex, not in base64 as elsewhere (documented).
func (s Signer) Header(method, path string, body []byte, now time.Time) http.Header {
	sum := md5.Sum(body)
	header := make(http.Header)
	header.Set("Date", now.UTC().Format(time.RFC1123Z))
	header.Set("Content-Type", "application/json")
	header.Set("Content-MD5", hex.EncodeToString(sum[:]))
	s.Sign(method, path, header)
	return header
}

// Sign sets X-Signature in a header that has the other three, for a Date in a form of its own.
func (s Signer) Sign(method, path string, header http.Header) {
	mac := hmac.New(sha1.New, []byte(s.Secret))
	mac.Write([]byte(StringToSign(method, path, header)))
	header.Set("X-Signature", hex.EncodeToString(mac.Sum(nil)))
}

// StringToSign returns the text whose HMAC-SHA1 is the signature of a request with these headers: five lines
// (method in upper case, Content-MD5, Content-Type, Date, path) without a newline after the last. It holds no
// secret and may be shown to Kommo's support.
//
// Headers are signed exactly as they are sent; a missing header is an empty line (documented). The path is signed as
// it is on the wire, with its escapes; a query is left out (documented).
func StringToSign(method, path string, header http.Header) string {
	path, _, _ = strings.Cut(path, "?")
	return strings.Join([]string{
		strings.ToUpper(method),
		header.Get("Content-MD5"),
		header.Get("Content-Type"),
		header.Get("Date"),
		path,
	}, "\n")
}
