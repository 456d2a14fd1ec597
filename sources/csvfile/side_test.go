package csvfile_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// A table with private notes and system lines: nothing but what the client wrote, or got, becomes a message to send.
func TestSides(t *testing.T) {
	const table = "conversation_id,timestamp,direction,text,author_name,author_id,private,From,To\n" +
		"c,1714557600,Cliente,hola,Ana,+34600000001,false,34600000001,7000\n" +
		"c,1714557601,Agente,buenas,Tienda,+34 600 000 002,false,7000,34600000001\n" +
		"c,1714557602,nota,no paga nunca,Tienda,,true,7000,\n" +
		"c,1714557603,sistema,,,,false,,\n" +
		",,sistema,--- chat c ---,,,,,\n" +
		"c,1714557604,,sin lado,,,false,,\n"
	sides := csvfile.Settings{Incoming: []string{"cliente"}, Outgoing: []string{"Agente"}}
	for _, tt := range []struct {
		name     string
		settings csvfile.Settings
		want     string
	}{
		{"nothing is listed but the sides", sides, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c (name Ana): text "buenas"
chats.csv:4! direction "nota": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip
chats.csv:5! direction "sistema": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip
chats.csv:6! conversation_id is empty
chats.csv:7! direction is empty
`},
		{"three outcomes", csvfile.Settings{Incoming: sides.Incoming, Outgoing: sides.Outgoing, Skip: []string{"nota, SISTEMA"}}, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c (name Ana): text "buenas"
4 +14557602s inc c (name Ana): text "no paga nunca" skipped: left out by --skip
5 +14557603s inc c (name Ana): text skipped: left out by --skip
chats.csv:7! direction is empty
1 x rows left out that have no conversation or time, passed over: chats.csv:6: the row "left out by --skip" is no message
`},
		{"another column", csvfile.Settings{Incoming: sides.Incoming, Outgoing: sides.Outgoing, SkipWhere: []string{"private=TRUE,direction=sistema"}}, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c (name Ana): text "buenas"
4 +14557602s inc c (name Ana): text "no paga nunca" skipped: left out by --skip-where private=true
5 +14557603s inc c (name Ana): text skipped: left out by --skip-where direction=sistema
chats.csv:7! direction is empty
1 x rows left out that have no conversation or time, passed over: chats.csv:6: the row "left out by --skip-where direction=sistema" is no message
`},
		{"by name", csvfile.Settings{Me: []string{"Otra", "tienda"}, Skip: []string{"nota"}}, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c (name Ana): text "buenas"
4 +14557602s inc c (name Ana): text "no paga nunca" skipped: left out by --skip
chats.csv:5! author_id and author_name are empty, which --me needs; --skip-where can leave the row out
chats.csv:6! conversation_id is empty
chats.csv:7! author_id and author_name are empty, which --me needs; --skip-where can leave the row out
`},
		{"by phone", csvfile.Settings{Me: []string{"34600000002"}, SkipWhere: []string{"direction=nota,sistema,"}}, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c (name Ana): text "buenas"
4 +14557602s inc c (name Ana): text "no paga nunca" skipped: left out by --skip-where direction=nota
5 +14557603s inc c (name Ana): text skipped: left out by --skip-where direction=sistema
7 +14557604s inc c (name Ana): text "sin lado" skipped: left out by --skip-where direction=
1 x rows left out that have no conversation or time, passed over: chats.csv:6: the row "left out by --skip-where direction=sistema" is no message
`},
		{"the author of a note is not the client", csvfile.Settings{Incoming: sides.Incoming, Outgoing: sides.Outgoing, Skip: []string{"nota,sistema"},
			Map: csvfile.Mapping{"client_name": "author_name|"}}, `
2 +14557600s inc c (name Ana): text "hola"
3 +14557601s out c: text "buenas"
4 +14557602s inc c: text "no paga nunca" skipped: left out by --skip
5 +14557603s inc c: text skipped: left out by --skip
chats.csv:7! direction is empty
1 x rows left out that have no conversation or time, passed over: chats.csv:6: the row "left out by --skip" is no message
`},
		{"the other side is the conversation", csvfile.Settings{Incoming: sides.Incoming, Outgoing: sides.Outgoing,
			Skip: []string{"nota,sistema"}, Map: csvfile.Mapping{"conversation_id": "{From}@c.us|{To}@c.us", "client_name": "=Ana", "client_email": "|"}}, `
2 +14557600s inc 34600000001@c.us (name Ana, phone 34600000001@c.us): text "hola"
3 +14557601s out 34600000001@c.us (name Ana, phone 34600000001@c.us): text "buenas"
chats.csv:7! direction is empty
3 x rows left out that have no conversation or time, passed over: chats.csv:4: the row "left out by --skip" is no message
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.settings.Map == nil {
				tt.settings.Map = csvfile.Mapping{"client_name": "=Ana"}
			}
			file := &csvfile.File{Path: write(t, table), Now: now, Settings: tt.settings}
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

func TestBadSides(t *testing.T) {
	for want, settings := range map[string]csvfile.Settings{
		"--outgoing A: the value is in another list too":                      {Incoming: []string{"a"}, Outgoing: []string{"A"}},
		"--skip-where private: want COLUMN=VALUES, such as":                   {SkipWhere: []string{"private"}},
		`--skip-where Type=x: there is no column "Type": found direction, te`: {SkipWhere: []string{"Type=x"}},
		"columns conversation_id, timestamp, author_name are missing":         {Me: []string{"a"}},
		"the direction and the author cannot be made with it":                 {Map: csvfile.Mapping{"direction": "text|text"}},
	} {
		_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: write(t, "direction,text\n"), Now: now, Settings: settings}, "")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// A batch ends after 4 MiB, also if all its rows are passed over. The rows behind them are read.
func TestManyRowsPassedOver(t *testing.T) {
	content := header + strings.Repeat(",,skip,"+strings.Repeat("x", 1<<20)+"\n", 9) + "c,1714557600,in,a\n"
	file := &csvfile.File{Path: write(t, content), Now: now, Settings: csvfile.Settings{Skip: []string{"skip"}}}
	if got := outcome(readAll(t, file, "")); !cmp.Equal(got, []string{"11 a"}) {
		t.Errorf("got %v", got)
	}
}
