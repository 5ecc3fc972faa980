#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Daemons die by SIGKILL and are started again: the kernel's SAs and policies stay, nothing leaks
# meanwhile, and each is back without help, with no SA left over in the end.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

has_policies() {
	[[ $(ip -n "$1" xfrm policy) == *'proto gre'*'tmpl'* ]]
}

reaches() {
	on "$1" ping -q -c 3 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

has_link() {
	ip -n "$1" link show dev "$2" >/dev/null 2>&1
}

# policies_are NODE COUNT
policies_are() {
	[[ $(ip -n "$1" xfrm policy | grep -c 'proto gre' || true) == "$2" ]]
}

topology
capture Internet internet
bring_up
expect "SiteA reaches SiteB's network" on SiteA ping -q -c 1 -W 2 172.16.3.1
wait_up SiteA 172.16.0.3
wait_up SiteB 172.16.0.2

step "SiteA's daemon dies"
kill_daemon SiteA
expect "the kernel still has its SAs" not no_sas SiteA
expect "the kernel still has its policies" has_policies SiteA
start_with_routes SiteA
wait_up SiteA 172.16.0.1
expect "SiteA reaches the hub" eventually 5 reaches SiteA 172.16.0.1
expect "SiteA reaches SiteB's network" eventually 10 reaches SiteA 172.16.3.1
wait_up SiteA 172.16.0.3

step "The hub's daemon dies"
kill_daemon Hub
start_with_routes Hub
wait_up Hub 172.16.0.2 30
wait_up Hub 172.16.0.3 30
expect "SiteA reaches the hub" eventually 10 reaches SiteA 172.16.0.1
expect "SiteB reaches the hub" eventually 10 reaches SiteB 172.16.0.1
expect "SiteA reaches SiteB's network" eventually 10 reaches SiteA 172.16.3.1

step "All die, and come back in another order"
kill_daemon SiteB
kill_daemon Hub
kill_daemon SiteA
start_with_routes SiteB
start_with_routes SiteA
start_with_routes Hub
wait_up SiteA 172.16.0.1 30
wait_up SiteB 172.16.0.1 30
expect "SiteA reaches SiteB's network" eventually 10 reaches SiteA 172.16.3.1

step "SiteA dies, and comes back with its tunnel under another name and key"
kill_daemon SiteA
article_conf SiteA 's/tunnel Tunnel0/tunnel dmvpn9/; s/key = 1 /key = 9 /'
start SiteA
expect "the new link is there" eventually 5 has_link SiteA dmvpn9
expect "the old link is gone" eventually 2 not has_link SiteA Tunnel0
expect "the old policies are gone" eventually 2 policies_are SiteA 3

step "The end"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in Hub SiteA SiteB; do
	expect "$node is as it was before the first start" eventually 35 as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear, not even while daemons were dead" test "$(captured internet 'ip proto 47')" = 0
finish
