#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A spoke that holds a good SA with the hub sends GRE with another spoke's outer source address
# through it. NHRP trusts that address, so the kernel has to drop such a packet: the hub's SAs carry
# selectors. And GRE in the clear is dropped, whoever sends it.
#
# The lying spoke is SiteB with its keys moved to another machine, Mallory, where no dmvpnd is in the way.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# forge OUTER INNER: one GRE packet from Mallory to the hub with these source addresses, outside and
# inside; inside is an echo request.
forge() {
	on Mallory python3 - "$1" "$HUB" "$2" <<-'END'
		import socket, struct, sys

		def checksum(data):
		    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
		    total = (total >> 16) + (total & 0xffff)
		    return ~(total + (total >> 16)) & 0xffff

		outer, hub, inner = sys.argv[1:]
		echo = struct.pack('>BBHHH', 8, 0, 0, 1, 1)
		echo = echo[:2] + struct.pack('>H', checksum(echo)) + echo[4:]
		ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0)
		ip += socket.inet_aton(inner) + socket.inet_aton('172.16.0.1')
		ip = ip[:10] + struct.pack('>H', checksum(ip)) + ip[12:]
		s = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
		s.setsockopt(socket.IPPROTO_IP, 19, 1)  # IP_TRANSPARENT: any source address
		s.bind((outer, 0))
		s.sendto(struct.pack('>HHI', 0x2000, 0x0800, 1) + ip + echo, (hub, 0))
	END
}

# use_sa_as SOURCE SEQUENCE: Mallory puts packets from SOURCE into SiteB's SA with the hub, with sequence
# numbers that the hub has not seen yet.
use_sa_as() {
	local spi auth enc

	spi=$(sa_field 'proto esp spi')
	auth=$(sa_field 'hmac\(sha1\)')
	enc=$(sa_field 'cbc\(des3_ede\)')
	ip -n Mallory xfrm state flush
	ip -n Mallory xfrm policy flush
	ip -n Mallory xfrm state add src "$1" dst "$HUB" proto esp spi "$spi" reqid 1 mode transport \
		replay-oseq "$2" auth-trunc 'hmac(sha1)' "$auth" 96 enc 'cbc(des3_ede)' "$enc"
	ip -n Mallory xfrm policy add src "$1" dst "$HUB" proto gre dir out \
		tmpl src "$1" dst "$HUB" proto esp reqid 1 mode transport
}

sa_field() {
	ip -n SiteB xfrm state list src "$SITE_B" dst "$HUB" proto esp | sed -nE "s/.*$1 (0x[0-9a-f]+).*/\1/p" | head -1
}

hub_sees() {
	# shellcheck disable=SC2016
	on Hub awk '$1 == "Icmp:" { for (i in column) print $column[i]
		for (i = 2; i <= NF; i++) if ($i == "InEchos") column[0] = i }' /proc/net/snmp
}

# one_more COUNTER BEFORE
one_more() {
	(($("$1") == $2 + 1))
}
state_mismatches() {
	xfrm_stat Hub XfrmInStateMismatch
}
template_mismatches() {
	xfrm_stat Hub XfrmInTmplMismatch
}

topology
node Mallory
link Internet mallory Mallory eth0
bridge_port Internet spokes mallory
address Mallory eth0 10.0.0.66/24
gateway Mallory 10.0.0.1
wire
bring_up

step "SiteB's SA and SiteB's address: Mallory's packets are good"
use_sa_as "$SITE_B" 1000
echoes=$(hub_sees)
forge "$SITE_B" 172.16.0.3
expect "the hub takes the echo request" eventually 2 one_more hub_sees "$echoes"

step "SiteB's SA, SiteA's address"
use_sa_as "$SITE_A" 2000
echoes=$(hub_sees)
count=$(state_mismatches)
forge "$SITE_A" 172.16.0.2
expect "the hub's kernel counts it in XfrmInStateMismatch" eventually 2 one_more state_mismatches "$count"
expect "the hub takes no echo request" test "$(hub_sees)" = "$echoes"

step "No SA"
ip -n Mallory xfrm policy flush
count=$(template_mismatches)
forge "$SITE_B" 172.16.0.3
expect "the hub's kernel counts it in XfrmInTmplMismatch" eventually 2 one_more template_mismatches "$count"
expect "the hub takes no echo request" test "$(hub_sees)" = "$echoes"

finish
