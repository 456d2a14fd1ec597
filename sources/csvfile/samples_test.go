package csvfile_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
	"kommo-import/sources/sourcetest"
)

// The README and the demo rely on these numbers of their sample.
func TestSample(t *testing.T) {
	batch := readAll(t, &csvfile.File{Path: "../../samples/chats.csv", Now: now}, "")
	conversations := make(map[string]int)
	counts := make(map[string]int)
	ids := make(map[string]bool)
	for _, m := range batch.Messages {
		c := m.Conversation
		conversations[fmt.Sprint(c.ID, " ", c.Client.Name, " ", c.Client.Phone)]++
		counts[string(m.Direction)]++
		counts[string(m.Kind)]++
		if m.Direction == sources.Outgoing {
			counts["by "+m.Author.Name]++
		}
		if m.Post != nil {
			counts["comments"]++
		}
		if m.ReplyTo != "" {
			counts["replies"]++
		}
		if id := c.ID + "\x00" + m.ID; m.ID == "" {
			counts["without id"]++
		} else if ids[id] {
			counts["duplicates"]++
		} else {
			ids[id] = true
		}
	}
	if diff := cmp.Diff(map[string]int{
		"79000000017@c.us Ирина Соколова +7 900 000-00-17":     21,
		"447400123456@c.us Tom Whitfield +44 7400 123456":      21,
		"34600000042@c.us Lucía Fernández +34 600 000 042":     17,
		"79000000058@c.us Дмитрий +79000000058":                20,
		"14155550132@c.us Grace Kim +1 415 555 0132":           22,
		"79000000063@c.us Ольга Викторовна +7 (900) 000-00-63": 19,
		"chat-5521 Pablo ": 11,
		"79000000071@c.us Артём 🚵 +79000000071": 22,
		"ig-maya.rides Maya Lindqvist ":         20,
	}, conversations); diff != "" {
		t.Errorf("conversations (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{
		"incoming": 91, "outgoing": 82, "by Anna Petrova": 35, "by Mark": 40, "by Velo Bot": 7,
		"text": 155, "picture": 6, "video": 2, "file": 4, "voice": 1, "audio": 1, "sticker": 1, "location": 2, "contact": 1,
		"comments": 2, "replies": 1, "duplicates": 1, "without id": 11,
	}, counts); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	var reasons []string
	for _, invalid := range batch.Invalid {
		reasons = append(reasons, invalid.Position+": "+invalid.Reason)
	}
	if diff := cmp.Diff([]string{
		`chats.csv:31: direction "sideways": not a direction; use in or out, or list the value in --incoming, --outgoing or --skip`,
		`chats.csv:36: timestamp "yesterday": not a time such as 2024-01-31 08:00; name its form with --time-format, such as --time-format "DD.MM.YYYY HH:MM"`,
		`chats.csv:106: timestamp "2055-07-04T08:12:00Z": 2055-07-04 08:12:00 UTC is in the future`,
		"chats.csv:123: text is empty",
	}, reasons); diff != "" {
		t.Errorf("invalid (-want +got):\n%s", diff)
	}
}

func TestSampleResumesAnywhere(t *testing.T) {
	sizes := []int{1, 2, 7, 50, 1000}
	if testing.Short() {
		sizes = []int{7, 50, 1000}
	}
	for _, rows := range sizes {
		file := &csvfile.File{Path: "../../samples/chats.csv", Now: now, BatchRows: rows}
		if err := sourcetest.Check(t.Context(), file); err != nil {
			t.Errorf("batches of %d: %v", rows, err)
		}
	}
}
