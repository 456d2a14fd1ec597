package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"kommo-import/internal/migration"
	"net/url"
	"time"
)

// lookUpMedia asks about the media of which not all is known, each once, and those that did not answer the last time.
// Links that are empty or dead are made anew where they can be. Every answer is written down as it comes.
func (l *Loader) lookUpMedia(ctx context.Context, source int64, report *LoadReport) error {
	maker := sql.NullInt64{Int64: source, Valid: l.Renew != nil}
	if err := l.reopenMedia(maker); err != nil || l.Filter.Media != MediaAsLink {
		return err
	}
	var total int
	err := l.File.Reader.QueryRow(`SELECT count(*) FROM media WHERE status IN ('pending', 'failed') AND (maker IS NULL OR maker = ?)`,
		maker).Scan(&total)
	if err != nil || total == 0 {
		return l.File.Explain(err)
	}
	lookup := &mediaLookup{Transport: l.MediaTransport, AllowPrivate: l.AllowPrivateMedia, Renew: l.Renew}
	var reading error
	done := 0
	for link, info := range lookup.all(ctx, openMedia(l.File.Reader, maker, &reading)) {
		if info.Err != nil {
			return info.Err
		}
		if err := l.File.keepMedia(link.key, info, time.Now()); err != nil {
			return err
		}
		done++
		report.countMedia(info)
		l.progress(LookingUpMedia, done, total)
	}
	return errors.Join(l.File.Explain(reading), context.Cause(ctx))
}

// reopenMedia lets links be asked once more that nobody wanted before, that lead into private networks, if that is
// allowed now, and those that have died since or are not surely gone, if they can be made anew. If media are not wanted as links, it closes them.
func (l *Loader) reopenMedia(maker sql.NullInt64) error {
	return l.File.Update(func(tx *sql.Tx) error {
		if l.Filter.Media != MediaAsLink {
			_, err := tx.Exec(`UPDATE media SET status = 'unwanted' WHERE status IN ('pending', 'failed')`)
			return err
		}
		_, err := tx.Exec(`UPDATE media SET status = 'pending' WHERE status = 'unwanted' OR status = 'refused' AND ?
			OR maker = ? AND (status = 'found' AND expires BETWEEN 1 AND ? OR status = 'gone' AND unsure)`,
			l.AllowPrivateMedia, maker, time.Now().UnixMilli())
		return errors.Join(err, migration.SetSetting(tx, settingPrivateMedia, l.AllowPrivateMedia))
	})
}

func (r *LoadReport) countMedia(info mediaInfo) {
	r.MediaRenewed += one(info.Renewed)
	switch info.Status {
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

// openMedia yields what is to be asked, in the order of the alphabet; what a source can make
// anew only if that is maker. What keeps it from reading is left in failure.
func openMedia(q migration.Querier, maker sql.NullInt64, failure *error) iter.Seq[mediaLink] {
	return func(yield func(mediaLink) bool) {
		for last := ""; ; {
			page, err := openMediaAfter(q, maker, last)
			if *failure = err; err != nil || len(page) == 0 {
				return
			}
			for _, link := range page {
				if !yield(link) {
					return
				}
				last = link.key
			}
		}
	}
}

func openMediaAfter(q migration.Querier, maker sql.NullInt64, last string) (page []mediaLink, err error) {
	rows, err := q.Query(`SELECT key, url, maker IS NOT NULL FROM media WHERE status IN ('pending', 'failed') AND key > ?
		AND (maker IS NULL OR maker = ?) ORDER BY key LIMIT 500`, last, maker)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var link mediaLink
		if err := rows.Scan(&link.key, &link.url, &link.renewable); err != nil {
			return nil, err
		}
		page = append(page, link)
	}
	return page, rows.Err()
}

// keepMedia writes down what was found out about media at a time.
func (f *File) keepMedia(key string, info mediaInfo, at time.Time) error {
	expires := int64(0)
	if !info.Expires.IsZero() {
		expires = info.Expires.UnixMilli()
	}
	return f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE media SET status = ?, size = ?, mime = ?, name = ?, expires = ?, reason = ?, url = ?,
			checked = ?, renewed = renewed + ?, unsure = ? WHERE key = ?`,
			string(info.Status), info.Size, info.MIME, info.Name, expires, info.Reason, info.URL, at.UnixMilli(), info.Renewed, info.Unsure, key)
		return err
	})
}

// mediaOf returns what is known of the media of m. Where nobody had to ask, they count as found; where nobody wanted
// to, nothing is known.
func mediaOf(q migration.Querier, cv *conversation, m *outgoing) (mediaInfo, error) {
	key := mediaKey(m.sourceKind, cv.externalID, &m.content)
	if !key.Valid {
		return mediaInfo{Status: mediaFound}, nil
	}
	var info mediaInfo
	var expires, checked int64
	err := q.QueryRow(`SELECT status, size, mime, name, url, expires, checked,
		coalesce((SELECT name FROM source WHERE id = maker), '') FROM media WHERE key = ?`, key).
		Scan(&info.Status, &info.Size, &info.MIME, &info.Name, &info.URL, &expires, &checked, &info.Maker)
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

// nameOfURL returns the last part of a URL's path, "" if there is none.
func nameOfURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return mediaName(u.Path)
}
