package commands

import (
	"encoding/json"
	"slices"
	"strings"
)

// jsonError is what stdout ends with, in a line of its own, if --json is given and the command fails:
//
//	{"error": {"message": "KOMMO_SCOPE_ID is not set: …", "exit_code": 2}}
//
// What the command printed before stands before it, such as the report of a send that was stopped.
type jsonError struct {
	Error errorReport `json:"error"`
}

// An errorReport tells what went wrong.
type errorReport struct {
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"` // what to do about it
	ExitCode int    `json:"exit_code"`
}

// asksForJSON reports whether --json stands on a command line. It looks by itself, because a command line that makes no
// sense is not parsed to its end.
func asksForJSON(args []string) bool {
	if i := slices.Index(args, "--"); i >= 0 {
		args = args[:i]
	}
	return slices.ContainsFunc(args, func(arg string) bool {
		name, value, hasValue := strings.Cut(arg, "=")
		return (name == "--json" || name == "-json") && (!hasValue || value == "true")
	})
}

// writeError ends stdout with the error, if JSON is wanted. Who cannot read it there has the text on stderr and the
// exit code.
func (d *desk) writeError(message, hint string, code int) {
	if !d.json {
		return
	}
	hint = strings.Join(strings.Fields(strings.TrimPrefix(hint, "Hint: ")), " ")
	line, err := json.Marshal(jsonError{errorReport{printable(message), hint, code}})
	if err == nil {
		d.writef("%s\n", line)
	}
}
