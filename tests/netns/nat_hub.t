#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The hub is behind a NAT that lets IKE in: SiteA is behind a NAT of its own, SiteB is not.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/nat.sh
. "$TOP/scripts/lab/nat.sh"

OUTSIDE=10.0.2.2 INSIDE_HUB=192.168.1.2

topology() {
	node Internet Hub NatH Nat SiteA SiteB
	link Internet nath NatH outside
	link NatH hub Hub eth0
	link Internet nat Nat outside
	link Nat sitea SiteA eth0
	link Internet siteb SiteB eth0
	routed Internet
	address Internet nath 10.0.2.1/24
	address Internet nat 10.0.0.1/24
	address Internet siteb 10.0.3.1/24

	address NatH outside $OUTSIDE/24
	address NatH hub 192.168.1.1/24
	gateway NatH 10.0.2.1
	routed NatH
	address Hub eth0 $INSIDE_HUB/24
	gateway Hub 192.168.1.1
	loopback Hub 172.16.1.1
	routed Hub

	address Nat outside $NAT/24
	address Nat sitea 192.168.2.1/24
	gateway Nat 10.0.0.1
	routed Nat
	address SiteA eth0 $INSIDE_A/24
	gateway SiteA 192.168.2.1
	loopback SiteA 172.16.2.1

	address SiteB eth0 10.0.3.2/24
	gateway SiteB 10.0.3.1
	loopback SiteB 172.16.3.1
	wire
	on Nat iptables-legacy -t nat -A POSTROUTING -o outside -j MASQUERADE
	on NatH iptables-legacy -t nat -A POSTROUTING -o outside -j MASQUERADE
	on NatH iptables-legacy -t nat -A PREROUTING -i outside -p udp -m multiport --dports 500,4500 -j DNAT --to "$INSIDE_HUB"
	remember Hub SiteA SiteB
}

topology
capture Internet internet
nat_conf Hub
nat_conf SiteA "s/10\.0\.1\.2/$OUTSIDE/"
nat_conf SiteB "s/10\.0\.1\.2/$OUTSIDE/"

step "A spoke behind a NAT of its own"
start_hub
start_site_a
wait_up SiteA 172.16.0.1
wait_up Hub 172.16.0.2
expect "both ends are behind a NAT" log_has Hub 'Remote end IS behind a NAT device  This end IS behind a NAT device'
expect "the hub reaches SiteA" pings Hub 172.16.2.1
expect "SiteA reaches the hub" pings SiteA 172.16.1.1

step "A spoke without"
start_site_b
wait_up SiteB 172.16.0.1
wait_up Hub 172.16.0.3
expect "the hub alone is behind a NAT" log_has SiteB 'Remote end IS behind a NAT device  This end is NOT'
expect "all reach each other at once" all_ping

step "The hub's daemon dies and comes back"
kill_daemon Hub
start_with_routes Hub 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3
expect "SiteB reaches the hub again" eventually 60 pings SiteB 172.16.1.1 1
expect "SiteA reaches the hub again" eventually 60 pings SiteA 172.16.1.1 1
expect "all reach each other at once" eventually 20 all_ping

step "The end"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in Hub SiteA SiteB; do
	expect "$node is as it was before" as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no ESP outside of UDP" test "$(captured internet 'esp')" = 0
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
