package sources

import (
	"regexp"
	"strings"
	"testing"
)

func TestParsePhone(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"+7 900 123-45-67", "+79001234567"},
		{"+7 (900) 123.45.67", "+79001234567"},
		{"(+7) 900 123 45 67", "+79001234567"},
		{" 79001234567 ", "+79001234567"},
		{"7 900 123-45-67", "+79001234567"},
		{"0079001234567", "+79001234567"},
		{"+34 612 34 56 78", "+34612345678"},
		{"34612345678", "+34612345678"},
		{"+84 95 123 45 67", "+84951234567"},
		{"+1 212 555 0123", "+12125550123"},
		{"+44 (0)20 7946 0018", "+442079460018"},
		{"8 900 123-45-67", ""},
		{"8 (495) 123-45-67", ""}, // would be Vietnamese
		{"7,9E+10", ""},
		{"7.9E+10", ""},
		{"7.9001234567E10", ""},
		{"+7900", ""},
		{"+7 900 123-45-67 ext. 5", ""},
		{"+79001234567, +79001234568", ""},
		{"+79001234567\n+79001234568", ""},
		{"1-800-FLOWERS", ""},
		{"12345678901234567890", ""},
		{"+999 123 456 789", ""}, // no such country
		{"+0", ""},
		{"+", ""},
		{"00", ""},
		{"", ""},
		{"n/a", ""},
		{"NULL", ""},
		{"\xff\xfe", ""},

		// traces of spreadsheets and links
		{"\u202a+79001234567\u202c", "+79001234567"},
		{"\u2066+7\u200b900\ufeff1234567\u2069", "+79001234567"},
		{"+7\u00a0900\u00a0123\u201145\u201167", "+79001234567"},
		{"+7\u2009900\u202f123\u201345\u221267", "+79001234567"},
		{"+7 900 123\u201445\uff0d67", "+79001234567"},
		{"\uff0b\uff17\uff19\uff10\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17", "+79001234567"},
		{"+\u0669\u0667\u0661\u0665\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "+971501234567"},
		{"+\u06f9\u06f8\u06f9\u06f1\u06f2\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7", "+989121234567"},
		{"'+79001234567", "+79001234567"},
		{"'79001234567'", "+79001234567"},
		{"\u2019+79001234567", "+79001234567"},
		{`="79001234567"`, "+79001234567"},
		{`="+79001234567"`, "+79001234567"},
		{"=+79001234567", "+79001234567"},
		{`"+79001234567"`, "+79001234567"},
		{"tel:+79001234567", "+79001234567"},
		{"TEL: +7-900-123-45-67", "+79001234567"},
		{"tel://79001234567", "+79001234567"},
		{"whatsapp:+79001234567", "+79001234567"},
		{"https://wa.me/79001234567", "+79001234567"},
		{"tel:", ""},
		{"628123456789.0", "+628123456789"},
		{"+628123456789.0", "+628123456789"},
		{"+62 812 345 6789.0", "+628123456789"},
		{"628123456789,0", "+628123456789"},
		{"628123456789.00", "+628123456789"},
		{"'628123456789.0", "+628123456789"},
		{"628123456789.5", ""},
		{"+33 6.12.34.56.00", "+33612345600"},
		{"+33.612345600", "+33612345600"},

		// as WhatsApp or old address books have them
		{"+52 1 55 1234 5678", "+525512345678"},
		{"+52 55 1234 5678", "+525512345678"},
		{"+55 51 8765-4321", "+5551987654321"},
		{"+55 51 98765-4321", "+5551987654321"},
		{"+55 51 3765-4321", "+555137654321"},
		{"79001234567@c.us", "+79001234567"},
		{"\u202a79001234567@c.us\u202c", "+79001234567"},
		{"79001234567@s.whatsapp.net", "+79001234567"},
		{"22507123456@c.us", "+22507123456"},
		{"79001234567@lid", ""},
		{"79001234567@g.us", ""},
		{"0@c.us", ""},
		{"ivan@example.com", ""},
	} {
		got, ok := ParsePhone(tt.in, "")
		if got != tt.want || ok != (tt.want != "") {
			t.Errorf("ParsePhone(%q) = %q, %t, want %q", tt.in, got, ok, tt.want)
		}
	}
}

