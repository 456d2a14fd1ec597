package commands

import (
	"fmt"
	"slices"
	"strings"

	"kommo-import/internal/pace"
	"kommo-import/internal/sandbox"
	"kommo-import/sources/csvfile"
)

// commandSettings returns the settings of single commands.
func commandSettings() []setting {
	return slices.Concat(shared("conversations", "", []setting{
		{name: "out", kind: kindFile, value: "FILE", perRun: true, usage: "write the conversations to FILE.xlsx or FILE.csv, with columns for your decisions"},
		{name: "from", kind: kindFile, value: "FILE", perRun: true, usage: "take the decisions in FILE, all of them or none"},
		{name: "clear", kind: kindSwitch, perRun: true, usage: "undo all decisions that can still be undone"},
	}), shared("preview", "", []setting{
		{name: "payloads", kind: kindSwitch, perRun: true,
			usage: "print the exact bodies that send would post, one JSON line each, in order"},
	}), shared("preview report", "", []setting{
		{name: "html", kind: kindFile, value: "FILE", perRun: true, usage: "write a page to look at, in a browser, to FILE"},
	}), shared("send verify", "", []setting{
		{name: "yes", kind: kindSwitch, perRun: true, usage: "do not ask for confirmation; required without a terminal"},
	}), shared("send", "", []setting{
		{name: "dry-run", rare: true, kind: kindSwitch, perRun: true, usage: "do what preview does"},
		{name: "look-first", kind: kindSwitch, perRun: true,
			usage: "read each chat before sending into it; use this if an earlier migration file is lost"},
		{name: "window", value: "HH:MM-HH:MM",
			usage: "send only within HH:MM-HH:MM of each day, such as 20:00-08:00, and wait outside it"},
		{name: "max-duration", kind: kindWait, value: "TIME", usage: "stop after TIME, such as 3h; run send again for the rest"},
		{name: "workers", rare: true, kind: kindCount, most: 64, value: "N", def: "16", usage: "send N conversations at a time"},
	}), shared("verify", "", []setting{
		{name: "sample", kind: kindCount, value: "N", def: "all", usage: "check only N conversations, chosen across the whole migration"},
		{name: "wait", rare: true, kind: kindWait, value: "TIME", def: "2m",
			usage: "look for missing messages again until TIME has passed, because Kommo may show them late"},
		{name: "retry", kind: kindSwitch, perRun: true,
			usage: "hand missing messages to the next send; asks first, because they may then be in Kommo twice"},
	}), shared("failures", "", []setting{
		{name: "out", kind: kindFile, value: "FILE", perRun: true, usage: "write them to FILE.xlsx or FILE.csv, for a spreadsheet"},
		{name: "retry", kind: kindSwitch, perRun: true, usage: "plan again what Kommo refused"},
		{name: "refuse", value: "ID", perRun: true,
			usage: "read the chat once more; if it does not show the message in doubt with this ID, mark the message as refused"},
	}), shared("send failures", "", []setting{
		{name: "settle", rare: true, kind: kindWait, value: "TIME", def: "5s",
			usage: "after a lost answer, wait TIME before looking for the message in its chat"},
	}), shared("report", "", []setting{
		{name: "out", kind: kindFile, value: "FILE", def: "report.md", perRun: true,
			usage: "write the report to FILE; the JSON gets the same name, ending in .json"},
		{name: "anonymise", kind: kindSwitch, usage: "leave out names, phones, texts and lists"},
	}), shared("connect", "", []setting{
		{name: "account-id", kind: kindUUID, value: "ID",
			usage: "connect to the account with this amojo ID; the number in its settings is another one"},
		{name: "title", rare: true, value: "TEXT", usage: "call the channel TEXT in the account (default: its own name)"},
	}), shared("sign", "", []setting{
		{name: "method", value: "METHOD", perRun: true, usage: "sign a request with this METHOD (default: POST with a body, else GET)"},
		{name: "path", value: "PATH", perRun: true, usage: "sign this PATH as it is sent, from the first / on and without a query"},
		{name: "date", value: "DATE", perRun: true,
			usage: `sign for this DATE, such as "Thu, 03 Sep 2026 12:00:00 +0000" (default: now)`},
		{name: "body", kind: kindFile, value: "FILE", perRun: true, usage: "read the body, byte for byte, from FILE, or from stdin: -"},
	}), shared("init", "", []setting{
		{name: "all", kind: kindSwitch, perRun: true, usage: "write every setting, also those that are rarely needed"},
		{name: "out", kind: kindFile, value: "FILE", def: defaultConfig, perRun: true, usage: "write to FILE, or print it: -"},
	}))
}

