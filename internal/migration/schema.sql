-- The migration file, version 1. Every time is in Unix milliseconds, UTC.
-- No secret, token or signed header is ever written here.

-- What holds for the whole migration: the recipe of the message ids, the filters of the last load, and from the
-- first send on the scope and the conversation prefix.
CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The places that were read.
CREATE TABLE source (
  id       INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL UNIQUE,    -- "csv:chats.csv"
  reading  INTEGER NOT NULL DEFAULT 0, -- how often it was begun at its beginning
  cursor   TEXT    NOT NULL DEFAULT '',-- where the next batch begins; known to the source only
  finished INTEGER NOT NULL DEFAULT 0, -- 1: read to its end and planned
  absent   INTEGER NOT NULL DEFAULT 0, -- messages in the plan that an earlier reading held and the last one did not
  confined TEXT    NOT NULL DEFAULT '',-- the conversations that the last reading was confined to, a JSON array; '' for all
  partial  INTEGER NOT NULL DEFAULT 0  -- 1: a reading of all of them was interrupted, and only some were read since
) STRICT;

-- Every message as it was read, in the order of arrival. Rows up to the setting "arranged" stand in message too.
CREATE TABLE spool (
  id           INTEGER PRIMARY KEY,   -- order of arrival
  source       INTEGER NOT NULL REFERENCES source (id),
  reading      INTEGER NOT NULL,      -- the reading of that source
  conversation TEXT    NOT NULL,      -- the conversation's id at the source
  time         INTEGER NOT NULL,      -- when it was written
  direction    TEXT    NOT NULL,      -- incoming, outgoing
  kind         TEXT    NOT NULL,      -- text, picture, ...
  author       INTEGER REFERENCES author (id), -- who wrote it, if it is outgoing
  length       INTEGER NOT NULL,      -- of the text, in characters
  lookup       TEXT,                  -- media.key, where the source does not tell all that Kommo wants to know
  identity     BLOB    NOT NULL,      -- 16 bytes, see identity.go
  counted      INTEGER NOT NULL,      -- 1: the source has no ids, so how many identical ones came before counts
  content      TEXT    NOT NULL,      -- sources.Message as JSON
  skip         TEXT    NOT NULL DEFAULT '' -- why it has no form in Kommo, '' if it has one
) STRICT;

-- What the messages told of the other side of their conversation; emptied when it has gone into conversation.
CREATE TABLE sighting (
  id           INTEGER PRIMARY KEY,   -- order of arrival
  conversation TEXT NOT NULL,
  kind         TEXT NOT NULL,
  client_id    TEXT NOT NULL,
  name         TEXT NOT NULL,
  phone        TEXT NOT NULL,
  email        TEXT NOT NULL,
  avatar       TEXT NOT NULL
) STRICT;

-- The people who wrote outgoing messages. They can be mapped to Kommo users.
CREATE TABLE author (
  id          INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  UNIQUE (external_id, name)
) STRICT;

