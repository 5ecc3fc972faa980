#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Somebody floods the hub with spoofed first messages and garbage, 20,000 a second. Whoever is
# established does not notice, honest newcomers get in while it lasts, memory and log stay within bounds.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# shellcheck disable=SC2153  # the other sites' addresses are the article's
SITE_C=10.0.0.8
RATE=20000 DURATION=20

# rss NODE: kilobytes of its dmvpnd that are in memory.
rss() {
	sed -nE 's/^VmRSS:[[:space:]]*([0-9]+) kB/\1/p' "/proc/${daemon[$1]}/status"
}

# counter NAME: of the hub's IKE.
counter() {
	ctl Hub show crypto isakmp stats --json | sed -nE "s/.*\"$1\": ([0-9]+).*/\\1/p" | head -1
}

test_none_half_open() {
	[[ $(counter half_open) == 0 ]]
}

topology
node SiteC Mallory
link Internet sitec SiteC eth0
bridge_port Internet spokes sitec
address SiteC eth0 $SITE_C/24
gateway SiteC 10.0.0.1
link Mallory eth0 Hub mallory
address Mallory eth0 10.77.255.1/24
address Hub mallory 10.77.255.254/24
wire
"${CC:-cc}" -D_GNU_SOURCE -O2 -o "$LAB/flood" "$TOP/tests/tools/flood.c"
ip -n Mallory route add $HUB via 10.77.255.254
# Answers to the spoofed addresses go back there and end.
ip -n Hub route add 10.77.0.0/17 via 10.77.255.1
article_conf Hub
article_conf SiteA
article_conf SiteB 's/^hostname.*/&\nisakmp-keepalive { interval = 2  retry = 1 }/'
configure SiteC "$TOP/conf/spoke.conf" 's/SiteA/SiteC/; s|172\.16\.0\.2/24|172.16.0.4/24|'
bring_up
before=$(rss Hub)
log_of Hub
lines=$(wc -l <"$REPLY")

step "The flood"
in_node SiteA
"${ENTER[@]}" ping -q -i 0.05 172.16.0.1 >"$LAB/ping" 2>&1 &
pinger=$!
on Mallory "$LAB/flood" $HUB 10.77.0.0/17 $RATE $DURATION >"$LAB/flooded" 2>&1 &
flooder=$!
sleep 2
note "       half-open after 2 s: $(counter half_open)"
newcomer=${EPOCHREALTIME/./}
start SiteC
expect "a newcomer gets in" eventually 7 peer_up SiteC 172.16.0.1
note "       after $(((${EPOCHREALTIME/./} - newcomer) / 1000)) ms"
newcomer=${EPOCHREALTIME/./}
expect "it leaves" stop SiteC
start SiteC
expect "it gets in again" eventually 7 peer_up SiteC 172.16.0.1
note "       after $(((${EPOCHREALTIME/./} - newcomer) / 1000)) ms"
expect "its traffic goes through" on SiteC ping -q -c 5 -i 0.1 -W 1 172.16.0.1
expect "and all the while there is the flood" kill -0 "$flooder"
wait "$flooder" || true
sleep 1
kill -INT "$pinger"
wait "$pinger" || true
after=$(rss Hub)
log_of Hub
lines=$(($(wc -l <"$REPLY") - lines))

step "What it did"
note "       Mallory: $(<"$LAB/flooded")"
note "       The hub has received $(counter received) messages and evicted $(counter evicted) half-open SAs."
note "       Its memory: $before kB before, $after kB after; lines in its log meanwhile: $lines"
note "       $(grep transmitted "$LAB/ping")"
expect "SiteA's ping has lost nothing" grep -q ' 0% packet loss' "$LAB/ping"
refute "nobody took the hub for dead" log_has SiteB 'lost contact'
refute "nor did the hub take anybody" log_has Hub 'lost contact'
refute "nobody has lost the hub" log_has SiteB 'is down'
expect "the hub says what it does" log_has Hub 'strangers a second begin a negotiation'
expect "first messages were put off" test "$(counter flood)" -gt $((RATE * DURATION / 4))
expect "the flood was one" test "$(sed 's/ .*//' "$LAB/flooded")" -gt $((RATE * DURATION / 2))
expect "the hub's memory has grown by less than 64 MB" test $((after - before)) -lt 65536
expect "its log by less than 2000 lines" test $lines -lt 2000
expect "half-open ones are gone after their time" eventually 40 test_none_half_open

step "The end"
expect "all stop by themselves" stop SiteA SiteB SiteC Hub
finish
