#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# Who sleeps, as a laptop does, misses questions and lifetimes, and finds out when it wakes: the tunnels
# are back within seconds, without a restart. A daemon that is stopped by a signal is as near to that as
# a test gets: the clock that it goes by runs on, and so does the kernel.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

INTERVAL=4 RETRY=1 TRIES=4
DEATH=$((INTERVAL * 3 / 2 + TRIES * RETRY))
# Of phase 2 in seconds, the shortest there is; phase 1 has half of it.
LIFETIME=120

sleeps() {
	local node

	for node; do
		kill -STOP "${daemon[$node]}"
	done
}

wakes() {
	local node

	for node; do
		kill -CONT "${daemon[$node]}"
	done
	awake=${EPOCHREALTIME/./}
}

# back SECONDS NODE ADDRESS: within that time since the awakening, which is told.
back() {
	expect "$2 reaches $3 within $1 s" eventually "$1" pings "$2" "$3" 1
	note "       after $(((${EPOCHREALTIME/./} - awake) / 1000)) ms"
}

# one_pair NODE ADDRESS ADDRESS: one ESP SA each way, none that were forgotten.
one_pair() {
	read_sas "$1"
	((${SA_COUNT["$2 $3"]-0} == 1 && ${SA_COUNT["$3 $2"]-0} == 1))
}

topology
capture Internet internet
for node in Hub SiteA SiteB; do
	article_conf $node "s/^hostname.*/&\nisakmp-keepalive { interval = $INTERVAL  retry = $RETRY }/" \
		"s/group = 2 .*/group = 2\n\tlifetime = $((LIFETIME / 2))/" \
		"s/pfs = group2.*/pfs = group2\n\tlifetime-seconds = $LIFETIME/"
done
bring_up

step "SiteA sleeps longer than it takes to be thought dead"
kept=$(ip -n Hub xfrm state list src "$SITE_B" dst "$HUB" | grep spi)
sleeps SiteA
expect "the hub finds it dead" eventually $((DEATH + 3)) no_sas Hub "$HUB" "$SITE_A"
wakes SiteA
back 15 SiteA 172.16.0.1
back 15 Hub 172.16.0.2
expect "SiteB's SA is the same as before" \
	test "$(ip -n Hub xfrm state list src "$SITE_B" dst "$HUB" | grep spi)" = "$kept"
wait_up Hub 172.16.0.2

# Both phases are overdue then. (The kernel keeps ESP SAs a minute longer, for what is under way.)
step "The hub and SiteA sleep longer than their SAs may live"
sleeps Hub SiteA
pause $((LIFETIME + 5))
wakes Hub SiteA
back 15 SiteA 172.16.0.1
back 15 SiteB 172.16.0.1
back 15 Hub 172.16.0.2
back 15 Hub 172.16.0.3
expect "SiteA reaches SiteB" eventually 5 pings SiteA 172.16.3.1 3
for node in SiteA SiteB; do
	wait_up $node 172.16.0.1
done
expect "the hub and SiteA are left with one pair of SAs" eventually 70 one_pair Hub "$HUB" "$SITE_A"
expect "the hub and SiteB, too" eventually 70 one_pair Hub "$HUB" "$SITE_B"

step "The end"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in SiteA SiteB Hub; do
	expect "$node is as it was before the first start" eventually 35 as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