func sandboxSettings() []setting {
	return shared("sandbox", "", []setting{
		{name: "addr", value: "HOST:PORT", def: "127.0.0.1:8080", perRun: true, usage: "listen at HOST:PORT; port 0 is a free one"},
		{name: "listen-beyond-loopback", rare: true, kind: kindSwitch, usage: "let other computers reach it"},
		{name: "state", kind: kindSwitch, perRun: true, usage: "ask the sandbox that runs at --addr what has arrived; --json: all of it"},
		{name: "dump", rare: true, kind: kindFile, value: "FILE", usage: "when it is stopped, write all that arrived to FILE as JSON"},
		{name: "duplicates", rare: true, choices: []string{"keep", "drop", "refuse", "conflict"}, def: string(sandbox.KeepDuplicates),
			usage: "store a message whose msgid arrived before again, drop it, or answer with 400 or 409"},
		{name: "lenient", rare: true, kind: kindSwitch, usage: "take what other clients of Kommo send, also where the documents ask for more"},
		{name: "latency", rare: true, kind: kindSpan, value: "TIME", usage: "take TIME for each answer"},
		{name: "history-delay", rare: true, kind: kindSpan, value: "TIME", usage: "show a message in history only after TIME"},
		{name: "contacts", rare: true, kind: kindFile, value: "FILE", perRun: true, usage: "give the account the contacts in FILE, a CSV or JSON file"},
		{name: "index-delay", rare: true, kind: kindSpan, value: "TIME",
			usage: "show a contact, a link of a chat and an incoming lead in the account only after TIME"},
		{name: "token-scopes", rare: true, kind: kindList, value: "SCOPE", usage: "give the account's token this SCOPE alone, such as files; repeatable (default: crm)"},
		{name: "token-lifetime", rare: true, kind: kindSpan, value: "TIME",
			usage: "let the account's token expire after TIME; one such as -1h has expired (default: in this century not)"},
		{name: "rate-limit", rare: true, kind: kindWhole, value: "N", usage: "answer more than N requests per second with 429"},
		{name: "retry-after", rare: true, kind: kindSpan, value: "TIME", def: "1s", usage: "ask to wait TIME with a 429"},
		{name: "retry-after-in", rare: true, choices: []string{"header", "date", "body", "none"}, def: string(sandbox.InHeader),
			usage: "say how long to wait in this place of a 429"},
		{name: "block-after", rare: true, kind: kindWhole, value: "N", usage: "block after N answers with 429"},
		{name: "clock-skew", rare: true, kind: kindSpan, value: "TIME", usage: "let the clock of the sandbox be ahead by TIME"},
		{name: "fault", kind: kindList, value: "RULE",
			usage: "let something go wrong as RULE says, such as cut:every=10 or 413-html:text~invoice; repeatable"},
		{name: "quirk", kind: kindList, value: "QUIRK",
			usage: "differ as QUIRK says where the documents allow it, such as short=2, no-link or gone:CONVERSATION; repeatable"},
		{name: "green-api", kind: kindFile, value: "FOLDER", perRun: true,
			usage: "serve the WhatsApp account in FOLDER as a Green-API instance too"},
		{name: "green-api-rate", rare: true, kind: kindWhole, value: "N", def: "1", perRun: true, usage: "let N chats be read per second"},
		{name: "link-lifetime", rare: true, kind: kindSpan, value: "TIME", def: "360h", perRun: true, usage: "let links to media die after TIME"},
		{name: "green-api-fault", rare: true, kind: kindList, value: "RULE", perRun: true,
			usage: "let something go wrong at Green-API as RULE says; repeatable"},
	})
}

