package greenapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

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
}

// WaSettings returns the settings of the instance's WhatsApp account.
func (c *Client) WaSettings(ctx context.Context) (WaSettings, error) {
	// {"avatar":"https://…","phone":79001234567,"stateInstance":"authorized","deviceId":"…","historySyncProgress":100}
	var got struct {
		Phone    lenientText    `json:"phone"`
		Progress optionalNumber `json:"historySyncProgress"`
	}
	if err := c.do(ctx, call{method: getWaSettings}, func(a *answer) error { return a.decode(&got) }); err != nil {
		return WaSettings{}, err
	}
	settings := WaSettings{Phone: string(got.Phone)}
	if got.Progress.known {
		settings.SyncProgress = &got.Progress.value
	}
	return settings, nil
}

// A Chat is a chat of the instance's account.
type Chat struct {
	ID   string // ends in @c.us, @lid or @g.us; the digits of a @lid are no phone number (documented)
	Name string // may be empty
}

// Chats returns the chats of the instance, those active last first; Green-API refreshes the list at most once a minute
// (documented). Chats without an id are left out.
func (c *Client) Chats(ctx context.Context) ([]Chat, error) {
	// [{"archive":false,"id":"79001234567@c.us","ephemeralExpiration":0,"ephemeralSettingTimestamp":0,"name":"…","type":"user"}]
	type wire struct {
		ID   lenientText `json:"id"`
		Name lenientText `json:"name"`
	}
	return collect(ctx, c, getChats, func(w wire) (Chat, bool) { return Chat{string(w.ID), string(w.Name)}, w.ID != "" })
}

// A Contact is in the phone's contacts, or has written to the account.
type Contact struct {
	ID          string
	Name        string // the contact's name for themselves (inferred); may be empty (#792)
	ContactName string // the name in the phone's contacts; may be empty
}

// Contacts returns the contacts of the instance. The list may be incomplete (#629). Contacts without an id are left
// out.
func (c *Client) Contacts(ctx context.Context) ([]Contact, error) {
	// [{"id":"79001234567@c.us","name":"…","contactName":"…","type":"user","chatId":"…","phoneNumber":79001234567}]
	type wire struct {
		ID          lenientText `json:"id"`
		ChatID      lenientText `json:"chatId"`
		Name        lenientText `json:"name"`
		ContactName lenientText `json:"contactName"`
	}
	return collect(ctx, c, getContacts, func(w wire) (Contact, bool) {
		id := cmp.Or(w.ID, w.ChatID)
		return Contact{string(id), string(w.Name), string(w.ContactName)}, id != ""
	})
}

// collect returns the elements of a method's list, converted by read. Elements for which read returns false are left out.
func collect[Wire, Element any](ctx context.Context, c *Client, m method, read func(Wire) (Element, bool)) ([]Element, error) {
	var all []Element
	var leftOut int
	err := c.do(ctx, call{method: m}, func(a *answer) error {
		all, leftOut = nil, 0
		for raw, err := range a.array().all {
			if err != nil {
				return err
			}
			var wire Wire
			_ = json.Unmarshal(raw, &wire) // all fields of an element that is not an object are empty
			if element, ok := read(wire); ok {
				all = append(all, element)
			} else {
				leftOut++
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if leftOut > 0 {
		c.log().Warn("entries without an id were left out of a list of Green-API", "method", m.name, "entries", leftOut)
	}
	return all, nil
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
