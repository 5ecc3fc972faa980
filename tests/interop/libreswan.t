#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dmvpnd on the hub, Debian's libreswan on both sites, with what that still allows of IKEv1. SiteA's
# initiates; towards SiteB's, dmvpnd does; either deletes.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"
# shellcheck source=../../scripts/lab/libreswan.sh
. "$TOP/scripts/lab/libreswan.sh"

[[ -d $LIBRESWAN ]] || { echo '1..0 # SKIP no libreswan: scripts/deps.sh aside libreswan BUILD/libreswan'; exit 0; }

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

# suite IKE ESP SETTINGS [SED-EXPRESSION]...: both roles.
suite() {
	local ike=$1 esp=$2 settings=$3

	shift 3
	step "$ike, $esp, $settings"
	chapter "$ike.$esp"
	article_conf Hub "$MAPS" "$@"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	libreswan_start SiteA "$SITE_A" "$HUB" ISAKMP-KEY "$ike" "$esp" "$settings"
	libreswan_start SiteB "$SITE_B" "$HUB" ISAKMP-KEY "$ike" "$esp" "$settings"

	note "dmvpnd as responder"
	expect "libreswan on SiteA brings up both phases" libreswan_initiate SiteA
	payload SiteA "$SITE_A" 172.16.0.2

	note "dmvpnd as initiator"
	expect "the hub's traffic brings up both phases with SiteB" eventually 10 pings Hub 172.16.0.3
	payload SiteB "$SITE_B" 172.16.0.3

	expect "libreswan on SiteA deletes" whack SiteA --terminate --name peer
	expect "the hub obeys" eventually 5 no_sas Hub "$HUB" "$SITE_A"
	expect "the hub stops by itself" stop Hub
	expect "libreswan on SiteB obeyed the hub's deletes" eventually 5 no_sas SiteB
	libreswan_stop SiteA
	libreswan_stop SiteB
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2
plain_gre SiteB "$SITE_B" "$HUB" 172.16.0.3
capture Internet internet
suite aes128-sha2_256-modp2048 aes128-sha2_256-modp2048 pfs=yes \
	's/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/' \
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/'
suite 3des-sha1-modp1536 3des-sha1 pfs=no \
	's/group = 2 /group = 5 /; s/pfs = group2/pfs = none/'
suite aes256-sha2_512-dh20 aes_gcm256-null pfs=no \
	's/encryption = 3des/encryption = aes-256\n\thash = sha512/; s/group = 2 /group = 20 /; s/pfs = group2/pfs = none/' \
	's/esp-3des/esp-gcm-256/; s/^ +authentication = esp.*//'
expect "the capture is complete" capture_stop internet
# libreswan without an SA, or not yet with one for its own direction, has nothing that keeps a site's
# answers from leaving as they are.
expect "the hub's GRE was only seen inside ESP" test "$(captured internet "ip proto 47 and src host $HUB")" = 0
finish
