#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The change-over from the path through the hub to the direct tunnel loses nothing, while both spokes
# flood each other: both resolve and both begin to negotiate at once. Several rounds, since what crosses
# what on the way differs each time.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# flood NODE ADDRESS: in the background, for a second or so.
flood() {
	on "$1" ping -f -q -c 1000 -W 2 "$2" >"$LAB/$1/flood" 2>&1 &
}

# lossless NODE
lossless() {
	cat "$LAB/$1/flood"
	grep -q ' 0% packet loss' "$LAB/$1/flood"
}

# one_pair NODE: one ESP SA each way between the spokes.
one_pair() {
	read_sas "$1"
	((${SA_COUNT["$SITE_A $SITE_B"]-0} == 1 && ${SA_COUNT["$SITE_B $SITE_A"]-0} == 1))
}

part() {
	ctl SiteA clear ip nhrp
	ctl SiteB clear ip nhrp
	ctl SiteA clear crypto sa peer "$SITE_B"
	expect "the spokes have forgotten each other" eventually 5 apart
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
}

apart() {
	no_sas SiteA "$SITE_A" "$SITE_B" && no_sas SiteB "$SITE_A" "$SITE_B"
}

topology
capture Internet internet
bring_up
for round in 1 2 3 4; do
	step "Round $round"
	((round == 1)) || part
	flood SiteA 172.16.3.1
	first=$!
	# Sometimes the second begins while the first is being served, sometimes at once.
	((round % 2)) || pause 0.03
	flood SiteB 172.16.2.1
	wait "$first" $! || true
	expect "SiteA's flood lost nothing" lossless SiteA
	expect "SiteB's flood lost nothing" lossless SiteB
	wait_up SiteA 172.16.0.3
	wait_up SiteB 172.16.0.2
	expect "the direct tunnel carried it" sas_carried SiteA "$SITE_A" "$SITE_B" 500
	expect "crossed negotiations end in one pair of SAs on SiteA" eventually 60 one_pair SiteA
	expect "... and on SiteB" eventually 10 one_pair SiteB
done
expect "all stop by themselves" stop SiteA SiteB Hub
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
