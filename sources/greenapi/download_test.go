package greenapi

import (
	"errors"
	"testing"
	"testing/synctest"

	"kommo-import/sources"
)

func TestDownloadFile(t *testing.T) {
	const link = "https://sw-media.storage.yandexcloud.net/7105000000/a.png"
	found := answering(200, `{"downloadUrl":"`+link+`"}`)
	notFound := "{\n\"File message encrypted url not found by chatId 1@c.us and idMessage 3EB0\"\n}"
	for name, test := range map[string]struct {
		transport roundTrip
		gone      bool
		text      string // of the error
		tries     int
	}{
		"there":          {found, false, "", 1},
		"one 500":        {inTurn(answering(500, ""), found), false, "", 2},
		"502 in between": {inTurn(answering(502, ""), answering(500, ""), answering(502, ""), found), false, "", 4},
		"too fast":       {inTurn(answering(429, ""), answering(429, ""), answering(429, ""), found), false, "", 4},

		"not found": {answering(400, notFound), true,
			"status 400: File message encrypted url not found by chatId 1@c.us and idMessage 3EB0", 1},
		"another 400": {answering(400, `{"message":"Validation failed"}`), true, "status 400: Validation failed", 1},
		"404":         {answering(404, ""), true, "status 404", 1},
		"500":         {answering(500, "oops"), true, "status 500: oops", 2},
		"500 later":   {inTurn(answering(502, ""), answering(500, "")), true, "status 500", 3},
		"no link":     {answering(200, `{"downloadUrl":""}`), true, "status 200: it has no downloadUrl", 1},
		"null":        {answering(200, `null`), true, "status 200: it has no downloadUrl", 1},
		"text":        {answering(200, `"gone"`), true, "status 200: it is a text: gone", 1},

		"starting": {answering(400, `instance in starting process try later`), false,
			"no usable answer after 6 tries: status 400: instance in starting process try later", 6},
		"no phone": {answering(400, `instance account not authorized`), false,
			"the instance is not authorized: no phone is connected to it: status 400: instance account not authorized", 1},
		"wrong token": {answering(401, ``), false, "the token is not the one of this instance: status 401", 1},
		"quota":       {answering(466, ``), false, "the quota of the instance's plan is used up until 2000-02-01", 1},
		"page":        {answering(200, `<h1>Hotel`), false, "no usable answer after 6 tries: the answer cannot be read: it is not JSON: an HTML page: Hotel", 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				got, err := newClient(counting(&tries, test.transport)).DownloadFile(t.Context(), "1@c.us", "3EB0")
				if tries != test.tries {
					t.Errorf("%d tries, want %d", tries, test.tries)
				}
				if test.text == "" {
					if err != nil || got != link {
						t.Errorf("got %q, %v, want %q", got, err, link)
					}
					return
				}
				want := "green-api downloadFile: " + test.text
				if test.gone {
					want += ": " + sources.ErrMediaGone.Error()
				}
				if err == nil || err.Error() != want || errors.Is(err, sources.ErrMediaGone) != test.gone || got != "" {
					t.Errorf("got %q, %v, want %s, gone %t", got, err, want, test.gone)
				}
				if test.gone && see(err) != (seen{}) {
					t.Errorf("%v is an error of the connection, too", err)
				}
			})
		})
	}
}
