package greenapi

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"kommo-import/sources"
)

func TestDetail(t *testing.T) {
	client := newClient(nil)
	for _, test := range []struct{ body, want string }{
		{``, ``},
		{`null`, ``},
		{`{}`, ``},
		{`Bad request data`, `Bad request data`},
		{`"Error: forbidden"`, `Error: forbidden`},
		{`{"statusCode":400,"timestamp":"t","path":"/waInstance1/getChats/` + testToken + `","message":"Validation failed"}`, `Validation failed`},
		{`{"statusCode":404,"path":"/waInstance1/getChats/x"}`, ``},
		{`{"error":"e","detail":"d","description":"c"}`, `c`},
		{`{"error":"e","detail":"d"}`, `d`},
		{`{"error":{"message":"inner"}}`, `inner`},
		{`{"message":"","error":"e"}`, `e`},
		{`{"message":["a",{"error":"b"},7]}`, `a; b`},
		{`{"File message encrypted url not found"}`, `File message encrypted url not found`},
		{`{"path":"/waInstance1/getChats/x", "message": "cut \"he`, `cut \"he`},
		{`{"path":"/waInstance1/getChats/x", "message": "said \"so\"",}`, `said "so"`},
		{`{"statusCode":400, "path":"/waInstance1/getChats/x", oops}`, `statusCode":400, , oops`},
		{`<html><head><title>502</title><style>a{}</style></head><!-- no --><body>Bad&nbsp;Gateway`, `an HTML page: 502 Bad Gateway`},
		{"Cannot POST /waInstance1/x/" + testToken, "Cannot POST /waInstance1/x/[token]"},
		{strings.ToUpper(testToken) + " " + testToken + testToken, "[token] [token][token]"},
		{testToken[:9] + "\x1b[31m\u200b\x00" + testToken[9:], "[token]"},
		{`{"message":"\u0064` + testToken[1:] + `"}`, "[token]"},
		{"<b>" + testToken[:9] + "&#" + "98;" + strings.TrimPrefix(testToken[9:], "b"), "an HTML page: " + testToken[:9] + "b" + strings.TrimPrefix(testToken[9:], "b")},
		{"\x1b]0;title\x07red\x1b[0m\r\n\ttape\u202e\xff", "red tape\uFFFD"},
		{strings.Repeat("ё", 301), strings.Repeat("ё", 300) + "…"},
		{strings.Repeat("ё", 300), strings.Repeat("ё", 300)},
	} {
		if got := client.detail([]byte(test.body)); got != test.want {
			t.Errorf("%q\ngot  %q\nwant %q", test.body, got, test.want)
		}
	}
}

// Of a long error body only as much is read as the error text may need.
func TestLongProblem(t *testing.T) {
	read := 0
	client := newClient(roundTrip(func(*http.Request) (*http.Response, error) {
		return respond(401, nil, counted{&read}), nil
	}))
	_, err := client.State(t.Context())
	if denied := see(err).Denied; denied == nil || utf8.RuneCountInString(denied.Detail) != 301 {
		t.Errorf("got %v", err)
	}
	if read > 2*maxErrorBody {
		t.Errorf("%d bytes were read", read)
	}
}

// A counted body is endless and counts what is read of it.
type counted struct{ read *int }

func (c counted) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	*c.read += len(p)
	return len(p), nil
}

// FuzzAnswer gives the client answers of any kind. The client must not panic or wait for ever, every error must have a
// type, and no error may hold the token.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", `{"stateInstance":"authorized","downloadUrl":"https://a"}`)
	f.Add(200, "", `[{"id":"1@c.us"},{"id":`)
	f.Add(301, "https://user:pw@host/"+testToken, "")
	f.Add(400, "", "{\n\"File message encrypted url not found\"\n}")
	f.Add(400, "", `{"path":"/`+testToken+`","message":"`+testToken)
	f.Add(400, "7", `instance in starting process`)
	f.Add(404, "", "<html><script><h1>\xff&#27;[31m"+testToken)
	f.Add(429, "99999999999999999999", "\x1b[31m"+testToken[:5]+"\x1b[0m"+testToken[5:])
	f.Add(466, "", `{"invokeStatus":{"used":"1","description":"`+testToken+`"},"correspondentsStatus":{"status":"EXCEEDED"}}`)
	f.Add(503, "-1", "\u2028\u0085\u202e")
	f.Fuzz(func(t *testing.T, status int, header, body string) {
		synctest.Test(t, func(t *testing.T) {
			told := http.Header{"Location": {header}, "Retry-After": {header}}
			client := newClient(roundTrip(func(*http.Request) (*http.Response, error) {
				return respond(status, told, strings.NewReader(body)), nil
			}))
			_, err := client.State(t.Context())
			checkTyped(t, err)
			_, err = client.Contacts(t.Context())
			checkTyped(t, err)
			_, err = client.DownloadFile(t.Context(), "1@c.us", "3EB0")
			if err != nil {
				checkClean(t, err.Error())
			}
		})
	})
}

func checkTyped(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	checkClean(t, err.Error())
	if see(err) == (seen{}) {
		t.Errorf("%v has none of the types", err)
	}
}

// The token is replaced in every form.
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

// No part of a message holds the token: neither its texts, names and quotes, nor the reason why it is invalid. A link
// that held the token is dropped.
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

// A new link that holds the token is not used.
func TestRenewedLinkWithToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Client{BaseURL: "https://api.example", Instance: "7105", Token: "s3cret", Transport: answering(200, `{"downloadUrl":"https://api.example/s3cret/1"}`)}
		link, err := c.DownloadFile(t.Context(), "7900@c.us", "3A")
		if link != "" || !errors.Is(err, sources.ErrMediaGone) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("link %q, error %v", link, err)
		}
	})
}