func TestParseLocalPhone(t *testing.T) {
	for _, tt := range []struct{ in, country, want string }{
		{"8 900 123-45-67", "RU", "+79001234567"},
		{"89001234567.0", "RU", "+79001234567"},
		{"9001234567", "ru", "+79001234567"},
		{"8 (495) 123-45-67", "RU", "+74951234567"},
		{"79001234567", "RU", "+79001234567"},
		{"8 701 123 45 67", "RU", "+77011234567"}, // Kazakhstan has the same code
		{"612 34 56 78", "ES", "+34612345678"},
		{"34612345678", "ES", "+34612345678"},
		{"79001234567", "ES", "+79001234567"}, // a client abroad
		{"+79001234567", "ES", "+79001234567"},
		{"0079001234567", "ES", "+79001234567"},
		{"0171 1234567", "DE", "+491711234567"},
		{"491711234567", "DE", "+491711234567"},
		{"3933312345", "IT", "+393933312345"},
		{"393331234567", "IT", "+393331234567"},
		{"(11) 98765-4321", "BR", "+5511987654321"},
		{"(51) 8765-4321", "BR", "+5551987654321"},
		{"555187654321", "BR", "+5551987654321"},
		{"55 1234 5678", "MX", "+525512345678"},
		{"044 55 1234 5678", "MX", "+525512345678"},
		{"1 55 1234 5678", "MX", "+525512345678"},
		{"5215512345678", "MX", "+525512345678"},
		{"011 15 5555-1234", "AR", "+5491155551234"},
		{"(212) 555-0123", "US", "+12125550123"},
		{"07 01 23 45 67", "CI", "+2250701234567"},
		{"0812-3456-7890.0", "ID", "+6281234567890"},
		{"8 900 123-45-67", "XX", ""},
		{"612 34 56 78", "", ""},
		{"12", "ES", ""},
	} {
		if got, _ := ParsePhone(tt.in, tt.country); got != tt.want {
			t.Errorf("ParsePhone(%q, %q) = %q, want %q", tt.in, tt.country, got, tt.want)
		}
	}
}

func TestPhoneOfID(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"79001234567@c.us", "+79001234567"},
		{"79001234567@s.whatsapp.net", "+79001234567"},
		{"79001234567:12@s.whatsapp.net", "+79001234567"},
		{"85251234567@c.us", "+85251234567"},
		{"5215512345678@c.us", "+525512345678"},  // Mexico, with the 1 of old
		{"525512345678@c.us", "+525512345678"},   // Mexico
		{"555187654321@c.us", "+5551987654321"},  // Brazil, without the ninth digit
		{"555177654321@c.us", "+5551977654321"},  // Brazil, without the ninth digit
		{"555137654321@c.us", "+555137654321"},   // Brazil, not mobile
		{"5511987654321@c.us", "+5511987654321"}, // Brazil
		{"5491155551234@c.us", "+5491155551234"}, // Argentina
		{"22507123456@c.us", "+22507123456"},     // Ivory Coast, registered with eight digits
		{"2250712345678@c.us", "+2250712345678"}, // Ivory Coast
		{"22997123456@c.us", "+22997123456"},     // Benin, registered with eight digits
		{"841681234567@c.us", "+841681234567"},   // Viet Nam, registered with eleven digits
		{"88812345678@c.us", "+88812345678"},     // no country that the library knows
		{"79001234567@lid", ""},
		{"79001234567@g.us", ""},
		{"120363025486842017@g.us", ""},
		{"79001234567@newsletter", ""},
		{"79001234567@broadcast", ""},
		{"867051314767696@bot", ""},
		{"status@broadcast", ""},
		{"79001234567", ""},
		{"+79001234567@c.us", ""},
		{"79001234567:x@c.us", ""},
		{"0@c.us", ""},
		{"079001234567@c.us", ""},
		{"1@c.us", ""},
		{"1234567890123456@c.us", ""},
		{"@c.us", ""},
		{"ivan@c.us", ""},
		{"", ""},
	} {
		if got := PhoneOfID(tt.in); got != tt.want {
			t.Errorf("PhoneOfID(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := HoldsPhone(tt.in); got != (tt.want != "") {
			t.Errorf("HoldsPhone(%q) = %t, want %t", tt.in, got, tt.want != "")
		}
	}
}

