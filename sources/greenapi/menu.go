package greenapi

import (
	"cmp"
	"strings"
)

// {"titleText": "…", "contentText": "…", "footerText": "…", "mediaUrl": "…", "buttons": […]}. The names vary between
// types. An outgoing template is {"templateId": "…", "params": ["…"]}.
type entryMenu struct {
	TitleText  lenientText `json:"titleText"`
	Title      lenientText `json:"title"`
	HeaderText lenientText `json:"headerText"`
	Header     lenientText `json:"header"`

	ContentText lenientText `json:"contentText"`
	Body        lenientText `json:"body"`

	FooterText lenientText `json:"footerText"`
	Footer     lenientText `json:"footer"`

	MediaURL lenientText   `json:"mediaUrl"`
	Buttons  []entryButton `json:"buttons"`
	Sections []struct {
		Title lenientText `json:"title"`
		Rows  []struct {
			Title       lenientText `json:"title"`
			Description lenientText `json:"description"`
		} `json:"rows"`
	} `json:"sections"`

	TemplateID lenientText   `json:"templateId"`
	Params     []lenientText `json:"params"`
}

// {"type": "url", "buttonId": "1", "buttonText": "Our site", "url": "https://example.com"}, or in a template
// {"index": 1, "urlButton": {"displayText": "Our site", "url": "https://example.com"}}.
type entryButton struct {
	entryAction
	URLButton        entryAction `json:"urlButton"`
	CallButton       entryAction `json:"callButton"`
	QuickReplyButton entryAction `json:"quickReplyButton"`
}

// An entryAction is the text of a button and its effect.
type entryAction struct {
	ButtonText  lenientText `json:"buttonText"`
	DisplayText lenientText `json:"displayText"`
	URL         lenientText `json:"url"`
	PhoneNumber lenientText `json:"phoneNumber"`
	CopyCode    lenientText `json:"copyCode"`
}

// {"stanzaId": "…", "selectedIndex": 1, "selectedId": "1", "selectedDisplayText": "Yes"}. The names vary between types.
type entryChoice struct {
	StanzaID            lenientText `json:"stanzaId"`
	SelectedDisplayText lenientText `json:"selectedDisplayText"`
	SelectedButtonText  lenientText `json:"selectedButtonText"`
	Title               lenientText `json:"title"` // of a list
	SelectedID          lenientText `json:"selectedId"`
	SelectedButtonID    lenientText `json:"selectedButtonId"`
	SingleSelectReply   lenientText `json:"singleSelectReply"` // of a list: the id of the chosen row
}

// menuText returns a message with buttons or a list as its reader saw it:
//
//	Your order
//	It is ready. How do you want to get it?
//	Green Shop
//	[button] Track it: https://example.com/7
//	[button] Call us: +79001234567
//
// Of an outgoing template only its id and its values are known (seen in code):
//
//	[template] order_ready
//	- Anna
func menuText(e *entry) string {
	menu := cmp.Or(e.TemplateMessage, e.InteractiveButtonsReply, e.InteractiveButtons, e.ButtonsMessage, e.ListMessage)
	if menu == nil {
		return ""
	}
	lines := []lenientText{
		cmp.Or(menu.HeaderText, menu.Header),
		cmp.Or(menu.TitleText, menu.Title),
		menu.MediaURL,
		cmp.Or(e.words, menu.ContentText, menu.Body),
		cmp.Or(menu.FooterText, menu.Footer),
	}
	for _, button := range menu.Buttons {
		lines = append(lines, lenientText(labelled("[button] ", buttonText(&button))))
	}
	for _, section := range menu.Sections {
		lines = append(lines, section.Title)
		for _, row := range section.Rows {
			lines = append(lines, lenientText(labelled("- ", inOneLine(row.Title, row.Description))))
		}
	}
	return cmp.Or(nonBlankLines(lines...), templateText(menu))
}

func templateText(menu *entryMenu) string {
	lines := []lenientText{menu.TemplateID}
	for _, param := range menu.Params {
		lines = append(lines, lenientText(labelled("- ", oneLine(string(param)))))
	}
	return labelled("[template] ", nonBlankLines(lines...))
}

// buttonText returns the text of a button and its effect: "Our site: https://example.com".
func buttonText(b *entryButton) string {
	action := cmp.Or(b.entryAction, b.URLButton, b.CallButton, b.QuickReplyButton)
	return inOneLine(cmp.Or(action.ButtonText, action.DisplayText), cmp.Or(action.URL, action.PhoneNumber, action.CopyCode))
}

// chosen returns the choice from a menu, with label before it.
func chosen(label string, e *entry) string {
	choice := e.choice()
	text := cmp.Or(choice.SelectedDisplayText, choice.SelectedButtonText, choice.Title,
		choice.SelectedID, choice.SelectedButtonID, choice.SingleSelectReply)
	return labelled(label, strings.TrimSpace(string(text)))
}

// choice returns the choice from a menu of any type.
func (e *entry) choice() entryChoice {
	return cmp.Or(e.TemplateButtonReply, e.InteractiveButtonsResponse, e.ButtonsResponse, e.ListResponse)
}
