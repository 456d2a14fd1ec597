package greenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"kommo-import/sources"
)

// DownloadFile returns a new link to the file of a message. The error is [sources.ErrMediaGone] when there is none any
// more, which is normal: it works only while WhatsApp keeps the file (documented). That is a 400 "File message encrypted
// url not found …" (documented) or another one that blames the request, a 404, a 500 that comes twice (#724), or an
// answer without a link (inferred).
func (c *Client) DownloadFile(ctx context.Context, chatID, idMessage string) (url string, err error) {
	type ask struct {
		ChatID    string `json:"chatId"`
		IDMessage string `json:"idMessage"`
	}
	// {"downloadUrl":"https://sw-media.storage.yandexcloud.net/7105000000/a6679d42-….png"}
	var told struct {
		URL looseText `json:"downloadUrl"`
	}
	err = c.call(ctx, question{downloadFile, ask{chatID, idMessage}}, func(a *answer) error {
		err := a.decode(&told)
		switch {
		case err != nil:
			return err
		case told.URL == "":
			return a.misshapen("it has no downloadUrl")
		case c.scrubber().HasSecret([]byte(told.URL)):
			return a.misshapen("its downloadUrl holds the token")
		}
		return nil
	})
	if status, words, ok := mediaGone(err); ok {
		return "", &goneError{tell(downloadFile.name, fmt.Sprintf("status %d", status), words), status}
	}
	return string(told.URL), err
}

// A goneError means that there is no file any more. A 500 means that only most of the time, so that asking again another
// day may help.
type goneError struct {
	text   string
	status int
}

func (e *goneError) Error() string { return e.text + ": " + sources.ErrMediaGone.Error() }

// Is makes it a [sources.ErrMediaGone], and a [sources.ErrUnavailable] if that is not sure.
func (e *goneError) Is(target error) bool {
	return target == sources.ErrMediaGone || target == sources.ErrUnavailable && e.status == http.StatusInternalServerError
}

// mediaGone reports whether err means that there is no link any more, and what the answer was.
func mediaGone(err error) (status int, words string, ok bool) {
	if refused, is := errors.AsType[*RefusedError](err); is {
		return refused.Status, refused.Detail, refused.Status == http.StatusBadRequest || refused.Status/100 == 2
	}
	if denied, is := errors.AsType[*DeniedError](err); is {
		return denied.Status, denied.Detail, denied.Status == http.StatusNotFound
	}
	if failed, is := errors.AsType[*UnavailableError](err); is {
		return failed.Status, failed.Detail, failed.Status == http.StatusInternalServerError
	}
	return 0, "", false
}
