package csvfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// mapped returns a file with a mapping.
func mapped(t *testing.T, content string, pairs ...string) *csvfile.File {
	t.Helper()
	m, err := csvfile.ParseMapping(pairs)
	if err != nil {
		t.Fatal(err)
	}
	return &csvfile.File{Path: write(t, content), Now: now, Settings: csvfile.Settings{Map: m}}
}

func TestMapping(t *testing.T) {
	const table = "CUSTOMER_ID;Phone;Day;Hour;Side;MESSAGE;Subject;text\n" +
		"7;+7 (900) 123-45-67;2024-05-01;10:00Z;in;привет;About;no\n" +
		"8;;2024-05-01;11:00Z;out;ok;;no\n"
	for _, tt := range []struct {
		name  string
		pairs string
		want  string
	}{
		{"a column", "conversation_id=customer-id,timestamp=Day+Hour,direction=Side,text=MESSAGE", `
2 +14557600s inc 7: text "привет"
3 +14561200s out 8: text "ok"
`},
		{"columns joined", "conversation_id=CUSTOMER_ID,timestamp=Day+Hour,direction=Side,text=Subject+MESSAGE", `
2 +14557600s inc 7: text "About привет"
3 +14561200s out 8: text "ok"
`},
		{"a template, and a column with two uses", "conversation_id={Phone}@c.us,client_phone=Phone,timestamp=Day+Hour,direction=Side,text=MESSAGE", `
2 +14557600s inc 79001234567@c.us (phone +7 (900) 123-45-67): text "привет"
chats.csv:3! conversation_id is empty
`},
		{"the file and a constant", "conversation_id=chat {file},timestamp=Day+Hour,direction==out,text=#6,client_name==Shop, Inc", `
2 +14557600s out chat chats (name Shop, Inc): text "привет"
3 +14561200s out chat chats (name Shop, Inc): text "ok"
`},
		{"nothing", "conversation_id=CUSTOMER_ID,timestamp=Day+Hour,direction=Side,text=", `
chats.csv:2! text is empty
chats.csv:3! text is empty
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := mapped(t, table, tt.pairs)
			if diff := cmp.Diff(strings.TrimLeft(tt.want, "\n"), describe(readAll(t, file, ""))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			file.BatchRows = 1
			if err := sourcetest.Check(t.Context(), file); err != nil {
				t.Error(err)
			}
		})
	}
}

// The id of a WhatsApp chat is made from a phone with its country: that in the phone, or that of File.
func TestChatsOfPhones(t *testing.T) {
	const table = "phone;code;timestamp;direction;text\n" +
		"8 (900) 123-45-67;7;1714557600;in;local\n" +
		"+7 900 123-45-67;;1714557600;in;whole\n" +
		"79001234567@s.whatsapp.net;;1714557600;in;an id\n" +
		"120363025246125486@g.us;;1714557600;in;a group\n" +
		";;1714557600;in;nobody\n" +
		"7,9E+10;;1714557600;in;shortened\n" +
		"front desk;;1714557600;in;words\n" +
		"900 12;;1714557600;in;short\n"
	const common = `
3 +14557600s inc 79001234567@c.us (phone +7 900 123-45-67): text "whole"
4 +14557600s inc 79001234567@c.us (phone 79001234567@c.us): text "an id"
5 +14557600s inc 120363025246125486@g.us (phone 120363025246125486@g.us): text "a group"
`
	const always = `
chats.csv:6! conversation_id is empty
chats.csv:7! conversation_id "7,9E+10": a spreadsheet has shortened this number; format the column as text and export it again
`
	const unknown = `: not a phone with a country code; is it local? then name its country: --country, such as --country ES
`
	const words = `chats.csv:8! conversation_id "front desk": not a phone
`
	for country, want := range map[string]string{
		"": strings.TrimLeft(common, "\n") + `chats.csv:2! conversation_id "8 (900) 123-45-67"` + unknown + strings.TrimLeft(always, "\n") +
			words + `chats.csv:9! conversation_id "900 12"` + unknown,
		"RU": `2 +14557600s inc 79001234567@c.us (phone 79001234567@c.us): text "local"` + common + strings.TrimLeft(always, "\n") +
			words + `chats.csv:9! conversation_id "900 12": not a phone, neither with a country code nor in the country RU` + "\n",
	} {
		file := mapped(t, table, "conversation_id={phone}@c.us,client_phone=phone")
		file.Country = country
		if diff := cmp.Diff(want, describe(readAll(t, file, ""))); diff != "" {
			t.Errorf("in %q (-want +got):\n%s", country, diff)
		}
		if !file.UsesCountry() {
			t.Error("the country is said not to count")
		}
	}
	file := mapped(t, "code,phone,timestamp,direction,text\n+7,900 123-45-67,1714557600,in,a\n", "conversation_id={code}{phone}@c.us,author_id={text}@c.us")
	want := "2 +14557600s inc 79001234567@c.us (phone 79001234567@c.us): text \"a\"\n"
	if got := describe(readAll(t, file, "")); !strings.HasPrefix(got, want) || !strings.Contains(got, "1 x unusable") {
		t.Errorf("got %s, want %s", got, want)
	}
	if mapped(t, "", "conversation_id=phone").UsesCountry() {
		t.Error("the country is said to count")
	}
}

func TestBadMapping(t *testing.T) {
	for pairs, want := range map[string]string{
		"MESSAGE":                `"MESSAGE": want COLUMN=VALUE, such as text=MESSAGE; the columns are conversation_id, timestamp,`,
		"message=text":           `"message=text": want COLUMN=VALUE`,
		"text=a,text=b":          "text is there twice",
		"text=MESAGE":            `--map text=MESAGE: there is no column "MESAGE": found conversation_id, timestamp, direction, Day, Day`,
		"text=Day":               "--map text=Day: column day appears twice: rename one, or name the one to read by its number, as in --map text=#4",
		"text={direction":        "--map text={direction: {direction: want a } behind the name of the column",
		"text={direction} {Tag}": `there is no column "Tag"`,
		"text=direction+Tag":     `there is no column "Tag"`,
		"text=#9":                `there is no column "#9"`,
	} {
		m, err := csvfile.ParseMapping([]string{pairs})
		if err == nil {
			file := &csvfile.File{Path: write(t, "conversation_id,timestamp,direction,Day,Day\n"), Now: now, Settings: csvfile.Settings{Map: m}}
			_, err = sourcetest.Read(t.Context(), file, "")
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", pairs, err, want)
		}
	}
}

// Columns with plain names are proposed when others are missing, and not taken by themselves.
func TestProposals(t *testing.T) {
	for header, want := range map[string]string{
		"phone,date,direction,message": "conversation_id={phone}@c.us,timestamp=date,text=message,client_phone=phone",
		"Телефон;Дата и время;Направление;Сообщение;Имя клиента": "conversation_id={Телефон}@c.us,timestamp=Дата и время,direction=Направление,text=Сообщение," +
			"client_name=Имя клиента,client_phone=Телефон",
		"Teléfono;Fecha;Sentido;Mensaje;Agente":          "conversation_id={Teléfono}@c.us,timestamp=Fecha,direction=Sentido,text=Mensaje,client_phone=Teléfono,author_name=Agente",
		"Telefone;Data e hora;Direção;Mensagem;Mensagem": "conversation_id={Telefone}@c.us,timestamp=Data e hora,direction=Direção,client_phone=Telefone",
		"a,b,c": "",
	} {
		file := &csvfile.File{Path: write(t, "Report 7\n\n"+header+"\n"), Now: now}
		if _, err := sourcetest.Read(t.Context(), file, ""); !is[*csvfile.ColumnsError](err) {
			t.Fatalf("%s: got %v, want a ColumnsError", header, err)
		}
		e, err := file.Explain(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := e.Proposal.Map.String(); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", header, got, want)
		}
	}
}

func is[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}
