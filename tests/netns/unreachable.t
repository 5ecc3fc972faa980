#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What ICMP says about a peer is told, and is no more than evidence, because anybody can forge it: no
# exchange and no SA ends by it.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

REFUSED="IKE $SITE_A to $HUB:500: $HUB says: Connection refused: no IKE daemon runs there"

# refusals: how often SiteA has told it.
refusals() {
	local REPLY

	log_of SiteA
	grep -c "$REFUSED" "$REPLY" || true
}

more_refusals() {
	(($(refusals) > $1))
}

waits_for_answer() {
	[[ $(ctl SiteA show crypto isakmp sa --json) == *'"mm_state": "MM_WAIT_MSG2"'* ]]
}

topology
wire
article_conf Hub
article_conf SiteA

step "A hub without a daemon"
start SiteA
expect "SiteA says what the hub's machine says" eventually 5 log_has SiteA "$REFUSED"
sleep 5
expect "it goes on" waits_for_answer
expect "and says it again when it has tried again" test "$(refusals)" -ge 2
refute "nothing has failed" log_has SiteA 'MM_DONE'
start Hub
wait_up SiteA 172.16.0.1
log_of SiteA
expect "by the same exchange" test "$(grep -c 'New Phase 1' "$REPLY")" = 1

step "A hub whose daemon dies"
kill_daemon Hub
before=$(refusals)
expect "its kernel goes on" on SiteA ping -q -c 3 -i 0.2 -W 1 172.16.0.1
expect "SiteA lets go of its SAs" ctl SiteA clear crypto sa
expect "what its goodbyes meet is told" eventually 5 more_refusals "$before"
start Hub
wait_up SiteA 172.16.0.1
expect "all stop by themselves" stop SiteA Hub
finish
