package commands

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// reportTitle is what a report for people begins with.
const reportTitle = "# Migration into Kommo"

// checkReportTargets makes sure that a report takes the place of nothing but an earlier report, and never that of the
// migration file or of what SQLite keeps beside it.
func checkReportTargets(migration string, targets ...string) error {
	for _, target := range targets {
		file, err := os.Stat(target)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return usage("--out: %w", err)
		}
		for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
			if own, err := os.Stat(migration + suffix); err == nil && os.SameFile(own, file) {
				return usage("--out: %s is the migration file, or belongs to it; choose another name for the report", target)
			}
		}
		if !file.Mode().IsRegular() || !isEarlierReport(target) {
			return usage("--out: %s is there already and is no earlier report; choose another name", target)
		}
	}
	return nil
}

// isEarlierReport reports whether a file was written by report.
func isEarlierReport(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	if filepath.Ext(path) == ".json" {
		return beginsLikeReport(json.NewDecoder(file))
	}
	line, _ := bufio.NewReaderSize(file, 128).ReadSlice('\n')
	return strings.TrimSpace(string(line)) == reportTitle
}

// beginsLikeReport reports whether an object comes whose first members are "made" and "status".
func beginsLikeReport(object *json.Decoder) bool {
	if begin, err := object.Token(); err != nil || begin != json.Delim('{') {
		return false
	}
	for _, want := range []string{"made", "status"} {
		var value json.RawMessage
		name, err := object.Token()
		if err != nil || name != want || object.Decode(&value) != nil {
			return false
		}
	}
	return true
}
