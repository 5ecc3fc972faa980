#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# NAT traversal with Debian's strongSwan: first it is the one behind a NAT and dmvpnd the hub, then the
# other way round. Either end renews the SAs, and the NAT changes its mapping.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/nat.sh
. "$TOP/scripts/lab/nat.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

PROPOSAL=aes128-sha256-modp2048
MODERN=('s/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/'
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/'
	's/^(.*)pfs = group14.*/&\n\1lifetime-kilobytes = 2560/')

payload() {
	expect "pings from the hub to SiteA lose nothing" pings Hub 172.16.0.2
	expect "pings from SiteA to the hub lose nothing" pings SiteA 172.16.0.1
}

has_daemon() {
	test -S "/run/dmvpnd/$1.ctl"
}

renewals() {
	local before

	before=$(spis "$1")
	expect "a transfer that makes dmvpnd renew phase 2 loses nothing" \
		transfers "$1" "$2"
	expect "there are new SAs" eventually 5 other_spis "$1" "$before"
	payload
	before=$(spis "$1")
	expect "strongSwan renews phase 2" swanctl_on "$3" --rekey --child gre
	expect "there are new SAs" eventually 5 other_spis "$1" "$before"
	payload
	expect "strongSwan renews phase 1" swanctl_on "$3" --rekey --ike peer
	sleep 1
	payload
}

# no_leak CAPTURE ADDRESS: dmvpnd sent no GRE in the clear. (strongSwan may, for a moment, when it
# renews its SAs and policies.)
no_leak() {
	expect "the capture is complete" capture_stop "$1"
	expect "no ESP outside of UDP" test "$(captured "$1" 'esp')" = 0
	expect "dmvpnd sent no GRE in the clear" test "$(captured "$1" "ip proto 47 and src host $2")" = 0
}

topology

step "strongSwan behind the NAT"
capture Internet inside
chapter strongswan-inside
plain_gre SiteA $INSIDE_A $HUB 172.16.0.2
article_conf Hub 's/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }/' "${MODERN[@]}"
start Hub
eventually 5 has_daemon Hub || die "no dmvpnd on the hub, see $OUT"
strongswan_start SiteA $INSIDE_A $HUB ISAKMP-KEY $PROPOSAL $PROPOSAL
expect "strongSwan brings up both phases" strongswan_initiate SiteA
payload
renewals Hub 172.16.0.2 SiteA
change_mappings 20000-29999
expect "SiteA reaches the hub again" eventually 15 pings SiteA 172.16.0.1 1
expect "the hub's SAs have the new port" eventually 2 ports_are_between 20000 29999
payload
expect "the hub stops by itself" stop Hub
strongswan_stop SiteA
ip -n SiteA link del Tunnel0
no_leak inside $HUB
change_mappings 4000-5000

step "strongSwan is the hub"
capture Internet hub
chapter strongswan-hub
plain_gre Hub $HUB $NAT 172.16.0.1
STRONGSWAN_REMOTE_ID=$INSIDE_A strongswan_start Hub $HUB $NAT ISAKMP-KEY $PROPOSAL $PROPOSAL
article_conf SiteA 's/^.*nhs "172.16.0.1".*$//' "${MODERN[@]}"
start SiteA
eventually 5 has_daemon SiteA || die "no dmvpnd on SiteA, see $OUT"
expect "SiteA's traffic brings up both phases" eventually 10 pings SiteA 172.16.0.1
payload
renewals SiteA 172.16.0.1 Hub
change_mappings 20000-29999
expect "SiteA reaches the hub again" eventually 15 pings SiteA 172.16.0.1 1
payload
expect "SiteA's daemon stops by itself" stop SiteA
strongswan_stop Hub
no_leak hub $NAT
finish
