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

# article_ios NODE: the article's own configuration for it, to the letter.
article_ios() {
	configure "$1" "$TOP/conf/${1,,}.ios"
}

# nhrp_keys LINE...: prints the edit that adds these lines to a tunnel's nhrp section.
nhrp_keys() {
	local lines

	printf -v lines '\\n\t\t%s' "$@"
	echo "s|network-id = 100.*|&$lines|"
}

# Starts a node's daemon. The routes need the interface that it makes.
start_with_routes() {
	local name=$1 route

	shift
	[[ -e $LAB/$name.conf ]] || article_conf "$name"
	start "$name"
	eventually 5 has_link "$name" Tunnel0 || die "$name: dmvpnd made no Tunnel0, see $OUT"
	for route; do
		echo "route replace ${route%-*}/32 via ${route#*-} dev Tunnel0"
	done | ip -n "$name" -b -
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

# time_to_up SITE: milliseconds from the start of its dmvpnd to its first registration, in REPLY.
time_to_up() {
	# shellcheck disable=SC2154
	local start=${started[$1]}

	log_time "$1" 'registered at next hop server' || REPLY=0
	REPLY=$(((REPLY - ${start/./}) / 1000))
}

# time_to_direct: milliseconds from SiteA's first ping, as ping's own clock has it, to its direct path.
time_to_direct() {
	local sent

	sent=$(awk '/bytes from/ && match($0, /time=[0-9.]+/) {
		printf "%.0f", substr($1, 2) * 1000000 - substr($0, RSTART + 5, RLENGTH - 5) * 1000
		exit
	}' "$LAB/SiteA/ping")
	log_time SiteA '172\.16\.0\.3: direct path to' || REPLY=0
	REPLY=$(((REPLY - ${sent:-0}) / 1000))
}

# main_mode_of NODE PEER: the transitions of its first main mode with the peer.
main_mode_of() {
	local REPLY

	log_of "$1"
	sed -nE "/IP = $2, MM /p; /--> MM_ACTIVE/q" "$REPLY"
}

story() {
	local name

	for name in Hub SiteA SiteB; do
		article_ios "$name"
	done
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
	time_to_up SiteA
	figure "SiteA, from start to UP" "$REPLY ms"
	note "       From the start of dmvpnd on SiteA to UP: $REPLY ms"
	note "       (from exec, by the lab's clock, to the registration's entry in SiteA's log)"
	note
	note "Main mode, as SiteA's log tells it:"
	note
	tell "$(main_mode_of SiteA $HUB)"
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
	time_to_up SiteB
	figure "SiteB, from start to UP" "$REPLY ms"
	note "       From the start of dmvpnd on SiteB to UP: $REPLY ms"
	note
	show Hub "show dmvpn"
	show SiteA "show dmvpn"
	show SiteB "show dmvpn"
	expect "SiteA has no tunnel to SiteB" peer_unknown SiteA 172.16.0.3
	expect "SiteB has no tunnel to SiteA" peer_unknown SiteB 172.16.0.2
	expect "no SA between the spokes in SiteA's kernel" no_sas SiteA $SITE_A $SITE_B
	expect "no SA between the spokes in SiteB's kernel" no_sas SiteB $SITE_A $SITE_B
	picture "Before: only static tunnels, to the hub"
}

# map_counts NODE LOCAL PEER: packets out and in, while none are sent.
map_counts() {
	local out in

	read -r out in < <(ctl "$1" map --json | jq -r ".tunnels[0].peers[] | select(.nbma == \"$3\").traffic
		| \"\(.packets_out) \(.packets_in)\"")
	read_sas "$1"
	echo "the map: $out out, $in in; the kernel: ${SA_PACKETS[$2 $3]} out, ${SA_PACKETS[$3 $2]} in"
	((out > 0 && out == SA_PACKETS[$2 $3] && in == SA_PACKETS[$3 $2]))
}

# detail_has_spi NODE LOCAL PEER: it names an SA of the kernel's to the peer.
detail_has_spi() {
	[[ $(ctl "$1" show dmvpn peer nbma "$3" detail) =~ Outbound\ SPI\ :\ 0x([0-9A-F]+), ]] &&
		ip -n "$1" xfrm state list src "$2" dst "$3" proto esp | grep "spi 0x0*${BASH_REMATCH[1],,} "
}

story_ping() {
	step "SiteA pings the network behind SiteB"
	ping_ios SiteA 172.16.3.1
	expect "five pings, five answers" pinged SiteA
	wait_up SiteA 172.16.0.3
	wait_up SiteB 172.16.0.2
	time_to_direct
	figure "first packet to direct tunnel" "$REPLY ms"
	note "       From the first packet between the spokes to the direct SA: $REPLY ms"
	note "       (from the sending of the first ping, by ping's clock, to SiteA's log: SAs in, neighbour moved)"
	note
	show SiteA "show dmvpn"
	show SiteB "show dmvpn"
	show SiteA "show ip nhrp"
	show SiteA "show tunnel endpoints"
	show SiteA "show crypto isakmp sa"
	show SiteA "show crypto ipsec sa"
	show SiteA "show dmvpn detail"
	show SiteA map
	expect "the map's traffic with SiteB is what the kernel has counted" map_counts SiteA $SITE_A $SITE_B
	expect "show dmvpn detail has the outbound SA's SPI" detail_has_spi SiteA $SITE_A $SITE_B
	picture "After: a dynamic tunnel between the spokes"
}

story_proof() {
	step "Proof from outside the daemon"
	expect "SiteA reaches SiteB directly" pings SiteA 172.16.3.1 3
	local node

	for node in SiteA SiteB; do
		show_sas $node $SITE_A $SITE_B
		show_sas $node $SITE_B $SITE_A
		expect "$node's kernel has sent and received on the direct SA pair" \
			sas_carried $node $SITE_A $SITE_B 3
	done
}

# The spokes forget each other, then meet again under a flood.
story_flood() {
	local node via_hub direct

	step "The change-over to the direct tunnel under a flood of pings"
	show SiteA "clear ip nhrp"
	show SiteB "clear ip nhrp"
	show SiteA "clear crypto sa peer $SITE_B"
	for node in SiteA SiteB; do
		expect "$node has forgotten the other spoke" eventually 5 no_sas $node $SITE_A $SITE_B
	done
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
	read_sas SiteA
	via_hub=${SA_PACKETS["$SITE_A $HUB"]}
	record flooding SiteA
	on SiteA ping -f -q -c 2000 -s 72 -W 2 172.16.3.1 >"$LAB/flood" 2>&1 || true
	record flooded SiteA "$(<"$LAB/flood")"
	note
	tell "$(sed -n '/packets transmitted/,$p' "$LAB/flood")"
	note
	read_sas SiteA
	via_hub=$((${SA_PACKETS["$SITE_A $HUB"]} - via_hub))
	direct=${SA_PACKETS["$SITE_A $SITE_B"]-0}
	figure "flood, through the hub : direct" "$via_hub : $direct packets"
	note "       SiteA's kernel sent $via_hub packets to the hub and $direct to SiteB."
	note
	expect "the flood lost nothing" grep -q ' 0% packet loss' "$LAB/flood"
	# The request for the direct path and at least one ping: the change-over may be that fast.
	expect "it began through the hub" test "$via_hub" -ge 2
	expect "it ended on the direct tunnel" test "$direct" -gt 1000
	wait_up SiteA 172.16.0.3
}

story_stop() {
	local node direct clear inner

	step "The daemons stop"
	expect "all three end by themselves, with status 0" stop SiteA SiteB Hub
	for node in Hub SiteA SiteB; do
		expect "$node is as it was before: no policy, SA, link, neighbour, route or socket is left" \
			as_remembered $node
	done
	expect "the capture on the Internet router is complete" capture_stop internet
	note
	direct=$(captured internet "esp and host $SITE_A and host $SITE_B")
	clear=$(captured internet 'ip proto 47')
	inner=$(captured internet 'net 172.16.0.0/12')
	note "On the Internet router, from the first packet to the last ($OUT/internet.pcap):"
	note "       ESP between the spokes: $direct packets"
	note "       GRE in the clear:       $clear packets"
	note "       tunnel addresses seen:  $inner packets"
	note
	figure "GRE in the clear" "$clear packets"
	expect "ESP between the spokes was seen" test "$direct" -gt 0
	expect "no GRE in the clear" test "$clear" = 0
	expect "no inner packet in the clear" test "$inner" = 0
}
