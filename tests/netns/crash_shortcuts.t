#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# A spoke dies by SIGKILL with shortcuts in place, to networks and to a host: what it left is used until the new
# daemon knows better, and goes where nobody claims it. What others have put beside it stays.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/phase3.sh
. "$TOP/scripts/lab/phase3.sh"

# A host of SiteB's, for which there is a host route on the hub and on SiteB.
LONE=192.168.99.9
# Tags of ours in the kernel.
OURS='proto 211'

# ours NODE: the routes, neighbours and rules in its kernel that carry our tag.
ours() {
	ip -n "$1" route show table all $OURS
	ip -n "$1" neighbour show nud permanent | grep "$OURS" || true
	ip -n "$1" rule show | grep 'lookup 211' || true
}

# others NODE: what somebody else has put there.
others() {
	ip -n "$1" route show table all proto 77
	ip -n "$1" neighbour show nud permanent | grep -v "$OURS"
	ip -n "$1" rule show | grep 'lookup 77'
}

put_others() {
	ip -n SiteA -b - <<-END
		route add 192.168.77.0/24 via 172.16.0.7 dev Tunnel0 proto 77
		route add 192.168.78.7/32 via 172.16.0.7 dev Tunnel0 proto 77 table 211
		route add 192.168.78.0/24 via 172.16.0.7 dev Tunnel0 proto 77 table 77
		rule add to 192.168.78.0/24 lookup 77 priority 32764
		neighbour add 172.16.0.7 lladdr 10.0.0.7 nud permanent dev Tunnel0
	END
}

# host_shortcut NODE: to LONE, in the table that only host shortcuts have.
host_shortcut() {
	[[ $(ip -n "$1" route show table 211 $LONE $OURS) == *" via 172.16.0.3 dev Tunnel0 "* && $(rules "$1") == 1 ]]
}

# rules NODE: how many of our rule.
rules() {
	ip -n "$1" rule show | grep -c '^32765:.*lookup 211' || true
}

no_host_shortcut() {
	[[ -z $(ip -n "$1" route show table 211 $OURS) && $(rules "$1") == 0 ]]
}

neighbour() {
	[[ $(ip -n "$1" neighbour show "$2" dev Tunnel0 nud permanent) == *"$OURS"* ]]
}

have_shortcuts() {
	expect "HostA reaches SiteB's network" pings HostA $HOST_B 5 -i 0.1
	expect "and its lone host" pings HostA $LONE 5 -i 0.1
	expect "SiteA has a shortcut to the network" eventually 5 shortcut SiteA 192.168.3.0/24 172.16.0.3
	expect "and one to the host" eventually 5 host_shortcut SiteA
}

topology
ip -n SiteB address add $LONE/32 dev lo
start_phase3 Hub 'redirect = true' 192.168.2.0/24 172.16.0.2 192.168.3.0/24 172.16.0.3 $LONE/32 172.16.0.3
start_phase3 SiteA 'shortcut = true' 192.168.0.0/16 172.16.0.1
start_phase3 SiteB 'shortcut = true' 192.168.0.0/16 172.16.0.1
wait_up SiteA 172.16.0.1
wait_up SiteB 172.16.0.1
wait_up Hub 172.16.0.2

step "SiteA dies with shortcuts, and is back"
have_shortcuts
put_others
others SiteA >"$LAB/others"
kill_daemon SiteA
expect "the kernel has its shortcuts still" shortcut SiteA 192.168.3.0/24 172.16.0.3
expect "that of the host, too" host_shortcut SiteA
expect "what others have put is not ours" test "$(wc -l <"$LAB/others")" = 5
start SiteA
wait_up SiteA 172.16.0.1
have_shortcuts
expect "there is one rule" test "$(rules SiteA)" = 1
# Longer than they were to live, less than leftovers are left alone.
expect "idle, the shortcut to the network goes" eventually $((HOLDTIME * 3)) no_shortcut SiteA 192.168.3.0/24
expect "the one to the host with its rule, too" eventually $((HOLDTIME * 3)) no_host_shortcut SiteA
expect "what others have put is there" diff "$LAB/others" <(others SiteA)

step "SiteA dies with shortcuts, and SiteB, too: nobody claims them"
have_shortcuts
kill_daemon SiteA
expect "SiteB stops" stop SiteB
ours SiteA
start SiteA
wait_up SiteA 172.16.0.1
expect "the shortcuts go" eventually 25 no_shortcut SiteA 192.168.3.0/24
expect "that of the host with its rule, too" eventually 5 no_host_shortcut SiteA
expect "and the neighbour" eventually 5 not neighbour SiteA 172.16.0.3
expect "the hub's is there" neighbour SiteA 172.16.0.1
expect "what others have put is there" diff "$LAB/others" <(others SiteA)
note "$(ours SiteA)"

step "SiteA dies with shortcuts, and the next one is stopped at once"
start_phase3 SiteB 'shortcut = true' 192.168.0.0/16 172.16.0.1
wait_up SiteB 172.16.0.1
have_shortcuts
kill_daemon SiteA
chapter at-once
start SiteA
eventually 5 log_has SiteA 'the link was there and stays'
expect "all stop by themselves" stop SiteA SiteB Hub
expect "nothing of ours is left in SiteA" test -z "$(ours SiteA)"
expect "the rule of others is" test -n "$(ip -n SiteA rule show priority 32764)"
ip -n SiteA rule del priority 32764
ip -n SiteA route del 192.168.78.7/32 table 211 2>/dev/null || true
ip -n SiteB address del $LONE/32 dev lo
for node in Hub SiteA SiteB; do
	expect "$node is as it was before" eventually 35 as_remembered $node
done
finish
