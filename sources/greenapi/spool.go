package greenapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
)

// A history is one chat's history on disk, in a file that is gone when it is closed: the answer comes newest first and
// is wanted oldest first, and one of 200,000 messages is not held in memory.
type history struct {
	file   *os.File
	ends   []int64 // where each entry ends in the file, in the order of the answer: newest first
	survey survey
}

// newHistory makes a file for a history, where temporary files are made on this system.
func newHistory() (*history, error) {
	file, err := os.CreateTemp("", "kommo-import-history-")
	if err != nil {
		return nil, spoolError(err)
	}
	_ = os.Remove(file.Name()) // where an open file can be removed, nothing is left behind whatever happens
	return &history{file: file}, nil
}

// close frees what h holds on to, if there is one.
func (h *history) close() {
	if h == nil {
		return
	}
	_ = h.file.Close()
	_ = os.Remove(h.file.Name()) // it is there only where it could not be removed before
}

// take takes in an answer from its beginning, in the place of what was taken before.
func (h *history) take(entries iter.Seq2[json.RawMessage, error]) error {
	if _, err := h.file.Seek(0, io.SeekStart); err != nil {
		return spoolError(err)
	}
	out := bufio.NewWriterSize(h.file, 64<<10)
	h.ends, h.survey = h.ends[:0], survey{}
	end := int64(0)
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if _, err := out.Write(entry); err != nil {
			return spoolError(err)
		}
		end += int64(len(entry))
		h.ends = append(h.ends, end)
		h.survey.note(entry)
	}
	return spoolError(out.Flush())
}

// spoolError says what the temporary file is for.
func spoolError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("keeping a chat's history on disk for a moment: %w (TMPDIR names another folder)", err)
}

// len returns how many entries there are.
func (h *history) len() int { return len(h.ends) }

// begin returns where an entry begins.
func (h *history) begin(i int) int64 {
	if i == 0 {
		return 0
	}
	return h.ends[i-1]
}

// entry reads one entry back.
func (h *history) entry(i int) (json.RawMessage, error) {
	raw := make([]byte, h.ends[i]-h.begin(i))
	if _, err := h.file.ReadAt(raw, h.begin(i)); err != nil {
		return nil, spoolError(err)
	}
	return raw, nil
}

// readAtOnce is how many bytes of a history are read back at a time, if an entry is not longer than that.
const readAtOnce = 256 << 10

// oldestFirst yields the entries, oldest first. An entry is valid until the next one is asked for.
func (h *history) oldestFirst() iter.Seq2[json.RawMessage, error] {
	return func(yield func(json.RawMessage, error) bool) {
		var block []byte
		for last := h.len() - 1; last >= 0; {
			first := last
			for first > 0 && h.ends[last]-h.begin(first-1) <= readAtOnce {
				first--
			}
			start := h.begin(first)
			block = append(block[:0], make([]byte, h.ends[last]-start)...)
			if _, err := h.file.ReadAt(block, start); err != nil {
				yield(nil, spoolError(err))
				return
			}
			for ; last >= first; last-- {
				if !yield(block[h.begin(last)-start:h.ends[last]-start], nil) {
					return
				}
			}
		}
	}
}
