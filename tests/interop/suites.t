#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dmvpnd on the hub, Debian's strongSwan on both sites: the sets of algorithms, with PFS and without,
# that strongswan.t has not. SiteA's strongSwan initiates; towards SiteB's, dmvpnd does.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

MAPS='s/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }\
		map "172.16.0.3" { nbma = "10.0.0.6" }/'
AES128_14='s/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /'
AES256_20='s/encryption = 3des/encryption = aes-256\n\thash = sha384/; s/group = 2 /group = 20 /'
CBC_256_SHA384='s/esp-3des/esp-aes-256/; s/esp-sha-hmac/esp-sha384-hmac/'
CBC_SHA256='s/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/'
GCM='s/esp-3des/esp-gcm/; s/^ +authentication = esp.*//'
GCM_256='s/esp-3des/esp-gcm-256/; s/^ +authentication = esp.*//'

pings() {
	on "$1" ping -q -c 5 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

# peer SITE ADDRESS TUNNEL-ADDRESS IKE ESP: both phases have these algorithms, and carry payload.
peer() {
	expect "strongSwan on $1 names $4" eventually 5 strongswan_has "$1" "^ *$4\$"
	expect "and $5" strongswan_has "$1" "INSTALLED, TRANSPORT, ESP:$5\$"
	expect "pings from the hub to $1 lose nothing" pings Hub "$3"
	expect "pings from $1 to the hub lose nothing" pings "$1" 172.16.0.1
	expect "the hub's kernel has counted them on its SAs with $1" sas_carried Hub "$HUB" "$2" 10
}

# suite IKE-PROPOSAL ESP-PROPOSAL IKE ESP [SED-EXPRESSION]...: both roles. IKE and ESP: the names that
# strongSwan's list of SAs has for the proposals.
suite() {
	local ike=$1 esp=$2 names=("$3" "$4")

	shift 4
	step "$ike, $esp"
	chapter "$ike.$esp"
	article_conf Hub "$MAPS" "$@"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	strongswan_start SiteA "$SITE_A" "$HUB" ISAKMP-KEY "$ike" "$esp"
	strongswan_start SiteB "$SITE_B" "$HUB" ISAKMP-KEY "$ike" "$esp"

	note "dmvpnd as responder"
	expect "strongSwan on SiteA brings up both phases" strongswan_initiate SiteA
	peer SiteA "$SITE_A" 172.16.0.2 "${names[@]}"

	note "dmvpnd as initiator"
	expect "the hub's traffic brings up both phases with SiteB" eventually 10 pings Hub 172.16.0.3
	peer SiteB "$SITE_B" 172.16.0.3 "${names[@]}"

	expect "the hub stops by itself" stop Hub
	strongswan_stop SiteA
	strongswan_stop SiteB
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2
plain_gre SiteB "$SITE_B" "$HUB" 172.16.0.3
capture Internet internet
suite aes256-sha384-ecp384 aes256gcm16-ecp384 \
	AES_CBC-256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384 AES_GCM_16-256/ECP_384 \
	"$AES256_20" "$GCM_256" 's/pfs = group2/pfs = group20/'
suite aes256-sha384-ecp384 aes256-sha384-ecp384 \
	AES_CBC-256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384 AES_CBC-256/HMAC_SHA2_384_192/ECP_384 \
	"$AES256_20" "$CBC_256_SHA384" 's/pfs = group2/pfs = group20/'
suite aes256-sha384-ecp384 aes128-sha256 \
	AES_CBC-256/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384 AES_CBC-128/HMAC_SHA2_256_128 \
	"$AES256_20" "$CBC_SHA256" 's/pfs = group2/pfs = none/'
suite aes128-sha256-modp2048 aes128gcm16 \
	AES_CBC-128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048 AES_GCM_16-128 \
	"$AES128_14" "$GCM" 's/pfs = group2/pfs = none/'
suite 3des-sha1-modp1024 3des-sha1 \
	3DES_CBC/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024 3DES_CBC/HMAC_SHA1_96 \
	's/pfs = group2/pfs = none/'
expect "the capture is complete" capture_stop internet
# strongSwan has its outbound SA and policy some ms after the inbound one; an answer may leave in between.
expect "the hub's GRE was only seen inside ESP" test "$(captured internet "ip proto 47 and src host $HUB")" = 0
finish
