package greenapi

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/sources"
)

// The token is replaced in every form before anything is made of an entry.
func TestTokenIsKeptOut(t *testing.T) {
	c := &Client{Token: "s3cret/Token"}
	for raw, want := range map[string]string{
		`{"textMessage":"https://files.example/a.jpg"}`:                 `{"textMessage":"https://files.example/a.jpg"}`,
		`{"path":"/x/s3cret%2FToken/17"}`:                               `{"path":"/x/[token]/17"}`,
		`{"textMessage":"S3CRET/token, s3cret\/Token, s3cret%2ftoken"}`: `{"textMessage":"[token], [token], [token]"}`,
	} {
		if got := string(c.scrubber().ReplaceSecrets([]byte(raw))); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := string((&Client{}).scrubber().ReplaceSecrets([]byte("{}"))); got != "{}" {
		t.Errorf("without a token %s became of {}", got)
	}
}

// Nothing that is made of an entry holds the token: not its texts, names and quotes, nor why it is invalid. A link that
// held it is none.
func TestTokenInEntries(t *testing.T) {
	leak := "https://api.example/waInstance7105000000/x/" + testToken
	parts := []string{
		incoming(`"typeMessage": "imageMessage", "downloadUrl": "` + leak + `", "caption": "` + leak + `", "fileName": "` + leak + `"`),
		strings.Replace(incoming(`"typeMessage": "textMessage", "textMessage": "hi", "quotedMessage": {"stanzaId": "1", "typeMessage": "textMessage", "textMessage": "`+
			leak+`"}`), "3AADDD", "3AADDE", 1),
		strings.Replace(incoming(`"typeMessage": "templateMessage", "templateMessage": {"mediaUrl": "`+leak+`"}`), "3AADDD", "3AADDF", 1),
		strings.Replace(incoming(`"typeMessage": "`+testToken+`"`), "3AADDD", testToken, 1),
		incoming(`"typeMessage": "editedMessage", "editedMessageData": {"textMessage": "` + leak + `", "stanzaId": "3AADDD"}`),
		`["` + testToken + `"]`,
	}
	h, err := newHistory()
	if err != nil {
		t.Fatal(err)
	}
	defer h.close()
	if err := newClient(answering(200, "["+strings.Join(parts, ",")+"]")).History(t.Context(), "1@c.us", 10, h.take); err != nil {
		t.Fatal(err)
	}
	c := person(func(c *chat) { c.index = &h.index })
	n := 0
	for one, err := range c.converted(h) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		told := fmt.Sprintf("%+v", one.message)
		if one.invalid != nil {
			told = fmt.Sprintf("%+v", *one.invalid)
		}
		if one.message.Media != nil {
			told += fmt.Sprintf("%+v", *one.message.Media)
			if one.message.Media.URL != "" {
				t.Errorf("the link is %s", one.message.Media.URL)
			}
		}
		if strings.Contains(told, testToken[:len(testToken)/2]) {
			t.Errorf("got %.500s", told)
		}
	}
	if n != len(parts) {
		t.Errorf("%d of %d entries", n, len(parts))
	}
}

// A new link that holds the token is none.
func TestRenewedLinkWithToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{BaseURL: "https://api.example", Instance: "7105", Token: "s3cret", Transport: answering(200, `{"downloadUrl":"https://api.example/s3cret/1"}`)}
		link, err := c.DownloadFile(t.Context(), "7900@c.us", "3A")
		if link != "" || !errors.Is(err, sources.ErrMediaGone) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("link %q, error %v", link, err)
		}
	})
}
