# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The frame's words for proof: waiting, logs, captures, what the kernel holds and counts.

# A descriptor on which nothing ever comes: reading from it waits, without a process.
exec {nothing}<> <(:)

# eventually SECONDS COMMAND...: true as soon as the command is, false after the time. LAB_PATIENCE
# multiplies all such times: what goes well does not wait for them, and busy machines are slow.
eventually() {
	local end=$((${EPOCHREALTIME/./} + $1 * ${LAB_PATIENCE:-3} * 1000000)) wait=5 text

	shift
	until "$@"; do
		((${EPOCHREALTIME/./} < end)) || return 1
		# Asking costs more than waiting, where a fork takes 15 ms: seldom, when it takes long.
		printf -v text '0.%02d' "$wait"
		pause "$text"
		wait=$((wait * 3 / 2 < 30 ? wait * 3 / 2 : 30))
	done
}

pause() {
	read -rt "$1" -u "$nothing" || true
}

not() {
	! "$@"
}

# pings NODE ADDRESS [COUNT [OPTION...]]: nothing is lost; prints what ping says of it. ping waits for the last
# answers as long as its interval, whatever -W says: not too short, or a busy machine looks like loss.
pings() {
	local answer

	answer=$(on "$1" ping -n -D -O -c "${3:-8}" -i 0.3 -W 2 "${@:4}" "$2" 2>&1) || true
	grep -v 'bytes from' <<<"$1: $answer"
	[[ $answer == *' 0% packet loss'* ]]
}

# log_line NODE EXTENDED-REGEX: the first such line of its dmvpnd's log in this chapter, in REPLY.
log_line() {
	local lines line

	log_of "$1"
	mapfile -t lines <"$REPLY"
	for line in "${lines[@]}"; do
		if [[ $line =~ $2 ]]; then
			REPLY=$line
			return
		fi
	done
	return 1
}

# log_has NODE EXTENDED-REGEX
log_has() {
	local REPLY

	log_line "$@"
}

# log_time NODE EXTENDED-REGEX: when that line was written, in microseconds since 1970, in REPLY.
log_time() {
	local month day time _

	log_line "$@" || return
	read -r month day time _ <<<"$REPLY"
	REPLY=$(date -d "$month $day $time" +%s%6N)
}

## Captures

# capture NODE NAME FILTER...: everything that the node sees on any interface, into $OUT/NAME.pcap.
capture() {
	local name=$1 file=$2 ENTER

	shift 2
	in_node "$name"
	: >"$LAB/$file.tcpdump"
	"${ENTER[@]}" tcpdump -Z root -i any -U -B 16384 -w "$OUT/$file.pcap" "$@" 2>"$LAB/$file.tcpdump" &
	capture_pid["$file"]=$!
	eventually 5 file_has "$LAB/$file.tcpdump" 'listening on' ||
		die "tcpdump: $(<"$LAB/$file.tcpdump")"
}

# capture_stop NAME: ends it, and fails if the kernel had to drop packets.
capture_stop() {
	kill -INT "${capture_pid[$1]}"
	wait "${capture_pid[$1]}" || true
	unset "capture_pid[$1]"
	file_has "$LAB/$1.tcpdump" $'\n0 packets dropped by kernel'
}

file_has() {
	local text=''

	IFS= read -rd '' text <"$1" || true
	[[ $text == *"$2"* ]]
}

# captured NAME FILTER...: prints how many packets of the capture match.
captured() {
	tcpdump --count -nr "$OUT/$1.pcap" "${@:2}" 2>/dev/null | sed 's/ .*//'
}

## The kernel

# What a daemon could leave behind in a node. Learned neighbours come and go by themselves, and the
# kernel takes its time to notice a carrier.
kernel_state() {
	ip -4 -n "$1" -b - <<<$'link show\naddress show\nrule show\nroute list table all
neighbour show nud permanent\nxfrm state list nokeys\nxfrm policy' | sed 's/NO-CARRIER,//; s/ state [A-Z]* / /' |
		without_notes
	compgen -G "/run/dmvpnd/$1.*" || true
}

# Where the kernel has just asked for an SA that nobody made, it holds a note of that, an SA with SPI 0, for
# some 30 s, and nobody can take it away.
without_notes() {
	awk '/^src/ { start = $0; next }
		start != "" { note = /spi 0x00000000/; if (!note) print start; start = "" }
		/^[^\t]/ { note = 0 }
		!note'
}

# remember NODE...: takes down what is in the kernel.
remember() {
	local name

	for name; do
		kernel_state "$name" >"$LAB/$name/before"
	done
}

# as_remembered NODE: nothing has been added to it since, and nothing taken away.
as_remembered() {
	kernel_state "$1" | diff "$LAB/$1/before" -
}

declare -A SA_COUNT=() SA_PACKETS=()

# read_sas NODE: its kernel's ESP SAs, by "SOURCE DESTINATION": how many, and the packets on them; and
# under "all" in all. Notes of the kernel's about SAs that it has asked for (SPI 0) are none.
read_sas() {
	local lines line flow='' next=''

	SA_COUNT=([all]=0) SA_PACKETS=([all]=0)
	mapfile -t lines < <(ip -n "$1" -s xfrm state list proto esp)
	for line in "${lines[@]}"; do
		if [[ $line =~ ^src\ ([0-9.]+)\ dst\ ([0-9.]+) ]]; then
			flow="${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
		elif [[ $line == *' spi 0x'* && $line != *' spi 0x00000000'* ]]; then
			SA_COUNT[$flow]=$((${SA_COUNT[$flow]-0} + 1))
			SA_COUNT[all]=$((SA_COUNT[all] + 1))
		elif [[ $next == yes && $line =~ ([0-9]+)\(packets\) ]]; then
			SA_PACKETS[$flow]=$((${SA_PACKETS[$flow]-0} + BASH_REMATCH[1]))
		fi
		next=
		[[ $line != *'lifetime current:'* ]] || next=yes
	done
}

# no_sas NODE [ADDRESS ADDRESS]: no ESP SA between the two in its kernel, or none at all.
no_sas() {
	read_sas "$1"
	if (($# == 1)); then
		((SA_COUNT[all] == 0))
	else
		((${SA_COUNT["$2 $3"]-0} + ${SA_COUNT["$3 $2"]-0} == 0))
	fi
}

# sas_carried NODE ADDRESS ADDRESS COUNT: its kernel counts so many packets at least on the SAs between
# the two, each way.
sas_carried() {
	read_sas "$1"
	((${SA_PACKETS["$2 $3"]-0} >= $4 && ${SA_PACKETS["$3 $2"]-0} >= $4))
}

# show_sas NODE SOURCE DESTINATION: evidence, the kernel's own counters of these SAs.
show_sas() {
	shell "$1" "ip -s xfrm state list src $2 dst $3 | awk '/^src|spi/; /current/ { getline; print }'"
}

# xfrm_stat NODE COUNTER: prints one of the kernel's IPsec statistics.
xfrm_stat() {
	# shellcheck disable=SC2016
	on "$1" awk -v counter="$2" '$1 == counter { print $2 }' /proc/net/xfrm_stat
}
