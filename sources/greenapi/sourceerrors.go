package greenapi

import (
	"errors"
	"fmt"
	"strings"
)

// ErrEmptyAccount means that Green-API knows of no chat of the account.
var ErrEmptyAccount = errors.New("the account has no chats: Green-API holds only what WhatsApp handed over when the " +
	"phone was connected, and what came since while its settings were on")

// An UnknownChatError means that a chat that was asked for is not among those of the account.
type UnknownChatError struct {
	Chat  string
	Chats int // that there are
}

func (e *UnknownChatError) Error() string {
	return fmt.Sprintf("there is no chat %s among the %d of the account", e.Chat, e.Chats)
}

// A PreflightError means that a history read now would not be whole.
type PreflightError struct {
	State    string   // of the instance
	Problems []string // sentences: what is wrong, and what to do
}

func (e *PreflightError) Error() string {
	return "the instance is not ready to be read:\n" + strings.Join(e.Problems, "\n")
}
