package crm

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kommo-import/internal/kommo"
)

// A Token is what a token says of itself. Kommo's tokens are JWTs: signed, and readable without a key. Which claims they hold is
// not documented; those here were seen at work. What a token does not say is zero.
type Token struct {
	AccountID int64 // the number of the account, as [Account] has it
	APIDomain string
	// IntegrationID is the uuid of the integration that the token was made for (inferred from aud). It must be named in the
	// channel's settings to link chats.
	IntegrationID string
	// Scopes are what the token may be used for, such as crm, files and list_external_messages. They are nil if the token does
	// not say.
	Scopes  []string
	Issued  time.Time
	Expires time.Time
}

// ScopeCRM is the scope of everything in this package.
const ScopeCRM = "crm"

// ParseToken reads the claims of a token. It does not verify the signature. ok is false for a token that is no JWT.
//
//	{"aud":"3ea7…","exp":1893456000,"iat":1767225600,"account_id":30896271,"api_domain":"api-b.kommo.com","scopes":["crm","files"]}
func ParseToken(token string) (parsed Token, ok bool) {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return Token{}, false
	}
	data, err := decodeBase64(parts[1])
	var claims struct {
		Audience  texts           `json:"aud"`
		Issued    kommo.LooseText `json:"iat"`
		Expires   kommo.LooseText `json:"exp"`
		AccountID kommo.LooseText `json:"account_id"`
		APIDomain kommo.LooseText `json:"api_domain"`
		Scopes    texts           `json:"scopes"`
	}
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) || json.Unmarshal(data, &claims) != nil {
		return Token{}, false
	}
	parsed = Token{AccountID: whole(claims.AccountID), APIDomain: string(claims.APIDomain), Scopes: claims.Scopes,
		Issued: unixTime(claims.Issued), Expires: unixTime(claims.Expires)}
	if len(claims.Audience) > 0 {
		parsed.IntegrationID = claims.Audience[0]
	}
	return parsed, true
}

// HasExpired reports whether the token is not valid any more at now. A token that does not say when it expires has not expired.
func (t Token) HasExpired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// Lacks reports whether the token says what it may be used for, and the scope is not part of it.
func (t Token) Lacks(scope string) bool { return t.Scopes != nil && !slices.Contains(t.Scopes, scope) }

// decodeBase64 decodes text in either alphabet, with or without padding.
func decodeBase64(text string) ([]byte, error) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(text, "="))
	return base64.RawURLEncoding.DecodeString(text)
}

// texts are a list of texts, or one text with spaces or commas between its parts. Anything else is nil, and elements that are no
// texts are left out.
type texts []string

// UnmarshalJSON never returns an error.
func (t *texts) UnmarshalJSON(data []byte) error {
	*t = nil
	var one string
	if json.Unmarshal(data, &one) == nil && one != "" {
		*t = strings.FieldsFunc(one, func(r rune) bool { return r == ' ' || r == ',' })
		return nil
	}
	var list []kommo.LooseText
	if json.Unmarshal(data, &list) != nil || list == nil {
		return nil
	}
	*t = texts{}
	for _, text := range list {
		if text != "" {
			*t = append(*t, string(text))
		}
	}
	return nil
}

// endOf9999 is the last second that a date of four digits can show.
const endOf9999 = 253402300799

// unixTime returns the time of a number of seconds since 1970, the zero time for anything else.
func unixTime(text kommo.LooseText) time.Time {
	seconds, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(seconds > 0) || seconds > endOf9999 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0).UTC()
}
