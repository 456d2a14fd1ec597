package importer

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"kommo-import/internal/linkcheck"
	"kommo-import/internal/migration"
)

const (
	// linkMargin is how long a link must live on for Kommo to fetch the file. When it does is not documented.
	linkMargin = time.Hour
	// linkTrust is how long a link is believed to live of which nobody knows when it dies.
	linkTrust = 24 * time.Hour
	// maxLinksTold is how many links a report names.
	maxLinksTold = 100
)

// A DeadLinksError means that links to media have died since they were loaded, and that nobody can make new ones.
type DeadLinksError struct {
	Links int
}

func (e *DeadLinksError) Error() string {
	return fmt.Sprintf("links to media that have died since they were loaded: %d", e.Links)
}

// stale reports whether a link that was found at load may be dead when Kommo asks for it.
func (i mediaInfo) stale(now time.Time) bool {
	if i.Expires.IsZero() {
		return now.Sub(i.Checked) > linkTrust
	}
	return now.Add(linkMargin).After(i.Expires)
}

// checkLinks makes sure that no link of what is to be sent is known to be dead, unless new ones can be made.
func (s *Sender) checkLinks() error {
	renewing := ""
	if s.Renew != nil {
		renewing = s.RenewOf
	}
	condition, args := s.Selection.where()
	e := new(DeadLinksError)
	err := s.File.Reader.QueryRow(`SELECT count(*) FROM media WHERE maker <> coalesce((SELECT id FROM source WHERE name = ?), 0)
		AND (status = 'found' AND expires BETWEEN 1 AND ? OR status = 'failed' AND url = '')
		AND key IN (SELECT s.lookup FROM message m JOIN spool s ON s.id = m.spool
			WHERE m.state IN ('planned', 'sending') AND NOT m.as_text
			AND m.conversation IN (SELECT id FROM conversation WHERE `+condition+`))`,
		append([]any{renewing, time.Now().UnixMilli()}, args...)...).Scan(&e.Links)
	if err == nil && e.Links > 0 {
		return e
	}
	return s.File.Explain(err)
}

// openLinks prepares the asking of links, under the terms of the last load.
func (r *run) openLinks() error {
	r.links = &linkcheck.Checker{Transport: r.MediaTransport}
	_, err := migration.Setting(r.File.Reader, settingPrivateMedia, &r.links.AllowPrivate)
	return r.File.Explain(err)
}

// freshen makes sure that the link to the media of m lives, and makes a new one if it does not, or if there was none so
// far. It may find that the file is gone; m then goes as text.
func (r *run) freshen(ctx context.Context, cv *conversation, m *outgoing) error {
	if !r.mayBeDead(m) {
		return nil
	}
	link := linkcheck.Link{Key: mediaKey(m.sourceKind, cv.externalID, &m.content).String, URL: m.media.URL}
	if m.media.Maker == r.RenewOf {
		link.Renew = r.Renew.of(link.Key)
	}
	expires := m.media.Expires
	if m.media.Status == mediaFound && !expires.IsZero() {
		link.URL = "" // no need to ask it
	}
	info := r.links.Check(ctx, link)
	if err := cmp.Or(context.Cause(ctx), info.Err); err != nil {
		return err
	}
	dead := info.Status == mediaGone || m.media.URL == ""
	if !expires.IsZero() {
		dead = !expires.After(time.Now())
	}
	switch {
	case info.Status == mediaFound, info.Status == mediaGone && dead && link.Renew != nil && !info.Unsure:
		return r.keepLink(m, link.Key, info)
	case !dead:
		return nil
	case link.Renew == nil:
		return &DeadLinksError{1}
	}
	return &StoppedError{Reason: "a link to media cannot be made anew now: " + info.Reason}
}

// mayBeDead reports whether m is to go with a link that may be dead, or that could not be made before.
func (r *run) mayBeDead(m *outgoing) bool {
	media := m.content.Media
	if media == nil || !media.Renewable || m.asText {
		return false
	}
	return m.media.Status == mediaFound && m.media.stale(time.Now()) || m.media.Status == mediaFailed
}

// tellSome adds a position to a list that is not to grow long.
func tellSome(list []string, position string) []string {
	if len(list) == maxLinksTold {
		return list
	}
	return append(list, position)
}

// keepLink writes down what became of a link, and tells if it is another one.
func (r *run) keepLink(m *outgoing, key string, info linkcheck.Result) error {
	now := time.Now()
	if err := r.File.keepMedia(key, info, now); err != nil {
		return err
	}
	m.media = mediaInfo{Status: info.Status, Size: info.Size, MIME: info.MIME, Name: info.Name, URL: info.URL,
		Maker: m.media.Maker, Checked: now, Expires: info.Expires}
	r.count(func(report *SendReport) {
		switch {
		case info.Status == mediaGone:
			report.Gone++
			report.GoneMedia = tellSome(report.GoneMedia, m.content.Position)
		case info.Renewed:
			report.Renewed++
			report.RenewedMedia = tellSome(report.RenewedMedia, m.content.Position)
		}
	})
	return nil
}
