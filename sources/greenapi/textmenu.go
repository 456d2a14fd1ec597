package greenapi

import (
	"cmp"
	"strings"
)

// menuText returns what a message with buttons or a list shows, as its reader saw it:
//
//	Your order
//	It is ready. How do you want to get it?
//	Green Shop
//	[button] Track it: https://example.com/7
//	[button] Call us: +79001234567
//
// Of an outgoing template only its name and what was filled in are known (seen in code):
//
//	[template] order_ready
//	- Anna
func menuText(e *entry) string {
	menu := cmp.Or(e.TemplateMessage, e.InteractiveButtonsReply, e.InteractiveButtons, e.ButtonsMessage, e.ListMessage)
	if menu == nil {
		return ""
	}
	lines := []looseText{
		cmp.Or(menu.HeaderText, menu.Header),
		cmp.Or(menu.TitleText, menu.Title),
		menu.MediaURL,
		cmp.Or(menu.ContentText, menu.Body),
		cmp.Or(menu.FooterText, menu.Footer),
	}
	for _, button := range menu.Buttons {
		lines = append(lines, looseText(labelled("[button] ", buttonText(&button))))
	}
	for _, section := range menu.Sections {
		lines = append(lines, section.Title)
		for _, row := range section.Rows {
			lines = append(lines, looseText(labelled("- ", inOneLine(row.Title, row.Description))))
		}
	}
	return cmp.Or(nonBlankLines(lines...), templateText(menu))
}

func templateText(menu *entryMenu) string {
	lines := []looseText{menu.TemplateID}
	for _, param := range menu.Params {
		lines = append(lines, looseText(labelled("- ", oneLine(string(param)))))
	}
	return labelled("[template] ", nonBlankLines(lines...))
}

// buttonText returns what stands on a button and what it does: "Our site: https://example.com".
func buttonText(b *entryButton) string {
	for _, action := range []entryAction{b.entryAction, b.URLButton, b.CallButton, b.QuickReplyButton} {
		if action != (entryAction{}) {
			return inOneLine(cmp.Or(action.ButtonText, action.DisplayText),
				cmp.Or(action.URL, action.PhoneNumber, action.CopyCode))
		}
	}
	return ""
}

// chosen returns what was chosen from a menu, with label before it.
func chosen(label string, e *entry) string {
	choice := e.choice()
	text := cmp.Or(choice.SelectedDisplayText, choice.SelectedButtonText, choice.Title,
		choice.SelectedID, choice.SelectedButtonID, choice.SingleSelectReply)
	return labelled(label, strings.TrimSpace(string(text)))
}

// choice returns what was chosen from a menu, of whatever kind.
func (e *entry) choice() entryChoice {
	return cmp.Or(e.TemplateButtonReply, e.InteractiveButtonsResponse, e.ButtonsResponse, e.ListResponse)
}

// inOneLine returns "name: value", or the one of them that is there.
func inOneLine(name, value looseText) string {
	return strings.ReplaceAll(nonBlankLines(looseText(oneLine(string(name))), looseText(oneLine(string(value)))), "\n", ": ")
}
