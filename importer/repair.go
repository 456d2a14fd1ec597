package importer

import (
	"cmp"
	"fmt"
	"strings"

	"kommo-import/sources"
)

// countReversed counts r if it is placed in reverse order: the table has its newest rows first, and the row before has the
// same time.
func (c *conversationPlan) countReversed(r *stagingRow) {
	if r.fresh && c.source.newestFirst && r.time == c.time {
		c.reversed.Count++
		if c.reversed.Example == "" {
			c.reversed.Example = fmt.Sprintf("%s, %s", c.externalID, fromMillis(r.time).Format("2006-01-02 15:04:05"))
		}
	}
	c.time = r.time
}

// countPhone counts a phone that is dialled with other digits than the source has, in its own place or else in an id.
func (p *planner) countPhone(conversation, read, dialled string) {
	read = cmp.Or(read, conversation)
	digits, _, _ := strings.Cut(read, "@")
	if dialled == "" || digitsOf(digits) == digitsOf(dialled) {
		return
	}
	p.dialled.Count++
	if p.dialled.Example == "" {
		p.dialled.Example = fmt.Sprintf("%s: %s is %s", conversation, read, dialled)
	}
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// reportRepairs adds the changes that planning made to the report.
func (p *planner) reportRepairs() {
	p.reversed.What = "messages of one time put in reverse order, because the newest rows come first"
	p.dialled.What = "phones brought into the form that is dialled today"
	for _, repair := range []sources.Repair{p.reversed, p.dialled} {
		if repair.Count > 0 {
			p.report.addRepairs([]sources.Repair{repair})
		}
	}
}