func TestLooksInternational(t *testing.T) {
	for in, want := range map[string]bool{
		"+7 900 123-45-67": true, "0079001234567": true, "79001234567": true, "+000": false, "+7900": false,
		"9001234567": false, "8 900 123-45-67": false, "7.9E+10": false, "n/a": false, "": false, "+1234567890123456": false,
	} {
		if got := LooksInternational(in); got != want {
			t.Errorf("LooksInternational(%q) = %t, want %t", in, got, want)
		}
	}
}

func TestCheckCountry(t *testing.T) {
	for in, want := range map[string]string{
		"ES": "", "ru": "", "CI": "",
		"Spain": `"Spain" is not the code of a country: use the two letters of ISO 3166, such as ES, BR or RU`,
		"XX":    `"XX" is not the code of a country: use the two letters of ISO 3166, such as ES, BR or RU`,
		"UK":    `"UK" is not the code of a country: the United Kingdom is GB`,
		"34":    `"34" is not the code of a country: use the two letters of ISO 3166, such as ES, BR or RU`,
		"":      `"" is not the code of a country: use the two letters of ISO 3166, such as ES, BR or RU`,
	} {
		got := ""
		if err := CheckCountry(in); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckCountry(%q) = %q, want %q", in, got, want)
		}
	}
}

// FuzzParsePhone checks that a phone is in E.164 or empty, and that parsing it again changes nothing.
func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"+7 900 123-45-67", "8 900 123-45-67", "5215512345678@c.us", "628123456789.0", `="+79001234567"`} {
		f.Add(s, "RU")
	}
	f.Add("(51) 8765-4321", "BR")
	f.Add("79001234567:2@s.whatsapp.net", "")
	e164 := regexp.MustCompile(`^\+[1-9][0-9]{5,16}$`)
	f.Fuzz(func(t *testing.T, s, country string) {
		phone, ok := ParsePhone(s, country)
		if ok != (phone != "") || ok && !e164.MatchString(phone) {
			t.Fatalf("ParsePhone(%q, %q) = %q, %t", s, country, phone, ok)
		}
		if again, _ := ParsePhone(phone, ""); again != phone && !strings.Contains(s, "@") {
			t.Errorf("ParsePhone(%q, %q) = %q, and parsed again %q", s, country, phone, again)
		}
	})
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

// The id of a phone's chat keeps the digits as they are written, and gains the code of the country if it lacks one.
func TestIDOfPhone(t *testing.T) {
	for _, tt := range []struct{ in, country, want string }{
		{"+7 (900) 123-45-67", "", "79001234567@c.us"},
		{"79001234567.0", "", "79001234567@c.us"},
		{"8 (900) 123-45-67", "", ""},
		{"8 (900) 123-45-67", "RU", "79001234567@c.us"},
		{"900 123-45-67", "ru", "79001234567@c.us"},
		{"+34 600 000 001", "RU", "34600000001@c.us"},
		{"34600000001", "RU", "34600000001@c.us"},
		{"600 000 001", "ES", "34600000001@c.us"},
		{"(11) 98765-4321", "BR", "5511987654321@c.us"},
		{"11987654321", "", ""},
		{"55 31 8765-4321", "", "553187654321@c.us"}, // dialled with a 9 today
		{"+52 1 55 1234 5678", "", "5215512345678@c.us"},
		{"+44 (0)20 7946 0018", "", "442079460018@c.us"},
		{"+8 900 123 45 67", "", ""},                // no such country
		{"+1 555 000 0000", "", "15550000000@c.us"}, // possible
		{"00 1 555 000 0000", "", "15550000000@c.us"},
		{"15550000000", "", ""},
		{"79001234567@c.us", "ES", "79001234567@c.us"},
		{"79001234567:12@s.whatsapp.net", "", "79001234567@c.us"},
		{"120363025246125486@g.us", "", ""},
		{"12", "RU", ""},
		{"", "RU", ""},
		{"Анна", "RU", ""},
	} {
		id, ok := IDOfPhone(tt.in, tt.country)
		if want := tt.want != ""; ok != want || ok && id != tt.want {
			t.Errorf("%q in %q: got %q, %t, want %q", tt.in, tt.country, id, ok, tt.want)
		}
	}
}
