# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The vocabulary of labs and of the tests that run in namespaces. A scenario or test sources this file
# inside the world that labkernel/run made, and may then use:
#
#   topology   node, link, bridge, address, gateway, loopback, routed, wire; has_link
#   nodes      on NODE COMMAND..., NODE's own files in $LAB/NODE, its dmvpnd's log in $OUT/NODE.log
#   daemons    configure, start, stop, kill_daemon, ctl, wait_up, log_has
#   telling    step, note, show, shell, ping_ios; picture, figure, for the report
#   proof      expect, refute, eventually, capture, captured, remember, as_remembered, read_sas ...
#   the end    finish
#
# Everything lives in namespaces and on a tmpfs, so nothing needs to be undone. Words that answer with
# a value leave it in REPLY: a subshell, like every process, costs 15 ms and more on the lab kernel.
#
# Variables: TOP, the checkout; BUILD, where the programs are; OUT, the folder for what stays.

set -Eeuo pipefail
# Nothing ends without a word.
trap 'echo "lab: ${BASH_SOURCE[0]}:$LINENO: status $? from: $BASH_COMMAND" >&2' ERR

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
BUILD=$(cd "${BUILD:-$TOP/build}" && pwd -P)
LAB=/run/lab
OUT=${OUT:-$LAB/out}
DMVPND=${DMVPND:-$BUILD/dmvpnd}
DMVPNCTL=${DMVPNCTL:-$BUILD/dmvpnctl}

# LAB_VALGRIND=1: errors and leaks go to the daemon's log and make its exit status.
VALGRIND=(valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite
	--errors-for-leak-kinds=definite)
[[ -z ${LAB_VALGRIND-} ]] || LAB_PATIENCE=${LAB_PATIENCE:-20}

declare -A daemon=() started=() capture_pid=()

mkdir -p "$LAB"
mountpoint -q "$LAB" || mount -t tmpfs -o mode=755 lab "$LAB"
mount --make-private "$LAB"
mkdir -p "$OUT"

# shellcheck source=record.sh
. "$TOP/scripts/lab/record.sh"
# shellcheck source=tell.sh
. "$TOP/scripts/lab/tell.sh"
# shellcheck source=proof.sh
. "$TOP/scripts/lab/proof.sh"

## Topology: these words draw a plan, and `wire` builds it, with few processes.

declare -a plan_nodes=()
declare plan_links=''
declare -A plan=() plan_sysctl=()

# node NAME...: a machine with its own network, host name and view of /sys.
node() {
	local name

	for name; do
		plan_nodes+=("$name")
		plan_links+="netns add $name"$'\n'
		plan[$name]=$'link set lo up\n'
		plan_sysctl[$name]='conf/*/rp_filter=0'
	done
}

# link NODE INTERFACE NODE INTERFACE: a cable between two nodes.
link() {
	plan_links+="link add $2 netns $1 type veth peer name $4 netns $3"$'\n'
	plan[$1]+="link set $2 up"$'\n'
	plan[$3]+="link set $4 up"$'\n'
}

# bridge NODE NAME PORT...: joins interfaces of a node to one segment. One that snooped would say so to a
# multicast group itself.
bridge() {
	local name=$1 bridge=$2 port

	shift 2
	plan[$name]+="link add $bridge type bridge forward_delay 0 mcast_snooping 0"$'\n'
	plan[$name]+="link set $bridge up"$'\n'
	for port; do
		bridge_port "$name" "$bridge" "$port"
	done
}

# bridge_port NODE NAME PORT: one more interface for a bridge.
bridge_port() {
	plan[$1]+="link set $3 master $2"$'\n'
}

# address NODE INTERFACE ADDRESS/LENGTH
address() {
	record address "$1" "$2" "${3%/*}"
	plan[$1]+="address add $3 dev $2"$'\n'
}

# gateway NODE ADDRESS: its default route.
gateway() {
	plan[$1]+="route add default via $2"$'\n'
}

# loopback NODE ADDRESS
loopback() {
	address "$1" lo "$2/32"
}

# routed NODE: it forwards packets.
routed() {
	plan_sysctl[$1]+=' ip_forward=1 conf/*/send_redirects=0'
}

# wire: builds what has been planned since the last time.
wire() {
	local name

	ip -b - <<<"$plan_links"
	for name in "${plan_nodes[@]}"; do
		mkdir -p "$LAB/$name"
		: >"$LAB/$name/uts"
		: >"$LAB/$name/mnt"
		nsenter "--net=/run/netns/$name" \
			unshare "--uts=$LAB/$name/uts" "--mount=$LAB/$name/mnt" \
			sh -e "$TOP/scripts/lab/newnode" "$name" "${plan_sysctl[$name]}" <<<"${plan[$name]}"
		unset "plan[$name]"
	done
	for name in "${!plan[@]}"; do
		ip -n "$name" -b - <<<"${plan[$name]}"
	done
	plan_nodes=() plan_links='' plan=()
}