func kommoSettings() []setting {
	return slices.Concat(shared("match", "", []setting{
		{name: "refresh", kind: kindSwitch, perRun: true, usage: "read the contacts again; otherwise those that were read before count"},
		{name: "clear", kind: kindSwitch, perRun: true, usage: "forget the contacts and what was matched; links that were made stay"},
	}), shared("check connect", groupAccount, []setting{
		{name: "channel-id", env: "KOMMO_CHANNEL_ID", kind: kindUUID, value: "ID",
			usage: "take the channel with this ID, which its registration gave"},
	}), shared("check connect match send verify users", groupAccount, []setting{
		{name: "account-url", env: "KOMMO_ACCOUNT_URL", kind: kindAddress, value: "URL",
			usage: "ask the account at URL, such as https://example.kommo.com"},
		{name: "kommo-token-file", kind: kindSecretFile, value: "FILE", usage: "read the token of the account's main API from FILE",
			secret: secret{"KOMMO_TOKEN", "a token", "it is the token of a private integration of the account"}},
	}), []setting{
		{name: "scope-id", env: "KOMMO_SCOPE_ID", in: "check send verify failures match", group: groupKommo, kind: kindScopeID, value: "ID",
			usage: "the scope ID that connect printed"},
		{name: "base-url", rare: true, env: "KOMMO_BASE_URL", in: "check send verify failures connect", group: groupKommo, kind: kindAddress,
			value: "URL", def: "https://amojo.kommo.com", usage: "reach the Chats API at URL"},
		{name: "secret-file", in: "check send verify failures connect sign", group: groupKommo, kind: kindSecretFile, value: "FILE",
			usage:  "read the channel secret from FILE",
			secret: secret{"KOMMO_CHANNEL_SECRET", "a channel secret", "it is the secret you got when the channel was registered"}},

		{name: "bot-id", env: "KOMMO_BOT_ID", in: composeCommands, group: groupSending, kind: kindUUID, value: "ID",
			usage: "the ID of the channel's bot; outgoing messages appear as the bot's"},
		{name: "bot-name", rare: true, env: "KOMMO_BOT_NAME", in: composeCommands, group: groupSending, value: "NAME", def: "Bot",
			usage: "call the bot NAME"},
		{name: "conversation-prefix", rare: true, in: composeCommands + " failures", group: groupSending, value: "TEXT",
			usage: "put TEXT before every conversation id"},
		{name: "silent", in: "preview send check", group: groupSending, choices: []string{"but-last", "all"},
			usage: "which messages are silent: all but the last of each conversation, or all (default: as before, else but-last)"},
		{name: "notify-since", in: "preview send", group: groupSending, value: "DATE", perRun: true,
			usage: "silence conversations that ended before DATE"},
		{name: "only", in: "conversations preview send verify", group: groupSending, kind: kindList, value: "ID",
			usage: "take only the conversation with this ID; repeatable"},
		{name: "max-conversations", in: "preview send", group: groupSending, kind: kindCount, value: "N", def: "all",
			usage: "take only the first N conversations that are not done"},
		{name: "rate", in: composeCommands + " failures match users", group: groupSending, kind: kindRate, most: 1e6, value: "N",
			def: fmt.Sprint(pace.DefaultRate), usage: "send N requests per second at most"},
	})
}

func loadSettings() []setting {
	return slices.Concat(shared("load", "", []setting{
		{name: "explain", kind: kindSwitch, perRun: true,
			usage: "show how a table would be understood, and the command that loads it; change nothing"},
		{name: "discard", rare: true, kind: kindSwitch, perRun: true, usage: "drop what an interrupted load has read of a table"},
	}), shared(loadCommands, groupLoading, []setting{
		{name: "green-api", kind: kindSwitch, perRun: true, usage: "read the WhatsApp chats of a Green-API instance"},
		{name: "xlsx", kind: kindFile, value: "FILE", perRun: true, usage: "read conversations from an Excel workbook, FILE"},
		{name: "csv", kind: kindFile, value: "FILE", perRun: true, usage: "read conversations from a CSV FILE"},
		{name: "jsonl", kind: kindFile, value: "FILE", perRun: true, usage: "read a FILE of JSON lines, or stdin: -"},
		{name: "name", rare: true, value: "NAME", perRun: true,
			usage: "call the source NAME in the migration file; a source of that name is replaced (default: its path)"},
		{name: "add", rare: true, kind: kindSwitch, perRun: true, usage: "load the source beside others that look like it; both are sent"},
		{name: "keep-sent", rare: true, kind: kindSwitch, perRun: true,
			usage: "if sent messages of a conversation are missing from the source, leave the conversation as it is"},
		{name: "timezone", value: "ZONE", sticky: ofSource, usage: "the ZONE of times that name none, such as Europe/Madrid or Local"},
		{name: "since", value: "TIME", sticky: ofAll, usage: "leave out messages before TIME, such as 2024-01-31"},
		{name: "until", rare: true, value: "TIME", sticky: ofAll, usage: "leave out messages after TIME; a day is included"},
		{name: "include", rare: true, kind: kindList, value: "ID", sticky: ofAll,
			usage: "take only the conversation with this ID; * matches any characters; repeatable"},
		{name: "exclude", kind: kindList, value: "ID", sticky: ofAll,
			usage: "leave out the conversation with this ID; * matches any characters; repeatable"},
		{name: "groups", rare: true, choices: []string{"skip", "include"}, def: "skip", sticky: ofAll, usage: "leave groups out, or include them"},
		{name: "deleted", rare: true, choices: []string{"skip", "include"}, def: "skip", sticky: ofAll,
			usage: "leave out messages that their author deleted, or include them"},
		{name: "match-minutes", rare: true, kind: kindSwitch, sticky: ofAll,
			usage: "take equal messages of two sources in one minute for one message; use this if a source has no seconds"},
		{name: "country", value: "CODE", sticky: ofAll,
			usage: "take phones without a country code to be of the country with this CODE, such as ES"},
		{name: "media", choices: []string{"link", "text", "skip"}, def: "link", sticky: ofAll,
			usage: "how to send media: as a link that Kommo downloads, as text, or not at all"},
		{name: "allow-private-media", rare: true, kind: kindSwitch, usage: "let media links point into private networks and to this computer"},
	}), tableSettings(), shared(loadCommands, groupChats, []setting{
		{name: "chat", rare: true, kind: kindList, value: "ID", usage: "read only the chat with this ID, such as 79001234567@c.us; repeatable"},
		{name: "count-max", rare: true, kind: kindCount, value: "N", def: "all", usage: "read only the newest N messages of a chat"},
		{name: "force", rare: true, kind: kindSwitch, usage: "read although the instance is not ready, or its settings leave messages out"},
		{name: "green-api-rate", rare: true, kind: kindRate, most: 1000, value: "N", def: "1",
			usage: "read N chats per second at most; Green-API allows 1"},
	}), shared(loadCommands+" check", groupGreenAPI, []setting{
		{name: "green-api-url", rare: true, env: "GREEN_API_URL", kind: kindAddress, value: "URL", def: "https://api.green-api.com",
			usage: "reach Green-API at URL, which is apiUrl in its console"},
		{name: "green-api-instance", env: "GREEN_API_INSTANCE", kind: kindInstanceID, value: "ID",
			usage: "read the instance with this ID, which is idInstance in the console"},
		{name: "green-api-token-file", kind: kindSecretFile, value: "FILE", usage: "read the token of the instance from FILE",
			secret: secret{"GREEN_API_TOKEN", "a token of Green-API", "it is apiTokenInstance in the console of Green-API"}},
	}))
}

