# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The DMVPN article's lab: a hub, two spokes, and the Internet router between them. The spokes share
# a segment of the router's, which bridges it, so that its captures see what they say to each other.

HUB=10.0.1.2 SITE_A=10.0.0.4 SITE_B=10.0.0.6

topology() {
	node Internet Hub SiteA SiteB
	link Internet hub Hub eth0
	link Internet sitea SiteA eth0
	link Internet siteb SiteB eth0
	bridge Internet spokes sitea siteb
	routed Internet
	address Internet hub 10.0.1.1/30
	address Internet spokes 10.0.0.1/24

	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	loopback Hub 172.16.1.1
	routed Hub

	address SiteA eth0 $SITE_A/24
	gateway SiteA 10.0.0.1
	loopback SiteA 172.16.2.1

	address SiteB eth0 $SITE_B/24
	gateway SiteB 10.0.0.1
	loopback SiteB 172.16.3.1
	wire
	remember Hub SiteA SiteB
}

# article_conf NODE [SED-EXPRESSION]...: the article's configuration for it, edited. These are the
# examples in conf/.
article_conf() {
	case $1 in
	Hub) configure "$1" "$TOP/conf/hub.conf" "${@:2}" ;;
	SiteA) configure "$1" "$TOP/conf/spoke.conf" "${@:2}" ;;
	SiteB) configure "$1" "$TOP/conf/spoke.conf" 's/SiteA/SiteB/; s|172\.16\.0\.2/24|172.16.0.3/24|' "${@:2}" ;;
	esac
}

# Starts a node's daemon. The routes need the interface that it makes.
start_with_routes() {
	local name=$1 route

	shift
	[[ -e $LAB/$name.conf ]] || article_conf "$name"
	start "$name"
	eventually 5 has_tunnel "$name" ||
		die "$name: dmvpnd made no Tunnel0: $(tail -n 5 "$(log_of "$name")")"
	for route; do
		echo "route replace ${route%-*}/32 via ${route#*-} dev Tunnel0"
	done | ip -n "$name" -b -
}

has_tunnel() {
	[[ $(ip -n "$1" link show dev Tunnel0 up 2>/dev/null) ]]
}

start_hub() {
	start_with_routes Hub 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3
}
start_site_a() {
	start_with_routes SiteA 172.16.1.1-172.16.0.1 172.16.3.1-172.16.0.3
}
start_site_b() {
	start_with_routes SiteB 172.16.1.1-172.16.0.1 172.16.2.1-172.16.0.2
}

bring_up() {
	start_hub
	start_site_a
	start_site_b
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
}

# watch_kernel NODE: what the kernel says happens, with its time, from outside the daemon.
watch_kernel() {
	ip -n "$1" -ts monitor neigh >"$LAB/$1/neigh" &
	ip -n "$1" -ts xfrm monitor SA >"$LAB/$1/sa" &
}

story() {
	story_hub_and_site_a
	story_site_b
	story_ping
	story_proof
	story_flood
	story_stop
}

story_hub_and_site_a() {
	step "The hub and SiteA come up"
	capture Internet internet
	start_hub
	start_site_a
	wait_up SiteA 172.16.0.1
	wait_up Hub 172.16.0.2
	note "       From the start of dmvpnd on SiteA to UP: $(time_to_up SiteA) ms"
	note "       (from exec, by the lab's clock, to the registration's entry in SiteA's log)"
	note
	note "Main mode, as SiteA's log tells it:"
	note
	main_mode_of SiteA $HUB | tell
	note
	show SiteA "show ip nhrp"
	show SiteA "show dmvpn"
	show SiteA "show tunnel endpoints"
	show SiteA "show crypto isakmp sa"
	show SiteA "show crypto ipsec sa"
}

