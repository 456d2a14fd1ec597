package importer

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"kommo-import/sources"
	"kommo-import/sources/csvfile"
)

// A tableLoad is a load of a table.
type tableLoad struct {
	content string
	loader  Loader // without its file
	source  csvfile.File

	conversation func(string) string // changes the ids of conversations, as a setting can; nil: they stay
}

// loads returns the load of a table, "chats.csv" unless change names another.
func loads(content string, change ...func(*tableLoad)) tableLoad {
	l := tableLoad{content: content, loader: Loader{Name: "chats.csv"}, source: csvfile.File{Now: longAfter}}
	for _, change := range change {
		change(&l)
	}
	return l
}

func named(name string) func(*tableLoad) {
	return func(l *tableLoad) { l.loader.Name, l.loader.Named = name, true }
}

// shifted takes times without a zone to be so many hours east of UTC.
func shifted(hours int) func(*tableLoad) {
	return func(l *tableLoad) {
		l.loader.Shape = map[string][]string{"timezone": {fmt.Sprint(hours)}}
		l.source.Location = time.FixedZone("", hours*60*60)
	}
}

func keepingSent(l *tableLoad) { l.loader.KeepSent = true }

func adding(l *tableLoad) { l.loader.Add = true }

// write writes the table and returns its path.
func (w *world) write(l tableLoad) string {
	path := filepath.Join(w.dir, filepath.Base(l.loader.Name))
	if err := os.WriteFile(path, []byte(l.content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// A renaming source has other ids of conversations than the source that it reads.
type renaming struct {
	sources.Source
	conversation func(string) string
}

func (r renaming) Batches(ctx context.Context, cursor string) iter.Seq2[sources.Batch, error] {
	return func(yield func(sources.Batch, error) bool) {
		for batch, err := range r.Source.Batches(ctx, cursor) {
			for i := range batch.Messages {
				batch.Messages[i].Conversation.ID = r.conversation(batch.Messages[i].Conversation.ID)
			}
			if !yield(batch, err) {
				return
			}
		}
	}
}

var tagPattern = regexp.MustCompile(`#\w+`)

func tagOf(text string) string { return tagPattern.FindString(text) }

// tagsOf counts the tags in the lines of a table. Lines with the same key are one message.
func tagsOf(content string, key func(line string) string) map[string]int {
	tags, seen := make(map[string]int), make(map[string]bool)
	for i, line := range strings.Split(content, "\n") {
		k := cmp.Or(key(line), fmt.Sprint(i))
		if tag := tagOf(line); tag != "" && !seen[k] {
			seen[k] = true
			tags[tag]++
		}
	}
	return tags
}

// csvfileKey returns conversation and id of a line of a table with csvHeader, "" without an id.
func csvfileKey(line string) string {
	cells := strings.Split(line, ",")
	if len(cells) < 5 || cells[4] == "" {
		return ""
	}
	return cells[0] + " " + cells[4]
}
