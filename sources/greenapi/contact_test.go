package greenapi

import (
	"slices"
	"testing"

	"kommo-import/sources"
)

func TestClientOf(t *testing.T) {
	const phone, lid, group = "79001234567@c.us", "55667788990011@lid", "120363025486842017@g.us"
	all := Contact{ContactName: "Anna Petrova", Name: "anna"}
	sender := chatIndex{senders: senderIndex{contactName: "Ann P.", senderName: "~Ann", phone: "79007654321@c.us"}}
	several := sender
	several.senders.otherPhone = true
	shop := chatIndex{own: newOwnIDs([]string{"79990000000@c.us"}, []Contact{{ID: "79990000000@c.us", Name: "Shop"}})}
	ours := chatIndex{own: newOwnIDs([]string{"79990000000@c.us"}, nil)}
	for _, tt := range []struct {
		name    string
		chat    Chat
		contact Contact
		info    ContactInfo
		index   chatIndex
		want    sources.Client
	}{
		{"nothing", Chat{ID: phone}, Contact{}, ContactInfo{}, chatIndex{}, sources.Client{ID: phone, Phone: phone}},
		{"contact's contact name", Chat{ID: phone, Name: "Ann"}, all, ContactInfo{ContactName: "x", Name: "y"}, sender, sources.Client{ID: phone, Name: "Anna Petrova", Phone: phone}},
		{"chat's name", Chat{ID: phone, Name: "Ann"}, Contact{Name: "anna"}, ContactInfo{}, sender, sources.Client{ID: phone, Name: "Ann", Phone: phone}},
		{"contact's name", Chat{ID: phone, Name: "+7 900 123-45-67"}, Contact{Name: "anna"}, ContactInfo{ContactName: "x"}, sender, sources.Client{ID: phone, Name: "anna", Phone: phone}},
		{"info's contact name", Chat{ID: phone}, Contact{}, ContactInfo{ContactName: "x", Name: "y"}, sender, sources.Client{ID: phone, Name: "x", Phone: phone}},
		{"info's name", Chat{ID: phone}, Contact{}, ContactInfo{Name: "y"}, sender, sources.Client{ID: phone, Name: "y", Phone: phone}},
		{"sender's contact name", Chat{ID: phone}, Contact{}, ContactInfo{}, sender, sources.Client{ID: phone, Name: "Ann P.", Phone: phone}},
		{"sender's name", Chat{ID: phone}, Contact{}, ContactInfo{}, chatIndex{senders: senderIndex{senderName: "~Ann"}}, sources.Client{ID: phone, Name: "~Ann", Phone: phone}},
		{"names that are none", Chat{ID: lid, Name: "55667788990011"}, Contact{Name: lid, ContactName: "+7 (900) 123‑45‑67"}, ContactInfo{Name: phone}, chatIndex{}, sources.Client{ID: lid}},
		{"phone of the sender", Chat{ID: lid}, Contact{}, ContactInfo{}, sender, sources.Client{ID: lid, Name: "Ann P.", Phone: "79007654321@c.us"}},
		{"phones of several senders", Chat{ID: lid}, Contact{}, ContactInfo{}, several, sources.Client{ID: lid, Name: "Ann P.", SuspectedPhone: "79007654321@c.us"}},
		{"phone in the contacts", Chat{ID: lid}, Contact{Phone: "79001112233"}, ContactInfo{}, chatIndex{}, sources.Client{ID: lid, SuspectedPhone: "79001112233@c.us"}},
		{"other id in the contacts", Chat{ID: lid}, Contact{ID: lid, OtherID: phone}, ContactInfo{}, chatIndex{}, sources.Client{ID: lid, SuspectedPhone: phone}},
		{"phone in the list of chats", Chat{ID: lid, Phone: "+79001112233"}, Contact{Phone: "0"}, ContactInfo{}, chatIndex{}, sources.Client{ID: lid, SuspectedPhone: "79001112233@c.us"}},
		{"the account's own phone", Chat{ID: lid}, Contact{Phone: "79990000000"}, ContactInfo{}, ours, sources.Client{ID: lid}},
		{"the account's own name", Chat{ID: phone, Name: "Shop"}, Contact{Name: "Shop"}, ContactInfo{Name: "y"}, shop, sources.Client{ID: phone, Name: "y", Phone: phone}},
		{"the account's own name, given by its owner", Chat{ID: phone}, Contact{ContactName: "Shop"}, ContactInfo{Name: "y"}, shop, sources.Client{ID: phone, Name: "Shop", Phone: phone}},
		{"Brazil, Mexico", Chat{ID: "555187654321@c.us"}, Contact{Phone: "5215512345678"}, ContactInfo{}, chatIndex{}, sources.Client{ID: "555187654321@c.us", Phone: "555187654321@c.us"}},
		{"WhatsApp", Chat{ID: "0@c.us", Name: "WhatsApp"}, Contact{}, ContactInfo{}, sender, sources.Client{ID: "0@c.us", Name: "WhatsApp"}},
		{"a bot", Chat{ID: "867051314767696@bot"}, Contact{Phone: "79001112233"}, ContactInfo{}, sender, sources.Client{ID: "867051314767696@bot"}},
		{"group", Chat{ID: group, Name: "Club"}, Contact{}, ContactInfo{}, sender, sources.Client{ID: group, Name: "Club"}},
		{"group without a name", Chat{ID: group}, Contact{}, ContactInfo{}, sender, sources.Client{ID: group}},
		{"status", Chat{ID: "status@broadcast"}, Contact{}, ContactInfo{}, sender, sources.Client{ID: "status@broadcast"}},
		{"avatar and email", Chat{ID: phone}, Contact{}, ContactInfo{Avatar: "https://pps.whatsapp.net/a", Email: " a@example.com "}, chatIndex{},
			sources.Client{ID: phone, Phone: phone, Email: "a@example.com", Avatar: "https://pps.whatsapp.net/a"}},
		{"no avatar", Chat{ID: phone}, Contact{}, ContactInfo{Avatar: "a.jpg"}, chatIndex{}, sources.Client{ID: phone, Phone: phone}},
	} {
		if got := clientOf(tt.chat, tt.contact, tt.info, &tt.index); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestFirstName(t *testing.T) {
	for _, tt := range []struct{ id, name, want string }{
		{"79001234567@c.us", " Andrew ", "Andrew"},
		{"79001234567@c.us", "~Андрей", "~Андрей"},
		{"79001234567@c.us", "👍", "👍"},
		{"79001234567@c.us", "1000", "1000"},
		{"79001234567@c.us", "Taxi 1234567", "Taxi 1234567"},
		{"79001234567@c.us", "anna@example.com", "anna@example.com"},
		{"79001234567@c.us", "79001234567", ""},
		{"79001234567@c.us", "79007654321@c.us", ""},
		{"79001234567@c.us", "\u202a+7\u00a0900\u00a0123\u201145\u201167\u202c", ""},
		{"55@lid", "55", ""},
		{"55@lid", "56@lid", ""},
		{"", "", ""},
	} {
		if got := firstName(tt.id, tt.name); got != tt.want {
			t.Errorf("firstName(%q, %q) = %q, want %q", tt.id, tt.name, got, tt.want)
		}
	}
}

// The account's own ids, and those of a contact that has one of them, are never a client's.
func TestOwnIDs(t *testing.T) {
	own := newOwnIDs([]string{"79990000000@c.us", "", "79990000000:12@s.whatsapp.net"}, []Contact{
		{ID: "55@lid", Phone: "79990000000"}, {ID: "79990000000@c.us", OtherID: "56@lid"}, {ID: "57@lid", Phone: "79001234567"},
		{ID: "79990000000@c.us", LID: "58@lid"}, {ID: "59@lid", Phone: "+79990000000"}, {ID: "60@lid"}})
	for id, want := range map[string]bool{"79990000000@c.us": true, "79990000000@s.whatsapp.net": true, "79990000000:3@c.us": true, "79990000000": true,
		"55@lid": true, "56@lid": true, "57@lid": false, "58@lid": true, "59@lid": true, "60@lid": false, "79001234567@c.us": false, "": false} {
		if own.has(id) != want {
			t.Errorf("%s is the account's own: %t", id, own.has(id))
		}
	}
	for _, tt := range []struct {
		chat           string
		answered, want bool
	}{{"79990000000@c.us", true, true}, {"55@lid", false, true}, {"55@lid", true, false}, {"57@lid", false, false}} {
		if got := own.isNotes(tt.chat, tt.answered); got != tt.want {
			t.Errorf("%+v: got %t", tt, got)
		}
	}
	var none *ownIDs
	if none.has("79990000000@c.us") || none.isNotes("79990000000@c.us", false) {
		t.Error("an empty set has an id")
	}
}

func TestNotPerson(t *testing.T) {
	for id, want := range map[string]bool{"79001234567@c.us": false, "55@lid": false, "120363025486842017@g.us": false,
		"0@c.us": true, "0@s.whatsapp.net": true, "13135550002@c.us": true, "16505361212@c.us": true, "server@c.us": true, "867051314767696@bot": true,
		"status@broadcast": true, "1@newsletter": true} {
		if got := notPerson(id) != ""; got != want {
			t.Errorf("%s: got %t", id, got)
		}
	}
}

func TestPhoneID(t *testing.T) {
	for s, want := range map[string]string{"79001234567@c.us": "79001234567@c.us", "79001234567:2@s.whatsapp.net": "79001234567@c.us", "+79001234567": "79001234567@c.us",
		" 79001234567 ": "79001234567@c.us", "555187654321@c.us": "555187654321@c.us", "0@c.us": "", "55@lid": "", "158437920014276@lid": "", "120363025486842017@g.us": "",
		"867051314767696@bot": "", "7.9e10": "", "0": "", "": "", "1234567890123456@c.us": "", "server@c.us": ""} {
		if got := phoneID(s); got != want {
			t.Errorf("phoneID(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestMerged(t *testing.T) {
	got := merged([]Chat{{ID: "2"}, {ID: "1", Name: "79001234567"}, {ID: "1", Name: "Anna"}, {ID: "2", Name: "Boris", Phone: "5"}, {ID: "1", Name: "A."}, {ID: "2"}})
	if want := []Chat{{ID: "1", Name: "Anna"}, {ID: "2", Name: "Boris", Phone: "5"}}; !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
