package sandbox

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
)

// Account is the WhatsApp account of an instance, as Green-API shows it.
type Account struct {
	Instance, Token string // of the instance; may be empty
	WID             string // the account's own chat id; has a made-up default
	State           string // the answer of getStateInstance; "" means authorized

	// Settings and WaSettings are the answers of getSettings and getWaSettings, merged into believable defaults: both
	// webhooks that fill the history are "yes", historySyncProgress is 100.
	Settings   map[string]any
	WaSettings map[string]any

	Chats       []AccountChat              `json:"-"`
	Contacts    []json.RawMessage          `json:"-"` // the elements of getContacts
	ContactInfo map[string]json.RawMessage `json:"-"` // by chat id; by default made of Chats and Contacts
	Media       fs.FS                      `json:"-"` // the files: the link media/x.jpg means x.jpg in it; nil: no files
}

// AccountChat is a chat of an account.
type AccountChat struct {
	ID      string
	Listing json.RawMessage // the element of getChats; nil: getChats does not list the chat, although it has a history

	// Entries returns the history, newest first, in the form of the files that ReadAccount reads; nil: an empty history.
	// Each entry is a JSON object that is not changed later. Several goroutines may call it at once.
	Entries func() iter.Seq[json.RawMessage]

	// Raw, if not nil, is the answer of getChatHistory as it stands, whatever was asked for: it need not be JSON.
	Raw []byte
}

func (a Account) withDefaults() Account {
	a.WID = cmp.Or(a.WID, defaultWID)
	a.State = cmp.Or(a.State, "authorized")
	phone, _, _ := strings.Cut(a.WID, "@")
	a.Settings = over(map[string]any{
		"wid": a.WID, "webhookUrl": "", "delaySendMessagesMilliseconds": 500, "markIncomingMessagesReaded": "no",
		"incomingWebhook": "yes", "outgoingWebhook": "yes", "outgoingMessageWebhook": "yes",
		"outgoingAPIMessageWebhook": "yes", "stateWebhook": "no", "deviceWebhook": "no", "keepOnlineStatus": "no",
	}, a.Settings)
	a.WaSettings = over(map[string]any{
		"avatar": "", "phone": phone, "stateInstance": a.State, "deviceId": phone + ":1@s.whatsapp.net", "chatId": a.WID,
		"historySyncProgress": 100,
	}, a.WaSettings)
	return a
}

func over(defaults, given map[string]any) map[string]any {
	maps.Copy(defaults, given)
	return defaults
}

// ReadAccount reads an account from a folder and checks it:
//
//	account.json       {"instance":"7105000000","token":"…","wid":"79990000000@c.us","state":"authorized",
//	                    "settings":{"incomingWebhook":"yes"},"waSettings":{"historySyncProgress":100}}, all optional
//	chats.json         as getChats answers
//	contacts.json      as getContacts answers; optional
//	contact-info.json  {"79001234567@c.us": as getContactInfo answers}; optional
//	history/ID.json    the history of chat ID as getChatHistory answers, newest first, with two additions
//	media/…            the files; media/expired/… is never served, as if the link had expired
//
// A downloadUrl that begins with media/ is a file of this folder, and becomes an absolute address. An entry may have
// a field "sandbox":{"downloadFile":"media/x.jpg"} that is not shown: the file that downloadFile finds. "" means
// that the file is gone; without the field it is the downloadUrl, unless that is empty or expired.
// A history whose chat is not in chats.json belongs to a chat that getChats does not list.
func ReadAccount(folder fs.FS) (a Account, err error) {
	var listings []json.RawMessage
	err = errors.Join(
		readJSON(folder, "account.json", &a),
		readJSON(folder, "chats.json", &listings),
		optional(readJSON(folder, "contacts.json", &a.Contacts)),
		optional(readJSON(folder, "contact-info.json", &a.ContactInfo)),
	)
	if err != nil {
		return Account{}, err
	}
	histories, err := readHistories(folder)
	if err != nil {
		return Account{}, err
	}
	for i, listing := range listings {
		var chat struct{ ID string }
		if err := json.Unmarshal(listing, &chat); err != nil || chat.ID == "" {
			return Account{}, fmt.Errorf("chats.json: element %d: want an object with an id", i)
		}
		a.Chats = append(a.Chats, AccountChat{ID: chat.ID, Listing: listing, Entries: entriesOf(histories[chat.ID])})
		delete(histories, chat.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(histories)) {
		a.Chats = append(a.Chats, AccountChat{ID: id, Entries: entriesOf(histories[id])})
	}
	a.Media, err = fs.Sub(folder, "media")
	return a, err
}

// readHistories returns the entries in the folder history by chat id.
func readHistories(folder fs.FS) (map[string][]json.RawMessage, error) {
	names, err := fs.Glob(folder, "history/*.json")
	if err != nil {
		return nil, err
	}
	histories := map[string][]json.RawMessage{}
	for _, name := range names {
		var entries []json.RawMessage
		if err := readJSON(folder, name, &entries); err != nil {
			return nil, err
		}
		for i, entry := range entries {
			if entry[0] != '{' {
				return nil, fmt.Errorf("%s: element %d: want an object, got %s", name, i, show(entry))
			}
		}
		histories[strings.TrimSuffix(path.Base(name), ".json")] = entries
	}
	return histories, nil
}

func entriesOf(entries []json.RawMessage) func() iter.Seq[json.RawMessage] {
	return func() iter.Seq[json.RawMessage] { return slices.Values(entries) }
}

func readJSON(folder fs.FS, name string, v any) error {
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, v); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// optional returns err unless it is that a file does not exist.
func optional(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
