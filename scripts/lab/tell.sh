# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the frame prints, in one of two ways: as a lab's story, or, with LAB_TAP=1, as TAP with the
# story in its comments.

declare -i passed=0 failed=0
LAB_TAP=${LAB_TAP-}

if [[ -n ${LAB_COLOUR-} ]]; then
	BOLD=$'\e[1m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
	BOLD='' GREEN='' RED='' PLAIN=''
fi

# tell TEXT: of the story. (No process is started for it: on the lab kernel each costs 15 ms and more.)
tell() {
	record tell "$1"
	say "$1"
}

say() {
	local text=$1

	[[ -z $LAB_TAP ]] || text="# ${text//$'\n'/$'\n'# }"
	printf '%s\n' "$text"
}

# step TITLE: a new chapter.
step() {
	recorded_step=$1
	record step "$1"
	say $'\n'"$BOLD== $1 ==$PLAIN"$'\n'
}

note() {
	tell "${1-}"
}

# answer PROMPT OUTPUT: without the output's blank lines at the end.
answer() {
	record answer "$1" "$2"
	say "$BOLD$1$PLAIN${2:+$'\n'}$2"$'\n'
}

# show NODE "COMMAND": the prompt as on a router, and the daemon's answer.
show() {
	# shellcheck disable=SC2086
	answer "$1# $2" "$(ctl "$1" $2 2>&1 || true)"
}

# shell NODE "COMMAND": a command of the node's own, with a shell's prompt.
shell() {
	answer "$1:~# $2" "$(on "$1" sh -c "$2" 2>&1 || true)"
}

# ping_ios NODE ADDRESS: five pings of 100 octets, printed as IOS prints them. The raw output stays in
# $LAB/NODE/ping.
ping_ios() {
	local name=$1 address=$2 raw=$LAB/$1/ping

	# 72 octets of data make 100 octets of IP.
	on "$name" ping -n -D -c 5 -i 0.2 -W 2 -s 72 "$address" >"$raw" 2>&1 || true
	record ping "$name" "$address" "$(<"$raw")"
	answer "$name# ping $address" "
Type escape sequence to abort.
Sending 5, 100-byte ICMP Echos to $address, timeout is 2 seconds:
$(ping_marks <"$raw")"
}

# pinged NODE: all of its last ping_ios were answered.
pinged() {
	grep -q '5 packets transmitted, 5 received, 0% packet loss' "$LAB/$1/ping"
}

# Turns ping's output into marks and the line below them.
ping_marks() {
	awk '
		/bytes from/ && match($0, /icmp_seq=[0-9]+/) {
			answered[substr($0, RSTART + 9, RLENGTH - 9) + 0] = 1
		}
		/packets transmitted/ { sent = $1; received = $4 }
		/^rtt/ { split($4, rtt, "/") }
		END {
			for (i = 1; i <= 5; i++)
				printf "%s", (i in answered) ? "!" : "."
			printf "\nSuccess rate is %d percent (%d/%d)", sent ? 100 * received / sent : 0,
				received, sent
			if (received)
				printf ", round-trip min/avg/max = %.1f/%.1f/%.1f ms", rtt[1], rtt[2], rtt[3]
			print ""
		}'
}

# expect "WHAT" COMMAND...: an assertion. It decides the exit status, the story goes on.
expect() {
	local what=$1 output status=0

	shift
	output=$LAB/output
	"$@" >"$output" 2>&1 || status=$?
	if ((status == 0)); then
		passed+=1
		record held "$what"
		report ok "$what"
	else
		failed+=1
		report 'not ok' "$what"
		record failed "$what" "failed with status $status: $*"$'\n'"$(tail -n 30 "$output")"
		complain "$what" "$status" "$output" "$@"
		record_failure
	fi
}

# complain WHAT STATUS OUTPUT COMMAND...: why an expectation failed. In TAP this goes to stderr, which
# prove lets through to the terminal.
complain() {
	local to=1 prefix='       '

	[[ -z $LAB_TAP ]] || to=2 prefix='#   '
	{
		[[ -z $LAB_TAP ]] || printf '\nin %s: %s\n' "$LAB_TEST" "$1"
		printf 'failed with status %d:' "$2"
		printf ' %q' "${@:4}"
		echo
		tail -n 30 "$3"
	} | sed "s/^/$prefix/" >&$to
}

# said: what ping said in the last expectation, as evidence.
said() {
	note "       $(sed -n '/packets transmitted/p' "$LAB/output")"
}

# refute "WHAT" COMMAND...: the command must fail.
refute() {
	local what=$1

	shift
	expect "$what" not "$@"
}

report() {
	local colour=$GREEN

	[[ $1 == ok ]] || colour=$RED
	if [[ -n $LAB_TAP ]]; then
		echo "$1 $((passed + failed)) - $2"
	else
		printf '  %s%-6s%s %s\n' "$colour" "$1" "$PLAIN" "$2"
	fi
}

finished=no
# Nothing ends without a word.
trap 'ended $?' EXIT
ended() {
	if [[ $finished == no && $1 != 0 ]]; then
		echo "lab: ended early, with status $1" >&2
	fi
}

die() {
	finished=yes
	record died "$*"
	record_failure
	echo "lab: $*" >&2
	exit 2
}

# finish: the closing line; exit status 0 only if all that was expected held.
finish() {
	finished=yes
	record end
	if [[ -n $LAB_TAP ]]; then
		echo "1..$((passed + failed))"
	elif ((failed)); then
		printf '\n%s%d of %d expectations failed%s\n' "$RED" "$failed" $((passed + failed)) "$PLAIN"
	else
		printf '\n%sAll %d expectations held%s\n' "$GREEN" "$passed" "$PLAIN"
	fi
	((failed == 0)) || exit 1
	exit 0
}
