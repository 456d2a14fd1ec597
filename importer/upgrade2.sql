-- From version 1 to 2: messages without a form in Kommo, readings of some conversations, media whose links die, and
-- verification.
ALTER TABLE source ADD COLUMN confined TEXT NOT NULL DEFAULT '';
ALTER TABLE source ADD COLUMN partial INTEGER NOT NULL DEFAULT 0;
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
  renewed   INTEGER NOT NULL DEFAULT 0,
  unsure    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX media_open ON media (key) WHERE status IN ('pending', 'failed');

INSERT INTO media (key, told, url, maker, status, size, mime, name, expires, reason)
  SELECT url, url, url, NULL, status, size, mime, name, expires, reason FROM media1;
DROP TABLE media1;

ALTER TABLE message ADD COLUMN met INTEGER NOT NULL DEFAULT 0;

CREATE TABLE readback (
  conversation INTEGER PRIMARY KEY REFERENCES conversation (id),
  pass    INTEGER NOT NULL DEFAULT 1,
  next    INTEGER NOT NULL DEFAULT 0,
  trail   TEXT    NOT NULL DEFAULT '',
  due     INTEGER NOT NULL DEFAULT 0,
  missed  INTEGER NOT NULL DEFAULT 0,
  met     INTEGER NOT NULL DEFAULT 0,
  ended   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX readback_open ON readback (due) WHERE ended = 0;

CREATE TABLE finding (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  kind         TEXT    NOT NULL,
  msgid        TEXT    NOT NULL,
  remote_id    TEXT    NOT NULL,
  time         INTEGER NOT NULL,
  reason       TEXT    NOT NULL,
  retried      INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (conversation, kind, msgid, remote_id)
) STRICT, WITHOUT ROWID;
