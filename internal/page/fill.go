package page

import (
	"context"
	"encoding/json"

	"kommo-import/importer"
)

// A filler encodes conversations until a page is full.
type filler struct {
	ctx   context.Context
	view  *importer.ChatView
	left  int // bytes
	chats [][]byte
	gaps  int            // conversations with messages that are left out
	marks map[string]int // conversations with each kind of mark
}

// A shownChat is a conversation in the JSON of a page.
type shownChat struct {
	importer.Chat
	Messages []json.RawMessage `json:"messages"`
	// Gap is the index of the message before which Left messages are left out; both are 0 if none is.
	Gap  int `json:"gap,omitempty"`
	Left int `json:"left,omitempty"`
}

// take takes the conversations of each group until its share is full, or the page is.
func (f *filler) take(choice *Choice) error {
	size := f.left
	taken := make(map[int64]bool)
	groups := choice.Groups
	choice.Groups = make([]ChosenGroup, len(groups))
	for i, group := range groups {
		free, misses := size*(100-group.Share)/100, 0
		for _, listed := range group.order(f.view.Chats) {
			if f.left <= free || misses == maxMisses {
				break
			}
			if taken[listed.ID] {
				continue
			}
			most := size / min(max(len(f.view.Chats), 1), fewChats) * 9 / 10 // the rest is for what is no message
			fits, err := f.add(listed, most, f.left-free)
			if err != nil {
				return err
			}
			if !fits {
				misses++
				continue
			}
			taken[listed.ID] = true
			group.Shown++
		}
		choice.Groups[i] = group
	}
	return nil
}

// maxMisses is how many conversations of a group may be too large for the room that is left before the group ends.
const maxMisses = 3

// fewChats is how many long conversations a page has room for at least.
const fewChats = 20

// add adds a conversation if it fits into free bytes. Of a conversation that needs more than most bytes, the messages in
// the middle are left out.
func (f *filler) add(listed importer.ListedChat, most, free int) (fits bool, err error) {
	if err := context.Cause(f.ctx); err != nil {
		return false, err
	}
	chat := shownChat{Messages: []json.RawMessage{}}
	if chat.Chat, err = f.view.Chat(listed); err != nil {
		return false, err
	}
	if err := f.readMessages(&chat, listed, most); err != nil {
		return false, err
	}
	text, err := json.Marshal(chat)
	if err != nil || len(text)+2 > free {
		return false, err
	}
	f.chats, f.left = append(f.chats, text), f.left-len(text)-2
	if chat.Left > 0 {
		f.gaps++
	}
	seen := make(map[string]bool)
	for _, mark := range chat.Marks {
		if !seen[mark.Kind] {
			f.marks[mark.Kind]++
		}
		seen[mark.Kind] = true
	}
	return true, nil
}

// A part is messages that follow each other, as JSON.
type part struct {
	texts   []json.RawMessage
	entries []bool // which of them are invalid entries, and no messages
	size    int    // of the texts, with commas
}

func (p *part) append(text json.RawMessage, isEntry bool) {
	p.texts, p.entries, p.size = append(p.texts, text), append(p.entries, isEntry), p.size+len(text)+1
}

func (p *part) dropFirst() {
	p.size -= len(p.texts[0]) + 1
	p.texts, p.entries = p.texts[1:], p.entries[1:]
}

func (p *part) dropLast() {
	last := len(p.texts) - 1
	p.size -= len(p.texts[last]) + 1
	p.texts, p.entries = p.texts[:last], p.entries[:last]
}

// messages returns how many of the texts are messages.
func (p *part) messages() (n int) {
	for _, isEntry := range p.entries {
		if !isEntry {
			n++
		}
	}
	return n
}

// readMessages reads the messages of a conversation, or its first and last ones if all need more than most bytes.
func (f *filler) readMessages(chat *shownChat, listed importer.ListedChat, most int) error {
	var head, tail part
	whole, err := f.read(listed, importer.ChatPlace{}, func(text json.RawMessage, isEntry bool) bool {
		head.append(text, isEntry)
		return head.size <= most
	})
	if err != nil || whole {
		chat.Messages = append(chat.Messages, head.texts...)
		return err
	}
	for head.size > most/2 {
		head.dropLast()
	}
	if listed.ID != 0 {
		left := listed.Messages - head.messages()
		behind, err := f.view.LastMessages(listed, min(left, (len(head.texts)+1)*(most-head.size)/(head.size+1)))
		if err != nil {
			return err
		}
		_, err = f.read(listed, behind, func(text json.RawMessage, isEntry bool) bool {
			for tail.append(text, isEntry); tail.size > most-head.size && len(tail.texts) > 1; {
				tail.dropFirst()
			}
			return true
		})
		if err != nil {
			return err
		}
	}
	chat.Messages = append(append(chat.Messages, head.texts...), tail.texts...)
	chat.Gap, chat.Left = len(head.texts), listed.Messages-head.messages()-tail.messages()
	if listed.ID == 0 {
		chat.Left = listed.Messages - len(head.texts)
	}
	return nil
}

// read calls take with the messages behind a place until take wants no more, and reports whether it wanted all.
func (f *filler) read(listed importer.ListedChat, behind importer.ChatPlace, take func(text json.RawMessage, isEntry bool) bool) (bool, error) {
	for m, err := range f.view.Messages(listed, behind) {
		if err != nil {
			return false, err
		}
		text, err := json.Marshal(m)
		if err != nil {
			return false, err
		}
		if !take(text, m.IsEntry()) {
			return false, nil
		}
	}
	return true, nil
}
