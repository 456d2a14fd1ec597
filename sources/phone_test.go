package sources

import "testing"

func TestParsePhone(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"+7 900 123-45-67", "+79001234567"},
		{"+7 (900) 123.45.67", "+79001234567"},
		{" 79001234567 ", "+79001234567"},
		{"7 900 123-45-67", "+79001234567"},
		{"0079001234567", "+79001234567"},
		{"+34 612 34 56 78", "+34612345678"},
		{"34612345678", "+34612345678"},
		{"+84 95 123 45 67", "+84951234567"},
		{"+1 212 555 0123", "+12125550123"},
		{"8 900 123-45-67", ""},
		{"8 (495) 123-45-67", ""}, // would be Vietnamese
		{"7,9E+10", ""},
		{"7.9E+10", ""},
		{"+7900", ""},
		{"79001234567@c.us", ""},
		{"+7 900 123-45-67 ext. 5", ""},
		{"1-800-FLOWERS", ""},
		{"12345678901234567890", ""},
		{"+", ""},
		{"00", ""},
		{"", ""},
		{"n/a", ""},
	} {
		got, ok := ParsePhone(tt.in, "")
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("ParsePhone(%q) = %q, %t, want %q", tt.in, got, ok, tt.want)
		}
	}
}

func TestPhoneOfID(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"79001234567@c.us", "+79001234567"},
		{"79001234567@s.whatsapp.net", "+79001234567"},
		{"85251234567@c.us", "+85251234567"},
		{"79001234567@lid", ""},
		{"79001234567@g.us", ""},
		{"120363025486842017@g.us", ""},
		{"79001234567@newsletter", ""},
		{"79001234567@broadcast", ""},
		{"status@broadcast", ""},
		{"79001234567", ""},
		{"+79001234567@c.us", ""},
		{"1@c.us", ""},
		{"@c.us", ""},
		{"ivan@c.us", ""},
		{"", ""},
	} {
		if got := PhoneOfID(tt.in); got != tt.want {
			t.Errorf("PhoneOfID(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestKindOfConversation(t *testing.T) {
	for id, want := range map[string]ConversationKind{
		"79001234567@c.us":        Person,
		"120363025486842017@g.us": Group,
		"g.us":                    Person,
		"":                        Person,
	} {
		if got := KindOfConversation(id); got != want {
			t.Errorf("KindOfConversation(%q) = %q, want %q", id, got, want)
		}
	}
}
