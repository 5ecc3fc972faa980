#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dmvpnd on the hub, strongSwan on both sites, with RSA signatures; then with certificates that need
# fragmentation, over a path of 1300 octets on which IP's fragments get lost. SiteA's strongSwan
# initiates; towards SiteB's, dmvpnd does.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"

PROPOSAL=aes128-sha256-modp2048

# certificate_of NODE [NAMES]: with that many more names in it.
certificate_of() {
	local name=$1 i

	PKI_NAMES=''
	for ((i = 0; i < ${2:-0}; i++)); do
		PKI_NAMES+=",DNS:name-$i.of.$name.lab.example"
	done
	certificate "$name"
	cp "$LAB/lab/ca.pem" "$LAB/$name/ca.pem"
}

pings() {
	on "$1" ping -q -c 5 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

# both_roles NAME
both_roles() {
	chapter "$1"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	strongswan_start SiteA "$SITE_A" "$HUB" "$LAB/SiteA/" $PROPOSAL $PROPOSAL
	strongswan_start SiteB "$SITE_B" "$HUB" "$LAB/SiteB/" $PROPOSAL $PROPOSAL
	expect "strongSwan on SiteA brings up both phases" strongswan_initiate SiteA
	expect "pings from SiteA to the hub lose nothing" pings SiteA 172.16.0.1
	expect "the hub's traffic brings up both phases with SiteB" eventually 15 pings Hub 172.16.0.3
	expect "strongSwan on SiteB has the SA" eventually 5 strongswan_established SiteB
	expect "the hub stops by itself" stop Hub
	strongswan_stop SiteA
	strongswan_stop SiteB
}

# fragments FROM: how many of the capture are its.
fragments() {
	captured internet "src host $1 and udp port 500 and udp[24] = 132"
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2 1200
plain_gre SiteB "$SITE_B" "$HUB" 172.16.0.3 1200
pki_init
certificate_conf Hub 's/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/' \
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/' \
	's/^ +address = .*/&\n\tmtu = 1200/' \
	's/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }\
		map "172.16.0.3" { nbma = "10.0.0.6" }/'

step "certificates"
for node in Hub SiteA SiteB; do
	certificate_of $node
done
both_roles certificates

step "fragmentation"
for node in Hub SiteA SiteB; do
	certificate_of $node 60
	on $node iptables-legacy -t raw -A PREROUTING -f -j DROP
done
on Internet iptables-legacy -t raw -A PREROUTING -f -j DROP
ip -n Internet link set hub mtu 1300
ip -n Hub link set eth0 mtu 1300
capture Internet internet
refute "fragments of IP do not get through" on SiteA ping -q -c 2 -i 0.2 -W 1 -s 1400 -M dont "$HUB"
both_roles fragmentation
expect "the capture is complete" capture_stop internet
note "fragments: $(fragments "$HUB") of the hub's, $(fragments "$SITE_A") of SiteA's, $(fragments "$SITE_B") of SiteB's"
expect "the hub sent fragments to both" test "$(fragments "$HUB")" -ge 4
expect "SiteA sent fragments" test "$(fragments "$SITE_A")" -ge 2
expect "SiteB sent fragments" test "$(fragments "$SITE_B")" -ge 2
expect "no IKE message was a fragmented IP packet" test "$(captured internet 'udp and (ip[6:2] & 0x3fff != 0)')" = 0
finish
