package importer

import "database/sql"

// RetryMissing plans again what the last verification missed, and returns how many messages that are. Each of them
// may show late all the same, so the next send looks for it in its chat before it posts it.
//
// Whether one that was to notify has notified nobody knows: it stays the one that does, and no other takes its place.
func (f *File) RetryMissing() (planned int, err error) {
	const missing = `SELECT m.conversation, m.time, m.spool FROM finding f
		JOIN message m ON m.conversation = f.conversation AND m.identity = unhex(f.msgid)
		WHERE f.kind = 'missing' AND NOT f.retried AND m.state = 'accepted'`
	err = f.Update(func(tx *sql.Tx) error {
		_, err := tx.Exec(`UPDATE conversation SET accepted = accepted - n, planned = planned + n
			FROM (SELECT conversation, count(*) AS n FROM (` + missing + `) GROUP BY conversation) AS missing
			WHERE conversation.id = missing.conversation`)
		if err != nil {
			return err
		}
		planned, err = affected(tx.Exec(`UPDATE message SET state = 'planned', doubtful = 1
			WHERE (conversation, time, spool) IN (` + missing + `)`))
		if err != nil {
			return err
		}
		for _, statement := range []string{
			`UPDATE finding SET retried = 1 WHERE kind = 'missing'`,
			`DELETE FROM readback WHERE ended = 0`, // the next verification is a new one
		} {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	return planned, err
}
