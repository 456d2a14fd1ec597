package commands

import (
	"errors"
	"fmt"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// damageChats changes what the sandbox holds, as no send would have left it.
func damageChats(ts *testscript.TestScript, args []string) error {
	kommo, err := kommoOf(ts)
	if err != nil {
		return err
	}
	if len(args) == 3 && args[0] == "insert" {
		return kommo.Insert(args[1], "", args[2], time.Now())
	}
	var ids []string
	for _, text := range args[1:] {
		id, err := kommo.withText(text)
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	switch {
	case args[0] == "lose" && len(ids) == 1:
		return kommo.Lose(ids[0])
	case args[0] == "double" && len(ids) == 1:
		return kommo.Double(ids[0])
	case args[0] == "swap" && len(ids) == 2:
		return kommo.Swap(ids[0], ids[1])
	case args[0] == "change" && len(ids) == 1:
		return kommo.Rewrite(ids[0], func(payload map[string]any) {
			payload["message"].(map[string]any)["text"] = "something else"
		})
	}
	return errors.New("want lose, change, double, swap or insert")
}

// withText returns the msgid of the message with a text.
func (r *kommoServer) withText(text string) (msgid string, err error) {
	for _, chat := range r.Dump().Chats {
		for _, m := range chat.Messages {
			if m.Text == text {
				return m.MsgID, nil
			}
		}
	}
	return "", fmt.Errorf("no message says %q", text)
}
