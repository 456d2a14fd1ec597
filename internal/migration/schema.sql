-- The migration file, version 1. All times are Unix milliseconds, UTC.
-- No secret, token or signed header is ever written to it.

-- Settings of the whole migration, as JSON. Their names are in importer/file.go.
CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The sources that were loaded.
CREATE TABLE source (
  id       INTEGER PRIMARY KEY,
  name     TEXT    NOT NULL UNIQUE,    -- "csv:chats.csv"
  reading  INTEGER NOT NULL DEFAULT 0, -- number of the present reading, from 1
  cursor   TEXT    NOT NULL DEFAULT '',-- where the next batch begins, in a form of the source
  finished INTEGER NOT NULL DEFAULT 0, -- 1: read to its end and planned
  absent   INTEGER NOT NULL DEFAULT 0, -- planned messages that an earlier reading held and the last does not
  confined TEXT    NOT NULL DEFAULT '',-- the conversations that the last reading was confined to, a JSON array; '' for all
  partial  INTEGER NOT NULL DEFAULT 0  -- 1: a reading of all conversations was interrupted, and only some were read since
) STRICT;

-- Every message as it was read, in the order of arrival. load adds rows and plans them; the setting "planned" is the
-- last row that is planned.
CREATE TABLE staging (
  id           INTEGER PRIMARY KEY,   -- order of arrival
  source       INTEGER NOT NULL REFERENCES source (id),
  reading      INTEGER NOT NULL,      -- of that source
  conversation TEXT    NOT NULL,      -- id at the source
  time         INTEGER NOT NULL,      -- when the message was written
  direction    TEXT    NOT NULL,      -- incoming, outgoing
  kind         TEXT    NOT NULL,      -- text, picture, ...
  author       INTEGER REFERENCES author (id), -- of an outgoing message
  length       INTEGER NOT NULL,      -- of the text, in characters
  media_key    TEXT,                  -- media.key if the source does not give all that Kommo requires
  identity     BLOB    NOT NULL,      -- 16 bytes, see importer/identity.go
  counted      INTEGER NOT NULL,      -- 1: without ids at the source, equal messages are told apart by counting
  content      TEXT    NOT NULL,      -- sources.Message as JSON
  deleted      INTEGER NOT NULL DEFAULT 0, -- 1: its author deleted it
  skip         TEXT    NOT NULL DEFAULT '' -- why the message has no form in Kommo, '' if it has one
) STRICT;

-- The client's data as the messages show it. Planning merges it into conversation and empties the table.
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

-- The authors of outgoing messages. They can be mapped to Kommo users.
CREATE TABLE author (
  id          INTEGER PRIMARY KEY,
  external_id TEXT NOT NULL,
  name        TEXT NOT NULL,
  UNIQUE (external_id, name)
) STRICT;

