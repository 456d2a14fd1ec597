package greenapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
)

// A history is the history of one chat in a temporary file. The answer is newest first, but messages must be yielded
// oldest first, and a history of 200,000 messages is too large for memory.
type history struct {
	file  *os.File
	ends  []int64 // where each entry ends in the file, newest entry first
	index chatIndex
}

// newHistory creates the temporary file.
func newHistory() (*history, error) {
	file, err := os.CreateTemp("", "kommo-import-history-")
	if err != nil {
		return nil, tempFileError(err)
	}
	_ = os.Remove(file.Name()) // a system that can remove an open file leaves nothing behind, even after a crash
	return &history{file: file}, nil
}

// close closes and removes the file. A nil history is closed already.
func (h *history) close() {
	if h == nil {
		return
	}
	_ = h.file.Close()
	_ = os.Remove(h.file.Name()) // for systems that could not remove it before
}

// The bounds of a history. Real ones have some ten thousand messages; an answer without an end would fill the disk.
const (
	maxEntries      = 1_000_000
	maxHistoryBytes = 1 << 30
)

// take stores the entries of an answer from its beginning. They replace all entries of earlier answers. It returns a
// [RefusedError] for a history beyond the bounds, and for that of another chat.
func (h *history) take(entries iter.Seq2[json.RawMessage, error]) error {
	if _, err := h.file.Seek(0, io.SeekStart); err != nil {
		return tempFileError(err)
	}
	out := bufio.NewWriterSize(h.file, 64<<10)
	h.ends, h.index = h.ends[:0], h.index.fresh()
	end := int64(0)
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if _, err := out.Write(entry); err != nil {
			return tempFileError(err)
		}
		end += int64(len(entry))
		if len(h.ends) == maxEntries || end > maxHistoryBytes {
			return &RefusedError{getChatHistory.name, http.StatusOK, fmt.Sprintf("it has more than %d messages, or more than 1 GB", maxEntries)}
		}
		h.ends = append(h.ends, end)
		h.index.add(entry)
	}
	if x := &h.index; x.another != "" && !x.asked {
		return &RefusedError{getChatHistory.name, http.StatusOK, "it is the history of another chat, " + x.another}
	}
	return tempFileError(out.Flush())
}

// tempFileError adds the purpose of the file to err.
func tempFileError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("keeping a chat's history on disk for a moment: %w (TMPDIR names another folder)", err)
}

// len returns the number of entries.
func (h *history) len() int { return len(h.ends) }

// entry reads one entry back; 0 is the newest.
func (h *history) entry(i int) (json.RawMessage, error) {
	begin := int64(0)
	if i > 0 {
		begin = h.ends[i-1]
	}
	raw := make([]byte, h.ends[i]-begin)
	if _, err := h.file.ReadAt(raw, begin); err != nil {
		return nil, tempFileError(err)
	}
	return raw, nil
}
