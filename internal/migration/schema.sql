-- The migration file, version 1. All times are Unix milliseconds, UTC.
-- No secret, token or signed header is ever written to it.

-- Settings of the whole migration, as JSON. Their names are in importer/file.go.
CREATE TABLE setting (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What is known about the file itself, in one row; see record.go.
CREATE TABLE record (
  file    TEXT    NOT NULL,           -- random id of this migration file
  commits INTEGER NOT NULL DEFAULT 0, -- number of the last commit
  sending INTEGER NOT NULL DEFAULT 0, -- the marker: 1 while a send runs, and after it was killed
  unsure  INTEGER NOT NULL DEFAULT 0, -- how often all conversations became unsure; see conversation.looked
  since   INTEGER NOT NULL DEFAULT 0  -- when they became unsure last
) STRICT;

-- The sources that were loaded. The plan holds the last finished reading of each, and of Green-API all readings.
CREATE TABLE source (
  id           INTEGER PRIMARY KEY,
  name         TEXT    NOT NULL UNIQUE,    -- "chats.csv", "green-api:7105000000"
  family       TEXT    NOT NULL,           -- table, green-api
  id_space     TEXT    NOT NULL,           -- its message ids are unique within it: the family, or with the name behind
  cursor       TEXT    NOT NULL DEFAULT '',-- where its reading ended, in a form of the source
  shape        TEXT    NOT NULL DEFAULT '',-- the settings of that reading, as JSON
  newest_first INTEGER NOT NULL DEFAULT 0, -- 1: its newest rows come first
  planned      INTEGER NOT NULL DEFAULT 0, -- 1: a reading of it is in the plan
  added        INTEGER NOT NULL DEFAULT 0  -- 1: it stays beside sources that look like it
) STRICT;

-- Readings that are not finished, or not in the plan yet.
CREATE TABLE unfinished (
  source     INTEGER PRIMARY KEY REFERENCES source (id),
  from_start INTEGER NOT NULL, -- 1: it replaces the reading in the plan; 0: it goes on behind it
  after      INTEGER NOT NULL, -- the last staging row before its rows
  cursor     TEXT    NOT NULL, -- where its next batch begins
  shape      TEXT    NOT NULL, -- its settings, as JSON
  balance    INTEGER NOT NULL  -- rows that are newer than the row before in their conversation, minus those that are older
) STRICT;

-- Every message as it was read, in the order of arrival.
CREATE TABLE staging (
  id           INTEGER PRIMARY KEY,   -- order of arrival
  source       INTEGER NOT NULL REFERENCES source (id),
  conversation TEXT    NOT NULL,      -- id at the source
  time         INTEGER NOT NULL,      -- when the message was written
  direction    TEXT    NOT NULL,      -- incoming, outgoing
  kind         TEXT    NOT NULL,      -- text, picture, ...
  author       INTEGER REFERENCES author (id), -- of an outgoing message
  length       INTEGER NOT NULL,      -- of the text, in characters
  media_key    TEXT,                  -- media.key if the source does not give all that Kommo requires
  identity     BLOB    NOT NULL,      -- 16 bytes, see importer/identity.go
  counted      INTEGER NOT NULL,      -- 1: without ids at the source, equal messages are told apart by counting
  words        INTEGER NOT NULL,      -- hash of the text, else of the file name; 0 if it has neither
  content      TEXT    NOT NULL,      -- sources.Message as JSON
  deleted      INTEGER NOT NULL DEFAULT 0, -- 1: its author deleted it
  skip         TEXT    NOT NULL DEFAULT '' -- why the message has no form in Kommo, '' if it has one
) STRICT;

-- The client's data as the messages show it. Planning merges it into conversation.
CREATE TABLE sighting (
  id           INTEGER PRIMARY KEY,   -- order of arrival
  source       INTEGER NOT NULL REFERENCES source (id),
  pending      INTEGER NOT NULL,      -- 1: its reading is not in the plan yet
  conversation TEXT NOT NULL,
  kind         TEXT NOT NULL,
  client_id    TEXT NOT NULL,
  name         TEXT NOT NULL,
  phone        TEXT NOT NULL,
  suspected    TEXT NOT NULL,         -- a phone that may be another person's
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

-- The chats, with the numbers of their messages by state. A chat holds one conversation, or several that were joined in the
-- sheet: then the row is that of the conversation that gives the chat its id, and the others have none.
CREATE TABLE conversation (
  id            INTEGER PRIMARY KEY,
  external_id   TEXT    NOT NULL UNIQUE,     -- at the source, verbatim
  kind          TEXT    NOT NULL,            -- person, group
  first         INTEGER NOT NULL,            -- staging.id of its first message; conversations are sent in this order
  kept          INTEGER NOT NULL DEFAULT 0,  -- 1: no source holds some of its sent messages now; nothing is added to it
  client_id     TEXT    NOT NULL,
  client_name   TEXT    NOT NULL,
  client_phone  TEXT    NOT NULL,            -- E.164 or empty
  phone_read    TEXT    NOT NULL,            -- the phone as the source has it
  suspected     TEXT    NOT NULL,            -- a phone that may be another person's
  client_email  TEXT    NOT NULL,
  client_avatar TEXT    NOT NULL,
  no_avatar     INTEGER NOT NULL DEFAULT 0,  -- 1: the avatar is not sent: Kommo refused it
  chat_id       TEXT    NOT NULL DEFAULT '', -- at Kommo, '' until Kommo names it
  looked        INTEGER NOT NULL DEFAULT 0,  -- record.unsure when its chat was last read for messages without a record; if
                                             -- record.unsure is greater, the conversation is unsure
  aside         TEXT    NOT NULL DEFAULT '', -- why the last send set it aside; '' if it did not
  notifier      INTEGER,                     -- message.place of the message that was sent with silent=false; NULL if
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

-- What the administrator has decided about conversations in the sheet. A conversation about which nothing is decided has no row.
CREATE TABLE decision (
  conversation TEXT    NOT NULL PRIMARY KEY, -- id at the source
  import       TEXT    NOT NULL DEFAULT '',  -- yes: whatever the filters say; no: it is left out; '' undecided
  notify       TEXT    NOT NULL DEFAULT '',  -- yes, no: whether the last message of its chat notifies; '' undecided
  chat         TEXT    NOT NULL DEFAULT '',  -- id of the conversation whose chat it joins; '' for a chat of its own
  contact      INTEGER NOT NULL DEFAULT 0    -- id of the contact to which its chat is linked; 0 undecided
) STRICT, WITHOUT ROWID;

CREATE INDEX decision_chat ON decision (chat) WHERE chat <> '';

-- The contacts of the account, as match has read them.
CREATE TABLE contact (
  id     INTEGER PRIMARY KEY,  -- at Kommo
  name   TEXT    NOT NULL,
  phones TEXT    NOT NULL,     -- as they were typed; a list in JSON
  emails TEXT    NOT NULL      -- a list in JSON
) STRICT;

-- The contacts to which chats can be linked, as match has found them.
CREATE TABLE matched (
  conversation TEXT    NOT NULL PRIMARY KEY, -- conversation.external_id
  contact      INTEGER NOT NULL,             -- contact.id; 0: several contacts
  found_by     TEXT    NOT NULL,             -- phone, e-mail
  candidates   TEXT    NOT NULL DEFAULT ''   -- of several contacts: the ids of the first, for people
) STRICT, WITHOUT ROWID;

-- What became of the links between chats and contacts.
CREATE TABLE link (
  conversation TEXT    NOT NULL PRIMARY KEY, -- conversation.external_id
  contact      INTEGER NOT NULL,             -- to which the chat was to be linked
  state        TEXT    NOT NULL CHECK (state IN ('linking', 'linked', 'elsewhere', 'refused')),
                                             -- linking: a request may have left; elsewhere: it belonged to another contact
  reason       TEXT    NOT NULL DEFAULT ''   -- the other contact, or why Kommo refused
) STRICT, WITHOUT ROWID;

-- The plan: every message once, in the order in which a conversation's messages are sent.
CREATE TABLE message (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  time         INTEGER NOT NULL,            -- when it was written, as the source says
  place        INTEGER NOT NULL,            -- its order among messages of one time
  staging      INTEGER NOT NULL,            -- staging.id: its content
  held         INTEGER,                     -- staging.id: the row of the last readings that holds it; NULL if none does
  identity     BLOB    NOT NULL,            -- 16 bytes; the msgid is ki1- and these in hexadecimal
  source       INTEGER NOT NULL REFERENCES source (id),
  direction    TEXT    NOT NULL,
  kind         TEXT    NOT NULL,
  author       INTEGER REFERENCES author (id),
  length       INTEGER NOT NULL,            -- of the text, in characters
  words        INTEGER NOT NULL,            -- staging.words
  msec         INTEGER NOT NULL,            -- msec_timestamp: time, moved on so that no two messages have the same
  added        INTEGER NOT NULL,            -- the planning that added it
  planning     INTEGER NOT NULL,            -- the last planning that found it in a source
  state        TEXT    NOT NULL             -- IN would build a table of the six words for every row
                 CHECK (state = 'planned' OR state = 'accepted' OR state = 'sending' OR state = 'skipped'
                   OR state = 'verified' OR state = 'refused'),
  reason       TEXT    NOT NULL DEFAULT '', -- why it is skipped, or Kommo's detail if it was refused
  as_text      INTEGER NOT NULL DEFAULT 0,  -- 1: its media are sent as text: Kommo refused them, or --media=text
  quote_as_text INTEGER NOT NULL DEFAULT 0, -- 1: the message that it answers is quoted as text: Kommo refused the reference
  may_exist    INTEGER NOT NULL DEFAULT 0,  -- 1: it was once in doubt, or accepted and then missing: it may still appear
  sent_at      INTEGER,                     -- when it was last marked as sending
  remote_id    TEXT    NOT NULL DEFAULT '', -- its id at Kommo
  PRIMARY KEY (conversation, time, place)
) STRICT, WITHOUT ROWID;

-- How many messages of a conversation are to be sent, state planned or sending, so that preview need not read them all.
CREATE TABLE pending (
  conversation INTEGER NOT NULL,
  kind         TEXT    NOT NULL,
  direction    TEXT    NOT NULL,
  author       INTEGER NOT NULL, -- author.id; 0 if there is none
  messages     INTEGER NOT NULL,
  long         INTEGER NOT NULL, -- of these, messages with a long text
  PRIMARY KEY (conversation, kind, direction, author)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX message_identity ON message (conversation, identity);
CREATE INDEX message_may_exist ON message (conversation) WHERE may_exist = 1;
CREATE INDEX message_remote ON message (conversation, remote_id) WHERE remote_id <> '';

-- Messages that were read more than once: from two sources, or twice in one reading.
CREATE TABLE duplicate (
  conversation INTEGER NOT NULL REFERENCES conversation (id),
  staging      INTEGER NOT NULL, -- staging.id
  source       INTEGER NOT NULL REFERENCES source (id),
  identity     BLOB    NOT NULL, -- of the message in the plan
  differs      INTEGER NOT NULL, -- 1: it has the id of that message, but another text
  PRIMARY KEY (conversation, staging)
) STRICT, WITHOUT ROWID;

-- Entries of a source that could not be parsed.
CREATE TABLE invalid (
  id       INTEGER PRIMARY KEY,
  source   INTEGER NOT NULL REFERENCES source (id),
  pending  INTEGER NOT NULL, -- 1: its reading is not in the plan yet
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
  oldest_first   INTEGER NOT NULL DEFAULT 0, -- 1: the chat shows its oldest messages first
  found          INTEGER NOT NULL DEFAULT 0, -- messages of the plan that the chat shows; 0 until ended
  oldest_missing INTEGER NOT NULL DEFAULT 0, -- msec of the oldest message that the present pass looks for
  missing_since  INTEGER NOT NULL DEFAULT 0, -- when the first pass ended with messages missing; 0 if it did not
  next_at        INTEGER NOT NULL DEFAULT 0, -- when the present pass may begin
  proves         INTEGER NOT NULL DEFAULT 0, -- 1: chats show ids of messages, so that the lack of one is a proof
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
  shown_as     TEXT    NOT NULL, -- the same content as another kind, "sticker as picture"; '' if it is not
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
