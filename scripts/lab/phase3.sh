# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Phase 3: networks with a host behind each spoke, whose routing tables know one route for all sites, to the
# hub. The hub redirects, the spokes resolve each other's networks and install shortcut routes, which go when
# they are idle and when the network behind them is gone.

# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"

HOST_A=192.168.2.2 HOST_B=192.168.3.2
# Seconds; shortcuts live as long as what they were resolved from.
HOLDTIME=8

topology() {
	node Internet Hub SiteA SiteB HostA HostB
	link Internet hub Hub eth0
	link Internet sitea SiteA eth0
	link Internet siteb SiteB eth0
	link SiteA lan HostA eth0
	link SiteB lan HostB eth0
	bridge Internet spokes sitea siteb
	routed Internet
	address Internet hub 10.0.1.1/30
	address Internet spokes 10.0.0.1/24

	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	loopback Hub 192.168.1.1
	routed Hub

	address SiteA eth0 $SITE_A/24
	gateway SiteA 10.0.0.1
	address SiteA lan 192.168.2.1/24
	routed SiteA
	address HostA eth0 $HOST_A/24
	gateway HostA 192.168.2.1

	address SiteB eth0 $SITE_B/24
	gateway SiteB 10.0.0.1
	address SiteB lan 192.168.3.1/24
	routed SiteB
	address HostB eth0 $HOST_B/24
	gateway HostB 192.168.3.1
	wire
	remember Hub SiteA SiteB
}

