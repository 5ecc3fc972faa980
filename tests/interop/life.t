#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of SAs between dmvpnd on the hub and Debian's strongSwan on both sites: renewals of both
# phases from either side while packets flow, signs of life, deletes, death and return of either.
# Towards SiteB dmvpnd is the initiator, and strongSwan never renews there.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

PROPOSAL=aes128-sha256-modp2048
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

start_hub() {
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
}

# site NODE [IKE-SETTING [CHILD-SETTING]]: its strongSwan.
site() {
	local address=$SITE_A

	[[ $1 != SiteB ]] || address=$SITE_B
	STRONGSWAN_PEER=${2-} STRONGSWAN_CHILD=${3-} \
		strongswan_start "$1" "$address" "$HUB" ISAKMP-KEY $PROPOSAL $PROPOSAL
}

# charon_log NODE EXTENDED-REGEX COUNT: its log has so many such lines at least.
charon_log() {
	(($(grep -cE "$2" "$OUT/$1.charon.log") >= $3))
}

# phase1_count ADDRESS: how many there were, according to the hub.
phase1_count() {
	local REPLY

	log_of Hub
	grep -c "IP = $1.*PHASE 1 COMPLETED" "$REPLY" || true
}

# phase1_is_new ADDRESS COUNT: there were more than so many.
phase1_is_new() {
	(($(phase1_count "$1") > $2))
}

# conn_id ADDRESS: of the hub's phase 1 with this peer.
conn_id() {
	ctl Hub show crypto isakmp sa | awk -v peer="$1" '$1 == peer || $2 == peer { print $4; exit }'
}

spis() {
	ip -n Hub xfrm state list proto esp | awk -v peer="$1" '
		/^src/ { its = $2 == peer || $4 == peer }
		its && $1 == "proto" { print $4 }' | sort
}

# other_spis ADDRESS BEFORE
other_spis() {
	[[ $(spis "$1") != "$2" ]]
}

from_strongswan() {
	step "strongSwan on SiteA renews both phases, by its clock"
	site SiteA $'reauth_time = 6s\nover_time = 300s\nrand_time = 0s' \
		$'rekey_time = 4s\nlife_time = 300s\nrand_time = 0s'
	expect "strongSwan brings up both phases" strongswan_initiate SiteA
	expect "pings from the hub to SiteA lose nothing" pings Hub 172.16.0.2 200 0.1
	expect "phase 2 was new twice" charon_log SiteA 'CHILD_SA gre\{[0-9]+\} established' 3
	expect "phase 1 was new twice" test "$(phase1_count "$SITE_A")" -ge 3
	expect "pings from SiteA lose nothing" pings SiteA 172.16.0.1
	# Right after a renewal: charon that is told to stop amid a reauthentication says no deletes for ESP.
	expect "phase 1 is new again" eventually 8 phase1_is_new "$SITE_A" "$(phase1_count "$SITE_A")"
	sleep 1
	strongswan_stop SiteA
	expect "the hub obeyed strongSwan's deletes" eventually 5 no_sas Hub "$HUB" "$SITE_A"
}

deletes() {
	step "Deletes"
	site SiteA
	expect "strongSwan brings up both phases" strongswan_initiate SiteA
	expect "strongSwan deletes phase 2" swanctl_on SiteA --terminate --child gre
	expect "the hub obeys" eventually 5 no_sas Hub "$HUB" "$SITE_A"
	expect "the hub's traffic has it made anew" eventually 5 pings Hub 172.16.0.2
	expect "strongSwan deletes phase 1" swanctl_on SiteA --terminate --ike peer
	expect "the hub obeys" eventually 5 no_sas Hub "$HUB" "$SITE_A"
	expect "the hub's traffic has both made anew" eventually 5 pings Hub 172.16.0.2
	expect "dmvpnd deletes phase 2" ctl Hub clear crypto sa peer "$SITE_A"
	expect "strongSwan obeys" eventually 5 not strongswan_established SiteA
	expect "the hub's traffic has it made anew" eventually 5 pings Hub 172.16.0.2
	# shellcheck disable=SC2016
	expect "dmvpnd deletes phase 1" eval 'id=$(conn_id "$SITE_A") && [[ $id ]] && ctl Hub clear crypto isakmp "$id"'
	expect "strongSwan obeys" eventually 5 not strongswan_has SiteA ESTABLISHED
	expect "the hub's traffic has both made anew" eventually 5 pings Hub 172.16.0.2
	strongswan_stop SiteA
}

