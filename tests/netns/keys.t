#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two tunnels on one source address, told apart by their GRE keys, under one protection.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# two_tunnels NODE: the article's configuration, and its tunnel once more in 172.17.0.0/24 with key 2.
two_tunnels() {
	article_conf "$1"
	sed -n '/^tunnel /,/^}/p' "$LAB/$1.conf" | sed -E 's/Tunnel0/Tunnel1/; s/172\.16\.0\./172.17.0./g
		s/key = 1 /key = 2 /; s/network-id = 100/network-id = 200/; s/NHRP-KEY/SECOND/' >"$LAB/$1.second"
	cp "$LAB/$1.conf" "$LAB/$1.first"
	cat "$LAB/$1.second" >>"$LAB/$1.conf"
}

start_two() {
	two_tunnels "$1"
	start "$1"
	eventually 5 has_link "$1" Tunnel1
}

# packets NODE INTERFACE: sent on it.
packets() {
	on "$1" cat "/sys/class/net/$2/statistics/tx_packets"
}

only_first_moves() {
	local first second

	first=$(packets SiteA Tunnel0) second=$(packets SiteA Tunnel1)
	pings SiteA 172.16.0.3 10 -i 0.1 && (($(packets SiteA Tunnel0) - first >= 10 && $(packets SiteA Tunnel1) - second < 5))
}

# protects NODE KEY: it has policies for GRE with this key.
protects() {
	[[ $(ip -n "$1" xfrm policy) == *" key $2 "* ]]
}

topology
capture Internet internet
step "Two tunnels"
for name in Hub SiteA SiteB; do
	start_two $name
done
for name in SiteA SiteB; do
	wait_up $name 172.16.0.1
	wait_up $name 172.17.0.1
done
show Hub "show dmvpn"
expect "SiteA reaches SiteB in the first" pings SiteA 172.16.0.3 10 -i 0.1
wait_up SiteA 172.16.0.3
expect "and in the second" pings SiteA 172.17.0.3 10 -i 0.1
wait_up SiteA 172.17.0.3
expect "what is sent in one is not in the other" only_first_moves
read_sas SiteA
expect "both use the same SAs" test "${SA_COUNT["$SITE_A $SITE_B"]}" -le 2
show SiteA "show dmvpn"
show SiteA "show crypto ipsec sa"
shell SiteA "ip xfrm policy"

step "One of them goes"
cp "$LAB/SiteA.first" "$LAB/SiteA.conf"
pings SiteA 172.16.0.3 30 -i 0.1 >"$LAB/pings" 2>&1 &
pinging=$!
expect "the second one is taken out" ctl SiteA reload
expect "its interface goes" eventually 5 not has_link SiteA Tunnel1
expect "the first one has lost nothing" wait $pinging
refute "no policy of the second one is left" protects SiteA 2
expect "those of the first one are there" protects SiteA 1
cat "$LAB/SiteA.second" >>"$LAB/SiteA.conf"
expect "it comes back" ctl SiteA reload
wait_up SiteA 172.17.0.1
expect "SiteB reaches SiteA in it" pings SiteB 172.17.0.2 10 -i 0.1

step "The end"
expect "all three end by themselves, with status 0" stop SiteA SiteB Hub
for name in Hub SiteA SiteB; do
	expect "$name is as it was before" as_remembered $name
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
