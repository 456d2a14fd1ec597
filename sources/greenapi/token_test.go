package greenapi

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"kommo-import/sources"
)

// A link that holds the token is not kept, and neither is the token in what could not be understood.
func TestTokenIsKeptOut(t *testing.T) {
	c := &Client{Token: "s3cret/Token"}
	for link, want := range map[string]string{
		"https://files.example/a.jpg":                                          "https://files.example/a.jpg",
		"https://api.green-api.com/waInstance1/downloadFile/s3cret%2FToken/17": "",
		"https://api.green-api.com/?t=S3CRET/token":                            "",
	} {
		m, _ := c.withoutToken(sources.Message{Media: &sources.Media{URL: link}}, nil)
		if m.Media.URL != want {
			t.Errorf("%s is kept as %q, want %q", link, m.Media.URL, want)
		}
	}
	_, invalid := c.withoutToken(sources.Message{}, &sources.Invalid{Raw: `{"path":"/x/s3cret%2FToken"}`})
	if want := `{"path":"/x/[token]"}`; invalid.Raw != want {
		t.Errorf("got %s, want %s", invalid.Raw, want)
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
