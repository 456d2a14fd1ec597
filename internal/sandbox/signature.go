package sandbox

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"time"
)

// signatureWindow is how far a request's Date may be from the clock. Kommo documents that a signature lives for
// 15 minutes from its Date. The sandbox applies the same limit to a Date ahead of its clock (its own choice).
const signatureWindow = 15 * time.Minute

// checkHeaders returns the answer to a request with wrong headers, and whether they are right. All four are required,
// for GET too. Kommo documents no answer to another Content-Type, or to a checksum that is signed but wrong: here it is
// 400.
func (k *Kommo) checkHeaders(q request) (refusal answer, ok bool) {
	switch {
	case k.signedBody(q):
		return answer{}, true
	case !k.signed(q) || !k.fresh(q.header.Get("Date")):
		return invalidSignature(), false
	case q.header.Get("Content-Type") != "application/json":
		return refused("Content-Type: want application/json"), false
	case q.header.Get("Content-MD5") != checksum(q.body):
		return refused("Content-MD5: not the checksum of the body"), false
	}
	return answer{}, true
}

// signed reports whether X-Signature is the HMAC-SHA1, in lower-case hexadecimal, of method, Content-MD5,
// Content-Type, Date and path in one line each, as they were sent. The key is the secret's text.
func (k *Kommo) signed(q request) bool {
	parts := []string{q.method}
	for _, name := range []string{"Content-MD5", "Content-Type", "Date"} {
		value := q.header.Get(name)
		if value == "" {
			return false
		}
		parts = append(parts, value)
	}
	return k.signs(q, []byte(strings.Join(append(parts, q.path), "\n")))
}

// signedBody reports whether X-Signature is that of the body alone. This is the form of before autumn 2019, which Kommo
// documents as valid for the methods of that time; at work it is seen for connect, and so the others are for lenient
// reading.
func (k *Kommo) signedBody(q request) bool {
	return len(q.body) > 0 && (q.endpoint == OnConnect || k.Options.Lenient) && k.signs(q, q.body)
}

func (k *Kommo) signs(q request, text []byte) bool {
	mac := hmac.New(sha1.New, []byte(k.Options.ChannelSecret))
	mac.Write(text)
	want := hex.EncodeToString(mac.Sum(nil))
	return hmac.Equal([]byte(q.header.Get("X-Signature")), []byte(want))
}

// fresh reports whether date is a time near enough to the sandbox's clock. Its zone is an offset such as +0000, or GMT.
func (k *Kommo) fresh(date string) bool {
	for _, layout := range []string{"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 GMT"} {
		if t, err := time.Parse(layout, date); err == nil {
			return k.clock().Sub(t).Abs() <= signatureWindow
		}
	}
	return false
}

func checksum(body []byte) string {
	sum := md5.Sum(body)
	return hex.EncodeToString(sum[:])
}
