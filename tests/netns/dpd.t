#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Dead peers. A hub that died and is started again has its spokes back within seconds, whether its
# kernel still has their SAs or not; a spoke that dies takes down its own SAs and nothing else.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# Shorter than the default, 10 and 2, for the sake of the test's.
INTERVAL=4 RETRY=1 TRIES=4
DEATH=$((INTERVAL * 3 / 2 + TRIES * RETRY))

# sas NODE PEER-ADDRESS: the SPIs of its ESP SAs with this peer, sorted.
sas() {
	ip -n "$1" xfrm state list proto esp | awk -v peer="$2" '
		/^src/ { its = $2 == peer || $4 == peer }
		its && $1 == "proto" { print $4 }' | sort
}

no_sas() {
	[[ -z $(sas "$1" "$2") ]]
}

# back SECONDS SITE TUNNEL-ADDRESS: the hub has its registration; how long that took since the hub's
# start is told.
back() {
	expect "$2 is back within $1 s" eventually "$1" peer_up Hub "$3"
	note "       after $(((${EPOCHREALTIME/./} - ${started[Hub]/./}) / 1000)) ms"
}

# both_back SECONDS
both_back() {
	back "$1" SiteA 172.16.0.2
	back "$1" SiteB 172.16.0.3
	expect "SiteA reaches the hub" eventually 3 reaches SiteA 172.16.0.1
	expect "SiteB reaches the hub" eventually 3 reaches SiteB 172.16.0.1
}

reaches() {
	on "$1" ping -q -c 3 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

topology
capture Internet internet
for node in Hub SiteA SiteB; do
	article_conf $node "s/^hostname.*/&\nisakmp-keepalive { interval = $INTERVAL  retry = $RETRY }/"
done
bring_up

step "The hub's daemon is killed and starts again"
kill_daemon Hub
start_hub
both_back 10

step "The hub starts again as after a reboot: its kernel has nothing"
kill_daemon Hub
ip -n Hub link delete Tunnel0
ip -n Hub xfrm state flush
ip -n Hub xfrm policy flush
start_hub
both_back $((DEATH + 4))
expect "a spoke tells why" log_has SiteA "IP = $HUB, IKE lost contact"

step "SiteA is cut off"
kept=$(sas Hub "$SITE_B")
on SiteB ping -q -i 0.05 -w $((DEATH + 5)) 172.16.0.1 >"$LAB/ping" 2>&1 &
pinger=$!
cut=${EPOCHREALTIME/./}
ip -n Internet link set sitea down
expect "the hub has removed its SAs within $((DEATH + 2)) s" eventually $((DEATH + 2)) no_sas Hub "$SITE_A"
note "       after $(((${EPOCHREALTIME/./} - cut) / 1000)) ms"
expect "and says so" log_has Hub "IP = $SITE_A, IKE lost contact"
expect "SiteA has found the hub dead, too" eventually 5 no_sas SiteA "$HUB"
wait "$pinger" || true
expect "SiteB's ping has lost nothing meanwhile" grep -q ' 0% packet loss' "$LAB/ping"
note "       $(grep transmitted "$LAB/ping")"
expect "SiteB's SAs are the same as before" test "$(sas Hub "$SITE_B")" = "$kept"

step "SiteA's cable is plugged in again"
started[Hub]=$EPOCHREALTIME
ip -n Internet link set sitea up
back 12 SiteA 172.16.0.2
expect "SiteA reaches the hub" eventually 3 reaches SiteA 172.16.0.1

step "The end"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in SiteA SiteB Hub; do
	expect "$node is as it was before the first start" as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
