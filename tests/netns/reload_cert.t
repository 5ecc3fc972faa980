#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A reload with certificates: files that are no good change nothing, and are named; a new revocation list
# and a new certificate under the names of the old ones take effect. Who is not concerned keeps its SAs
# and every packet.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"

# sas NODE PEER-ADDRESS: the SPIs of its ESP SAs with this peer, sorted.
sas() {
	ip -n "$1" xfrm state list proto esp | awk -v peer="$2" '
		/^src/ { its = $2 == peer || $4 == peer }
		its && $1 == "proto" { print $4 }' | sort
}

# untouched WHAT: the hub's SAs with both are those of the beginning.
untouched() {
	expect "$1: the SAs are the same" test "$(sas Hub "$SITE_A") $(sas Hub "$SITE_B")" = "$both"
}

# reloads NODE WHAT REGEX: it reloads and says that.
reloads() {
	ctl "$1" reload >"$LAB/reload" 2>&1 || true
	cat "$LAB/reload"
	expect "$2: $3" grep -qE "$3" "$LAB/reload"
}

# refuses WHAT FILE REGEX: with this content the file is refused, its line in the configuration is told,
# and nothing happens. The file is then as it was.
refuses() {
	local file=$2

	cp "$file" "$LAB/good"
	cat >"$file"
	refute "$1 is refused" ctl Hub reload
	reloads Hub "$1" "Hub\.conf:[0-9]+: trustpoint LAB: $3"
	untouched "$1"
	cp "$LAB/good" "$file"
}

answers() {
	on "$1" ping -q -c 1 -W 1 "$2"
}

topology
capture Internet internet
pki_init
for node in Hub SiteA SiteB; do
	certificate $node
	certificate_conf $node
done
bring_up
both="$(sas Hub "$SITE_A") $(sas Hub "$SITE_B")"
kept=$(sas Hub "$SITE_B")
in_node SiteB
"${ENTER[@]}" ping -q -i 0.02 172.16.0.1 >"$LAB/ping" 2>&1 &
pinger=$!

step "Files that are no good"
refuses "a broken revocation list" "$LAB/lab/crl.pem" 'crl: .*crl\.pem holds no revocation list' <<<broken
refuses "another one's key" "$LAB/Hub/own.key" 'key: .*own\.key is not the key of' <"$LAB/SiteA/own.key"
refuses "a certificate that is none" "$LAB/Hub/own.pem" 'certificate: .*own\.pem holds no certificate' <<<none
mv "$LAB/lab/crl.pem" "$LAB/good"
reloads Hub "a file that is not there" 'Hub\.conf:[0-9]+: trustpoint LAB: crl: .*crl\.pem.*No such file'
mv "$LAB/good" "$LAB/lab/crl.pem"
untouched "a file that is not there"
reloads Hub "the same files" "Nothing has changed"

step "SiteA is revoked"
revoke SiteA
kill -HUP "${daemon[Hub]}"
expect "the hub has the new list" eventually 5 log_has Hub 'reload: isakmp, certificates or ipsec'
untouched "for negotiations from now on"
expect "SiteA's SAs are cleared" ctl Hub clear crypto sa peer "$SITE_A"
expect "the hub refuses SiteA" eventually 12 log_has Hub "certificate of $SITE_A .*was revoked"
expect "SiteA hears that" eventually 12 log_has SiteA "$HUB refuses our certificate .*(INVALID_CERTIFICATE|revoked)"
expect "it has no SAs" no_sas Hub "$HUB" "$SITE_A"
refute "and does not reach the hub" answers SiteA 172.16.0.1

step "SiteA has a new certificate"
certificate SiteA
reloads SiteA "a new certificate" 'certificates'
expect "SiteA reaches the hub" eventually 45 answers SiteA 172.16.0.1
wait_up Hub 172.16.0.2
both="$(sas Hub "$SITE_A") $(sas Hub "$SITE_B")"

step "The hub has a new certificate, and the old one is revoked"
revoke Hub
certificate Hub
reloads Hub "the hub's new certificate and list" 'certificates'
reloads SiteA "the new list" 'certificates'
untouched "after that"
expect "SiteA negotiates anew" ctl SiteA clear crypto sa
expect "SiteA reaches the hub" eventually 15 answers SiteA 172.16.0.1
refute "nobody has refused it" log_has SiteA "certificate of $HUB .*was revoked"

step "The end"
expect "SiteB's SAs are those of the beginning" test "$(sas Hub "$SITE_B")" = "$kept"
kill -INT "$pinger"
wait "$pinger" || true
note "       $(grep transmitted "$LAB/ping")"
expect "SiteB's ping has lost nothing, all the time" grep -q ' 0% packet loss' "$LAB/ping"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in SiteA SiteB Hub; do
	expect "$node is as it was before the first start" eventually 35 as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
