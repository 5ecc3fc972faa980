#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dmvpnd on the hub, Debian's strongSwan on both sites, IKEv1 with a pre-shared key, ESP transport for
# GRE. SiteA's strongSwan initiates; towards SiteB's, dmvpnd does, when the hub's traffic asks for it.
# strongSwan speaks no NHRP, so the hub knows the sites by static maps. Each with the article's
# algorithms and with newer ones.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

MAPS='s/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }\
		map "172.16.0.3" { nbma = "10.0.0.6" }/'

pings() {
	on "$1" ping -q -c 5 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

# payload SITE ADDRESS TUNNEL-ADDRESS
payload() {
	expect "pings from the hub to $1 lose nothing" pings Hub "$3"
	expect "pings from $1 to the hub lose nothing" pings "$1" 172.16.0.1
	expect "the hub's kernel has counted them on its SAs with $1" sas_carried Hub "$HUB" "$2" 10
}

# suite PROPOSAL [SED-EXPRESSION]...: both roles with one set of algorithms.
suite() {
	local proposal=$1

	shift
	step "$proposal"
	chapter "$proposal"
	article_conf Hub "$MAPS" "$@"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	strongswan_start SiteA "$SITE_A" "$HUB" ISAKMP-KEY "$proposal" "$proposal"
	strongswan_start SiteB "$SITE_B" "$HUB" ISAKMP-KEY "$proposal" "$proposal"

	note "dmvpnd as responder"
	expect "strongSwan on SiteA brings up both phases" strongswan_initiate SiteA
	payload SiteA "$SITE_A" 172.16.0.2

	note "dmvpnd as initiator"
	expect "the hub's traffic brings up both phases with SiteB" eventually 10 pings Hub 172.16.0.3
	expect "strongSwan on SiteB has the SA" eventually 5 strongswan_established SiteB
	payload SiteB "$SITE_B" 172.16.0.3

	expect "SiteA's deletes are obeyed" obeys_deletes
	expect "the hub stops by itself" stop Hub
	expect "strongSwan on SiteB obeyed the hub's deletes" eventually 5 not strongswan_established SiteB
	strongswan_stop SiteA
	strongswan_stop SiteB
}

obeys_deletes() {
	swanctl_on SiteA --terminate --ike peer && eventually 5 no_sas Hub "$HUB" "$SITE_A"
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2
plain_gre SiteB "$SITE_B" "$HUB" 172.16.0.3
capture Internet internet
suite 3des-sha1-modp1024
suite aes128-sha256-modp2048 \
	's/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/' \
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/'
expect "the capture is complete" capture_stop internet
# strongSwan has its outbound SA and policy some ms after the inbound one; an answer may leave in between.
expect "the hub's GRE was only seen inside ESP" test "$(captured internet "ip proto 47 and src host $HUB")" = 0
finish
