# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scenarios with a routing protocol share: the article's nodes, each with FRR beside dmvpnd. A
# scenario says which daemon of FRR (ROUTING) and defines routing_words NODE, its configuration.

# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"
# shellcheck source=frr.sh
. "$TOP/scripts/lab/frr.sh"

HUB_NHRP=('map-multicast = { dynamic }')
SPOKE_NHRP=("map-multicast = { \"$HUB\" }")

# routing_conf NODE: dmvpnd's configuration: the article's, with HUB_NHRP or SPOKE_NHRP.
routing_conf() {
	local -n keys=SPOKE_NHRP

	[[ $1 != Hub ]] || local -n keys=HUB_NHRP
	article_conf "$1" "$(nhrp_keys "${keys[@]}")"
}

routing_start() {
	routing_conf "$1"
	start_with_routes "$1"
	frr_start "$1" "$ROUTING" < <(routing_words "$1")
}

bring_up() {
	local name

	for name in Hub SiteA SiteB; do
		routing_start "$name"
	done
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
}

# begin: the first step.
begin() {
	step "The hub and two spokes, with FRR's $ROUTING on each"
	capture Internet internet
	bring_up
	wait_up Hub 172.16.0.2
	wait_up Hub 172.16.0.3
}

# has_route NODE PREFIX GATEWAY: FRR has chosen it, and it is in the kernel.
has_route() {
	frr_says "$1" "show ip route $2" "best.* \\* ${3//./\\.}, via Tunnel0" &&
		[[ $(ip -n "$1" route show "$2") == *" via $3 dev Tunnel0"* ]]
}

# direct_ping: the spokes' first packets to each other, from network to network, and where they went.
direct_ping() {
	expect "SiteA's first packets to the network behind SiteB lose nothing" \
		pings SiteA 172.16.3.1 40 -i 0.05 -I 172.16.2.1
	said
	wait_up SiteA 172.16.0.3
	wait_up SiteB 172.16.0.2
	expect "the next ones go directly" direct_only
	show SiteA "show dmvpn"
	show SiteA "show ip nhrp"
}

# direct_only: 20 pings and their answers are on the SAs between the spokes, and not on those of the hub.
direct_only() {
	local hub direct

	read_sas SiteA
	hub=${SA_PACKETS["$SITE_A $HUB"]}
	direct=${SA_PACKETS["$SITE_A $SITE_B"]-0}
	pings SiteA 172.16.3.1 20 -i 0.05 -I 172.16.2.1 || return
	read_sas SiteA
	# Hellos go to the hub meanwhile.
	((SA_PACKETS["$SITE_A $SITE_B"] - direct >= 20 && SA_PACKETS["$SITE_A $HUB"] - hub < 20))
}

# end: the last step.
end() {
	local node

	step "The end"
	expect "FRR stops everywhere" frr_stop SiteA SiteB Hub
	expect "the daemons, too, with status 0" stop SiteA SiteB Hub
	for node in Hub SiteA SiteB; do
		expect "$node is as it was before: no policy, SA, link, neighbour, route or socket is left" \
			as_remembered $node
	done
	expect "the capture on the Internet router is complete" capture_stop internet
	expect "ESP between the spokes was seen" test "$(captured internet "esp and host $SITE_A and host $SITE_B")" -gt 0
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
	expect "no inner packet, and no multicast" \
		test "$(captured internet 'net 172.16.0.0/12 or (ip and net 224.0.0.0/4)')" = 0
}
