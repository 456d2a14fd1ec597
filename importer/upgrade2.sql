-- From version 1 to 2: messages without a form in Kommo, readings of some conversations, and media whose links die.
ALTER TABLE source ADD COLUMN confined TEXT NOT NULL DEFAULT '';
ALTER TABLE spool ADD COLUMN skip TEXT NOT NULL DEFAULT '';
ALTER TABLE invalid ADD COLUMN conversation TEXT NOT NULL DEFAULT '';

DROP INDEX media_open;
ALTER TABLE media RENAME TO media1;
CREATE TABLE media (
  key       TEXT    NOT NULL PRIMARY KEY,
  told      TEXT    NOT NULL,
  url       TEXT    NOT NULL,
  maker     INTEGER REFERENCES source (id),
  status    TEXT    NOT NULL DEFAULT 'pending'
              CHECK (status IN ('pending', 'found', 'gone', 'refused', 'failed', 'unwanted')),
  size      INTEGER NOT NULL DEFAULT 0,
  mime      TEXT    NOT NULL DEFAULT '',
  name      TEXT    NOT NULL DEFAULT '',
  expires   INTEGER NOT NULL DEFAULT 0,
  reason    TEXT    NOT NULL DEFAULT '',
  checked   INTEGER NOT NULL DEFAULT 0,
  renewed   INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX media_open ON media (key) WHERE status IN ('pending', 'failed');

INSERT INTO media (key, told, url, maker, status, size, mime, name, expires, reason)
  SELECT url, url, url, NULL, status, size, mime, name, expires, reason FROM media1;
DROP TABLE media1;
