package commands

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/internal/sandbox"
)

const correctedTable = `conversation_id,timestamp,direction,text,message_id,client_name,client_phone,type,media_url,file_name,file_size,author_name
ann,2024-01-31 22:30:00,in,hello #a1,1,Ann,611000001,,,,,Ann
ann,2024-02-01 10:00:00,out,hi #a2,2,Ann,611000001,,,,,Shop
120363000000000001@g.us,2024-02-01 11:00:00,in,all #g1,1,Club,,,,,,Zoe
ann,2024-02-03 10:00:00,in,look #a3,3,Ann,611000001,picture,https://e.example/p.jpg,p.jpg,10,Ann
bob,2024-02-02 10:00:00,in,there? #b1,1,Bob,,,,,,Bob
bob,2024-02-02 10:00:00,out,yes #b2,2,Bob,,,,,,Shop
`

var correctedTags = []string{"#a1", "#a2", "#a3", "#b1", "#b2", "#g1"}

// withoutIDs returns a table without its message ids.
func withoutIDs(table string) string {
	return regexp.MustCompile(`(?m)^(([^,\n]*,){4})\d+,`).ReplaceAllString(table, "$1,")
}

// settingCases holds two values of each setting that a load keeps for later loads.
var settingCases = map[string][2]string{
	"timezone":      {"UTC", "Europe/Madrid"},
	"encoding":      {"utf-8", "windows-1251"},
	"map":           {"", "client_name=conversation_id"},
	"incoming":      {"", "in"},
	"outgoing":      {"", "out"},
	"skip":          {"note", "in"},
	"me":            {"Shop", "Bob"},
	"html":          {"false", "true"},
	"time-format":   {"", "YYYY-MM-DDTHH:MM"},
	"skip-where":    {"", "client_name=Ann"},
	"since":         {"", "2024-02-01"},
	"until":         {"", "2024-02-01"},
	"include":       {"", "b*"},
	"exclude":       {"ann", "bob"},
	"groups":        {"skip", "include"},
	"deleted":       {"skip", "include"},
	"match-minutes": {"false", "true"},
	"country":       {"", "ES"},
	"sheet":         {}, // both belong to other tables than the one of this test
	"preset":        {},
	"media":         {"link", "text"},
}

// correctorStages are how far a migration is when it is loaded with another setting.
var correctorStages = []struct {
	name  string
	bring func(*corrector)
}{
	{"nothing sent", func(*corrector) {}},
	{"pilot sent", func(c *corrector) { c.send(exitDone, "--max-conversations", "1") }},
	{"all sent", func(c *corrector) { c.send(exitDone) }},
	{"in doubt", func(c *corrector) {
		c.send(exitDone, "--max-conversations", "1")
		c.update(`UPDATE message SET state = 'sending', may_exist = 1, sent_at = 0 WHERE (conversation, time, place) IN
				(SELECT conversation, time, place FROM message WHERE state = 'accepted' ORDER BY time LIMIT 1)`,
			`UPDATE conversation SET (sending, accepted) = (sending + 1, accepted - 1) WHERE accepted > 0`)
	}},
	{"refused", func(c *corrector) {
		c.box.AddRule(sandbox.Rule{Do: sandbox.Refuse, On: sandbox.OnMessage, Count: 2})
		c.send(exitIncomplete)
	}},
}

// Whatever setting is changed after a load, and however much was sent: each message is at Kommo once in the end, or load
// changes nothing and says how to go on.
func TestLoadWithAnotherSetting(t *testing.T) {
	t.Parallel()
	n := 0
	for _, s := range settings() {
		if s.sticky == notSticky || s.name == "sheet" || s.name == "preset" {
			continue
		}
		values, ok := settingCases[s.name]
		if !ok {
			t.Errorf("--%s has no case here", s.name)
		}
		for _, stage := range correctorStages {
			for _, ids := range []bool{true, false} {
				for _, forth := range []bool{true, false} {
					if n++; os.Getenv("SOAK") == "" && n%5 != 0 && s.name != "timezone" {
						continue
					}
					if testing.Short() && n%4 != 0 {
						continue
					}
					t.Run(fmt.Sprintf("%s, %s, ids %t, forth %t", s.name, stage.name, ids, forth), func(t *testing.T) {
						table := correctedTable
						if !ids {
							table = withoutIDs(table)
						}
						from, to := values[0], values[1]
						if !forth {
							from, to = to, from
						}
						// Every way out is tried, each from the beginning.
						for way, ways := 0, 1; way < ways; way++ {
							c := newCorrector(t)
							writeFile(t, c.path("chats.csv"), table)
							flags := []string{"--" + s.name + "=" + from}
							if s.name != "timezone" {
								flags = append(flags, "--timezone", "UTC")
							}
							c.load("chats.csv", flags...)
							stage.bring(c)
							found, _ := c.loadAndFollow(way, "chats.csv", "--"+s.name+"="+to)
							ways = max(ways, found)
							c.check(correctedTags...)
						}
					})
				}
			}
		}
	}
}

