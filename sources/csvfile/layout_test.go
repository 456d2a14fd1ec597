package csvfile_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// encoded returns a text in an encoding.
func encoded(t *testing.T, e encoding.Encoding, text string) string {
	t.Helper()
	out, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Tables as programs of several countries write them: the delimiter and the place of the header are recognised.
func TestLayouts(t *testing.T) {
	want := []string{"a, b; c\td | «привет»", "two\nlines", "quote \" here"}
	rows := func(delimiter string) string {
		lines := []string{"conversation_id,timestamp,direction,text,client_name"}
		for _, text := range want {
			lines = append(lines, `79001234567@c.us,1714557600,in,"`+strings.ReplaceAll(text, `"`, `""`)+`",Анна`)
		}
		for i, line := range lines {
			if i == 0 {
				lines[i] = strings.ReplaceAll(line, ",", delimiter)
				continue
			}
			before, rest, _ := strings.Cut(line, `"`)
			end := strings.LastIndex(rest, `"`)
			lines[i] = strings.ReplaceAll(before, ",", delimiter) + `"` + rest[:end+1] + strings.ReplaceAll(rest[end+1:], ",", delimiter)
		}
		return strings.Join(lines, "\r\n") + "\r\n"
	}
	le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	be := unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	for _, tt := range []struct{ name, encoding, content string }{
		{"commas", "", rows(",")},
		{"semicolons", "", rows(";")},
		{"tabs", "", rows("\t")},
		{"bars", "", rows("|")},
		{"sep=;", "", "sep=;\r\n" + rows(";")},
		{"sep=| in quotes", "", "\"sep=|\"\r\n" + rows("|")},
		{"byte order mark", "", "\ufeff" + rows(";")},
		{"byte order mark against --encoding", "windows-1251", "\ufeff" + rows(";")},
		{"Unicode text of Excel", "", encoded(t, le, rows("\t"))},
		{"UTF-16BE", "", encoded(t, be, rows(","))},
		{"UTF-16 without a mark", "utf-16le", encoded(t, le, rows(","))[2:]},
		{"windows-1251", "windows-1251", encoded(t, charmap.Windows1251, rows(";"))},
		{"koi8-r", "KOI8-R", strings.ReplaceAll(encoded(t, charmap.KOI8R, strings.NewReplacer("«", "<", "»", ">").Replace(rows(","))), "\x00", "")},
		{"lines before the header", "", "Export of chats, 3 rows\r\n\r\n\"By: Anna\r\n(admin)\",2024\r\n" + rows(",")},
		{"lines before the header that are not CSV", "", "5\" screens\r\n" + rows(";")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := &csvfile.File{Path: write(t, tt.content), Now: now, Settings: csvfile.Settings{Encoding: tt.encoding}}
			var got []string
			for _, m := range readAll(t, file, "").Messages {
				got = append(got, strings.NewReplacer("<", "«", ">", "»").Replace(m.Text))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, file.BatchRows = range []int{1, 2} {
				if err := sourcetest.Check(t.Context(), file); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A file in another encoding than UTF-8 grows as a file in UTF-8 does.
func TestGrowthInUTF16(t *testing.T) {
	le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	before := header + "c,1714557600,in,привет\nc,1714557600,in,b"
	file := &csvfile.File{Path: write(t, encoded(t, le, before)), Now: now}
	first := readAll(t, file, "")
	for _, tt := range []struct {
		added     string
		fromStart bool
		want      []string
	}{
		{"", false, nil},
		{"c\n", true, []string{"2 привет", "3 bc"}},
		{"\nc,1714557600,in,d\n", true, []string{"2 привет", "3 b", "4 d"}},
	} {
		if err := os.WriteFile(file.Path, []byte(encoded(t, le, before+tt.added)), 0o600); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, file, first.Cursor)
		if diff := cmp.Diff(tt.want, outcome(got)); diff != "" || got.FromStart != tt.fromStart {
			t.Errorf("with %q: FromStart %t (-want +got):\n%s", tt.added, got.FromStart, diff)
		}
	}
}

// A short file that grows may show only then what separates its columns. It is read anew.
func TestLayoutOfAGrownFile(t *testing.T) {
	file := &csvfile.File{Path: write(t, header+"c,1714557600,in,a\n"), Now: now}
	first := readAll(t, file, "")
	grown := header + "c,1714557600,in,a\nconversation_id;timestamp;direction;text;author_id\nc;1714557600;in;b;7\n"
	if err := os.WriteFile(file.Path, []byte(grown), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := readAll(t, file, first.Cursor); !got.FromStart || !cmp.Equal(outcome(got), []string{"4 b"}) {
		t.Errorf("FromStart %t, got %v, want the row below the other header", got.FromStart, outcome(got))
	}
}

// Bytes that are not UTF-8 are never guessed: the two likeliest encodings are shown.
func TestGuesses(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		encoding   encoding.Encoding
	}{
		{"windows-1251", "Здравствуйте! Когда будет готов заказ?", charmap.Windows1251},
		{"windows-1251", "ДОБРЫЙ ДЕНЬ, Анна", charmap.Windows1251},
		{"koi8-r", "Здравствуйте! Когда будет готов заказ?", charmap.KOI8R},
		{"ibm866", "Здравствуйте! Когда будет готов заказ?", charmap.CodePage866},
		{"windows-1252", "¿Cuándo estará listo? Mañana, señor Núñez", charmap.Windows1252},
		{"windows-1252", "Não, a loja abre amanhã às 9h. Até já", charmap.Windows1252},
		{"windows-1252", "¿Está lista? Sí, mañana", charmap.Windows1252},
		{"windows-1252", "João: Olá! Até amanhã", charmap.Windows1252},
		{"windows-1256", "متى سيكون الطلب جاهزا؟", charmap.Windows1256},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := encoded(t, tt.encoding, header+"c,1714557600,in,ok\nc,1714557600,in,\""+tt.text+"\"\n")
			file := &csvfile.File{Path: write(t, content), Now: now}
			_, err := sourcetest.Read(t.Context(), file, "")
			e, ok := errors.AsType[*csvfile.EncodingError](err)
			if !ok {
				t.Fatalf("got %v, want an EncodingError", err)
			}
			if got := e.Guesses[0]; got.Name != tt.name && (e.Guesses[1].Name != tt.name || tt.name == "windows-1252") || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %s and %s, want %s:\n%s", got.Name, e.Guesses[1].Name, tt.name, err)
			}
			file.Encoding = tt.name
			if got := outcome(readAll(t, file, "")); !cmp.Equal(got, []string{"2 ok", "3 " + tt.text}) {
				t.Errorf("with --encoding: got %v", got)
			}
		})
	}
}

// A byte that stands for nothing in the encoding makes an invalid row.
func TestWrongEncoding(t *testing.T) {
	file := &csvfile.File{Path: write(t, header+"c,1714557600,in,\x98\nc,1714557600,in,b\n"), Now: now,
		Settings: csvfile.Settings{Encoding: "windows-1251"}}
	want := []string{"2! holds bytes that are not windows-1251; name the encoding of the file with --encoding", "3 b"}
	if diff := cmp.Diff(want, outcome(readAll(t, file, ""))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A row of values is no header, though some of its words are names of columns elsewhere.
func TestNoHeader(t *testing.T) {
	const values = "79001234567;11.04.2023 10:00;client;hello\n79001234567;11 Apr 2023 10:01;operator;hi\n79001234567;11.04.2023 10:02;client;client\n"
	_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: write(t, values), Now: now}, "")
	e, ok := errors.AsType[*csvfile.ColumnsError](err)
	if want := "no line names the columns: the first row is 79001234567, 11.04.2023 10:00, client, hello"; !ok || e.HasNames() || e.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	for _, header := range []string{"cf_360001234567;client;date;message", "MSG;WHO;2023;WHEN", "Day;client;operator;100200300"} {
		_, err := sourcetest.Read(t.Context(), &csvfile.File{Path: write(t, "Report;;;\n"+header+"\n"+values), Now: now}, "")
		if e, ok := errors.AsType[*csvfile.ColumnsError](err); !ok || !cmp.Equal(e.Found, strings.Split(header, ";")) {
			t.Errorf("%s: got %v", header, err)
		}
	}
}
