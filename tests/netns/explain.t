#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `explain` names what is configured wrongly, on both sides: one fault after the other
# (scripts/lab/fault.sh), two at a time, each on a spoke of its own.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology
pki_init
certificate SiteA

act phase1-encryption phase1-hash
act phase1-authentication phase1-group
act unknown-there phase1-lifetime
act psk transform-encryption
act transform-authentication pfs-hub-only
act pfs-groups nhrp-authentication
act tunnel-key outside
act unregistered
act pfs-spoke-only
act none duplicate-address

step "peers of another kind"
start Hub
eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
article_conf SiteA
fault SiteA network-id
start SiteA
on SiteB ike-scan -q --retry=1 --aggressive --id=x "$HUB" >/dev/null 2>&1 || true
expect "the hub names aggressive mode" eventually 5 names_causes Hub "$SITE_B" aggressive_mode
on SiteB ike-scan -q --retry=1 --ikev2 "$HUB" >/dev/null 2>&1 || true
expect "the hub names IKEv2, too" eventually 5 names_causes Hub "$SITE_B" ikev2,aggressive_mode
explained SiteA
show Hub "explain"
tells_of_one() {
	local answer

	answer=$(ctl Hub explain)
	echo "$answer"
	[[ $answer == *"Peer $SITE_B"* && $answer != *"Peer $SITE_A"* ]]
}
expect "nothing is said of SiteA, which is well" tells_of_one
expect "who has never been heard of is explained, too" names_causes Hub 10.0.9.9 peer_down,nothing_received
refute "a tunnel address that nobody has is none" ctl Hub explain 172.16.0.99

note "whoever asks may go, and so may the daemon, while pings are out"
timeout 0.2 "$DMVPNCTL" --instance Hub explain 10.0.9.9 >/dev/null || true
ctl Hub explain 10.0.9.9 >/dev/null &
pause 0.3
expect "all stop by themselves" stop SiteA Hub
wait $! || true
finish