// loadAndFollow loads. If load stops, the plan is as it was, and the load is tried again in the way that the program prints;
// the first way is chosen by its number, later ones are the first. It returns how many ways there are, and the flags of the
// load that came to its end, nil if there was none.
func (c *corrector) loadAndFollow(way int, file string, args ...string) (ways int, loaded []string) {
	c.t.Helper()
	given := args
	for range 5 {
		before := c.plan()
		code, stderr := c.load(file, args...)
		if code == exitDone || code == exitIncomplete {
			return ways, args
		}
		if after := c.plan(); after != before {
			c.t.Errorf("load stops, but the plan has changed (-before +now):\n%s", cmp.Diff(before, after))
		}
		found := waysOutOf(stderr)
		if len(found) == 0 {
			c.t.Errorf("there is no way out:\n%s", stderr)
			return ways, nil
		}
		args = append(slices.Clone(given), found[way%len(found)]...)
		ways, way = max(ways, len(found)), 0
	}
	return ways, nil
}

var wayPattern = regexp.MustCompile(`(?m)^\s+- with (?:the former settings: )?(--.*?)(?:, if|: these|$)`)

// waysOutOf returns the flags of the ways out that a load prints.
func waysOutOf(stderr string) (ways [][]string) {
	for _, found := range wayPattern.FindAllStringSubmatch(stderr, -1) {
		flags := strings.ReplaceAll(found[1], "--add under a new --name", "--add --name NEW")
		ways = append(ways, strings.Fields(strings.ReplaceAll(flags, "'", "")))
	}
	return ways
}

// Each way out that a stopped load prints leads on, and none of them puts a message into Kommo twice or loses one: not even a
// way that is not meant for the case. But --add says that it sends both, and a reading that takes the place of another
// export has its messages for corrections.
func TestWaysOut(t *testing.T) {
	t.Parallel()
	plain := withoutIDs(correctedTable)
	other := strings.NewReplacer("#", "#x", "2024-", "2023-", "hello", "ola", "hi ", "oi ").Replace
	for _, tt := range []struct {
		name          string
		before, after string
		file          string // the second load's
		args          []string
		wantWays      int // of the first stop, if all was sent
		isOther       bool
	}{
		{"a text", plain, strings.Replace(plain, "hello", "hallo", 1), "chats.csv", nil, 1, false},
		{"all texts", plain, strings.ReplaceAll(plain, " #", "! #"), "chats.csv", nil, 2, false},
		{"time zone", plain, plain, "chats.csv", []string{"--timezone", "Europe/Madrid"}, 3, false},
		{"time zone of another file", plain, plain, "other.csv", []string{"--timezone", "Europe/Madrid"}, 2, false},
		{"a text of another file", correctedTable, strings.Replace(plain, "hello", "hallo", 1), "other.csv", nil, 2, false},
		{"all texts of another file", plain, strings.ReplaceAll(plain, " #", "! #"), "other.csv", nil, 2, false},
		{"ids that number rows", correctedTable, other(correctedTable), "other.csv", nil, 2, true},
		{"another export", plain, other(plain), "chats.csv", nil, 2, true},
		{"another export that numbers its rows", correctedTable, other(correctedTable), "chats.csv", nil, 2, true},
	} {
		for i, stage := range correctorStages {
			if i > 2 && os.Getenv("SOAK") == "" {
				continue
			}
			t.Run(tt.name+", "+stage.name, func(t *testing.T) {
				for way, ways := 0, 1; way < ways; way++ {
					c := newCorrector(t)
					writeFile(t, c.path("chats.csv"), tt.before)
					c.load("chats.csv", "--timezone", "UTC", "--groups", "include")
					stage.bring(c)
					writeFile(t, c.path(tt.file), tt.after)
					args := append([]string{"--timezone", "UTC"}, tt.args...)
					found, loaded := c.loadAndFollow(way, tt.file, args...)
					if stage.name == "all sent" && found < tt.wantWays {
						t.Errorf("%d ways out, want %d", found, tt.wantWays)
					}
					ways = max(ways, found)
					switch {
					case !tt.isOther && slices.Contains(loaded, "--add"):
					case tt.isOther && slices.Contains(loaded, "chats.csv"):
						c.check()
					case loaded == nil:
						c.check(tagPattern.FindAllString(tt.before, -1)...)
					default:
						c.check(tagPattern.FindAllString(tt.after, -1)...)
					}
				}
			})
		}
	}
}

// The settings of the cases are those of the table.
func TestSettingCases(t *testing.T) {
	var sticky []string
	for _, s := range settings() {
		if s.sticky != notSticky {
			sticky = append(sticky, s.name)
		}
	}
	slices.Sort(sticky)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(settingCases)), sticky); diff != "" {
		t.Errorf("settings with a case, and those that loads keep (-cases +settings):\n%s", diff)
	}
}
