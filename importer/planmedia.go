package importer

// wantMedia makes the media of a staging row pending, if it has media and their link was not asked before.
func (p *planner) wantMedia(staging int64) error {
	_, err := p.tx.Exec(`INSERT INTO media (key, source_url, url, renewer)
		SELECT media_key, coalesce(content ->> '$.media.url', ''), coalesce(content ->> '$.media.url', ''),
			iif(content ->> '$.media.renewable', source, NULL) FROM staging WHERE id = ? AND media_key IS NOT NULL
		ON CONFLICT DO UPDATE SET source_url = excluded.source_url, url = excluded.source_url, renewer = excluded.renewer, status = 'pending'
			WHERE excluded.source_url NOT IN ('', source_url) AND NOT (status = 'found' AND excluded.source_url = url)`, staging)
	return err
}

// adoptRenewer lets the source of a staging row make the new links to the media that the row shares with another
// source: the source that was loaded last.
func (p *planner) adoptRenewer(staging int64) error {
	_, err := p.tx.Exec(`UPDATE media SET renewer = s.source, status = iif(status = 'found', status, 'pending')
		FROM staging s WHERE s.id = ? AND key = s.media_key AND renewer <> s.source`, staging)
	return err
}
