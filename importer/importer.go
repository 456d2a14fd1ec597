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
// the batch, in one transaction. When the reading is finished, it is planned in one more transaction: the conversations
// that have changed are planned anew from the rows of the last finished readings, moment by moment. Every message gets its
// identity, its place, its msec_timestamp and its state, and the reading takes the place of the last one. What was sent
// stays. If sent messages are missing then, or the reading looks like another one, the transaction is rolled back.
// Finally the load asks the media links whose size Kommo requires.
//
//	source        the sources, and the reading of each that is in the plan         written by load
//	unfinished    readings that are not in the plan yet                            load
//	staging       the messages as they were read: the contents                     load
//	sighting      the client's data in them                                        load
//	author        the authors of outgoing messages                                 load
//	conversation  the client, the numbers of messages by state, chat_id, notifier  load; send; verify: numbers, chat_id
//	message       the plan: order, identity, msec, state                           load; send; verify: state
//	duplicate     messages that were read more than once                           load
//	invalid       entries that could not be parsed                                 load
//	media         answers about media links                                        load; send, when it renews a link
//	decision      decisions about conversations in the sheet                       TakeDecisions
//	contact       the account's contacts                                           match
//	matched       the contacts of the chats                                        match
//	link          the links between chats and contacts                             send
//	readback      how far verify is with each chat                                 verify
//	entry         the messages of these chats as Kommo shows them                  verify
//	finding       how chats differ from the plan                                   verify
//	setting       recipe, settings, scope, prefix, notify policy, verification     load; send; verify
//
// Payloads are not stored. [File.Payloads] and [Sender] compose them from the same rows with the same pure function,
// so that preview shows the bytes that send posts.
//
// # States
//
// [State] lists the states, and mayFollow the ways from one to another. Planning decides about messages that were not sent.
// Every other change goes through moveMessages, which refuses any way that is not listed. Both keep the numbers in
// conversation: read = duplicate + skipped + invalid + planned +
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
// If the chat, read to its end after the time that Kommo is given, proves that it lacks the message, it is planned again.
// It may still appear late, so its chat is read once more before its first POST in a later run, and after a refusal.
//
// The lack of a message is a proof only where chats show ids of messages: ours, or those of Kommo's answers. Without a
// proof the message stays in doubt. Its conversation waits behind the others, is tried once more, and is then set aside:
// nothing more of it is sent in this run. A [Decider] ends such a doubt by the decision of an administrator.
//
// # Links
//
// A chat that was matched, or whose contact the sheet names, is linked before its first message: its link is read, marked as
// linking (commit), posted, and recorded (commit). A link found in the state linking is in doubt: it is read back before it is
// posted again. Posting the same link twice is harmless; a chat that belongs to another contact is never linked anew. Chats are
// linked one by one, before any message, until Kommo has accepted a link. Every change of the plan matches the chats anew.
//
// # Notifications
//
// At most one message of a conversation is sent with silent=false: the last message that will be sent. The column
// notifier names it from the commit before its POST on. While it is set, no other message notifies. It is cleared only
// if Kommo did not accept the message, and the message was never in doubt. So the notify policy, which is stored before
// the first POST, may change between two sends.
package importer
