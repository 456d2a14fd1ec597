package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"kommo-import/internal/linkcheck"
	"kommo-import/internal/migration"
	"kommo-import/sources"
)

// A Renewer makes a new link to the file of a message, where links die after some days. Its errors mean:
//
//   - [sources.ErrMediaGone]: the file is gone.
//   - [sources.ErrUnavailable]: another time may do.
//   - both: the file is probably gone.
//   - any other error ends the load or the send.
//
// Several goroutines call a Renewer at once. It must be safe to repeat.
type Renewer func(ctx context.Context, conversation, message string) (link string, err error)

// The statuses of a link that was asked, in the column status of media.
const (
	mediaFound   = linkcheck.Found
	mediaGone    = linkcheck.Gone
	mediaRefused = linkcheck.Refused
	mediaFailed  = linkcheck.Failed
)

// mediaInfo is the row of media for a link.
type mediaInfo struct {
	Status  linkcheck.Status
	Size    int64     // bytes; 0 if unknown
	MIME    string    // "" if unknown
	Name    string    // the server's name for the file; "" if unknown
	URL     string    // the link as it is now
	Renewer string    // the source that makes new links; "" if no source does
	Checked time.Time // when the link was asked last
	Expires time.Time // when the storage deletes the file; zero if unknown
}

// mediaKey returns the key of the media of m, NULL if their link need not be asked. Kommo requires file_name and
// file_size for picture, video and file (documented). Links that expire are asked in any case.
func mediaKey(family sources.Family, conversation string, m *sources.Message) (key sql.NullString) {
	switch {
	case m.Media == nil:
		return key
	case m.Media.Renewable:
		return sql.NullString{String: string(family) + ":" + conversation + "/" + m.ID, Valid: true}
	case m.Media.Size > 0:
		return key
	}
	switch m.Kind {
	case sources.KindPicture, sources.KindVideo, sources.KindFile:
		return sql.NullString{String: m.Media.URL, Valid: true}
	}
	return key
}

// messageOfKey returns the conversation and the message id in the key of a renewable link.
func messageOfKey(key string) (conversation, id string) {
	_, rest, _ := strings.Cut(key, ":")
	conversation, id, _ = strings.Cut(rest, "/") // ids of conversations have no slash
	return conversation, id
}

// of returns the function that renews the link with that key; nil without a Renewer.
func (r Renewer) of(key string) func(context.Context) (string, error) {
	if r == nil {
		return nil
	}
	conversation, id := messageOfKey(key)
	return func(ctx context.Context) (string, error) { return r(ctx, conversation, id) }
}

// mediaPending selects media links without an answer so far. The first condition lets SQLite use the index media_open.
const mediaPending = `status IN ('pending', 'failed') AND status = 'pending'`

// lookUpMedia asks the media links without an answer so far, each once. Empty and dead links are renewed if that is
// possible. Every answer is recorded as it comes.
func (l *Loader) lookUpMedia(ctx context.Context, source int64, report *LoadReport) error {
	renewer := sql.NullInt64{Int64: source, Valid: l.Renew != nil}
	if err := l.reopenMedia(renewer); err != nil || l.Filter.Media != MediaAsLink {
		return err
	}
	var total int
	err := l.File.Reader.QueryRow(`SELECT count(*) FROM media WHERE status IN ('pending', 'failed') AND (renewer IS NULL OR renewer = ?)`,
		renewer).Scan(&total)
	if err != nil || total == 0 {
		return l.File.Explain(err)
	}
	checker := &linkcheck.Checker{Transport: l.MediaTransport, AllowPrivate: l.AllowPrivateMedia}
	var readErr error
	done := 0
	for link, result := range checker.All(ctx, pendingMedia(l.File.Reader, renewer, l.Renew, &readErr)) {
		if result.Err != nil {
			return result.Err
		}
		if err := l.File.keepMedia(link.Key, result, time.Now()); err != nil {
			return err
		}
		done++
		report.countMedia(result)
		l.progress(LookingUpMedia, done, total)
	}
	return errors.Join(l.File.Explain(readErr), context.Cause(ctx))
}

