#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# `explain` names what is wrong on the way, or with the kernel, on both sides: one fault after the other
# (scripts/lab/fault.sh), two at a time, each on a spoke of its own.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology

act no-route udp500-there
act peer-down esp-there
act udp500-back esp-back
act udp500-both udp500-refused
act map-nowhere map-no-daemon
act map-spoke mtu
# The daemon does not start where the kernel lacks what the transform-sets need; so it loses it later. There is
# one kernel for all nodes: the responder is the first who misses it.
kernel_without() {
	chapter "$2"
	step "a kernel without $1"
	article_conf Hub "${@:3}"
	article_conf SiteA "${@:3}"
	fault SiteA udp500-both
	start Hub
	start SiteA
	eventually 5 has_link Hub Tunnel0 && eventually 5 has_link SiteA Tunnel0 || die "no tunnel, see $OUT"
	read -r loader </proc/sys/kernel/modprobe
	echo /bin/false >/proc/sys/kernel/modprobe
	eventually 5 rmmod "$1" 2>/dev/null || die "rmmod $1: $(rmmod "$1" 2>&1)"
	mended SiteA
	expect "the hub says $2" eventually 10 names_causes Hub "$SITE_A" "$2"
	expect "SiteA, which is told no reason, says peer_no_transform" eventually 5 names_causes SiteA "$HUB" peer_no_transform
	expect "both stop" stop SiteA Hub
	echo "$loader" >/proc/sys/kernel/modprobe
	modprobe "$1"
}
kernel_without esp4 kernel_esp
act none
finish
