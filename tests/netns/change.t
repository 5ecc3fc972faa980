#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The network changes under a running daemon: its source address, its interface, its routes, the
# clock. Each time the tunnel works again within seconds, without a restart, and nothing has left in
# the clear.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

NEW_A=10.0.0.44

answers() {
	on "$1" ping -q -c 1 -W 1 "$2"
}

# works_again SECONDS NODE ADDRESS: within that time, which is told.
works_again() {
	local from=${EPOCHREALTIME/./}

	expect "$2 reaches $3 again within $1 s" eventually "$1" answers "$2" "$3"
	note "       after $(((${EPOCHREALTIME/./} - from) / 1000)) ms"
}

# network NODE COMMANDS: for ip, one a line.
network() {
	ip -n "$1" -b - <<<"$2"
}

same_sas() {
	[[ $(ip -n "$1" xfrm state list proto esp | awk '$1 == "proto" { print $4 }' | sort) == "$2" ]]
}

all_sas() {
	ip -n "$1" xfrm state list proto esp | awk '$1 == "proto" { print $4 }' | sort
}

has_address() {
	[[ $(ip -n "$1" xfrm policy; ip -n "$1" xfrm state; ip -n "$1" link show dev Tunnel0) == *$2* ]]
}

topology
capture Internet internet
start_hub
start_site_a
wait_up SiteA 172.16.0.1

step "The interface of SiteB's source comes later than its daemon, and has its address already"
network SiteB $'link set eth0 down\nlink set eth0 name later'
article_conf SiteB
start SiteB
expect "it waits" eventually 5 log_has SiteB 'Tunnel0: .*waiting for it'
expect "and explain says so" eval "[[ \$(ctl SiteB explain) == *'Evidence: Tunnel0: there is no interface eth0'* ]]"
network SiteB $'link set later name eth0\nlink set eth0 up\nroute add default via 10.0.0.1'
works_again 10 SiteB 172.16.0.1
network SiteB $'route add 172.16.2.1 via 172.16.0.2 dev Tunnel0'
expect "SiteB reaches SiteA" eventually 5 answers SiteB 172.16.2.1
wait_up SiteB 172.16.0.2

step "SiteA gets another address, as by DHCP"
network SiteA "address delete $SITE_A/24 dev eth0
address add $NEW_A/24 dev eth0
route add default via 10.0.0.1"
works_again 20 SiteA 172.16.0.1
expect "the hub knows it there" eventually 5 grep -q "$NEW_A" < <(ctl Hub show ip nhrp)
works_again 20 SiteA 172.16.3.1
refute "nothing of the old address is left" has_address SiteA "$SITE_A "

step "SiteA gets its old address again, while it still has the other"
on SiteA sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/promote_secondaries'
network SiteA "address add $SITE_A/24 dev eth0
address delete $NEW_A/24 dev eth0
route replace default via 10.0.0.1"
works_again 20 SiteA 172.16.0.1
works_again 20 SiteA 172.16.3.1

step "SiteA's interface goes down and comes back"
network SiteA 'link set eth0 down'
sleep 3
network SiteA $'link set eth0 up\nroute add default via 10.0.0.1'
works_again 10 SiteA 172.16.0.1

step "SiteA's interface is gone, and comes back with the same name"
network SiteA $'link set eth0 down\naddress flush dev eth0\nlink set eth0 name gone'
sleep 2
network SiteA "link set gone name eth0
link set eth0 up
address add $SITE_A/24 dev eth0
route add default via 10.0.0.1"
works_again 10 SiteA 172.16.0.1

step "SiteA's interface gets another name, and keeps its address"
network SiteA $'link set eth0 down\nlink set eth0 name wan\nlink set wan up\nroute add default via 10.0.0.1'
expect "SiteA's daemon says so" eventually 5 log_has SiteA 'there is no interface eth0; waiting for it'
works_again 10 SiteA 172.16.0.1
note "another one gets that name, and has an address"
link Internet other SiteA eth0
bridge_port Internet spokes other
address SiteA eth0 $NEW_A/24
wire
network SiteA $'route replace default via 10.0.0.1 dev eth0'
works_again 20 SiteA 172.16.0.1
expect "the tunnel has its address" has_address SiteA "link/gre $NEW_A "
network SiteA $'link delete eth0\nlink set wan down\nlink set wan name eth0\nlink set eth0 up\nroute add default via 10.0.0.1'
works_again 20 SiteA 172.16.0.1
expect "the tunnel has the address of the one that has the name now" has_address SiteA "link/gre $SITE_A "

step "The way to the hub changes"
link Internet detour SiteA eth1
address Internet detour 10.0.2.1/24
address SiteA eth1 10.0.2.2/24
wire
sas=$(all_sas SiteA)
network SiteA 'route replace default via 10.0.2.1'
expect "SiteA reaches the hub at once" answers SiteA 172.16.0.1
network SiteA $'route replace default via 10.0.0.1\nlink delete eth1'
expect "and by the old way, too" answers SiteA 172.16.0.1
expect "the SAs are the same" same_sas SiteA "$sas"

# Only where the clock is ours alone.
if grep -q 'User Mode Linux' /proc/cpuinfo; then
	step "The clock jumps"
	in_node SiteA
	"${ENTER[@]}" ping -q -i 0.05 172.16.0.1 >"$LAB/ping" 2>&1 &
	pinger=$!
	sleep 1
	date -s '+1 day' >"$LAB/date"
	sleep 2
	date -s '2 days ago' >"$LAB/date"
	sleep 2
	date -s '+1 day' >"$LAB/date"
	sleep 1
	kill -INT "$pinger"
	wait "$pinger" || true
	expect "SiteA's ping has lost nothing" grep -q ' 0% packet loss' "$LAB/ping"
	expect "the SAs are the same" same_sas SiteA "$sas"
	expect "the daemons answer" peer_up SiteA 172.16.0.1
fi

step "The end"
expect "all three stop by themselves" stop SiteA SiteB Hub
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear, whatever changed" test "$(captured internet 'ip proto 47')" = 0
finish
