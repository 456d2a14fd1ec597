package importer

import "database/sql"

// The statements of an arrangement, which run once for every message or conversation.
type statements struct {
	find   *sql.Stmt // a conversation by its id at the source
	keep   *sql.Stmt // makes a conversation, or brings its client up to date
	count  *sql.Stmt // adds to a conversation's numbers
	insert *sql.Stmt // a message, unless it is there
	known  *sql.Stmt // the message that is there
	used   *sql.Stmt // whether the present reading holds a message
	copied *sql.Stmt // the first copy that the present reading does not hold yet, and the last of all
	copy   *sql.Stmt // a copy, made or held again
	seen   *sql.Stmt // notes that the present reading holds a message
	renew  *sql.Stmt // gives a message another row of spool, and what that says
	media  *sql.Stmt // wants the media of a row of spool to be asked about
	remake *sql.Stmt // lets the source that told of a copy last make new links to its file
	drop   *sql.Stmt // notes a row of spool that has no use
}

// prepare makes the statements, and the table of the rows that have no use.
func (s *statements) prepare(tx *sql.Tx) error {
	if _, err := tx.Exec(`CREATE TEMP TABLE IF NOT EXISTS dropped (id INTEGER PRIMARY KEY)`); err != nil {
		return err
	}
	for _, statement := range []struct {
		prepared **sql.Stmt
		text     string
	}{
		{&s.find, `SELECT id, kind, client_id, client_name, client_phone, client_email, client_avatar
			FROM conversation WHERE external_id = ?`},
		{&s.keep, `INSERT INTO conversation (external_id, kind, first, client_id, client_name, client_phone, client_email,
				client_avatar) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (external_id) DO UPDATE SET client_name = excluded.client_name,
				client_phone = excluded.client_phone, client_email = excluded.client_email,
				client_avatar = excluded.client_avatar
			RETURNING id`},
		{&s.count, `UPDATE conversation SET planned = planned + ?, skipped = skipped + ?, first = ? WHERE id = ?`},
		{&s.insert, `INSERT INTO message (conversation, time, spool, identity, source, reading, direction, kind, author,
			length, msec, state, reason, as_text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (conversation, identity) DO NOTHING`},
		{&s.known, `SELECT time, spool, source, reading, state, doubtful FROM message WHERE conversation = ? AND identity = ?`},
		{&s.used, `SELECT EXISTS (SELECT 1 FROM message WHERE conversation = ?1 AND identity = ?2 AND source = ?3 AND reading = ?4)
			OR EXISTS (SELECT 1 FROM duplicate WHERE conversation = ?1 AND identity = ?2 AND source = ?3 AND reading = ?4)`},
		{&s.copied, `SELECT min(iif(reading < ?4, copy, NULL)), coalesce(max(copy), 0) FROM duplicate
			WHERE conversation = ?1 AND identity = ?2 AND source = ?3`},
		{&s.copy, `INSERT INTO duplicate (conversation, identity, source, copy, reading, position, differs)
			SELECT ?1, ?2, ?3, ?4, ?5, coalesce(new.content ->> '$.position', ''),
				?6 AND json_remove(new.content, '$.position') <> json_remove(old.content, '$.position')
			FROM spool new, spool old WHERE new.id = ?7 AND old.id = ?8
			ON CONFLICT DO UPDATE SET reading = excluded.reading, position = excluded.position, differs = excluded.differs`},
		{&s.seen, `UPDATE message SET reading = ? WHERE conversation = ? AND time = ? AND spool = ?`},
		{&s.renew, `UPDATE message SET (time, spool, direction, kind, author, length, reading) =
			(SELECT time, id, direction, kind, author, length, ?2 FROM spool WHERE id = ?1)
			WHERE conversation = ?3 AND time = ?4 AND spool = ?5`},
		{&s.media, `INSERT INTO media (key, told, url, maker)
			SELECT lookup, coalesce(content ->> '$.media.url', ''), coalesce(content ->> '$.media.url', ''),
				iif(content ->> '$.media.renewable', source, NULL) FROM spool WHERE id = ? AND lookup IS NOT NULL
			ON CONFLICT DO UPDATE SET told = excluded.told, url = excluded.told, maker = excluded.maker, status = 'pending'
				WHERE excluded.told NOT IN ('', told) AND NOT (status = 'found' AND excluded.told = url)`},
		{&s.remake, `UPDATE media SET maker = s.source, status = iif(status = 'found', status, 'pending')
			FROM spool s WHERE s.id = ? AND key = s.lookup AND maker <> s.source`},
		{&s.drop, `INSERT INTO dropped (id) VALUES (?)`},
	} {
		var err error
		if *statement.prepared, err = tx.Prepare(statement.text); err != nil {
			return err
		}
	}
	return nil
}

func (s *statements) close() {
	for _, statement := range []*sql.Stmt{s.find, s.keep, s.count, s.insert, s.known, s.used, s.copied, s.copy, s.seen, s.renew,
		s.media, s.remake, s.drop} {
		if statement != nil {
			statement.Close()
		}
	}
}
