#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a tunnel needs of the machine, forwarding and room for neighbours: kernel-settings = check warns with
# commands that put things right, set does it itself, ignore does neither. The hub is the machine itself, since
# the neighbour table's size shows in no other namespace.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

SIZES='gc_thresh1 gc_thresh2 gc_thresh3'

# machine NODE: makes this machine's own network the node's.
machine() {
	ip netns attach "$1" $$
	mkdir -p "$LAB/$1"
	: >"$LAB/$1/uts"
	: >"$LAB/$1/mnt"
	unshare "--uts=$LAB/$1/uts" "--mount=$LAB/$1/mnt" true
	ip -b - <<-END
		link set lo up
		link add eth0 type veth peer name eth1
		link set eth1 up
		link set eth0 up
		address add $HUB/30 dev eth0
	END
}

# set_to NAME=VALUE...: settings below net.ipv4.
set_to() {
	on Hub sysctl -qw "${@/#/net.ipv4.}"
}

# are VALUE...: ip_forward, and the sizes of the neighbour table.
are() {
	local names

	read -ra names <<<"ip_forward $SIZES"
	names=("${names[@]/#gc/neigh.default.gc}")
	[[ $(on Hub sysctl -n "${names[@]/#/net.ipv4.}") == "$(printf '%s\n' "$@")" ]]
}

# spoil: as a machine is that nobody prepared.
spoil() {
	set_to ip_forward=0 neigh.default.gc_thresh1=128 neigh.default.gc_thresh2=512 neigh.default.gc_thresh3=1024
}

SPOILT=(0 128 512 1024)
# The tunnel's network has 1024 addresses; there is room for twice as many.
RIGHT=(1 256 1024 2048)

# said_of: how often its log has the words of a finding.
said_of() {
	local REPLY

	log_of Hub
	grep -cE 'sysctl -w|and now is' "$REPLY" || true
}

# act NAME [SED-EXPRESSION]...: its configuration edited, the hub starts.
act() {
	local name=$1

	shift
	step "$name"
	chapter "$name"
	article_conf Hub 's|172\.16\.0\.1/24|172.16.0.1/22|' "$@"
	begin
}

begin() {
	start Hub
	eventually 5 has_link Hub Tunnel0 || die "no Tunnel0, see $OUT"
	eventually 5 ctl Hub show interface >/dev/null
}

ends() {
	expect "it stops by itself" stop Hub
}

warns() {
	expect "it warns of $1" log_has Hub "Tunnel0: net.ipv4.$1 is $2: .*; run: sysctl -w net.ipv4.$1=$3$"
}

# obey: runs each command that its warnings name.
obey() {
	local command

	log_of Hub
	sed -nE 's/.*run: (sysctl -w)/\1/p' "$REPLY" >"$LAB/commands"
	while read -r command; do
		# shellcheck disable=SC2086
		on Hub $command || return
	done <"$LAB/commands"
}

machine Hub

spoil
act check
warns ip_forward 0 1
warns neigh.default.gc_thresh1 128 256
warns neigh.default.gc_thresh2 512 1024
warns neigh.default.gc_thresh3 1024 2048
expect "of nothing else" test "$(said_of)" = 4
expect "and changes nothing" are "${SPOILT[@]}"
expect "the commands can be run" obey
expect "all is as they say" are "${RIGHT[@]}"
expect "a reload finds nothing more" ctl Hub reload
expect "nor does it say so" test "$(said_of)" = 4
ends
chapter check-again
begin
expect "nor does a new start" test "$(said_of)" = 0
ends

# New interfaces do not forward, though ip_forward is 1.
set_to conf.default.forwarding=0
act check-link
warns conf.Tunnel0.forwarding 0 1
expect "of nothing else" test "$(said_of)" = 1
expect "the command can be run" obey
expect "a reload" ctl Hub reload
expect "finds nothing more" test "$(said_of)" = 1
ends

act set-link '$a kernel-settings = set'
expect "it says what it set" log_has Hub 'Tunnel0: net.ipv4.conf.Tunnel0.forwarding was 0 and now is 1'
expect "it is set" test "$(on Hub sysctl -n net.ipv4.conf.Tunnel0.forwarding)" = 1
ends

spoil
act set '$a kernel-settings = set'
expect "all is as it should be" are "${RIGHT[@]}"
expect "the tunnel forwards" test "$(on Hub sysctl -n net.ipv4.conf.Tunnel0.forwarding)" = 1
expect "it says what it set" log_has Hub 'Tunnel0: net.ipv4.ip_forward was 0 and now is 1'
expect "all of it, and warns of nothing" test "$(said_of)" = 4
refute "no command is left to run" log_has Hub 'sysctl -w'
ends

spoil
set_to neigh.default.gc_thresh3=1000000
act set-larger '$a kernel-settings = set'
expect "what is larger than needed stays" are 1 256 1024 1000000
ends

spoil
act ignore '$a kernel-settings = ignore'
expect "it says nothing" test "$(said_of)" = 0
expect "and changes nothing" are "${SPOILT[@]}"
edit_conf Hub 's/ignore/check/'
expect "a reload with check" ctl Hub reload
warns ip_forward 0 1
expect "warns of all at once" test "$(said_of)" = 4
edit_conf Hub 's/= check/= set/'
expect "a reload with set" ctl Hub reload
expect "puts it right" are "${RIGHT[@]}"
ends

spoil
step "A spoke"
chapter spoke
article_conf SiteA "s|172\.16\.0\.2/24|172.16.0.2/30|; s/source = eth0 /source = \"$HUB\" /; s/nbma = \"$HUB\"/nbma = \"10.0.1.1\"/"
cp "$LAB/SiteA.conf" "$LAB/Hub.conf"
set_to neigh.default.gc_thresh3=2048 neigh.default.gc_thresh2=1024 neigh.default.gc_thresh1=256
begin
expect "one that may be a host is not told to forward" test "$(said_of)" = 0
ends
finish