# transfers: 2300 large packets, of which none is lost, though strongSwan has its SAs some ms after the
# third message of quick mode only.
transfers() {
	local answer

	answer=$(on Hub ping -q -f -c 2300 -s 1200 -W 2 172.16.0.3) || true
	tail -n 3 <<<"$answer"
	[[ $answer == *' 0% packet loss'* ]]
}

from_dmvpnd() {
	local before

	step "dmvpnd renews phase 2, after 2560 kilobytes"
	before=$(spis "$SITE_B")
	expect "the transfer goes on" transfers
	expect "there are new SAs" eventually 5 other_spis "$SITE_B" "$before"
	expect "pings from the hub to SiteB lose nothing" pings Hub 172.16.0.3
	expect "pings from SiteB to the hub lose nothing" pings SiteB 172.16.0.1
}

signs_of_life() {
	step "Signs of life"
	site SiteA $'dpd_delay = 1s\ndpd_timeout = 4s'
	expect "strongSwan brings up both phases" strongswan_initiate SiteA
	expect "SiteA asks and is answered" eventually 5 charon_log SiteA 'parsed INFORMATIONAL.*N\(DPD_ACK\)' 2
	expect "SiteB is asked and answers" \
		eventually $((2 * INTERVAL + 2)) charon_log SiteB 'generating INFORMATIONAL.*N\(DPD_ACK\)' 1
	expect "all are well" eval 'pings Hub 172.16.0.2 && pings Hub 172.16.0.3'
}

deaths() {
	step "Deaths"
	strongswan_kill SiteB
	expect "the hub finds SiteB dead" eventually $((DEATH + 3)) no_sas Hub "$HUB" "$SITE_B"
	expect "SiteA is still there" pings Hub 172.16.0.2
	kill_daemon Hub
	expect "strongSwan on SiteA finds the hub dead" eventually 10 not strongswan_established SiteA
}

returns() {
	step "Returns"
	site SiteB
	start_hub
	expect "the hub's traffic brings SiteA back" eventually 5 pings Hub 172.16.0.2
	expect "and SiteB" eventually 5 pings Hub 172.16.0.3
	note "dmvpnd starts again, and nobody has missed it"
	kill_daemon Hub
	start_hub
	expect "the hub's traffic brings SiteB back" eventually 5 pings Hub 172.16.0.3
	note "strongSwan starts again, and the hub has not missed it"
	strongswan_kill SiteA
	site SiteA
	expect "strongSwan brings up both phases" strongswan_initiate SiteA
	expect "pings from SiteA lose nothing" pings SiteA 172.16.0.1
	strongswan_kill SiteB
	site SiteB
	expect "the hub's traffic brings SiteB back, once the old SAs are found dead" \
		eventually $((DEATH + 5)) pings Hub 172.16.0.3
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
pings Hub 172.16.0.3 $((LIFETIME * 95 / 10)) 0.1 >"$LAB/renewal" &
renewal=$!
from_strongswan
deletes

step "dmvpnd renews phase 1, by its clock"
expect "pings from the hub to SiteB have lost nothing" wait $renewal
note "$(tail -n 3 "$LAB/renewal")"
expect "phase 1 is new" test "$(phase1_count "$SITE_B")" = 2
from_dmvpnd
signs_of_life
deaths
returns
expect "the hub stops by itself" stop Hub
expect "strongSwan on SiteA obeyed the hub's deletes" eventually 5 not strongswan_established SiteA
strongswan_stop SiteA
strongswan_stop SiteB
expect "the capture is complete" capture_stop internet
# strongSwan without an SA has nothing that keeps a site's answers from leaving as they are.
expect "the hub's GRE was only seen inside ESP" test "$(captured internet "ip proto 47 and src host $HUB")" = 0
finish