// tableSettings returns the settings that say how a table is read.
func tableSettings() []setting {
	// On preview, --html names the page; there the switch comes from the config file or the last load.
	html := setting{name: "html", in: "load send", group: groupTable, rare: true, kind: kindSwitch, sticky: ofSource,
		usage: "make text of messages that are HTML, as mail programs export them"}
	return append(shared(loadCommands, groupTable, []setting{
		{name: "sheet", rare: true, value: "NAME", sticky: ofSource,
			usage: "read the sheet NAME of a workbook (default: the first that is not empty)"},
		{name: "preset", rare: true, value: "NAME", sticky: ofSource,
			usage: "read a table as the program NAME exports it: " + strings.Join(csvfile.Presets(), ", ")},
		{name: "encoding", rare: true, value: "NAME", sticky: ofSource,
			usage: "take a CSV file without a byte order mark to be written in the encoding NAME, such as windows-1251 (default: utf-8)"},
		{name: "map", rare: true, kind: kindList, value: "PAIRS", sticky: ofSource,
			usage: "make the columns of docs/csv.md from others, as PAIRS such as text=MESSAGE,timestamp=Day+Hour say, or " +
				"conversation_id={phone}@c.us; repeatable"},
		{name: "incoming", rare: true, kind: kindList, value: "VALUES", sticky: ofSource,
			usage: "take these VALUES of the direction column for messages of the client, such as Customer,Visitor; repeatable"},
		{name: "outgoing", rare: true, kind: kindList, value: "VALUES", sticky: ofSource,
			usage: "take these VALUES of the direction column for messages of the company; repeatable"},
		{name: "skip", rare: true, kind: kindList, value: "VALUES", sticky: ofSource,
			usage: "leave out rows with these VALUES in the direction column, such as Note,System; repeatable"},
		{name: "me", rare: true, kind: kindList, value: "NAMES", sticky: ofSource,
			usage: "take messages whose author has one of these NAMES, ids or phones for the company's, all others for the client's; repeatable"},
		{name: "time-format", rare: true, value: "FORMAT", sticky: ofSource,
			usage: "read times of this FORMAT, such as \"DD.MM.YYYY HH:MM\" or \"MM/DD/YY HH:MM\"; seconds, AM/PM and zones may follow"},
		{name: "skip-where", rare: true, kind: kindList, value: "PAIRS", sticky: ofSource,
			usage: "leave out rows with values in other columns of the table, as PAIRS such as private=true say; repeatable"},
	}), html)
}
