#!/bin/sh
# A whole migration on this computer, in six chapters, against a local Kommo
# and a local Green-API. Each line that begins with $ is a command, and the demo
# runs exactly that. What arrived is counted by the local Kommo, not by the
# tool. Start it with: make demo
set -eu
COLUMNS=80; export COLUMNS # lines of text that fit, also in a pipe
cd "$(dirname "$0")/.."
PATH=$PWD:$PATH # for ./kommo-import
work=$(mktemp -d "${TMPDIR:-/tmp}/kommo-import-demo.XXXXXX")
sandbox=
sending=
cleanup() {
	for process in $sending $sandbox; do
		kill "$process" 2>/dev/null && wait "$process" 2>/dev/null || true
	done
	cd /
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

chapter() { printf '\n\n==== %s ====\n' "$*"; }
say() { # one line for each argument
	echo
	printf '# %s\n' "$@"
}
fail() {
	echo "the demo failed: $*" >&2
	exit 1
}

# run COMMAND [CODE] prints a command line and runs it. It must end with the
# exit code CODE, by default 0.
run() {
	printf '$ %s\n' "$1"
	code=0
	eval "$1" || code=$?
	[ "$code" -ne 130 ] || exit 130 # Ctrl-C
	[ "$code" -eq "${2:-0}" ] || fail "exit code $code, want ${2:-0}"
}

# An invalid row makes load and send end with this code: done, but see failures.
incomplete=3

# arrived COUNTS asks the local Kommo what it holds. It must hold COUNTS.
arrived() {
	run "kommo-import sandbox --addr $address --state"
	# shellcheck disable=SC2046,SC2116 # the words of the answer, in one line
	case $(echo $(kommo-import sandbox --addr "$address" --state)) in
	*"$1"*) ;;
	*) fail "the local Kommo should hold $1" ;;
	esac
}

cp -R samples/. "$work"
cd "$work"

say "A Kommo and a Green-API on this computer. This Kommo knows half of the clients" \
	"as contacts. It loses the answer to the 20th message, and asks for a pause of" \
	"4 seconds after the 40th."
run "kommo-import sandbox --addr 127.0.0.1:0 --latency 20ms --contacts contacts.csv \\
    --fault 502-taken:n=20 --fault 429:n=40 --retry-after 4s \\
    --green-api green-api --green-api-rate 10 >sandbox.env 2>sandbox.log &"
sandbox=$!
tries=0
until grep -q GREEN_API_TOKEN= sandbox.env 2>/dev/null; do
	tries=$((tries + 1))
	[ "$tries" -le 100 ] || fail "the sandbox does not start: $(cat sandbox.log)"
	sleep 0.1
done
run "set -a; . ./sandbox.env; set +a"
address=${KOMMO_BASE_URL#http://}

chapter "1. Load and preview"
say "Read the old conversations. Four rows are invalid; the others count."
run "kommo-import load --csv chats.csv" $incomplete
say "Why are they invalid?"
run "kommo-import failures"

chapter "2. Whose contact, and who stays out"
say "Which clients does Kommo know already?"
run "kommo-import match"
say "A sheet of the conversations. Maya is a friend of the owner: her chat stays out." \
	"Lucía is in Kommo twice: her contact is 105."
run "kommo-import conversations --out sheet.csv"
run "sed -i.bak -e '/^\"ig-maya/s/\"\",\"\",\"\",\"\"\$/\"no\",\"\",\"\",\"\"/' \\
    -e '/^\"34600000042/s/\"\"\$/\"105\"/' sheet.csv"
run "kommo-import conversations --from sheet.csv"
run "kommo-import conversations"
say "What would be sent? Nothing is sent yet."
run "kommo-import preview"

chapter "3. A pilot; an answer is lost, and Kommo asks to slow down"
run "kommo-import send --max-conversations 3 --yes --rate 20 --settle 1s" $incomplete
say "What does the local Kommo hold? The lost answer left nothing twice."
arrived "61 messages in 3 chats: each once, all in order, 3 notifications"

chapter "4. The rest; the program is killed, as when the power goes"
run "kommo-import send --yes --quiet --rate 15 &"
sending=$!
run "sleep 4"
run "kill -9 \$!"
wait "$sending" 2>/dev/null || true
sending=
say "Where does it stand?"
run "kommo-import status"
say "Send again. It goes on where it stopped."
run "kommo-import send --yes --rate 20 --settle 1s" $incomplete
arrived "152 messages in 8 chats: each once, all in order, 8 notifications, one for each chat. Linked to contacts: 5 chats; incoming leads: 3."

chapter "5. Verify and report"
say "Read the chats back, and compare them with what was sent."
run "kommo-import verify"
say "Write down the outcome."
run "kommo-import report --out report.md"
run "grep -E '^. (messages|Notif|Linked|Left)' report.md"

chapter "6. The WhatsApp account, from Green-API"
say "Its files lie on this computer too: hence --allow-private-media."
run "kommo-import load --green-api --green-api-rate 10 --allow-private-media" $incomplete
run "kommo-import preview"
run "kommo-import send --yes --quiet --rate 20" $incomplete
say "What does the local Kommo hold in the end?"
arrived "228 messages in 11 chats: each once, all in order, 11 notifications"
