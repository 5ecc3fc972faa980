#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mtu = auto: the tunnel's MTU is what its source interface's leaves, also when that changes while it works;
# a tunnel with an MTU of its own keeps that.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# mtu_is NODE MTU: its tunnel's.
mtu_is() {
	[[ $(ip -n "$1" link show Tunnel0) == *" mtu $2 "* ]]
}

# told NODE PATH MTU: its arithmetic starts and ends with these.
told() {
	[[ $(ctl "$1" --json show interface) =~ \"path\":\ *$2[,}] && $(ctl "$1" --json show interface) =~ \"mtu\":\ *$3[,}] ]]
}

# fits SIZE: a packet of so many octets, not to be fragmented, gets from SiteA to the hub, and none larger.
fits() {
	on SiteA ping -q -M 'do' -c 1 -W 2 -s $(($1 - 28)) 172.16.0.1 >/dev/null &&
		! on SiteA ping -q -M 'do' -c 1 -W 1 -s $(($1 - 27)) 172.16.0.1 >/dev/null 2>&1
}

# What esp-3des with esp-sha-hmac, GRE with a key and NAT-T may take of a packet of 1500 octets: IP 20, UDP 8,
# ESP 8, IV 8, trailer 2, ICV 12, GRE 8; the rest in blocks of 8.
leaves() {
	REPLY=$((($1 - 20 - 8 - 8 - 8 - 12) / 8 * 8 - 2 - 8))
}

topology
remember Hub SiteA SiteB
article_conf SiteA 's/^( *)source = eth0 .*/&\n\1mtu = auto/'
article_conf Hub 's/^( *)source = eth0 .*/&\n\1mtu = 1380/'
start Hub
start SiteA
wait_up SiteA 172.16.0.1

step "The MTU of the source interface"
leaves 1500
full=$REPLY
expect "an interface of 1500 octets leaves $full" mtu_is SiteA $full
expect "show interface has the sum" told SiteA 1500 $full
expect "the hub has its own" mtu_is Hub 1380
expect "packets of that size pass, and none larger" fits $full

step "It changes"
ip -n SiteA link set eth0 mtu 1300
ip -n Hub link set eth0 mtu 1400
leaves 1300
expect "an interface of 1300 octets leaves $REPLY" eventually 2 mtu_is SiteA $REPLY
expect "the log says so" log_has SiteA "Tunnel0: MTU changes from $full to $REPLY"
expect "show interface has the new sum" told SiteA 1300 $REPLY
expect "packets of that size pass, and none larger" fits $REPLY
expect "the hub keeps its own" mtu_is Hub 1380
ip -n SiteA link set eth0 mtu 1500
expect "it comes back" eventually 2 mtu_is SiteA $full

step "A reload"
edit_conf SiteA 's/mtu = auto/mtu = 1200/'
expect "auto becomes a number" ctl SiteA reload
expect "which holds" eventually 2 mtu_is SiteA 1200
ip -n SiteA link set eth0 mtu 1400
edit_conf SiteA 's/mtu = 1200/mtu = auto/'
expect "and auto again" ctl SiteA reload
leaves 1400
expect "it is what the interface leaves now" eventually 2 mtu_is SiteA $REPLY
ip -n SiteA link set eth0 mtu 1500
expect "and follows it again" eventually 2 mtu_is SiteA $full
expect "SiteA reaches the hub" pings SiteA 172.16.0.1 3

expect "all stop by themselves" stop SiteA Hub
finish