-- The conversations, and how many of their messages are in which state.
CREATE TABLE conversation (
  id            INTEGER PRIMARY KEY,
  external_id   TEXT    NOT NULL UNIQUE,     -- at the source, verbatim
  kind          TEXT    NOT NULL,            -- person, group
  first         INTEGER NOT NULL,            -- spool.id of its first message: conversations are sent in this order
  client_id     TEXT    NOT NULL,
  client_name   TEXT    NOT NULL,
  client_phone  TEXT    NOT NULL,            -- E.164 or empty
  client_email  TEXT    NOT NULL,
  client_avatar TEXT    NOT NULL,
  chat_id       TEXT    NOT NULL DEFAULT '', -- at Kommo, once it has told
  loud          INTEGER,                     -- message.spool of the one that was sent with silent=false, and is not
                                             -- known to have been turned down
  duplicate     INTEGER NOT NULL DEFAULT 0,
  skipped       INTEGER NOT NULL DEFAULT 0,
  planned       INTEGER NOT NULL DEFAULT 0,
  sending       INTEGER NOT NULL DEFAULT 0,
  accepted      INTEGER NOT NULL DEFAULT 0,
  verified      INTEGER NOT NULL DEFAULT 0,
  refused       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX conversation_open ON conversation (first) WHERE planned + sending > 0;

-- What becomes of every message, in the order in which a conversation's messages are sent.
CREATE TABLE message (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  time         INTEGER NOT NULL,            -- when it was written, as the source says
  spool        INTEGER NOT NULL,            -- spool.id: its content, and the order within one time
  identity     BLOB    NOT NULL,            -- 16 bytes; in hexadecimal the msgid
  source       INTEGER NOT NULL REFERENCES source (id),
  reading      INTEGER NOT NULL,            -- the last reading of that source that held it
  direction    TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  author       INTEGER REFERENCES author (id),
  length       INTEGER NOT NULL,            -- of the text, in characters
  msec         INTEGER NOT NULL,            -- msec_timestamp: time, moved on so that no two are equal
  state        TEXT    NOT NULL             -- IN would build a table of the six words for every row
                 CHECK (state = 'planned' OR state = 'accepted' OR state = 'sending' OR state = 'skipped'
                   OR state = 'verified' OR state = 'refused'),
  reason       TEXT    NOT NULL DEFAULT '', -- why it is skipped, or Kommo's words when it was refused
  as_text      INTEGER NOT NULL DEFAULT 0,  -- 1: its media go as text: Kommo refused them, or nobody wants them
  doubtful     INTEGER NOT NULL DEFAULT 0,  -- 1: once sent with an outcome that nobody knows, or accepted and not there
  sent_at      INTEGER,                     -- when it was last marked as sending, for people
  remote_id    TEXT    NOT NULL DEFAULT '', -- the message's id at Kommo
  PRIMARY KEY (conversation, time, spool)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_identity ON message (conversation, identity);

-- Messages that were read more than once: from two places, or twice in one.
CREATE TABLE duplicate (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  identity     BLOB    NOT NULL,
  source       INTEGER NOT NULL REFERENCES source (id),
  copy         INTEGER NOT NULL, -- the how-manieth of that source
  reading      INTEGER NOT NULL, -- the last reading of that source that held it
  position     TEXT    NOT NULL, -- where it stands there
  differs      INTEGER NOT NULL, -- 1: it has the same id as the message in the plan, and says something else
  PRIMARY KEY (conversation, identity, source, copy)
) STRICT, WITHOUT ROWID;

-- What could not be understood.
CREATE TABLE invalid (
  id       INTEGER PRIMARY KEY,
  source   INTEGER NOT NULL REFERENCES source (id),
  reading  INTEGER NOT NULL,
  position TEXT    NOT NULL, -- "chats.csv:17"
  reason   TEXT    NOT NULL,
  raw      TEXT    NOT NULL, -- as it stands in the source, cut
  conversation TEXT NOT NULL DEFAULT '' -- its id at the source, '' if it is not known
) STRICT;

-- What is known of media that have to be asked about: those whose size the source did not tell, and all whose links die.
CREATE TABLE media (
  key       TEXT    NOT NULL PRIMARY KEY, -- the link; for one that can be made anew "green-api:CONVERSATION/MESSAGE"
  told      TEXT    NOT NULL,            -- the link as the source told it last
  url       TEXT    NOT NULL,            -- the link as it is now; '' if there is none
  maker     INTEGER REFERENCES source (id), -- the source that makes new links; NULL if none does
  status    TEXT    NOT NULL DEFAULT 'pending'
              CHECK (status IN ('pending', 'found', 'gone', 'refused', 'failed', 'unwanted')),
  size      INTEGER NOT NULL DEFAULT 0,  -- bytes
  mime      TEXT    NOT NULL DEFAULT '',
  name      TEXT    NOT NULL DEFAULT '',
  expires   INTEGER NOT NULL DEFAULT 0,  -- when the link dies; 0 if not told
  reason    TEXT    NOT NULL DEFAULT '', -- why there is nothing to send
  checked   INTEGER NOT NULL DEFAULT 0,  -- when the link was asked last
  renewed   INTEGER NOT NULL DEFAULT 0,  -- how often the link was made anew
  unsure    INTEGER NOT NULL DEFAULT 0   -- 1: gone by an answer that may be another one another time
) STRICT, WITHOUT ROWID;

CREATE INDEX media_open ON media (key) WHERE status IN ('pending', 'failed');

-- The chats that the last verification reads back, and how far it is with each.
CREATE TABLE readback (
  conversation   INTEGER PRIMARY KEY REFERENCES conversation (id),
  pass           INTEGER NOT NULL DEFAULT 1, -- 1 reads the whole chat, later passes look for missing messages
  offset         INTEGER NOT NULL DEFAULT 0, -- entries of the chat before the next page
  repeats        INTEGER NOT NULL DEFAULT 0, -- full pages in a row that brought nothing new
  oldest_first   INTEGER NOT NULL DEFAULT 0, -- 1: the chat shows its oldest messages first
  found          INTEGER NOT NULL DEFAULT 0, -- messages of the plan that the chat has shown
  missing        INTEGER NOT NULL DEFAULT 0, -- messages that the present pass looks for
  oldest_missing INTEGER NOT NULL DEFAULT 0, -- msec of the oldest of them
  missing_since  INTEGER NOT NULL DEFAULT 0, -- when the first pass ended with messages missing; 0 if it did not
  next_at        INTEGER NOT NULL DEFAULT 0, -- when the present pass may begin
  ended          INTEGER NOT NULL DEFAULT 0  -- 1: every message has a verdict
) STRICT;

CREATE INDEX readback_open ON readback (next_at) WHERE ended = 0;

-- The messages of these chats as Kommo shows them. The entries of a chat are deleted when its messages have verdicts.
CREATE TABLE entry (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  remote_id    TEXT    NOT NULL, -- the message's id at Kommo
  client_id    TEXT    NOT NULL, -- its msgid; anything if it is not of this migration
  identity     BLOB,             -- of the message of the plan; NULL if the plan does not have it
  pass         INTEGER NOT NULL, -- the last pass that showed it
  place        INTEGER NOT NULL, -- in the history, in that pass
  time         INTEGER NOT NULL, -- as Kommo shows it; 0 if it shows none
  difference   TEXT    NOT NULL, -- from what was sent, '' for none
  moved        INTEGER NOT NULL, -- 1: its time is not the one that was sent, so its place says nothing
  PRIMARY KEY (conversation, remote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_identity ON entry (conversation, identity) WHERE identity IS NOT NULL;

-- What the last verification found to be otherwise than it should be.
CREATE TABLE finding (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  kind         TEXT    NOT NULL,           -- FindingKind
  msgid        TEXT    NOT NULL,           -- as the chat has it: of a message of the plan, anything if it is foreign
  remote_id    TEXT    NOT NULL,           -- the message's id at Kommo; '' if it is missing or out of order
  time         INTEGER NOT NULL,           -- when it was written; of a foreign one, what Kommo says or 0
  reason       TEXT    NOT NULL,
  retried      INTEGER NOT NULL DEFAULT 0, -- 1: it was missing, and has been planned again
  PRIMARY KEY (conversation, kind, msgid, remote_id)
) STRICT, WITHOUT ROWID;
