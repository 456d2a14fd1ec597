package commands

import (
	"bytes"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
	"golang.org/x/text/encoding/charmap"
)

// A newcomer knows nothing but what load prints, and answers its questions.
type newcomer struct {
	*corrector
	answers map[string]string // by the word in the command
}

// advisedCommand matches a command in an advice.
var advisedCommand = regexp.MustCompile(`(?m)kommo-import (load .*)$`)

// shellWords splits a command as a shell does.
func shellWords(command string) (args []string) {
	for _, word := range regexp.MustCompile(`(?:"[^"]*"|'[^']*'|[^\s"'])+`).FindAllString(command, -1) {
		args = append(args, strings.NewReplacer(`"`, "", "'", "").Replace(word))
	}
	return args
}

// follow loads with a flag, and then with each command that load advises, until load advises none. It returns the last code
// and what load printed last.
func (n *newcomer) follow(flag, file string) (code int, stderr string) {
	n.t.Helper()
	args := []string{"load", "--" + flag, n.path(file), "--migration", n.path("migration.db")}
	for range 4 {
		var out, messages bytes.Buffer
		code, stderr = Run(context.Background(), append([]string{"kommo-import"}, args...), strings.NewReader(""), &out, &messages), messages.String()
		advice := advisedCommand.FindStringSubmatch(stderr)
		if advice == nil {
			return code, stderr
		}
		args = shellWords(advice[1])
		for i := range args {
			for _, word := range slices.Sorted(maps.Keys(n.answers)) {
				args[i] = strings.ReplaceAll(args[i], word, n.answers[word])
			}
		}
	}
	return code, stderr
}

// Tables of the programs that the reference documents come to a plan with nothing but what load advises. The answers are what
// only their owners know.
func TestNewcomer(t *testing.T) {
	corpus := "../../sources/csvfile/testdata/corpus/"
	for name, answers := range map[string]map[string]string{
		"imazing":            nil,
		"imazing-messages":   nil,
		"ultimate":           nil,
		"intercom":           nil,
		"chatwoot":           nil,
		"wolkvox":            nil,
		"twilio":             nil,
		"extractor":          nil,
		"pytextai":           {"NAMES": "متجر"},
		"whatsapp-converter": {"CHAT": "{file}", "NAMES": "Velo Shop"},
		"kaleyra":            nil,
		"excel-russia-sep":   nil,
		"excel-brazil":       {"CODE": "BR"},
	} {
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(corpus + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			n := &newcomer{newCorrector(t), answers}
			writeFile(t, n.path("chats.csv"), strings.ReplaceAll(string(archive.Files[1].Data), "⇥", "\t"))
			code, stderr := n.follow("csv", "chats.csv")
			messages := string(archive.Files[2].Data)
			want := len(regexp.MustCompile(`(?m)Z (incoming|outgoing) .*"$`).FindAllString(messages, -1))
			if hasInvalid := regexp.MustCompile(`(?m)^\d+! `).MatchString(messages); code != exitDone && !(hasInvalid && code == exitIncomplete) {
				t.Fatalf("load ends with %d\n%s", code, stderr)
			}
			if got := strings.Count(n.plan(), "\n"); got != want {
				t.Errorf("%d messages would be sent, want %d\n%s", got, want, stderr)
			}
		})
	}
}

