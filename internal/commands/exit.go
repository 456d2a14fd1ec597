package commands

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/migration"
)

// The exit codes. They are documented in docs/json.md, and scripts rely on them.
const (
	exitDone        = 0
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitDenied      = 4
	exitInUse       = 5
	exitDifferent   = 6
	exitInterrupted = 130
)

// exitMeanings returns the exit codes with their meanings, for help and the manual page.
func exitMeanings() []row {
	return []row{
		{"0", "done, or --max-duration is reached: the last line says how many messages are left"},
		{"1", "error; what was done is recorded, run again to go on"},
		{"2", "invalid command line or setting"},
		{"3", "done, but some messages were refused, invalid or set aside: see failures"},
		{"4", "Kommo or Green-API denies access"},
		{"5", "the migration file is in use by another process"},
		{"6", "verify found differences, or chats that could not be read"},
		{"130", "interrupted; run the same command again"},
	}
}

// ErrInterrupted is the cause of a context that ended because somebody pressed Ctrl-C or asked the process to stop.
var ErrInterrupted = errors.New("interrupted")

// An exitStatus is the error of a command that completed with an exit code other than 0, and has reported why.
type exitStatus struct {
	code int
	what string
}

func (e *exitStatus) Error() string { return e.what }

var (
	// errIncomplete means that some messages of the migration are not in Kommo, and cannot be sent as they are.
	errIncomplete = &exitStatus{exitIncomplete, "some messages were invalid, refused or set aside"}
	// errDifferent means that verify found differences.
	errDifferent = &exitStatus{exitDifferent, "the chats differ from what was sent"}
)

// withCloseError returns err together with the error of closing a file. An exitStatus gives way to such an error.
func withCloseError(err, closeErr error) error {
	if closeErr == nil {
		return err
	}
	if _, ok := err.(*exitStatus); ok {
		return closeErr
	}
	return errors.Join(err, closeErr)
}

// exit reports an error with a hint, and returns the exit code.
func (p *program) exit(err error) int {
	if err == nil {
		return exitDone
	}
	if status, ok := err.(*exitStatus); ok {
		return status.code
	}
	code := exitCode(err)
	if code == exitInterrupted {
		const hint = "Nothing is lost: run the same command again to go on."
		p.ui.print("Interrupted. %s", hint)
		p.writeError("interrupted", hint, code)
		return code
	}
	// Lines after the first are indented, so that no text from outside can look like our own.
	p.ui.print("kommo-import: %s", strings.ReplaceAll(printable(err.Error()), "\n", "\n  "))
	hint := hint(err)
	if hint != "" {
		p.ui.printHint(hint)
	}
	p.writeError(err.Error(), hint, code)
	return code
}

func exitCode(err error) int {
	switch {
	case is[*migration.StoreError](err):
		return exitError
	case is[*kommo.DeniedError](err), is[*kommo.AccountDeniedError](err), is[*kommo.BlockedError](err),
		is[*kommo.UnclearError](err), isDeniedByGreenAPI(err):
		return exitDenied
	case is[*migration.InUseError](err):
		return exitInUse
	case is[*usageError](err), is[cli.ExitCoder](err), // --help followed by a word
		is[*importer.NoSenderError](err), is[*importer.DeadLinksError](err):
		return exitUsage
	case errors.Is(err, ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitError
}

// A jsonError is the last line of stdout if --json is given and the command fails:
//
//	{"error": {"message": "KOMMO_SCOPE_ID is not set: …", "exit_code": 2}}
//
// The output of the command comes before it, such as the report of a send that was stopped.
type jsonError struct {
	Error errorReport `json:"error"`
}

// An errorReport is an error as JSON.
type errorReport struct {
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"` // advice
	ExitCode int    `json:"exit_code"`
}

// wantsJSON reports whether --json is among the arguments. The flag itself is known only if the whole command line is
// valid.
func wantsJSON(args []string) bool {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	isJSON := func(arg string) bool {
		return slices.Contains([]string{"-json", "--json", "-json=true", "--json=true"}, arg)
	}
	return slices.ContainsFunc(args, isJSON)
}

// writeError prints an error as JSON, if JSON is wanted. Should that fail, the text on stderr and the exit code remain.
func (p *program) writeError(message, hint string, code int) {
	if !p.json {
		return
	}
	line, err := json.Marshal(jsonError{errorReport{printable(message), hintText(hint), code}})
	if err == nil {
		p.writef("%s\n", line)
	}
}
