#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# The life of SAs between dmvpnd on the hub and Debian's libreswan on both sites: renewals of both phases
# from either side, signs of life, deletes, death and return of either. SiteA's libreswan initiates;
# towards SiteB's, dmvpnd does.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"
# shellcheck source=../../scripts/lab/libreswan.sh
. "$TOP/scripts/lab/libreswan.sh"

[[ -d $LIBRESWAN ]] || { echo '1..0 # SKIP no libreswan: scripts/deps.sh aside libreswan BUILD/libreswan'; exit 0; }

PROPOSAL=aes128-sha2_256-modp2048
# Seconds of phase 1 at the hub, who renews it at 80 to 90 % of them.
LIFETIME=60
INTERVAL=3 RETRY=1 TRIES=4
DEATH=$((INTERVAL * 3 / 2 + TRIES * RETRY))

# pings NODE ADDRESS [COUNT [INTERVAL]]
pings() {
	local answer

	answer=$(on "$1" ping -q -c "${3:-5}" -i "${4:-0.05}" -W 1 "$2") || true
	tail -n 3 <<<"$answer"
	[[ $answer == *' 0% packet loss'* ]]
}

both_ways() {
	pings Hub 172.16.0.2 && pings SiteA 172.16.0.1
}

start_hub() {
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
}

# site NODE [SETTING]...
site() {
	local address=$SITE_A

	[[ $1 != SiteB ]] || address=$SITE_B
	libreswan_start "$1" "$address" "$HUB" ISAKMP-KEY $PROPOSAL $PROPOSAL pfs=yes "${@:2}"
}

# phase1_count ADDRESS: how many there were, according to the hub.
phase1_count() {
	local REPLY

	log_of Hub
	grep -c "IP = $1.*PHASE 1 COMPLETED" "$REPLY" || true
}

phase1_is() {
	(($(phase1_count "$1") == $2))
}

spis() {
	ip -n Hub xfrm state list proto esp | awk -v peer="$1" '
		/^src/ { its = $2 == peer || $4 == peer }
		its && $1 == "proto" { print $4 }' | sort
}

other_spis() {
	[[ $(spis "$1") != "$2" ]]
}

conn_id() {
	ctl Hub show crypto isakmp sa | awk -v peer="$1" '$1 == peer || $2 == peer { print $4; exit }'
}

# libreswan_log NODE EXTENDED-REGEX COUNT: its log has so many such lines at least.
libreswan_log() {
	(($(grep -cE "$2" "$OUT/$1.pluto.log" || true) >= $3))
}

from_libreswan() {
	step "libreswan on SiteA renews both phases, by its clock"
	# So many seconds before the end, phase 2 every 5, phase 1 every 8 of them.
	site SiteA ikelifetime=28s salifetime=25s rekeymargin=20s rekeyfuzz=0%
	expect "libreswan brings up both phases" libreswan_initiate SiteA
	expect "pings from the hub to SiteA lose nothing" pings Hub 172.16.0.2 200 0.1
	expect "phase 2 was new twice" libreswan_log SiteA 'IPsec SA established transport mode' 3
	expect "phase 1 was new twice" test "$(phase1_count "$SITE_A")" -ge 3
	expect "pings from SiteA lose nothing" pings SiteA 172.16.0.1
	libreswan_stop SiteA
	expect "the hub obeyed libreswan's deletes" eventually 5 no_sas Hub "$HUB" "$SITE_A"
}

deletes() {
	step "Deletes"
	# libreswan's own lifetimes are long; the hub's are accepted.
	site SiteA dpddelay=1 dpdtimeout=4 dpdaction=clear
	expect "libreswan brings up both phases" libreswan_initiate SiteA
	expect "libreswan deletes both phases" whack SiteA --terminate --name peer
	expect "the hub obeys" eventually 5 no_sas Hub "$HUB" "$SITE_A"
	expect "the hub's traffic has both made anew" eventually 5 pings Hub 172.16.0.2
	expect "dmvpnd deletes phase 2" ctl Hub clear crypto sa peer "$SITE_A"
	expect "libreswan obeys" eventually 5 no_sas SiteA
	expect "the hub's traffic has it made anew" eventually 5 pings Hub 172.16.0.2
	# shellcheck disable=SC2016
	expect "dmvpnd deletes phase 1" eval 'id=$(conn_id "$SITE_A") && [[ $id ]] && ctl Hub clear crypto isakmp "$id"'
	expect "libreswan obeys" eventually 5 no_sas SiteA
	expect "the hub's traffic has both made anew" eventually 5 pings Hub 172.16.0.2
}

