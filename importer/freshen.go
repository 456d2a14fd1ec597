package importer

import (
	"cmp"
	"context"
	"time"

	"kommo-import/internal/linkcheck"
	"kommo-import/internal/migration"
)

const (
	// linkMargin is how long a link must still live for Kommo to fetch the file. The time that Kommo takes is not
	// documented.
	linkMargin = time.Hour
	// linkTrust is how long a link without a known end of life is trusted after it was asked.
	linkTrust = 24 * time.Hour
)

// stale reports whether a link that was found at load may be dead when Kommo asks for it.
func (i mediaInfo) stale(now time.Time) bool {
	if i.Expires.IsZero() {
		return now.Sub(i.Checked) > linkTrust
	}
	return now.Add(linkMargin).After(i.Expires)
}

// newLinkChecker returns a checker for media links, under the terms of the last load.
func (s *Sender) newLinkChecker() (*linkcheck.Checker, error) {
	links := &linkcheck.Checker{Transport: s.MediaTransport}
	_, err := migration.Setting(s.File.Reader, settingPrivateMedia, &links.AllowPrivate)
	return links, s.File.Explain(err)
}

// freshen makes sure that the link to the media of m lives, and renews a dead or missing link. If the file turns out to
// be gone, m is sent as text.
func (r *run) freshen(ctx context.Context, cv *conversation, m *outgoing) error {
	if !r.mayBeDead(m) {
		return nil
	}
	link := linkcheck.Link{Key: mediaKey(m.family, m.conversation, &m.content).String, URL: m.media.URL}
	if m.media.Renewer == r.renewOf {
		link.Renew = r.renew.of(link.Key)
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
	return &StoppedError{Reason: "a media link cannot be renewed now: " + info.Reason}
}

// mayBeDead reports whether m would be sent with a link that may be dead, or that could not be renewed before.
func (r *run) mayBeDead(m *outgoing) bool {
	media := m.content.Media
	if media == nil || !media.Renewable || m.asText {
		return false
	}
	return m.media.Status == mediaFound && m.media.stale(time.Now()) || m.media.Status == mediaFailed
}

// keepLink records the answer about a link, and reports a new link or a file that is gone.
func (r *run) keepLink(m *outgoing, key string, info linkcheck.Result) error {
	now := time.Now()
	if err := r.file.keepMedia(key, info, now); err != nil {
		return err
	}
	m.media = mediaInfo{Status: info.Status, Size: info.Size, MIME: info.MIME, Name: info.Name, URL: info.URL,
		Renewer: m.media.Renewer, Checked: now, Expires: info.Expires}
	r.count(func(report *SendReport) {
		switch {
		case info.Status == mediaGone:
			report.Gone++
			report.GoneMedia = appendListed(report.GoneMedia, m.content.Position)
		case info.Renewed:
			report.Renewed++
			report.RenewedMedia = appendListed(report.RenewedMedia, m.content.Position)
		}
	})
	return nil
}
