package commands

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"kommo-import/importer"
)

// notTakenOverHint returns examples and the ways out for a load that would put messages into Kommo twice.
func notTakenOverHint(e *importer.NotTakenOverError) string {
	if conflict, ok := errors.AsType[*importer.ConflictError](e); ok {
		return conflictHint(e.Source, conflict)
	}
	if like, ok := errors.AsType[*importer.LookAlikeError](e); ok {
		return lookAlikeHint(e.Source, like)
	}
	return ""
}

// conflictHint shows sent messages beside the rows that look most like them.
func conflictHint(source string, e *importer.ConflictError) string {
	var text strings.Builder
	for _, change := range e.Examples {
		fmt.Fprintf(&text, "  %s\n    sent  %s\n    now   %s\n", oneLine(change.Conversation, 100), excerpt(change.Sent), excerpt(change.Now))
	}
	text.WriteString("Nothing was changed: sending the new rows could put these messages into Kommo a second time.\n")
	var ways []string
	if len(e.Shape) > 0 {
		ways = append(ways, "with the former settings: "+shapeText(e.Shape))
	}
	switch {
	case e.SameFile && e.Invalid > 0:
		fmt.Fprintf(&text, "%s of the file cannot be understood with these settings.\n", plural(e.Invalid, "row"))
	case e.Renamed || e.SameFile && e.Absent > 0:
		ways = append(ways, "with the ids of conversations that it had before: these conversations have other ids in it now")
	default:
		ways = append(ways, "with --keep-sent: these conversations stay as they were sent, and the others take the new reading")
	}
	if e.Nothing && !e.SameFile && !e.Renamed {
		ways = append(ways, "with "+newName(e.Now)+", if this file is another export than "+printable(source)+" was")
	}
	return text.String() + waysOut(ways)
}

// lookAlikeHint says how to load a source that looks like another one.
func lookAlikeHint(source string, e *importer.LookAlikeError) string {
	var ways []string
	switch e.Like {
	case importer.OtherExport:
		ways = []string{"with --name " + quoted(printable(source)) + ", if it takes the place of the last reading",
			"with " + newName(e.Now) + ", if it is another export: both are sent"}
	case importer.Numbered:
		ways = []string{"with --name " + quoted(printable(e.Other)) + ", if it takes the place of that source",
			"with --add under a new --name, if it holds other messages whose ids only number the rows: both are sent"}
	default:
		if e.Replaces {
			ways = append(ways, "with --name "+quoted(printable(e.Other))+", if it takes the place of that source")
		}
		if e.Minutes {
			ways = append(ways, "with --match-minutes, if one of the two has no seconds: what both hold is sent once")
		}
		ways = append(ways, "with another --timezone, if the times are wrong: of this source, or of "+printable(e.Other),
			"with --add, if these are other messages: both are sent")
	}
	return "Nothing was changed: sending both could put the same messages into Kommo twice.\n" + waysOut(ways)
}

func waysOut(ways []string) string {
	return "Hint: load again\n      - " + strings.Join(ways, "\n      - ")
}

// excerpt returns a message in one line: its time, place and text.
func excerpt(e importer.Excerpt) string {
	if e.Time == 0 {
		return "(no new row of this conversation)"
	}
	return fmt.Sprintf("%s UTC  %s  (%s)", time.UnixMilli(e.Time).UTC().Format(time.DateTime), oneLine(e.Text, 60), oneLine(e.Position, 60))
}

// newName returns the flags that load a table as another source. A new source has no settings of earlier loads.
func newName(shape map[string][]string) string {
	return strings.TrimSpace("--name NEW " + shapeText(shape))
}

// shapeText returns settings as flags.
func shapeText(shape map[string][]string) string {
	var flags []string
	for _, name := range slices.Sorted(maps.Keys(shape)) {
		flags = append(flags, flagsText(name, shape[name]))
	}
	return printable(strings.Join(flags, " "))
}