story_site_b() {
	step "SiteB comes up; the spokes have no tunnel between them"
	start_site_b
	wait_up SiteB 172.16.0.1
	wait_up Hub 172.16.0.3
	note "       From the start of dmvpnd on SiteB to UP: $(time_to_up SiteB) ms"
	note
	show Hub "show dmvpn"
	show SiteA "show dmvpn"
	show SiteB "show dmvpn"
	expect "SiteA has no tunnel to SiteB" peer_unknown SiteA 172.16.0.3
	expect "SiteB has no tunnel to SiteA" peer_unknown SiteB 172.16.0.2
	expect "no SA between the spokes in either kernel" \
		test "$(direct_sas SiteA)-$(direct_sas SiteB)" = 0-0
}

story_ping() {
	step "SiteA pings the network behind SiteB"
	watch_kernel SiteA
	if ping_ios SiteA 172.16.3.1; then
		expect "five pings, five answers" true
	else
		expect "five pings, five answers" false
	fi
	wait_up SiteA 172.16.0.3
	wait_up SiteB 172.16.0.2
	note "       From the first packet between the spokes to the direct SA: $(time_to_direct SiteA) ms"
	note "       (from the kernel's question for the neighbour to the outbound SA, both by ip -ts monitor)"
	note
	show SiteA "show dmvpn"
	show SiteB "show dmvpn"
	show SiteA "show ip nhrp"
	show SiteA "show tunnel endpoints"
	show SiteA "show crypto isakmp sa"
	show SiteA "show crypto ipsec sa"
}

story_proof() {
	step "Proof from outside the daemon"
	expect "SiteA reaches SiteB directly" on SiteA ping -q -c 3 -i 0.05 -W 1 172.16.3.1
	local node

	for node in SiteA SiteB; do
		shell $node "ip -s xfrm state | grep -A 22 -E 'src $SITE_A dst $SITE_B|src $SITE_B dst $SITE_A' |
			grep -E '^src|proto esp|bytes\)'"
		expect "$node's kernel has sent and received on the direct SA pair" both_ways $node
	done
}

# direct_sas NODE: how many ESP SAs it has with the other spoke.
direct_sas() {
	printf '%s\n' "xfrm state list src $SITE_A dst $SITE_B proto esp" \
		"xfrm state list src $SITE_B dst $SITE_A proto esp" | ip -n "$1" -b - | grep -c '^src' || true
}

both_ways() {
	(($(xfrm_packets "$1" $SITE_A $SITE_B) >= 3 && $(xfrm_packets "$1" $SITE_B $SITE_A) >= 3))
}

# The spokes forget each other, then meet again under a flood.
story_flood() {
	local node

	step "The change-over to the direct tunnel under a flood of pings"
	ctl SiteA clear ip nhrp
	ctl SiteB clear ip nhrp
	ctl SiteA clear crypto sa peer $SITE_B
	ctl SiteB clear crypto sa peer $SITE_A
	for node in SiteA SiteB; do
		expect "$node has forgotten the other spoke" eventually 5 forgotten $node
	done
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
	on SiteA ping -f -q -c 3000 -s 72 -W 2 172.16.3.1 >"$LAB/flood" 2>&1 || true
	note
	sed -n '/packets transmitted/,$p' "$LAB/flood" | tell
	note
	expect "the flood lost nothing" grep -q ' 0% packet loss' "$LAB/flood"
	wait_up SiteA 172.16.0.3
	expect "the flood ended on the direct SA pair" both_ways SiteA
}

forgotten() {
	[[ $(direct_sas "$1") == 0 ]]
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
	note
	note "On the Internet router, from the first packet to the last ($OUT/internet.pcap):"
	note "       ESP between the spokes: $(captured internet "esp and host $SITE_A and host $SITE_B") packets"
	note "       ESP in all:             $(captured internet esp) packets"
	note "       GRE in the clear:       $(captured internet 'ip proto 47') packets"
	note "       tunnel addresses seen:  $(captured internet 'net 172.16.0.0/12') packets"
	note
	expect "ESP between the spokes was seen" \
		test "$(captured internet "esp and host $SITE_A and host $SITE_B")" -gt 0
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
	expect "no inner packet in the clear" test "$(captured internet 'net 172.16.0.0/12')" = 0
}
