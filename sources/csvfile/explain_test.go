package csvfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources/csvfile"
)

// explain returns the explanation of a table.
func explain(t *testing.T, content string, settings csvfile.Settings) *csvfile.Explanation {
	t.Helper()
	e, err := (&csvfile.File{Path: write(t, content), Now: now, Location: time.UTC, Settings: settings}).Explain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The form of times is found over the whole file: one row can decide.
func TestProposedTimes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		times  []string
		given  string
		want   string   // the proposal
		choice []string // formats among which somebody must choose
	}{
		{"days and months", []string{"04/11/2023 10:00", "05/11/2023 10:00"}, "", "", []string{"DD/MM/YYYY HH:MM", "MM/DD/YYYY HH:MM"}},
		{"one row decides", []string{"04/11/2023 10:00", "13/11/2023 10:00"}, "", "DD/MM/YYYY HH:MM", nil},
		{"one row decides otherwise", []string{"04/11/2023 10:00", "04/13/2023 10:00"}, "", "MM/DD/YYYY HH:MM", nil},
		{"chosen", []string{"04/11/2023 10:00"}, "MM/DD/YYYY HH:MM", "MM/DD/YYYY HH:MM", []string{"DD/MM/YYYY HH:MM", "MM/DD/YYYY HH:MM"}},
		{"chosen, in other words", []string{"04/11/2023 10:00"}, "M/D/YYYY HH:MM:SS AM", "M/D/YYYY HH:MM:SS AM", []string{"DD/MM/YYYY HH:MM", "MM/DD/YYYY HH:MM"}},
		{"a wrong one is given", []string{"13.11.2023 10:00"}, "MM/DD/YYYY HH:MM", "DD.MM.YYYY HH:MM", nil},
		{"a single bad row", []string{"13.11.2023 10:00", "yesterday", "14.11.2023 10:00"}, "", "DD.MM.YYYY HH:MM", nil},
		{"dates of a workbook and texts", []string{"2023-11-04 10:00:00", "2023-11-05 10:00:00", "13.11.2023 10:00"}, "", "DD.MM.YYYY HH:MM", nil},
		{"no need", []string{"2023-11-04 10:00:00", "1700000000"}, "", "", nil},
		{"days only", []string{"13.11.2023"}, "", "DD.MM.YYYY", nil},
		{"nothing fits", []string{"yesterday"}, "", "", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := header
			for _, text := range tt.times {
				content += "c," + text + ",in,hi\n"
			}
			e := explain(t, content, csvfile.Settings{TimeFormat: tt.given})
			if e.Proposal.TimeFormat != tt.want {
				t.Errorf("got the format %q, want %q", e.Proposal.TimeFormat, tt.want)
			}
			var choice []string
			for _, reading := range e.Times {
				choice = append(choice, reading.Format)
			}
			if len(choice) < 2 {
				choice = nil
			}
			if diff := cmp.Diff(tt.choice, choice); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Reasons are counted without the values, and HTML is proposed.
func TestExplainedRows(t *testing.T) {
	content := header + strings.Repeat("c,1714557600,huh,<p>a</p>\nc,1714557600,what,<p>a</p>\n", 3) + "c,never,in,b\nc,1714557600,out,<br>c\n"
	e := explain(t, content, csvfile.Settings{})
	want := []csvfile.ReasonCount{
		{Reason: "direction: not a direction; use in or out, or list the value in --incoming, --outgoing or --skip", Rows: 6,
			Example: `chats.csv:2: direction "huh": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip`},
		{Reason: `timestamp: not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"`, Rows: 1,
			Example: `chats.csv:8: timestamp "never": not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"`},
	}
	if diff := cmp.Diff(want, e.Invalid); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if e.Rows != 8 || e.Planned != 1 || !e.Proposal.HTML || e.Messages[0].Text != "c" {
		t.Errorf("got %+v", e)
	}
}

// Of several columns whose names would do for the direction, the one whose values say a side is proposed.
func TestProposedDirection(t *testing.T) {
	e := explain(t, "ID чата;Дата;Тип;Кто;Текст\n"+strings.Repeat("7;11.04.2023 10:00;сообщение;Клиент;hi\n7;13.04.2023 10:00;заметка;Менеджер;hi\n", 3), csvfile.Settings{})
	if got, want := e.Proposal.Map.String(), "conversation_id=ID чата,timestamp=Дата,direction=Кто,text=Текст"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := e.Proposal; !cmp.Equal(got.Incoming, []string{"Клиент"}) || !cmp.Equal(got.Outgoing, []string{"Менеджер"}) {
		t.Errorf("got %v and %v", got.Incoming, got.Outgoing)
	}
}

// A column with the time of day is joined to the day, if both together are times.
func TestProposedHour(t *testing.T) {
	for _, tt := range []struct{ name, header, row, want string }{
		{"two columns", "chat,Date,Time,from,text", "c,21/08/2019,10:00,in,hi", "Date+Time"},
		{"unpadded", "chat;date;sent time;from;text", "c;2019-8-21;1:05:30 PM;in;hi", "date+sent time"},
		{"Russian", "чат;Дата отправки;Время отправки;кто;текст", "c;21.08.2019;9.30;in;hi", "Дата отправки+Время отправки"},
		{"Portuguese", "chat;Data;Horário;from;text", "c;21/08/2019;09:30;in;hi", "Data+Horário"},
		{"a part of a day", "chat,Date,Hour,from,text", "c,2019-08-21,0.416666666666667,in,hi", "Date+Hour"},
		{"the day has its time", "chat,date,time,from,text", "c,2019-08-21 10:00,10:00,in,hi", "date"},
		{"another time", "chat,date,response time,from,text", "c,21/08/2019,12 s,in,hi", "date"},
		{"no hour", "chat,date,from,text", "c,21/08/2019,in,hi", "date"},
	} {
		e := explain(t, tt.header+"\n"+strings.Repeat(tt.row+"\n", 3), csvfile.Settings{})
		if got := e.Proposal.Map["timestamp"]; got != tt.want || e.Planned != 3 {
			t.Errorf("%s: got %s and %d messages (%v), want %s and 3", tt.name, got, e.Planned, e.Invalid, tt.want)
		}
	}
}

// What nothing in the table can be is missing, also the content of the messages.
func TestMissing(t *testing.T) {
	for header, want := range map[string]string{
		"phone,date,direction":                "text",
		"phone,date,direction,attachment_url": "",
		"Name,Phone,Email":                    "timestamp direction text",
		"Caller,Called,Duration,Start":        "conversation_id timestamp direction text",
		"contact_name,date,direction,text":    "",
	} {
		e := explain(t, header+"\n", csvfile.Settings{})
		if got := strings.Join(e.Missing, " "); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
		if got := e.ByName != ""; got != strings.HasPrefix(header, "contact_name") {
			t.Errorf("%s: the conversation is named by %q", header, e.ByName)
		}
	}
	// A name may be that of either author.
	if e := explain(t, "имя;дата;направление;текст\n", csvfile.Settings{}); e.Proposal.Map["conversation_id"] != "" {
		t.Errorf("got %s", e.Proposal.Map)
	}
}

// Rows that a column marks as internal notes are left out, by the values that the table has.
func TestProposedNotes(t *testing.T) {
	for _, tt := range []struct {
		column, values string
		given          []string
		want           string
	}{
		{"private", "true,false", nil, "private=true"},
		{"Is private", "1,0", nil, "Is private=1"},
		{"Приватное", "Да,ИСТИНА,нет", nil, "Приватное=истина,да"},
		{"private", "false,", nil, ""},
		{"private", "true,false", []string{"private=false"}, "private=false"},
		{"priority", "true,false", nil, ""},
	} {
		content := "conversation_id,timestamp,direction,text," + tt.column + "\n"
		for value := range strings.SplitSeq(tt.values, ",") {
			content += "c,1714557600,out,hi," + value + "\n"
		}
		e := explain(t, content, csvfile.Settings{SkipWhere: tt.given})
		if got := strings.Join(e.Proposal.SkipWhere, " "); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.column, tt.values, got, tt.want)
		}
	}
}

// A column that says whether the company wrote has true and false for sides. Elsewhere they say nothing.
func TestProposedFromMe(t *testing.T) {
	for header, want := range map[string]string{"fromMe": "fromMe false true", "key.fromMe": "key.fromMe false true", "type": "type  "} {
		e := explain(t, "chat_id,date,"+header+",body\nc,1714557600,false,hi\nc,1714557601,true,hello\n", csvfile.Settings{})
		got := strings.Join([]string{e.Proposal.Map["direction"], strings.Join(e.Proposal.Incoming, ","), strings.Join(e.Proposal.Outgoing, ",")}, " ")
		if got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
}
