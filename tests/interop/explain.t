#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# `explain` about a foreign peer: strongSwan on SiteA calls the hub, each time with another fault that
# dmvpnd itself cannot have.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

# foreign CAUSE[,CAUSE] SED-EXPRESSION...: what the hub says of a strongSwan that is configured so.
foreign() {
	local causes=$1 folder=$LAB/SiteA/strongswan expression args=()

	shift
	swanctl_on SiteA --terminate --ike peer --force --timeout 1 || true
	for expression; do
		args+=(-e "$expression")
	done
	sed -E "${args[@]}" "$folder/right.conf" >"$folder/swanctl.conf"
	expect "strongSwan takes ${*}" swanctl_on SiteA --load-all --clear --file "$folder/swanctl.conf"
	refute "it does not come up" swanctl_on SiteA --initiate --child gre --timeout 2
	expect "the hub says $causes" eventually 5 names_causes Hub "$SITE_A" "$causes"
}

topology
article_conf Hub 's/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }/'
start Hub
eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
strongswan_start SiteA "$SITE_A" "$HUB" ISAKMP-KEY 3des-sha1-modp1024 3des-sha1-modp1024
cp "$LAB/SiteA/strongswan/swanctl.conf" "$LAB/SiteA/strongswan/right.conf"

foreign ikev2 's/version = 1/version = 2/'
foreign aggressive_mode 's/version = 1/&\naggressive = yes/'
foreign phase1_encryption '/^[[:space:]]*proposals/s/3des/aes256/'
foreign phase1_hash '/^[[:space:]]*proposals/s/sha1/sha256/'
foreign phase1_group '/^[[:space:]]*proposals/s/modp1024/modp1536/'
foreign psk_mismatch 's/ISAKMP-KEY/ANOTHER-KEY/'
foreign transform_mode 's/mode = transport/mode = tunnel/'
foreign transform_encryption '/esp_proposals/s/3des/aes128/'
foreign transform_authentication '/esp_proposals/s/sha1/sha256/'
foreign pfs_one_side '/esp_proposals/s/-modp1024//'
foreign pfs_groups '/esp_proposals/s/modp1024/modp1536/'
foreign proxy_identities 's/dynamic\[gre\]/dynamic/'
show Hub "explain $SITE_A"
strongswan_stop SiteA
expect "the hub stops by itself" stop Hub
finish
