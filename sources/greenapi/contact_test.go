package greenapi

import (
	"testing"

	"kommo-import/sources"
)

func TestClientOf(t *testing.T) {
	const phone, lid, group = "79001234567@c.us", "55667788990011@lid", "120363025486842017@g.us"
	all := Contact{ContactName: "Anna Petrova", Name: "anna"}
	sender := chatIndex{contactName: "Ann P.", senderName: "~Ann", phone: "+79007654321"}
	for _, tt := range []struct {
		name    string
		chat    Chat
		contact Contact
		info    ContactInfo
		index   chatIndex
		want    sources.Client
	}{
		{"nothing", Chat{ID: phone}, Contact{}, ContactInfo{}, chatIndex{}, sources.Client{ID: phone, Phone: "+79001234567"}},
		{"contact's contact name", Chat{ID: phone, Name: "Ann"}, all, ContactInfo{ContactName: "x", Name: "y"}, sender, sources.Client{ID: phone, Name: "Anna Petrova", Phone: "+79001234567"}},
		{"chat's name", Chat{ID: phone, Name: "Ann"}, Contact{Name: "anna"}, ContactInfo{}, sender, sources.Client{ID: phone, Name: "Ann", Phone: "+79001234567"}},
		{"contact's name", Chat{ID: phone, Name: "+7 900 123-45-67"}, Contact{Name: "anna"}, ContactInfo{ContactName: "x"}, sender, sources.Client{ID: phone, Name: "anna", Phone: "+79001234567"}},
		{"info's contact name", Chat{ID: phone}, Contact{}, ContactInfo{ContactName: "x", Name: "y"}, sender, sources.Client{ID: phone, Name: "x", Phone: "+79001234567"}},
		{"info's name", Chat{ID: phone}, Contact{}, ContactInfo{Name: "y"}, sender, sources.Client{ID: phone, Name: "y", Phone: "+79001234567"}},
		{"sender's contact name", Chat{ID: phone}, Contact{}, ContactInfo{}, sender, sources.Client{ID: phone, Name: "Ann P.", Phone: "+79001234567"}},
		{"sender's name", Chat{ID: phone}, Contact{}, ContactInfo{}, chatIndex{senderName: "~Ann"}, sources.Client{ID: phone, Name: "~Ann", Phone: "+79001234567"}},
		{"names that are none", Chat{ID: lid, Name: "55667788990011"}, Contact{Name: lid, ContactName: "+7 (900) 123‑45‑67"}, ContactInfo{Name: phone}, chatIndex{}, sources.Client{ID: lid}},
		{"phone of the sender", Chat{ID: lid}, Contact{}, ContactInfo{}, sender, sources.Client{ID: lid, Name: "Ann P.", Phone: "+79007654321"}},
		{"group", Chat{ID: group, Name: "Club"}, Contact{}, ContactInfo{}, sender, sources.Client{ID: group, Name: "Club"}},
		{"group without a name", Chat{ID: group}, Contact{}, ContactInfo{}, sender, sources.Client{ID: group}},
		{"status", Chat{ID: "status@broadcast"}, Contact{}, ContactInfo{}, sender, sources.Client{ID: "status@broadcast"}},
		{"avatar and email", Chat{ID: phone}, Contact{}, ContactInfo{Avatar: "https://pps.whatsapp.net/a", Email: " a@example.com "}, chatIndex{},
			sources.Client{ID: phone, Phone: "+79001234567", Email: "a@example.com", Avatar: "https://pps.whatsapp.net/a"}},
		{"no avatar", Chat{ID: phone}, Contact{}, ContactInfo{Avatar: "a.jpg"}, chatIndex{}, sources.Client{ID: phone, Phone: "+79001234567"}},
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
