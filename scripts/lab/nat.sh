# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Spokes behind a NAT: first one, then a second one that the NAT gives the same address. The hub tells
# them apart by their identities and calls the second one by a pseudo address, see ikev1/sharing.h.

# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"

NAT=10.0.0.4
INSIDE_A=192.168.2.2 INSIDE_B=192.168.3.2
# The first address of the pool.
PSEUDO=240.0.0.1

topology() {
	node Internet Hub Nat SiteA SiteB
	link Internet hub Hub eth0
	link Internet nat Nat outside
	link Nat sitea SiteA eth0
	link Nat siteb SiteB eth0
	routed Internet
	address Internet hub 10.0.1.1/30
	address Internet nat 10.0.0.1/24

	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	loopback Hub 172.16.1.1
	routed Hub

	address Nat outside $NAT/24
	address Nat sitea 192.168.2.1/24
	address Nat siteb 192.168.3.1/24
	gateway Nat 10.0.0.1
	routed Nat

	address SiteA eth0 $INSIDE_A/24
	gateway SiteA 192.168.2.1
	loopback SiteA 172.16.2.1

	address SiteB eth0 $INSIDE_B/24
	gateway SiteB 192.168.3.1
	loopback SiteB 172.16.3.1
	wire
	on Nat iptables-legacy -t nat -A POSTROUTING -o outside -j MASQUERADE
	remember Hub SiteA SiteB
}

# nat_conf NODE [SED-EXPRESSION]...: short lifetimes, so that both phases are renewed while the story
# lasts.
nat_conf() {
	article_conf "$1" 's/^(.*)group = 2 .*/&\n\1lifetime = 60/' \
		's/^(.*)pfs = group2.*/&\n\1lifetime-kilobytes = 2560/' "${@:2}"
}

bring_up() {
	local name

	for name in Hub SiteA SiteB; do
		nat_conf $name
	done
	start_hub
	start_site_a
	wait_up SiteA 172.16.0.1
	start_site_b
	wait_up SiteB 172.16.0.1
}

# The NAT forgets its mappings, and makes new ones from other ports. (An interface that goes down takes
# its masquerading's mappings with it.)
change_mappings() {
	ip -n Nat link set outside down
	on Nat iptables-legacy -t nat -F POSTROUTING
	on Nat iptables-legacy -t nat -A POSTROUTING -o outside -p udp -j MASQUERADE --to-ports "$1"
	ip -n Nat -b - <<-END
		link set outside up
		route replace default via 10.0.0.1
	END
}

# transfers NODE ADDRESS: some 2.8 megabytes each way, without loss.
transfers() {
	local answer

	answer=$(on "$1" ping -q -A -c 2300 -s 1200 "$2") || true
	echo "$answer"
	# The last answer may be late.
	[[ $answer =~ \ ([0-9]+)\ received && ${BASH_REMATCH[1]} -ge 2299 ]]
}

# all_ping: hub and both spokes, each to each other, all at once.
all_ping() {
	local jobs=() job failed=0

	pings Hub 172.16.2.1 & jobs+=($!)
	pings Hub 172.16.3.1 & jobs+=($!)
	pings SiteA 172.16.1.1 & jobs+=($!)
	pings SiteB 172.16.1.1 & jobs+=($!)
	pings SiteA 172.16.3.1 & jobs+=($!)
	pings SiteB 172.16.2.1 & jobs+=($!)
	for job in "${jobs[@]}"; do
		wait "$job" || failed=1
	done
	return $failed
}

# spis NODE: those of its ESP SAs.
spis() {
	ip -n "$1" xfrm state list proto esp | sed -nE 's/.*spi (0x[0-9a-f]+).*/\1/p' | sort
}

# other_spis NODE BEFORE: two that were not there before.
other_spis() {
	(($(comm -13 <(echo "$2") <(spis "$1") | wc -l) >= 2))
}

has_neighbour() {
	[[ $(ip -n "$1" neigh show dev Tunnel0) == *"$2 lladdr $3 "* ]]
}

# phase1_again NODE: it has been through phase 1 more than once.
phase1_again() {
	local REPLY

	log_of "$1"
	(($(grep -c 'PHASE 1 COMPLETED' "$REPLY") >= 2))
}

# shows_nat COUNT: so many peers of the hub have the attribute N.
shows_nat() {
	[[ $(ctl Hub show dmvpn | grep -c ' DN$') == "$1" ]]
}

# ports_at_hub: the peers' UDP ports as the hub's kernel has them in its SAs.
ports_at_hub() {
	ip -n Hub xfrm state list src $NAT proto esp | sed -nE 's/.*espinudp sport ([0-9]+) .*/\1/p' | sort -u
}

ports_are_between() {
	local port

	for port in $(ports_at_hub); do
		((port >= $1 && port <= $2)) || return 1
	done
}

