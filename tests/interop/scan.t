#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What others see of dmvpnd's IKE: ike-scan, as a stranger on SiteB, finds a responder that answers what
# fits, once, and is silent to all else; and tshark, which is given the keys, decodes every message of
# exchanges with SiteA's strongSwan, without and with NAT traversal, and has no complaint.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

PROPOSAL=aes128-sha256-modp2048
FITS='(1=7,14=128,2=4,3=1,4=14)' FOREIGN='(1=7,14=192,2=2,3=1,4=5)'

## The stranger

# scan ARGUMENT...: what ike-scan has got, in $LAB/scan.
scan() {
	on SiteB ike-scan --retry=1 --timeout=1000 "$@" "$HUB" >"$LAB/scan" 2>&1
	cat "$LAB/scan"
}

# scanned HANDSHAKES NOTIFIES ARGUMENT...: one scan has just these answers.
scanned() {
	scan "${@:3}"
	grep -q "$1 returned handshake; $2 returned notify" "$LAB/scan"
}

garbage() {
	local size

	for size in 0 1 27 28 100 1400; do
		head -c $size /dev/urandom | on SiteB timeout 1 bash -c "cat >/dev/udp/$HUB/500"
		# A header that is one, and what is not behind it.
		{
			printf '\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\0\1\20\2\0\0\0\0\0\0\0\5\0'
			head -c $size /dev/urandom
		} | on SiteB timeout 1 bash -c "cat >/dev/udp/$HUB/500"
	done
}

# answers: how many packets the hub has sent to the stranger.
answers() {
	captured stranger "src host $HUB and udp"
}

stranger() {
	step "ike-scan"
	capture SiteB stranger udp
	expect "a proposal that fits is answered by a handshake" scanned 1 0 --trans="$FITS"
	expect "with this proposal" grep -q 'Main Mode Handshake.*Enc=AES.*KeyLength=128.*Hash=SHA2-256.*Group=14' "$LAB/scan"
	expect "one that fits among others, too, from any port" scanned 1 0 --sport=0 --trans="$FOREIGN" --trans="$FITS"
	expect "a foreign one by one notify" scanned 0 1 --trans="$FOREIGN"
	expect "which is NO-PROPOSAL-CHOSEN" grep -q 'NO-PROPOSAL-CHOSEN' "$LAB/scan"
	note "silence from here"
	expect "aggressive mode" scanned 0 0 --aggressive --dhgroup=14 --id=SiteB --trans="$FITS"
	expect "a payload type that does not exist" scanned 0 0 --trans="$FITS" --nextpayload=99
	expect "a length in the header that is not the message's" scanned 0 0 --trans="$FITS" --headerlen=+40
	expect "garbage" garbage
	# A retransmission would come after 1, 3 and 7 s.
	pause 5
	expect "the capture is complete" capture_stop stranger
	note "$(tcpdump -nr "$OUT/stranger.pcap" "src host $HUB" 2>/dev/null)"
	expect "three answers are all that the hub has sent" test "$(answers)" = 3
	expect "dmvpnd is well" ctl Hub show crypto isakmp sa
}

## The onlooker

pings() {
	on "$1" ping -q -c 3 -i 0.05 -W 1 "$2" | grep -q ' 0% packet loss'
}

# exchanges NAME [IKE-SETTING]: with either as initiator both phases, renewals, signs of life, and deletes.
exchanges() {
	chapter "$1"
	capture Hub "$1" udp or esp
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	STRONGSWAN_PEER=${2-} strongswan_start SiteA "$SITE_A" "$HUB" ISAKMP-KEY $PROPOSAL $PROPOSAL 4
	expect "strongSwan initiates" strongswan_initiate SiteA
	expect "pings lose nothing" pings SiteA 172.16.0.1
	expect "strongSwan renews phase 2" swanctl_on SiteA --rekey --child gre
	pause 2.5
	expect "strongSwan deletes" swanctl_on SiteA --terminate --ike peer
	expect "the hub obeys" eventually 5 no_sas Hub
	expect "the hub initiates" eventually 10 pings Hub 172.16.0.2
	pause 2.5
	expect "the hub stops" stop Hub
	expect "strongSwan has obeyed its deletes" eventually 5 not strongswan_established SiteA
	strongswan_stop SiteA
	expect "the capture is complete" capture_stop "$1"
}

# keys: of every ISAKMP SA in charon's log, in the order of their making.
keys() {
	awk '/encryption key Ka =>/ { getline; sub(/.* 0: /, ""); print substr($0, 1, 47) }' \
		"$OUT/SiteA.charon.log" | tr -d ' '
}

# undeciphered: prints how many encrypted messages of tshark's text have no payload in them.
undeciphered() {
	awk '/^ *Encrypted Data/ { getline; count += !/Payload: / } END { print 0 + count }' "$1"
}

# onlooker NAME: tshark understands the capture.
onlooker() {
	local text=$OUT/$1.tshark cookies key options=() what i=0

	mapfile -t cookies < <(tshark -r "$OUT/$1.pcap" -Y 'isakmp.flag_e == 1' -T fields -e isakmp.ispi 2>/dev/null |
		awk '!seen[$0]++')
	for key in $(keys); do
		options+=(-o "uat:ikev1_decryption_table:${cookies[i]-},$key")
		i=$((i + 1))
	done
	expect "charon has told the keys of all ${#cookies[@]} ISAKMP SAs" test $i = ${#cookies[@]}
	tshark -r "$OUT/$1.pcap" "${options[@]}" -V >"$text" 2>"$text.errors" || die "tshark: $(<"$text.errors")"
	note "$(grep -c '^Internet Security Association' "$text") messages of IKE"
	expect "tshark has deciphered all of them" test "$(undeciphered "$text")" = 0
	for what in 'Quick Mode' 'INITIAL-CONTACT' 'R-U-THERE ' 'R-U-THERE-ACK' 'Payload: Delete'; do
		expect "it has seen $what" grep -q "$what" "$text"
	done
	refute "none is malformed, none an error" grep -E 'Malformed Packet|Expert Info \(Error' "$text"
	mv "$OUT/SiteA.charon.log" "$OUT/$1.charon.log"
}

topology
plain_gre SiteA "$SITE_A" "$HUB" 172.16.0.2
article_conf Hub 's/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }/' \
	's/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/' \
	's/esp-3des/esp-aes/; s/esp-sha-hmac/esp-sha256-hmac/' \
	's/^ipsec-profile/isakmp-keepalive { interval = 1 }\n&/'
chapter stranger
start Hub
eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
stranger
expect "the hub stops" stop Hub

step "tshark"
exchanges plain
onlooker plain
step "tshark, NAT traversal"
exchanges natt 'encap = yes'
onlooker natt
finish
