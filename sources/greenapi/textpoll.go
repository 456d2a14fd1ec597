package greenapi

import (
	"cmp"
	"strings"

	"kommo-import/sources"
)

// pollText returns
//
//	[poll] Which day?
//	- Monday
//	- Tuesday
func pollText(poll *entryPoll) string {
	lines := []looseText{poll.Name}
	for _, option := range poll.Options {
		lines = append(lines, looseText(labelled("- ", oneLine(string(option.Name)))))
	}
	return labelled("[poll] ", nonBlankLines(lines...))
}

// votesText returns where a poll stands after a vote:
//
//	[poll votes] Which day?
//	- Monday: Anna Petrova, +79001234567
//	- Tuesday: nobody
func (c *chat) votesText(poll *entryPoll) string {
	lines := []looseText{poll.Name}
	for _, vote := range poll.Votes {
		var voters []string
		for _, voter := range vote.Voters {
			voters = append(voters, c.who(string(voter)))
		}
		line := oneLine(string(vote.Name)) + ": " + cmp.Or(strings.Join(voters, ", "), "nobody")
		lines = append(lines, looseText("- "+line))
	}
	return labelled("[poll votes] ", nonBlankLines(lines...))
}

// who returns the name of a participant, else the phone, else the id.
func (c *chat) who(id string) string {
	var client string
	if id == c.conversation.Client.ID {
		client = c.conversation.Client.Name
	}
	return cmp.Or(firstName(id, c.name(id), client), sources.PhoneOfID(id), id)
}