from_dmvpnd() {
	local before

	step "dmvpnd renews phase 2, after 2560 kilobytes"
	before=$(spis "$SITE_B")
	on Hub ping -q -f -c 2300 -s 1200 -W 2 172.16.0.3 >"$LAB/transfer" 2>&1 || true
	note "$(grep transmitted "$LAB/transfer")"
	expect "there are new SAs" eventually 5 other_spis "$SITE_B" "$before"
	expect "pings from the hub to SiteB lose nothing" pings Hub 172.16.0.3
	expect "pings from SiteB to the hub lose nothing" pings SiteB 172.16.0.1
	step "dmvpnd renews phase 1, by its clock"
	expect "phase 1 is new" eventually $((LIFETIME - ($(date +%s) - up_since))) phase1_is "$SITE_B" 2
	expect "pings from the hub to SiteB lose nothing" pings Hub 172.16.0.3
	expect "pings from SiteB to the hub lose nothing" pings SiteB 172.16.0.1
}

deaths() {
	step "Deaths"
	libreswan_kill SiteB
	expect "the hub finds SiteB dead" eventually $((DEATH + 3)) no_sas Hub "$HUB" "$SITE_B"
	expect "SiteA is still there" pings Hub 172.16.0.2
	kill_daemon Hub
	expect "libreswan on SiteA finds the hub dead" eventually 12 no_sas SiteA
}

returns() {
	step "Returns"
	start_hub
	site SiteB
	expect "the hub's traffic brings SiteA back" eventually 10 pings Hub 172.16.0.2
	expect "and SiteB" eventually 10 pings Hub 172.16.0.3
	note "dmvpnd starts again, and nobody has missed it"
	kill_daemon Hub
	start_hub
	expect "the hub's traffic brings SiteB back" eventually 5 pings Hub 172.16.0.3
	# libreswan's DPD may take the new SAs for dead, too, when the old ones are.
	expect "and SiteA" eventually 10 both_ways
	note "libreswan starts again, and the hub has not missed it"
	libreswan_kill SiteA
	site SiteA
	expect "libreswan brings up both phases" libreswan_initiate SiteA
	expect "pings from SiteA lose nothing" pings SiteA 172.16.0.1
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2
plain_gre SiteB "$SITE_B" "$HUB" 172.16.0.3
article_conf Hub 's/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }\
		map "172.16.0.3" { nbma = "10.0.0.6" }/' \
	"s/encryption = 3des/encryption = aes-128\n\thash = sha256\n\tlifetime = $LIFETIME/" \
	's/group = 2 /group = 14 /; s/pfs = group2/pfs = group14\n\tlifetime-kilobytes = 2560/' \
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/' \
	"s/^hostname.*/&\nisakmp-keepalive { interval = $INTERVAL  retry = $RETRY }/"
capture Internet internet
start_hub
site SiteB
expect "the hub's traffic brings up both phases with SiteB" eventually 10 pings Hub 172.16.0.3
up_since=$(date +%s)
from_libreswan
deletes
from_dmvpnd
deaths
returns
expect "the hub stops by itself" stop Hub
expect "libreswan on SiteA obeyed the hub's deletes" eventually 5 no_sas SiteA
libreswan_stop SiteA
libreswan_stop SiteB
expect "the capture is complete" capture_stop internet
# libreswan without an SA has nothing that keeps a site's answers from leaving as they are.
expect "the hub's GRE was only seen inside ESP" test "$(captured internet "ip proto 47 and src host $HUB")" = 0
finish
