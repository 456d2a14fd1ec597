#!/bin/sh
# A whole migration on this computer: a local Kommo, a load, a preview, a send that is killed half-way, and its
# resumption; then the same with the chats of a local Green-API. What arrived is counted by the local Kommo, not by the
# tool. Run it with: make demo
set -eu
cd "$(dirname "$0")/.."
tool=$PWD/kommo-import
work=$(mktemp -d "${TMPDIR:-/tmp}/kommo-import-demo.XXXXXX")
sandbox=
cleanup() {
	[ -z "$sandbox" ] || kill "$sandbox" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
run() {
	printf '$ kommo-import %s\n' "$*"
	"$tool" "$@"
}
# After bad rows a load or a send ends with exit code 3, which is no failure here.
run_with_bad_rows() {
	code=0
	run "$@" || code=$?
	[ "$code" -eq 3 ] || { echo "the demo failed: exit code $code, expected 3" >&2; exit 1; }
}

say "A Kommo and a Green-API on this computer. One answer is lost, one says to slow down."
: >"$work/environment"
"$tool" sandbox --addr 127.0.0.1:0 --latency 20ms --fault 502-taken:n=20 --fault 429:n=40 \
	--green-api samples/green-api --green-api-rate 10 >>"$work/environment" 2>"$work/sandbox.log" &
sandbox=$!
tries=0
until [ "$(wc -l <"$work/environment")" -ge 10 ]; do
	tries=$((tries + 1))
	[ "$tries" -le 100 ] || { echo "the sandbox does not start:" >&2; cat "$work/sandbox.log" >&2; exit 1; }
	sleep 0.1
done
set -a
. "$work/environment"
set +a
address=${KOMMO_BASE_URL#http://}
printf '$ kommo-import sandbox --green-api samples/green-api\n'
grep -v -e SECRET -e TOKEN "$work/environment"

cp samples/chats.csv "$work/"
cd "$work"

say "Read the old conversations. Four rows are wrong; they take nothing down."
run_with_bad_rows load --csv chats.csv

say "What would be sent? Nothing is sent yet."
run preview

say "Send it, and kill it half-way: SIGKILL, as when the power goes."
printf '$ kommo-import send --yes --rate 20 --settle 500ms &\n'
"$tool" send --yes --quiet --rate 20 --settle 500ms 2>send.log &
sending=$!
tries=0
until [ "$("$tool" status --json | sed -n 's/.*"accepted": \([0-9]*\).*/\1/p')" -ge 80 ]; do
	tries=$((tries + 1))
	[ "$tries" -le 300 ] || { echo "sending does not get on:" >&2; cat send.log >&2; exit 1; }
	sleep 0.1
done
kill -9 "$sending"
wait "$sending" 2>/dev/null || true
echo "Killed. Where does it stand?"
run status

say "Run the same command again. It goes on where it stopped."
run_with_bad_rows send --yes --rate 20 --settle 500ms

say "What was wrong with the four rows?"
run failures

arrived() {
	run sandbox --addr "$address" --state
	case $("$tool" sandbox --addr "$address" --state) in
	*"$1"*) ;;
	*) echo "the demo failed: that is not what was to be sent" >&2; exit 1 ;;
	esac
}
say "What does the local Kommo say has arrived?"
arrived "172 messages in 9 chats: each once, all in order, 9 notifications, one for each chat."

say "Now the WhatsApp chats, from Green-API. Their files lie on this computer too."
run_with_bad_rows load --green-api --green-api-rate 10 --allow-private-media

say "What would be sent, and what was left out?"
printf '$ kommo-import preview\n'
"$tool" preview >preview.txt 2>/dev/null
sed -n '1,/^$/p' preview.txt | fold -s -w 80 | sed 's/^[a-z]/                 &/'
sed -n '/^Skipped:/,/^$/s/^  - \([0-9]*: [^(]*\) (.*/  \1/p' preview.txt

say "Send it. The WhatsApp chats come to those that are there."
run_with_bad_rows send --yes --quiet --rate 20
arrived "248 messages in 12 chats: each once, all in order, 12 notifications, one for each chat."
say "Done. The demo leaves behind the program ./kommo-import, and nothing else."