# has_link NODE INTERFACE: it is there, and up.
has_link() {
	[[ $(ip -n "$1" -br link show dev "$2" up 2>/dev/null) ]]
}

# in_node NAME: sets the array ENTER to the words that put a command into the node.
in_node() {
	ENTER=(nsenter "--net=/run/netns/$1" "--uts=$LAB/$1/uts" "--mount=$LAB/$1/mnt" --)
}

# on NODE COMMAND...
on() {
	local ENTER

	in_node "$1"
	shift
	"${ENTER[@]}" "$@"
}

## Daemons

# configure NODE FILE [SED-EXPRESSION]...: gives the node FILE as its configuration, edited.
configure() {
	(umask 077 && cp "$2" "$LAB/$1.conf")
	edit_conf "$1" "${@:3}"
}

# edit_conf NODE [SED-EXPRESSION]...: edits its configuration. One that changes nothing is a mistake.
edit_conf() {
	local file=$LAB/$1.conf expression

	for expression in "${@:2}"; do
		(umask 077 && sed -E -e "$expression" "$file" >"$file.new")
		! cmp -s "$file" "$file.new" || die "$1: the edit changes nothing: $expression"
		mv "$file.new" "$file"
	done
}

# chapter NAME: from now on the daemons log to files of this chapter's own.
chapter=''
chapter() {
	chapter=$1
}

# log_of NODE: where its dmvpnd logs to.
log_of() {
	REPLY=$OUT/$1${chapter:+.$chapter}.log
}

# start NODE [OPTION]...: starts the node's dmvpnd, under a command where the array UNDER has one.
UNDER=()
start() {
	local name=$1 under=("${UNDER[@]}") ENTER REPLY

	shift
	in_node "$name"
	log_of "$name"
	[[ -z ${LAB_VALGRIND-} ]] || under+=("${VALGRIND[@]}")
	record_conf "$name" "$LAB/$name.conf"
	# shellcheck disable=SC2034  # for scenarios that measure
	started[$name]=$EPOCHREALTIME
	"${ENTER[@]}" "${under[@]}" "$DMVPND" --config "$LAB/$name.conf" --map FastEthernet0/0=eth0 --instance "$name" "$@" >>"$REPLY" 2>&1 &
	daemon[$name]=$!
	# A signal that comes while it is still a shell, or nsenter, would be lost.
	eventually 5 is_itself "$!"
}

is_itself() {
	local name

	{ read -r name <"/proc/$1/comm"; } 2>/dev/null || return 0
	[[ $name != "${BASH##*/}" && $name != nsenter ]]
}

running() {
	local state _

	# A zombie does not: bash may not have noticed yet.
	[[ -n ${daemon[$1]-} ]] && { read -r _ _ state _ <"/proc/${daemon[$1]}/stat"; } 2>/dev/null &&
		[[ $state != Z ]]
}

# stop NODE...: asks the daemons to end; fails if one does not, within 10 s and with status 0.
stop() {
	local name failed=0

	record_daemons "$@"
	for name; do
		kill -TERM "${daemon[$name]}" || failed=1
	done
	for name; do
		eventually 10 not running "$name" || { kill -KILL "${daemon[$name]}"; failed=1; }
		wait "${daemon[$name]}" || failed=1
		unset "daemon[$name]"
	done
	return $failed
}

# kill_daemon NODE: SIGKILL, as in a crash.
kill_daemon() {
	kill -KILL "${daemon[$1]}"
	wait "${daemon[$1]}" 2>/dev/null || true
	unset "daemon[$1]"
}

# ctl NODE WORD...
ctl() {
	local name=$1

	shift
	"$DMVPNCTL" --instance "$name" "$@"
}

# peer_up NODE TUNNEL-ADDRESS: show dmvpn has this peer UP.
peer_up() {
	[[ $(ctl "$1" show dmvpn 2>/dev/null) =~ \ ${2//./\\.}\ +UP\  ]]
}

# peer_unknown NODE TUNNEL-ADDRESS: show dmvpn answers, and does not list it.
peer_unknown() {
	local answer

	answer=$(ctl "$1" show dmvpn) && [[ ! $answer =~ \ ${2//./\\.}\  ]]
}

# wait_up NODE TUNNEL-ADDRESS [SECONDS]
wait_up() {
	expect "$1 has $2 up" eventually "${3:-10}" peer_up "$1" "$2"
}
