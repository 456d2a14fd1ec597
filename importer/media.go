package importer

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"

	"kommo-import/sources"
)

// lookUpMedia asks the media URLs whose size no source told, each once, and those that did not answer the last time.
// Every answer is written down as it comes.
func (l *Loader) lookUpMedia(ctx context.Context, report *LoadReport) error {
	if l.AllowPrivateMedia {
		if err := l.File.askRefusedMedia(); err != nil {
			return err
		}
	}
	var total int
	err := l.File.read.QueryRow(`SELECT count(*) FROM media WHERE status IN ('pending', 'failed')`).Scan(&total)
	if err != nil || total == 0 {
		return l.File.explain(err)
	}
	lookup := &mediaLookup{AllowPrivate: l.AllowPrivateMedia}
	var reading error
	done := 0
	for address, info := range lookup.all(ctx, openMedia(l.File.read, &reading)) {
		if err := l.File.keepMedia(address, info); err != nil {
			return err
		}
		done++
		report.countMedia(info.Status)
		l.progress(LookingUpMedia, done, total)
	}
	return errors.Join(l.File.explain(reading), context.Cause(ctx))
}

// askRefusedMedia lets the links be asked that a load before did not ask, because they lead into private networks.
func (f *File) askRefusedMedia() error {
	return f.update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE media SET status = 'pending' WHERE status = 'refused'`)
		return err
	})
}

func (r *LoadReport) countMedia(status mediaStatus) {
	switch status {
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

// openMedia yields the URLs that are to be asked, in the order of the alphabet. What keeps it from reading is left in
// failure.
func openMedia(q querier, failure *error) iter.Seq[string] {
	return func(yield func(string) bool) {
		for last := ""; ; {
			page, err := openMediaAfter(q, last)
			if *failure = err; err != nil || len(page) == 0 {
				return
			}
			for _, last = range page {
				if !yield(last) {
					return
				}
			}
		}
	}
}

func openMediaAfter(q querier, last string) (page []string, err error) {
	rows, err := q.Query(`SELECT url FROM media WHERE status IN ('pending', 'failed') AND url > ? ORDER BY url LIMIT 500`, last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var address string
		if err := rows.Scan(&address); err != nil {
			return nil, err
		}
		page = append(page, address)
	}
	return page, rows.Err()
}

func (f *File) keepMedia(address string, info mediaInfo) error {
	expires := int64(0)
	if !info.Expires.IsZero() {
		expires = info.Expires.UnixMilli()
	}
	return f.update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE media SET status = ?, size = ?, mime = ?, name = ?, expires = ?, reason = ? WHERE url = ?`,
			string(info.Status), info.Size, info.MIME, info.Name, expires, info.Reason, address)
		return err
	})
}

// mediaOf returns what is known of a message's media. Where nobody had to ask, they count as found.
func mediaOf(q querier, m *sources.Message) (mediaInfo, error) {
	address := needsLookup(m)
	if !address.Valid {
		return mediaInfo{Status: mediaFound}, nil
	}
	var info mediaInfo
	err := q.QueryRow(`SELECT status, size, mime, name, reason FROM media WHERE url = ?`, address).
		Scan(&info.Status, &info.Size, &info.MIME, &info.Name, &info.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return info, fmt.Errorf("the migration file does not know a media link of message %s", m.Position)
	}
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
