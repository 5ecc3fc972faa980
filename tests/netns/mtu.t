#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# An underlay of 1300 octets in the middle of the path, where neither end sees it. Large transfers and
# large datagrams between hosts behind hub and spoke, both ways; then the same where the underlay's
# routers do not say what they drop, which takes ignore-df.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

HOST_H=192.168.1.2 HOST_A=192.168.2.2

topology() {
	node Internet Transit Hub SiteA HostH HostA
	link Internet sitea SiteA eth0
	link Internet transit Transit internet
	link Transit hub Hub eth0
	link Hub lan HostH eth0
	link SiteA lan HostA eth0
	address Internet sitea 10.0.0.1/24
	address Internet transit 10.0.9.1/30
	gateway Internet 10.0.9.2
	routed Internet
	address Transit internet 10.0.9.2/30
	address Transit hub 10.0.1.1/30
	gateway Transit 10.0.9.1
	routed Transit

	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	address Hub lan 192.168.1.1/24
	routed Hub
	address HostH eth0 $HOST_H/24
	gateway HostH 192.168.1.1

	address SiteA eth0 $SITE_A/24
	gateway SiteA 10.0.0.1
	address SiteA lan 192.168.2.1/24
	routed SiteA
	address HostA eth0 $HOST_A/24
	gateway HostA 192.168.2.1
	wire
	ip -n Internet link set transit mtu 1300
	ip -n Transit link set internet mtu 1300
}

begin() {
	start Hub
	start SiteA
	eventually 5 has_link Hub Tunnel0
	eventually 5 has_link SiteA Tunnel0
	ip -n Hub route replace 192.168.2.0/24 via 172.16.0.2 dev Tunnel0
	ip -n SiteA route replace 192.168.1.0/24 via 172.16.0.1 dev Tunnel0
	wait_up SiteA 172.16.0.1
	wait_up Hub 172.16.0.2
}

# forget: what the nodes have learned of the path's MTU.
forget() {
	local name

	for name in Hub SiteA HostH HostA; do
		ip -n $name route flush cache
	done
}

# served FROM TO ADDRESS WORD WORD OCTETS: scripts/lab/transfer, its server on TO.
served() {
	local server words=("$4")

	[[ $4 != udp ]] || words+=("$3" "$6")
	[[ $4 != serve ]] || words+=("$3")
	: >"$LAB/$2/transfer"
	on "$2" python3 "$TOP/scripts/lab/transfer" "${words[@]}" >"$LAB/$2/transfer" 2>&1 &
	server=$!
	eventually 5 file_has "$LAB/$2/transfer" listening
	# shellcheck disable=SC2086
	if ! on "$1" python3 "$TOP/scripts/lab/transfer" $5 "$3" "$6"; then
		kill "$server"
		return 1
	fi
	wait "$server" && cat "$LAB/$2/transfer"
}

large_ones() {
	forget
	both_ways "the spoke's" HostA HostH $HOST_H
	forget
	both_ways "the hub's" HostH HostA $HOST_A
}

both_ways() {
	local size

	expect "3 MB by TCP from $1 host, and as much back" served "${@:2}" serve '' 3000000
	for size in 1350 5000; do
		expect "datagrams of $size octets from there, and back" served "${@:2}" udp udp-to $size
	done
}

df_ping() {
	on HostA ping -q -c 3 -i 0.2 -W 1 -M 'do' -s 1300 $HOST_H
}

topology
article_conf Hub
article_conf SiteA
step "Routers that say what they drop"
begin
show SiteA "show interface"
large_ones

step "Routers that do not"
for name in Internet Transit; do
	on $name iptables-legacy -A OUTPUT -p icmp --icmp-type fragmentation-needed -j DROP
done
forget
refute "what forbids to be fragmented vanishes" df_ping
article_conf Hub 's/key = 1 .*/&\n\tignore-df = true/'
article_conf SiteA 's/key = 1 .*/&\n\tignore-df = true/'
expect "the hub takes ignore-df" ctl Hub reload
expect "the spoke, too" ctl SiteA reload
expect "now it arrives" df_ping
large_ones
expect "both end by themselves, with status 0" stop SiteA Hub
finish
