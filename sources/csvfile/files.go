package csvfile

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"kommo-import/sources"
)

// A file is a file of a row, with the kind of message that it makes.
type file struct {
	kind  sources.Kind
	media *sources.Media
}

// readFiles sets the files of a row: those with a link that works, and the lines for the others. A row that declares a
// file but has no link has lost it, unless there is nothing to say about it.
func (c *converter) readFiles(row *content, rec *record, text string) error {
	cell, name := c.plain("media_url", rec.MediaURL), c.name("file_name", rec.FileName)
	if strings.Trim(cell, "-0") == "" { // written for "no file"
		if isFile(row.kind) && (name != "" || strings.TrimSpace(text) != "") {
			row.lost = append(row.lost, c.lostFile("", name, row.kind))
		}
		return nil
	}
	pieces := splitLinks(cell)
	if len(pieces) > maxLinks {
		return invalid("media_url", cell, fmt.Errorf("more than %d links", maxLinks))
	}
	if len(pieces) > 1 {
		name = "" // of which file is unknown
	}
	for _, piece := range pieces {
		link, ok := webAddress(piece)
		if !ok {
			row.lost = append(row.lost, c.lostFile(piece, name, row.kind))
			continue
		}
		media := &sources.Media{URL: link, Name: name, MIME: row.mime}
		if len(pieces) == 1 {
			media.Size = c.size(rec.FileSize)
		}
		row.files = append(row.files, file{kindOfFile(row.kind, link, name), media})
	}
	if len(row.files) > 1 {
		c.note(linksSplit, "media_url", cell, strconv.Itoa(len(row.files))+" links")
	}
	return nil
}

// lostFile returns the line that stands in the text for a file without a link, worded like that of a file which is gone:
// "[picture: photo.jpg, no longer available]".
func (c *converter) lostFile(link, name string, kind sources.Kind) string {
	name = cut(strings.Join(strings.Fields(cmp.Or(name, nameOfPath(link))), " "), 100)
	label := string(kindOfFile(kind, name, ""))
	if name != "" {
		label += ": " + name
	}
	line := "[" + label + ", no longer available]"
	c.note(linkNamed, "media_url", link, line)
	return line
}

// size returns the size of a file in bytes, or 0 if the cell does not hold one. A size of 0 is asked from the link.
func (c *converter) size(cell string) int64 {
	s := c.plain("file_size", cell)
	if s == "" {
		return 0
	}
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 63)
	if err != nil || strings.Trim(fraction, "0") != "" || n > sources.MaxFileSize {
		c.note(sizeDropped, "file_size", s, "")
		return 0
	}
	return int64(n)
}
