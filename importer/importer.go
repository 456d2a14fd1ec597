// Package importer is the migration: it loads conversations into the migration file, plans them, shows the plan, sends
// it to Kommo exactly once, and verifies it there.
//
//	file, err := importer.Open("migration.db", "load")
//	...
//	report, err := (&importer.Loader{File: file}).Load(ctx, source)
//
// The migration file is the only state. After an interruption, run the same command again.
//
// # From a source to the plan
//
// A [Loader] stores each batch of a source as staging rows, in the order of arrival, together with the cursor behind
// the batch, in one transaction. Then it plans the new rows in one more transaction: sorted by conversation and time,
// every message gets its identity, its order, its msec_timestamp and its state. Until that commit no message is in any
// state, and send refuses to start. Finally it asks the media links whose size Kommo requires.
//
//	source        the sources, and how far each was read                           written by load
//	staging       the messages as they were read: the contents                     load
//	sighting      the client's data in them, until planning merges them            load
//	author        the authors of outgoing messages                                 load
//	conversation  the client, the numbers of messages by state, chat_id, notifier  load; send; verify: numbers
//	message       the plan: order, identity, msec, state                           load; send; verify: state
//	duplicate     messages that were read more than once                           load
//	invalid       entries that could not be parsed                                 load
//	media         answers about media links                                        load; send, when it renews a link
//	readback      how far verify is with each chat                                 verify
//	entry         the messages of these chats as Kommo shows them                  verify
//	finding       how chats differ from the plan                                   verify
//	setting       recipe, filters, scope, prefix, notify policy, verification     load; send; verify
//
// Payloads are not stored. [File.Payloads] and [Sender] compose them from the same rows with the same pure function,
// so that preview shows the bytes that send posts.
//
// # States
//
// [State] lists the states, and mayFollow the ways from one to another. Every change goes through moveMessages, which
// refuses any other way and keeps the numbers in conversation: read = duplicate + skipped + invalid + planned +
// sending + accepted + verified + refused, after every commit.
//
// # Exactly once
//
// Two commits surround every POST:
//
//	wait for the rate limit ─► planned → sending (commit) ─► sign, POST ─► sending → accepted, refused or planned (commit)
//
// If the process dies in between, or the answer is lost, the message stays in the state sending: it is in doubt, which
// the column may_exist records. It is not posted again before its chat was read. If the chat shows it, it is accepted.
// If the chat does not show it, also after the time that Kommo is given, it is planned again. It may still appear
// late, so its chat is read once more before its first POST in a later run, and after a refusal.
//
// # Notifications
//
// At most one message of a conversation is sent with silent=false: the last message that will be sent. The column
// notifier names it from the commit before its POST on. While it is set, no other message notifies. It is cleared only
// if Kommo did not accept the message, and the message was never in doubt. So the notify policy, which is stored before
// the first POST, may change between two sends.
package importer