story() {
	story_one_spoke
	story_two_spokes
	story_rekey
	story_mapping
	story_restart
	story_stop
}

story_one_spoke() {
	step "A spoke behind a NAT"
	capture Internet internet
	nat_conf Hub
	nat_conf SiteA
	nat_conf SiteB
	start_hub
	start_site_a
	wait_up SiteA 172.16.0.1
	wait_up Hub 172.16.0.2
	expect "SiteA has found the NAT on its side" log_has SiteA 'This end IS behind a NAT'
	expect "the hub has found it on the other" log_has Hub 'Remote end IS behind a NAT'
	expect "the hub knows SiteA by the NAT's address" has_neighbour Hub 172.16.0.2 $NAT
	expect "the hub reaches SiteA" pings Hub 172.16.2.1
	expect "SiteA reaches the hub" pings SiteA 172.16.1.1
	show Hub "show dmvpn"
	show SiteA "show crypto isakmp sa"
	shell Hub "ip xfrm state | grep -E '^src|proto|encap|mode|sel'"
	picture "Before: one spoke behind the NAT"
}

story_two_spokes() {
	step "A second one behind the same address"
	start_site_b
	wait_up SiteB 172.16.0.1
	wait_up Hub 172.16.0.3
	expect "the hub knows SiteB by a pseudo address" has_neighbour Hub 172.16.0.3 $PSEUDO
	expect "SiteA is still known by the NAT's" has_neighbour Hub 172.16.0.2 $NAT
	expect "all reach each other at once" all_ping
	expect "large packets pass, too" pings SiteB 172.16.1.1 3 -s 1372 -M 'do'
	show Hub "show dmvpn"
	expect "the hub shows both as NATed" shows_nat 2
	show Hub "show ip nhrp"
	shell Hub "ip xfrm policy"
	shell Hub "ip xfrm state | grep -E '^src|proto|encap|mode|sel'"
	picture "After: two spokes behind it"
	refute "the spokes have no direct tunnel" log_has SiteA '172\.16\.0\.3: direct path'
	expect "the hub has told SiteA that there is none" log_has Hub 'behind a NAT, the path through the hub stays'
}

story_rekey() {
	local before node

	step "Rekeying phase 2, after 2560 kilobytes"
	for node in SiteA SiteB; do
		before=$(spis $node)
		expect "$node: the transfer loses nothing" transfers $node 172.16.1.1
		expect "$node has new SAs" eventually 5 other_spis $node "$before"
	done
	expect "all reach each other at once" all_ping
}

story_mapping() {
	local began=$EPOCHREALTIME

	step "The NAT changes its mappings"
	note "ports of the peers: $(ports_at_hub | xargs)"
	change_mappings 20000-29999
	expect "SiteA reaches the hub again" eventually 15 pings SiteA 172.16.1.1 1
	expect "SiteB reaches the hub again" eventually 15 pings SiteB 172.16.1.1 1
	note "       after $(((${EPOCHREALTIME/./} - ${began/./}) / 1000)) ms"
	note "ports of the peers: $(ports_at_hub | xargs)"
	expect "the hub's SAs have the new ports" eventually 2 ports_are_between 20000 29999
	expect "the hub says so" log_has Hub 'NAT mapping of the peer has changed'
	expect "all reach each other at once" all_ping
	expect "the hub knows both as before" eval 'has_neighbour Hub 172.16.0.2 $NAT && has_neighbour Hub 172.16.0.3 $PSEUDO'
}

story_restart() {
	step "A spoke starts anew; phase 1 is renewed"
	kill_daemon SiteB
	start_with_routes SiteB 172.16.1.1-172.16.0.1 172.16.2.1-172.16.0.2
	wait_up SiteB 172.16.0.1
	expect "the hub knows it by the same pseudo address" eventually 5 has_neighbour Hub 172.16.0.3 $PSEUDO
	expect "all reach each other at once" eventually 5 all_ping
	expect "SiteA renews phase 1" eventually 60 phase1_again SiteA
	expect "all reach each other at once" all_ping
	show SiteA "show crypto isakmp sa"
	show Hub "show crypto isakmp sa"
}

story_stop() {
	local node

	step "The daemons stop"
	expect "all three end by themselves, with status 0" stop SiteA SiteB Hub
	for node in Hub SiteA SiteB; do
		expect "$node is as it was before: no policy, SA, link, neighbour, route or socket is left" \
			as_remembered $node
	done
	expect "the capture on the Internet router is complete" capture_stop internet
	expect "ESP in UDP was seen" test "$(captured internet 'udp port 4500')" -gt 0
	expect "no ESP outside of UDP" test "$(captured internet 'esp')" = 0
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
	expect "no inner packet in the clear" test "$(captured internet 'net 172.16.0.0/12')" = 0
	expect "no pseudo address leaves the hub" test "$(captured internet 'net 240.0.0.0/4')" = 0
}