-- The conversations, with the numbers of their messages by state.
CREATE TABLE conversation (
  id            INTEGER PRIMARY KEY,
  external_id   TEXT    NOT NULL UNIQUE,     -- at the source, verbatim
  kind          TEXT    NOT NULL,            -- person, group
  first         INTEGER NOT NULL,            -- staging.id of its first message; conversations are sent in this order
  client_id     TEXT    NOT NULL,
  client_name   TEXT    NOT NULL,
  client_phone  TEXT    NOT NULL,            -- E.164 or empty
  client_email  TEXT    NOT NULL,
  client_avatar TEXT    NOT NULL,
  chat_id       TEXT    NOT NULL DEFAULT '', -- at Kommo, '' until Kommo names it
  notifier      INTEGER,                     -- message.staging of the message that was sent with silent=false; NULL if
                                             -- none was, or Kommo is known not to have it
  duplicate     INTEGER NOT NULL DEFAULT 0,
  skipped       INTEGER NOT NULL DEFAULT 0,
  planned       INTEGER NOT NULL DEFAULT 0,
  sending       INTEGER NOT NULL DEFAULT 0,
  accepted      INTEGER NOT NULL DEFAULT 0,
  verified      INTEGER NOT NULL DEFAULT 0,
  refused       INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX conversation_pending ON conversation (first) WHERE planned + sending > 0;

-- The plan: every message once, in the order in which a conversation's messages are sent.
CREATE TABLE message (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  time         INTEGER NOT NULL,            -- when it was written, as the source says
  staging      INTEGER NOT NULL,            -- staging.id: its content, and its order among messages of one time
  identity     BLOB    NOT NULL,            -- 16 bytes; the msgid in hexadecimal
  source       INTEGER NOT NULL REFERENCES source (id),
  reading      INTEGER NOT NULL,            -- the last reading of that source that held it
  direction    TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  author       INTEGER REFERENCES author (id),
  length       INTEGER NOT NULL,            -- of the text, in characters
  msec         INTEGER NOT NULL,            -- msec_timestamp: time, moved on so that no two messages have the same
  state        TEXT    NOT NULL             -- IN would build a table of the six words for every row
                 CHECK (state = 'planned' OR state = 'accepted' OR state = 'sending' OR state = 'skipped'
                   OR state = 'verified' OR state = 'refused'),
  reason       TEXT    NOT NULL DEFAULT '', -- why it is skipped, or Kommo's detail if it was refused
  as_text      INTEGER NOT NULL DEFAULT 0,  -- 1: its media are sent as text: Kommo refused them, or --media=text
  may_exist    INTEGER NOT NULL DEFAULT 0,  -- 1: it was once in doubt, or accepted and then missing: it may still appear
  sent_at      INTEGER,                     -- when it was last marked as sending
  remote_id    TEXT    NOT NULL DEFAULT '', -- its id at Kommo
  PRIMARY KEY (conversation, time, staging)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_identity ON message (conversation, identity);

-- Messages that were read more than once: from two sources, or twice in one reading.
CREATE TABLE duplicate (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  identity     BLOB    NOT NULL,
  source       INTEGER NOT NULL REFERENCES source (id),
  number       INTEGER NOT NULL, -- of this duplicate within the source, from 1
  reading      INTEGER NOT NULL, -- the last reading of that source that held it
  position     TEXT    NOT NULL, -- in the source
  differs      INTEGER NOT NULL, -- 1: it has the id of the planned message, but another content
  PRIMARY KEY (conversation, identity, source, number)
) STRICT, WITHOUT ROWID;

-- Entries of a source that could not be parsed.
CREATE TABLE invalid (
  id       INTEGER PRIMARY KEY,
  source   INTEGER NOT NULL REFERENCES source (id),
  reading  INTEGER NOT NULL,
  position TEXT    NOT NULL, -- "chats.csv:17"
  reason   TEXT    NOT NULL,
  raw      TEXT    NOT NULL, -- the entry as the source holds it, cut
  conversation TEXT NOT NULL DEFAULT '' -- id at the source, '' if not known
) STRICT;

-- Media whose links are asked: those without a size at the source, and those whose links expire.
CREATE TABLE media (
  key        TEXT    NOT NULL PRIMARY KEY,   -- the link; "green-api:CONVERSATION/MESSAGE" if it can be renewed
  source_url TEXT    NOT NULL,               -- the link as the source gave it last
  url        TEXT    NOT NULL,               -- the link as it is now; '' if there is none
  renewer    INTEGER REFERENCES source (id), -- the source that makes new links; NULL if none does
  status     TEXT    NOT NULL DEFAULT 'pending'
               CHECK (status IN ('pending', 'found', 'gone', 'refused', 'failed', 'unwanted')),
  size       INTEGER NOT NULL DEFAULT 0,     -- bytes
  mime       TEXT    NOT NULL DEFAULT '',
  name       TEXT    NOT NULL DEFAULT '',
  expires    INTEGER NOT NULL DEFAULT 0,     -- when the link expires; 0 if not known
  reason     TEXT    NOT NULL DEFAULT '',    -- why there is no file to send
  checked    INTEGER NOT NULL DEFAULT 0,     -- when the link was asked last
  renewed    INTEGER NOT NULL DEFAULT 0,     -- how often the link was renewed
  uncertain  INTEGER NOT NULL DEFAULT 0      -- 1: gone by an answer that may differ another time
) STRICT, WITHOUT ROWID;

CREATE INDEX media_open ON media (key) WHERE status IN ('pending', 'failed');

-- The chats that the last verification reads back, and how far it is with each.
CREATE TABLE readback (
  conversation   INTEGER PRIMARY KEY REFERENCES conversation (id),
  pass           INTEGER NOT NULL DEFAULT 1, -- 1 reads the whole chat, later passes look for missing messages
  offset         INTEGER NOT NULL DEFAULT 0, -- entries of the chat before the next page
  repeats        INTEGER NOT NULL DEFAULT 0, -- full pages in a row that brought nothing new
  oldest_first   INTEGER NOT NULL DEFAULT 0, -- 1: the chat shows its oldest messages first
  found          INTEGER NOT NULL DEFAULT 0, -- messages of the plan that the chat shows; 0 until ended
  oldest_missing INTEGER NOT NULL DEFAULT 0, -- msec of the oldest message that the present pass looks for
  missing_since  INTEGER NOT NULL DEFAULT 0, -- when the first pass ended with messages missing; 0 if it did not
  next_at        INTEGER NOT NULL DEFAULT 0, -- when the present pass may begin
  ended          INTEGER NOT NULL DEFAULT 0  -- 1: the reading of the chat has ended for this verification
) STRICT;

CREATE INDEX readback_open ON readback (next_at) WHERE ended = 0;

-- The messages of these chats as Kommo shows them. The entries of a chat are deleted when its reading ends.
CREATE TABLE entry (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  remote_id    TEXT    NOT NULL, -- the message's id at Kommo
  client_id    TEXT    NOT NULL, -- our id, as Kommo shows it; '' if the plan has the message
  identity     BLOB,             -- of the message of the plan; NULL if the plan does not have it
  pass         INTEGER NOT NULL, -- the last pass that showed it
  place        INTEGER NOT NULL, -- in the history, in that pass
  time         INTEGER NOT NULL, -- as Kommo shows it; 0 if it shows none
  difference   TEXT    NOT NULL, -- from the message as it was sent, '' for none
  moved        INTEGER NOT NULL, -- 1: it was sent with another time, so its place says nothing
  PRIMARY KEY (conversation, remote_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX entry_identity ON entry (conversation, identity) WHERE identity IS NOT NULL;

-- Differences between the chats and the plan that the last verification found.
CREATE TABLE finding (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  kind         TEXT    NOT NULL,           -- FindingKind
  identity     BLOB    NOT NULL,           -- of the message of the plan; x'' for a foreign message and for a whole chat
  client_id    TEXT    NOT NULL,           -- the msgid of a foreign message, '' if it has none; '' for all others
  remote_id    TEXT    NOT NULL,           -- the message's id at Kommo; '' if it is missing or out of order
  time         INTEGER NOT NULL,           -- when it was written; of a foreign message, as Kommo shows it, or 0
  reason       TEXT    NOT NULL,
  retried      INTEGER NOT NULL DEFAULT 0, -- 1: it was missing, and was planned again
  PRIMARY KEY (conversation, kind, identity, remote_id)
) STRICT, WITHOUT ROWID;
