package greenapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"kommo-import/sources"
)

// State returns the state of the instance: notAuthorized, authorized, blocked, sleepMode, starting, suspended
// (yellowCard before 5.44.37.12) or pendingCode (documented). While it is starting, WhatsApp synchronizes the history.
func (c *Client) State(ctx context.Context) (string, error) {
	// {"stateInstance":"authorized"}
	var got struct {
		State lenientText `json:"stateInstance"`
	}
	err := c.do(ctx, call{method: getStateInstance}, func(a *answer) error {
		err := a.decode(&got)
		if err == nil && got.State == "" {
			return a.unexpectedShape("it has no stateInstance")
		}
		return err
	})
	return string(got.State), err
}

// Settings decide which messages the journals of an instance hold. A journal grows only while its setting is on;
// messages sent through the API are always recorded (documented).
type Settings struct {
	// WID is the instance's own id at WhatsApp, e.g. "79001234567@c.us"; "" if not known.
	WID string
	// IncomingOff means that incomingWebhook is "no": incoming messages are not recorded.
	IncomingOff bool
	// OutgoingMessageOff means that outgoingMessageWebhook is "no": messages sent from the phone are not recorded.
	OutgoingMessageOff bool
}

// Settings returns the settings of the instance. A change of them takes up to 5 minutes (documented).
func (c *Client) Settings(ctx context.Context) (Settings, error) {
	// {"wid":"79001234567@c.us","incomingWebhook":"yes","outgoingMessageWebhook":"no","delaySendMessagesMilliseconds":1000,…}
	var got struct {
		WID             lenientText `json:"wid"`
		Incoming        lenientOff  `json:"incomingWebhook"`
		OutgoingMessage lenientOff  `json:"outgoingMessageWebhook"`
	}
	if err := c.do(ctx, call{method: getSettings}, func(a *answer) error { return a.decode(&got) }); err != nil {
		return Settings{}, err
	}
	return Settings{string(got.WID), bool(got.Incoming), bool(got.OutgoingMessage)}, nil
}

// WaSettings describe the WhatsApp account of an instance.
type WaSettings struct {
	// Phone is the account's, digits; "" if not known.
	Phone string
	// SyncProgress is historySyncProgress, the part of the history that WhatsApp has handed over (seen in code: a
	// number; that it counts to 100 is inferred); nil if not known.
	SyncProgress *float64
	// IDs are the account's own ids: its number and, if Green-API knows it, its @lid.
	IDs []string
}

// WaSettings returns the settings of the instance's WhatsApp account.
func (c *Client) WaSettings(ctx context.Context) (WaSettings, error) {
	// {"avatar":"https://…","phone":79001234567,"stateInstance":"authorized","deviceId":"79001234567:1@s.whatsapp.net",
	// "chatId":"79001234567@c.us","historySyncProgress":100}; that there is a lid is inferred
	var got struct {
		Phone    lenientText    `json:"phone"`
		ChatID   lenientText    `json:"chatId"`
		DeviceID lenientText    `json:"deviceId"`
		LID      lenientText    `json:"lid"`
		Progress optionalNumber `json:"historySyncProgress"`
	}
	if err := c.do(ctx, call{method: getWaSettings}, func(a *answer) error { return a.decode(&got) }); err != nil {
		return WaSettings{}, err
	}
	settings := WaSettings{Phone: string(got.Phone)}
	for _, id := range []lenientText{got.ChatID, got.DeviceID, lidOf(got.LID)} {
		if strings.Contains(string(id), "@") {
			settings.IDs = append(settings.IDs, string(id))
		}
	}
	if got.Progress.known {
		settings.SyncProgress = &got.Progress.value
	}
	return settings, nil
}

// ContactInfo describes a contact.
type ContactInfo struct {
	Name        string // the contact's name for themselves; may be empty
	ContactName string // the name in the phone's contacts; may be empty
	Email       string // of a business account; may be empty
	Avatar      string // the address of a picture, which expires (seen in code); may be empty
}

// ContactInfo describes the contact behind a chat.
func (c *Client) ContactInfo(ctx context.Context, chatID string) (ContactInfo, error) {
	// {"avatar":"https://…","name":"…","contactName":"…","email":"","category":"","description":"","products":[],…}
	var got struct {
		Name        lenientText `json:"name"`
		ContactName lenientText `json:"contactName"`
		Email       lenientText `json:"email"`
		Avatar      lenientText `json:"avatar"`
	}
	if err := c.do(ctx, call{getContactInfo, chatRequest{ChatID: chatID}}, func(a *answer) error { return a.decode(&got) }); err != nil {
		return ContactInfo{}, err
	}
	return ContactInfo{string(got.Name), string(got.ContactName), string(got.Email), string(got.Avatar)}, nil
}

// DownloadFile returns a new link to the file of a message. The error is [sources.ErrMediaGone] if the file no longer
// exists. That is normal: the method works only while WhatsApp keeps the file (documented). Green-API then answers with a
// 400 "File message encrypted url not found …" (documented) or another 400, a 404, a 500 twice in a row (#724), or
// without a link (inferred).
func (c *Client) DownloadFile(ctx context.Context, chatID, idMessage string) (url string, err error) {
	// {"downloadUrl":"https://sw-media.storage.yandexcloud.net/7105000000/a6679d42-….png"}
	var got struct {
		URL lenientText `json:"downloadUrl"`
	}
	err = c.do(ctx, call{downloadFile, chatRequest{ChatID: chatID, IDMessage: idMessage}}, func(a *answer) error {
		err := a.decode(&got)
		switch {
		case err != nil:
			return err
		case got.URL == "":
			return a.unexpectedShape("it has no downloadUrl")
		case c.scrubber().HasSecret([]byte(got.URL)):
			return a.unexpectedShape("its downloadUrl holds the token")
		}
		return nil
	})
	if status, detail, gone := mediaGone(err); gone {
		return "", &goneError{errorText(downloadFile.name, fmt.Sprintf("status %d", status), detail), status}
	}
	return string(got.URL), err
}

// mediaGone reports whether err means that the file no longer exists. It returns the status and error text of the answer.
func mediaGone(err error) (status int, detail string, gone bool) {
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

// A goneError means that a file no longer exists. After a 500 that is only probable, and a later call may succeed.
type goneError struct {
	text   string
	status int
}

func (e *goneError) Error() string { return e.text + ": " + sources.ErrMediaGone.Error() }

// Is makes it a [sources.ErrMediaGone], and also a [sources.ErrUnavailable] if that is not certain.
func (e *goneError) Is(target error) bool {
	return target == sources.ErrMediaGone || target == sources.ErrUnavailable && e.status == http.StatusInternalServerError
}
