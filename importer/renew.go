package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"kommo-import/sources"
)

// A Renewer makes a new link to the file of a message, where links die after some days. An error that is
// [sources.ErrMediaGone] means that there is no file any more, one that is [sources.ErrUnavailable] that another time
// may do, and one that is both that the file is gone as far as one can tell now; any other ends the load or the send. It is called by several goroutines and must be safe to repeat.
type Renewer func(ctx context.Context, conversation, message string) (link string, err error)

// A mediaLink is what has to be asked about: a link, or a file that a new link can be made for.
type mediaLink struct {
	key       string // in the migration file
	url       string // "" if there is none
	renewable bool
}

// mediaKey returns the key of the media of m, NULL if nobody has to be asked about them. Kommo requires file_name and
// file_size for picture, video and file (documented); links that die are asked in any case.
func mediaKey(sourceKind, conversation string, m *sources.Message) (key sql.NullString) {
	switch {
	case m.Media == nil:
		return key
	case m.Media.Renewable:
		return sql.NullString{String: sourceKind + ":" + conversation + "/" + m.ID, Valid: true}
	case m.Media.Size > 0:
		return key
	}
	switch m.Kind {
	case sources.KindPicture, sources.KindVideo, sources.KindFile:
		return sql.NullString{String: m.Media.URL, Valid: true}
	}
	return key
}

// ofMessage returns the conversation and the id that a renewable link's key is made of.
func (l mediaLink) ofMessage() (conversation, id string) {
	_, rest, _ := strings.Cut(l.key, ":")
	conversation, id, _ = strings.Cut(rest, "/") // ids of conversations have none
	return conversation, id
}

// find returns what lies behind a link. A dead or missing one is made anew, once, if it can be.
func (l *mediaLookup) find(ctx context.Context, link mediaLink) mediaInfo {
	mayRenew := link.renewable && l.Renew != nil
	if link.url != "" || !mayRenew {
		info := l.lookup(ctx, link.url)
		info.URL = link.url
		if info.Status != mediaGone || !mayRenew {
			return info
		}
	}
	return l.renewed(ctx, link)
}

// renewed makes a new link and returns what lies behind it.
func (l *mediaLookup) renewed(ctx context.Context, link mediaLink) mediaInfo {
	conversation, id := link.ofMessage()
	url, err := l.Renew(ctx, conversation, id)
	switch {
	case errors.Is(err, sources.ErrMediaGone):
		return mediaInfo{Status: mediaGone, Reason: err.Error(), Unsure: errors.Is(err, sources.ErrUnavailable)}
	case errors.Is(err, sources.ErrUnavailable):
		return mediaInfo{Status: mediaFailed, Reason: err.Error(), URL: link.url}
	case err != nil:
		return mediaInfo{Err: fmt.Errorf("renewing a media link: %w", err)}
	}
	info := l.lookup(ctx, url)
	info.URL, info.Renewed = url, true
	info.Unsure = info.Status == mediaGone // a link that was just made should work
	return info
}