// What cannot be loaded is said: which column is missing, and that it takes one.
func TestNewcomerWithoutConversations(t *testing.T) {
	const cannot = "A table without such a column cannot be loaded: each message needs its conversation, time, side and text"
	for table, want := range map[string][]string{
		"phone,direction,message\n+79001234567,in,hi\n":            {"TIME: the column with the time", cannot},
		"phone,date,direction\n+79001234567,2023-04-11 10:00,in\n": {"TEXT: the column with the text", cannot},
		"phone,date,message\n+79001234567,2023-04-11 10:00,hi\n":   {"SIDE: the column that says whether the client or the company", cannot},
		"date,direction,message\n2023-04-11 10:00,in,hi\n":         {"CHAT: the column that says to which conversation", cannot},
		"Name,Phone,Email\nAnn,+79001234567,a@example.com\n":       {"TIME: ", "SIDE: ", "TEXT: ", cannot},
		"+79001234567;2023-04-11 10:00;client;hi\n":                {"no line names the columns", "put a line with the names of the columns above the rows"},
	} {
		c := newCorrector(t)
		writeFile(t, c.path("chats.csv"), table)
		code, _, stderr := c.run("load", "--csv", c.path("chats.csv"))
		for _, text := range want {
			if code != exitError || !strings.Contains(stderr, text) {
				t.Errorf("%s: exit code %d\n%s\nwant %s", table, code, stderr, text)
			}
		}
	}
}

// A pilot from a CSV file of Excel in Russia, then the workbook itself, then JSON lines, each as load advises: the same messages
// arrive once.
func TestNewcomerChangesTheForm(t *testing.T) {
	n := &newcomer{newCorrector(t), map[string]string{"CODE": "RU", "Local": "Europe/Moscow"}}
	csv := "Телефон;Имя;Дата и время;Направление;Сообщение\n" +
		"8 (900) 000-00-01;Анна;11.04.2023 9:00;Входящее;\"Здравствуйте!\nГотово? #a1\"\n" +
		"8 (900) 000-00-01;Анна;11.04.2023 9:05;Исходящее;Да #a2\n" +
		"8 (900) 000-00-01;Анна;11.04.2023 9:06;Заметка;Не платит #a3\n" +
		"8 (900) 000-00-02;Пётр;13.04.2023 10:00;Входящее;Добрый день #b1\n"
	encoded, err := charmap.Windows1251.NewEncoder().String(csv)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, n.path("chats.csv"), encoded)
	if code, stderr := n.follow("csv", "chats.csv"); code != exitDone {
		t.Fatalf("CSV: exit code %d\n%s", code, stderr)
	}
	n.send(exitDone, "--max-conversations", "1")
	at := func(day, hour, minute int) time.Time { return time.Date(2023, 4, day, hour, minute, 0, 0, time.UTC) }
	if err := writeBook(n.path("chats.xlsx"), map[string]any{
		"A1": "Телефон", "B1": "Имя", "C1": "Дата и время", "D1": "Направление", "E1": "Сообщение",
		"A2": 89000000001, "B2": "Анна", "C2": at(11, 9, 0), "D2": "Входящее", "E2": "Здравствуйте!\nГотово? #a1",
		"A3": 89000000001, "B3": "Анна", "C3": at(11, 9, 5), "D3": "Исходящее", "E3": "Да #a2",
		"A4": 89000000001, "B4": "Анна", "C4": at(11, 9, 6), "D4": "Заметка", "E4": "Не платит #a3",
		"A5": 9000000002, "B5": "Пётр", "C5": at(13, 10, 0), "D5": "Входящее", "E5": "Добрый день #b1",
		"A6": 9000000002, "B6": "Пётр", "C6": at(14, 10, 0), "D6": "Исходящее", "E6": "До встречи #b2",
	}); err != nil {
		t.Fatal(err)
	}
	if code, stderr := n.follow("xlsx", "chats.xlsx"); code != exitDone || !strings.Contains(stderr, "1 new") {
		t.Fatalf("workbook: exit code %d\n%s", code, stderr)
	}
	n.send(exitDone, "--max-conversations", "1")
	writeFile(t, n.path("chats.jsonl"), `{"conversation_id":"79000000001@c.us","timestamp":"2023-04-11T09:05:00+03:00","direction":"out","text":"Да #a2"}
{"conversation_id":"79000000002@c.us","timestamp":1681542000,"direction":"in","text":"И вам #b3"}
`)
	if code, stderr := n.follow("jsonl", "chats.jsonl"); code != exitDone {
		t.Fatalf("JSON lines: exit code %d\n%s", code, stderr)
	}
	n.check("#a1", "#a2", "#a3", "#b1", "#b2", "#b3")
}
