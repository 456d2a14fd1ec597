package commands

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
)

func (p *program) conversations() *cli.Command {
	return p.command("conversations", "choose whom to bring, whom to notify, and which chats are one",
		`Lists the conversations, or writes them to a spreadsheet with columns for your decisions: import and notify (yes or no), chat
(the id of the conversation whose chat this one joins), contact_id. Fill in what you want to decide, and take it back. An
empty cell undoes a decision; a row that you remove changes nothing. Decisions win over the flags of load and preview,
and stay over later loads.

  kommo-import conversations                      the first 50, and what would happen
  kommo-import conversations --out clients.xlsx   as a spreadsheet
  kommo-import conversations --from clients.xlsx  take the decisions in it`,
		func(ctx context.Context, v *values) error {
			if err := v.checkConversationFlags(); err != nil {
				return err
			}
			switch {
			case v.text("from") != "":
				return p.takeDecisions(ctx, v)
			case v.on("clear"):
				return p.clearDecisions(ctx, v)
			}
			return p.readFile(v, "Reading the conversations", func(file *importer.File) error {
				rows := until(ctx, file.Conversations(importer.Composer{}, v.ids("only")))
				switch {
				case v.text("out") != "":
					return p.writeSheet(v, file, rows)
				case v.on("json"):
					return p.writeConversationLines(rows)
				}
				return p.writeConversations(rows)
			})
		})
}

// checkConversationFlags refuses flags of which only one can count.
func (v *values) checkConversationFlags() error {
	var ways []string
	for _, name := range []string{"out", "from"} {
		if v.text(name) != "" {
			ways = append(ways, "--"+name)
		}
	}
	if v.on("clear") {
		ways = append(ways, "--clear")
	}
	switch {
	case len(ways) > 1:
		return usage("%s and %s exclude each other", ways[0], ways[1])
	case v.isFlag("only") && len(ways) > 0 && ways[0] != "--out":
		return usage("--only counts for the list and for --out, not for %s", ways[0])
	}
	return nil
}

// writeConversationLines prints all rows as JSON, a line each.
func (p *program) writeConversationLines(rows iter.Seq2[importer.ConversationRow, error]) error {
	out := bufio.NewWriter(p.stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for row, err := range rows {
		if err == nil {
			err = encoder.Encode(row)
		}
		if err != nil {
			return errors.Join(err, out.Flush())
		}
	}
	return out.Flush()
}

// mostListed is how many conversations the list shows.
const mostListed = 50

// writeConversations prints the first rows as a table.
func (p *program) writeConversations(rows iter.Seq2[importer.ConversationRow, error]) error {
	table, more := newTextTable("CONVERSATION", "NAME", "PHONE", "MESSAGES", "LAST", "PLAN", "DECIDED"), 0
	table.right[3], table.spare = true, 2 // most ids hold the phone
	for row, err := range rows {
		if err != nil {
			return err
		}
		if len(table.rows) > mostListed {
			more++
			continue
		}
		last := ""
		if !row.Last.IsZero() {
			last = row.Last.Local().Format("2006-01-02")
		}
		table.add(row.ID, row.Name, row.Phone, number(row.Messages), last, row.Plan, decided(row.Decision))
	}
	if len(table.rows) == 1 {
		p.ui.info("There are no conversations.")
		return nil
	}
	p.writef("%s", table.text(lineLength(p.stdout)))
	p.ui.note(more, "conversation", "and %s more; --out FILE.xlsx writes all of them, --only ID shows one.")
	return nil
}

// decided returns the decisions about a conversation in words, "" if there are none.
func decided(d importer.Decision) string {
	text := ""
	add := func(name, value string) {
		if value != "" {
			if text != "" {
				text += ", "
			}
			text += name + " " + value
		}
	}
	add("import", string(d.Import))
	add("notify", string(d.Notify))
	add("chat", d.Chat)
	if d.Contact > 0 {
		add("contact", fmt.Sprint(d.Contact))
	}
	return text
}
