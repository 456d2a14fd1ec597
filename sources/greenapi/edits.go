package greenapi

import "cmp"

// An editIndex holds the edits of a chat. An edit may name an earlier edit in place of the message. The zero value is ready
// to use.
type editIndex struct {
	all   []edit            // newest first
	named map[string]string // by the id of an edit: the message that names it
	of    map[string]string // by the id of an edit: the id that it names
	last  map[string]edit   // by the id of a message: its newest edit that has words, else its newest; nil: not made yet
}

// An edit is an editedMessage.
type edit struct {
	id, target string
	words      lenientText // "" without words, or if WhatsApp had not decrypted them
}

// add adds the next older edit.
func (x *editIndex) add(e *entry) {
	one := edit{string(e.IDMessage), e.editTarget(), wordsOfEdit(e)}
	if codeIn(one.words) != "" || isBlank(string(one.words)) {
		one.words = ""
	}
	x.all, x.last = append(x.all, one), nil
}

// wordsOfEdit returns the new words in an editedMessage, wherever they stand.
func wordsOfEdit(e *entry) lenientText {
	if words := cmp.Or(e.Edited.TextMessage, e.Edited.Caption); !isBlank(string(words)) {
		return words
	}
	return lenientText(legibleText(e.raw))
}

// addName notes that a message names its edit.
func (x *editIndex) addName(id, edit lenientText) {
	if x.named == nil {
		x.named = make(map[string]string)
	}
	x.named[string(edit)], x.last = string(id), nil
}

// target returns the id that an editedMessage names, or else the id of the message that names it. It returns "" if it is
// not known which message was edited.
func (x *editIndex) target(e *entry) string {
	id := string(e.IDMessage)
	if target := cmp.Or(e.editTarget(), x.named[id]); target != id {
		return target
	}
	return ""
}

// root returns the id of the message that an edit of target changes in the end.
func (x *editIndex) root(target string) string {
	x.resolve()
	for range len(x.all) { // a circle ends too
		next := x.of[target]
		if next == "" {
			break
		}
		target = next
	}
	return target
}

// lastOf returns the newest edit of a message that has words, else its newest.
func (x *editIndex) lastOf(id string) edit {
	x.resolve()
	return x.last[id]
}

func (x *editIndex) resolve() {
	if x.last != nil {
		return
	}
	x.of, x.last = make(map[string]string, len(x.all)), make(map[string]edit, len(x.all))
	for i, one := range x.all {
		if x.all[i].target = cmp.Or(one.target, x.named[one.id]); one.id != "" && x.all[i].target != one.id {
			x.of[one.id] = x.all[i].target
		}
	}
	for _, one := range x.all {
		if one.target == "" || one.target == one.id {
			continue
		}
		root := x.root(one.target)
		known, found := x.last[root]
		if !found || known.words == "" && one.words != "" {
			x.last[root] = one
		}
	}
}

// edited returns e with its newest words. An entry that is marked as edited usually has them already (seen in code), but
// may be blank or have its old words (issue #758). It has newer words than any editedMessage if it names an edit that
// the journal does not hold.
func (x *chatIndex) edited(e *entry) *entry {
	if e.TypeMessage == "editedMessage" || len(x.edits.all) == 0 {
		return e
	}
	words := x.edits.lastOf(string(e.IDMessage)).words
	text := cmp.Or(bodyOf(e), e.Caption)
	isNewer := e.edited() && e.EditedMessageID != "" && !x.has(e.EditedMessageID) && !isBlank(string(text)) && codeIn(text) == ""
	if words == "" || isNewer {
		return e
	}
	changed := *e
	changed.words = words
	return &changed
}

// skipEdit returns why an editedMessage is left out, or "". Its words stand in the message itself, if the journal holds that;
// else the newest edit is the message.
func (x *chatIndex) skipEdit(e *entry) string {
	target := x.edits.target(e)
	if target == "" {
		return ""
	}
	root := x.edits.root(target)
	switch last := x.edits.lastOf(root); {
	case x.has(lenientText(root)) && root != string(e.IDMessage):
		return "only says that another message was edited"
	case last.id != "" && last.id != string(e.IDMessage):
		return "a later edit has newer words"
	}
	return ""
}