// reopenMedia marks links as pending again:
//
//   - links that an earlier --media left unasked
//   - links into private networks, if those are allowed now
//   - links of the renewer that have expired, or whose file is only probably gone
//
// If media are not sent as links, it marks all pending links as unwanted.
func (l *Loader) reopenMedia(renewer sql.NullInt64) error {
	return l.File.Update(func(tx *sql.Tx) error {
		if l.Filter.Media != MediaAsLink {
			_, err := tx.Exec(`UPDATE media SET status = 'unwanted' WHERE status IN ('pending', 'failed')`)
			return err
		}
		_, err := tx.Exec(`UPDATE media SET status = 'pending' WHERE status = 'unwanted' OR status = 'refused' AND ?
			OR renewer = ? AND (status = 'found' AND expires BETWEEN 1 AND ? OR status = 'gone' AND uncertain)`,
			l.AllowPrivateMedia, renewer, time.Now().UnixMilli())
		return errors.Join(err, migration.SetSetting(tx, settingPrivateMedia, l.AllowPrivateMedia))
	})
}

func (r *LoadReport) countMedia(result linkcheck.Result) {
	r.MediaRenewed += btoi(result.Renewed)
	switch result.Status {
	case mediaFound:
		r.MediaFound++
	case mediaGone:
		r.MediaGone++
	case mediaRefused:
		r.MediaRefused++
	case mediaFailed:
		r.MediaFailed++
	}
}

// pendingMedia yields the links to ask, by key. Links that a source can renew are yielded only if that source is the
// renewer. An error to read them ends the sequence and is left in readErr.
func pendingMedia(q migration.Querier, renewer sql.NullInt64, renew Renewer, readErr *error) iter.Seq[linkcheck.Link] {
	scan := func(rows *sql.Rows) (link linkcheck.Link, err error) {
		var renewable bool
		err = rows.Scan(&link.Key, &link.URL, &renewable)
		if renewable {
			link.Renew = renew.of(link.Key)
		}
		return link, err
	}
	key := func(link linkcheck.Link) string { return link.Key }
	pages := migration.Paged("", key, func(after string) ([]linkcheck.Link, error) {
		return migration.All(q, scan, `SELECT key, url, renewer IS NOT NULL FROM media WHERE status IN ('pending', 'failed') AND key > ?
			AND (renewer IS NULL OR renewer = ?) ORDER BY key LIMIT 500`, after, renewer)
	})
	return func(yield func(linkcheck.Link) bool) {
		for link, err := range pages {
			if *readErr = err; err != nil || !yield(link) {
				return
			}
		}
	}
}

// keepMedia records the answer about a media link at a time.
func (f *File) keepMedia(key string, info linkcheck.Result, at time.Time) error {
	expires := int64(0)
	if !info.Expires.IsZero() {
		expires = info.Expires.UnixMilli()
	}
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE media SET status = ?, size = ?, mime = ?, name = ?, expires = ?, reason = ?, url = ?,
			checked = ?, renewed = renewed + ?, uncertain = ? WHERE key = ?`,
			string(info.Status), info.Size, info.MIME, info.Name, expires, info.Reason, info.URL, at.UnixMilli(), info.Renewed, info.Unsure, key)
		return err
	})
}

// mediaOf returns the row of the media of m. Media whose link need not be asked count as found. The zero value stands
// for media that are sent as text and were never asked.
func mediaOf(q migration.Querier, m *outgoing) (mediaInfo, error) {
	key := mediaKey(m.family, m.conversation, &m.content)
	if !key.Valid {
		return mediaInfo{Status: mediaFound}, nil
	}
	var info mediaInfo
	var expires, checked int64
	err := q.QueryRow(`SELECT status, size, mime, name, url, expires, checked,
		coalesce((SELECT name FROM source WHERE id = renewer), '') FROM media WHERE key = ?`, key).
		Scan(&info.Status, &info.Size, &info.MIME, &info.Name, &info.URL, &expires, &checked, &info.Renewer)
	if errors.Is(err, sql.ErrNoRows) {
		if m.asText {
			return info, nil
		}
		return info, fmt.Errorf("the migration file does not know the media of message %s", m.content.Position)
	}
	if expires > 0 {
		info.Expires = fromMillis(expires)
	}
	info.Checked = fromMillis(checked)
	return info, err
}