# start_phase3 NODE KEY PREFIX GATEWAY...: its dmvpnd, with this key in nhrp, then its routes.
start_phase3() {
	local name=$1 key=$2

	shift 2
	article_conf "$name" "$(nhrp_keys "$key" "holdtime = $HOLDTIME")"
	start "$name"
	eventually 5 has_link "$name" Tunnel0 || die "$name: dmvpnd made no Tunnel0, see $OUT"
	while (($#)); do
		echo "route replace $1 via $2 dev Tunnel0"
		shift 2
	done | ip -n "$name" -b -
}

bring_up() {
	start_phase3 Hub 'redirect = true' 192.168.2.0/24 172.16.0.2 192.168.3.0/24 172.16.0.3
	start_phase3 SiteA 'shortcut = true' 192.168.0.0/16 172.16.0.1
	start_phase3 SiteB 'shortcut = true' 192.168.0.0/16 172.16.0.1
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
}

# gateway_to NODE ADDRESS GATEWAY: where its kernel sends that.
gateway_to() {
	[[ $(ip -n "$1" route get "$2") == *" via $3 dev Tunnel0 "* ]]
}

# shortcut NODE PREFIX GATEWAY: it has this route besides the one for all sites.
shortcut() {
	[[ $(ip -n "$1" route show "$2") == *" via $3 dev Tunnel0 "* ]]
}

no_shortcut() {
	[[ -z $(ip -n "$1" route show "$2") ]]
}

# transfer FROM ADDRESS TO: two megabytes by TCP each way at once, checked octet by octet.
transfer() {
	local server

	on "$3" python3 "$TOP/scripts/lab/transfer" serve "$2" >"$LAB/$3/transfer" 2>&1 &
	server=$!
	eventually 5 file_has "$LAB/$3/transfer" listening
	on "$1" python3 "$TOP/scripts/lab/transfer" "$2" 2000000 && wait "$server"
}

story() {
	step "The hub and two spokes, whose routes know nothing of each other's networks"
	capture Internet internet -s 128
	bring_up
	wait_up Hub 172.16.0.2
	wait_up Hub 172.16.0.3
	shell SiteA "ip route"
	expect "SiteA's way to SiteB's network is through the hub" gateway_to SiteA $HOST_B 172.16.0.1
	expect "no SA between the spokes" no_sas SiteA $SITE_A $SITE_B
	picture "Before: only static tunnels, to the hub"
	story_changeover
	story_idle
	story_purge
	story_stop
}

# redirected NODE NBMA DESTINATION: it told this peer of a shorter way there.
redirected() {
	ctl "$1" show ip nhrp redirect >"$LAB/$1/redirects"
	[[ $(<"$LAB/$1/redirects") =~ $'\nTu0 '\ +$2\ +$3\  ]]
}

story_changeover() {
	local pings told

	step "The first packets, from host to host"
	pings HostA $HOST_B 300 -i 0.02 >"$LAB/pings" 2>&1 &
	pings=$!
	# It is forgotten after some seconds, which the transfer may take.
	eventually 10 redirected Hub $SITE_A $HOST_B &
	told=$!
	expect "a transfer by TCP, both ways, begun at the same time" transfer HostA $HOST_B HostB
	expect "300 pings meanwhile lost nothing" have_pinged $pings
	expect "the hub knew whom it had told of the shorter way" wait $told
	said
	expect "SiteA has a shortcut to SiteB's network, all of it" shortcut SiteA 192.168.3.0/24 172.16.0.3
	expect "SiteB has one to SiteA's" shortcut SiteB 192.168.2.0/24 172.16.0.2
	expect "the hub has said that there is a shorter way" log_has Hub '[Tt]raffic [Ii]ndication|redirect'
	direct_only
	shell SiteA "ip route"
	shell SiteA "ip route get $HOST_B"
	show SiteA "show ip nhrp"
	show SiteA "show dmvpn"
	show Hub "show ip nhrp"
	answer "Hub# show ip nhrp redirect" "$(<"$LAB/Hub/redirects")"
	picture "After: a dynamic tunnel between the spokes"
}

have_pinged() {
	local status=0

	wait "$1" || status=$?
	cat "$LAB/pings"
	return $status
}

# 50 pings: the hub's SAs carry none of them.
direct_only() {
	local hub direct

	read_sas SiteA
	hub=${SA_PACKETS["$SITE_A $HUB"]}
	direct=${SA_PACKETS["$SITE_A $SITE_B"]-0}
	expect "50 pings later" pings HostA $HOST_B 50 -i 0.02
	read_sas SiteA
	expect "the direct SA has carried them" test $((SA_PACKETS["$SITE_A $SITE_B"] - direct)) -ge 50
	expect "the hub's has not" test $((SA_PACKETS["$SITE_A $HUB"] - hub)) -lt 20
}

story_idle() {
	step "What is used stays, what is idle goes"
	# More than a holding time and a half.
	expect "$((HOLDTIME * 3 / 2)) s of pings lose nothing" pings HostA $HOST_B $((HOLDTIME * 3 / 2 * 5)) -i 0.2
	expect "the shortcut is still there" shortcut SiteA 192.168.3.0/24 172.16.0.3
	expect "without traffic it goes" eventually $((HOLDTIME * 3)) no_shortcut SiteA 192.168.3.0/24
	expect "on the other side, too" eventually $((HOLDTIME * 3)) no_shortcut SiteB 192.168.2.0/24
	expect "the next packets lose nothing" pings HostA $HOST_B 20 -i 0.1
	expect "and bring it back" eventually 5 shortcut SiteA 192.168.3.0/24 172.16.0.3
}

story_purge() {
	step "SiteB loses the network behind it"
	ip -n SiteB link set lan down
	expect "SiteA's shortcut is withdrawn" eventually 4 no_shortcut SiteA 192.168.3.0/24
	expect "SiteA's way is the one through the hub again" gateway_to SiteA $HOST_B 172.16.0.1
	ip -n SiteB link set lan up
	expect "the network comes back: the first packets lose nothing" pings HostA $HOST_B 20 -i 0.1
	expect "and there is a shortcut again" eventually 5 shortcut SiteA 192.168.3.0/24 172.16.0.3
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
	expect "ESP between the spokes was seen" test "$(captured internet "esp and host $SITE_A and host $SITE_B")" -gt 300
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
	expect "no inner packet in the clear" test "$(captured internet 'net 172.16.0.0/12 or net 192.168.0.0/16')" = 0
}
