#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes wrong between two dmvpnds is named in the log of each, as far as each can know it. Several
# faults at a time, each on a spoke of its own: main mode gives up only after half a minute.

# shellcheck disable=SC2153  # the article names the other sites' addresses
# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

SITE_C=10.0.0.8
SPOKES=(SiteA SiteB SiteC)

# act NAME: the hub starts, then the spokes, as configured.
act() {
	chapter "$1"
	step "$1"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	local spoke

	for spoke in "${SPOKES[@]}"; do
		start "$spoke"
	done
}

# blames SECONDS NODE REGEX
blames() {
	expect "$2 says: ${3//\\/}" eventually "$1" log_has "$2" "$3"
}

ends() {
	local spoke

	for spoke; do
		refute "no tunnel comes up on $spoke" peer_up "$spoke" 172.16.0.1
	done
	expect "all stop by themselves" stop "${SPOKES[@]}" Hub
}

# site_c_conf [SED-EXPRESSION]...
site_c_conf() {
	configure SiteC "$TOP/conf/spoke.conf" 's/SiteA/SiteC/; s|172\.16\.0\.2/24|172.16.0.4/24|' "$@"
}

topology
node SiteC
link Internet sitec SiteC eth0
bridge_port Internet spokes sitec
address SiteC eth0 $SITE_C/24
gateway SiteC 10.0.0.1
wire
remember Hub "${SPOKES[@]}"
capture Internet internet

article_conf Hub
article_conf SiteA 's/ISAKMP-KEY/ANOTHER-KEY/'
article_conf SiteB 's/encryption = 3des/encryption = aes-256/'
site_c_conf 's/10\.0\.1\.2/10.0.9.9/'
act phase-1
note "SiteA has another key, SiteB another policy, SiteC a hub that is not there"
blames 5 Hub "IP = $SITE_A, ERROR, had problems decrypting packet, probably due to mismatched pre-shared key"
blames 5 SiteA "IP = $HUB, Error, peer has indicated that something is wrong .* pre-shared key mismatch"
blames 5 Hub "no common phase 1 policy with $SITE_B: it offers \(aes-256, sha, pre-share, group 2\).* first difference: encryption algorithm: ours 3des, theirs aes-256"
blames 5 SiteB "IP = $HUB, Received an un-encrypted NO_PROPOSAL_CHOSEN"
blames 5 SiteC "10\.0\.0\.1 says: Network is unreachable"
note "and when the exchanges end:"
blames 40 SiteC "10\.0\.9\.9 .*message 1, nothing came back"
blames 10 SiteA "probable pre-shared key mismatch with $HUB: it complains about our message 5"
blames 10 Hub "probable pre-shared key mismatch with $SITE_A: its message 5 does not decrypt"
blames 10 SiteB "$HUB says NO-PROPOSAL-CHOSEN to our phase 1 offer"
ends "${SPOKES[@]}"

article_conf Hub
article_conf SiteA 's/esp-sha-hmac/esp-sha256-hmac/'
article_conf SiteB 's/pfs = group2/pfs = none/'
site_c_conf 's/NHRP-KEY/OTHERKEY/'
act phase-2
note "SiteA has another transform-set, SiteB no PFS, SiteC another NHRP key"
blames 10 Hub "no common transform-set with $SITE_A: it offers .* first difference: ESP authentication algorithm: ours esp-sha-hmac, theirs esp-sha256-hmac"
blames 10 SiteA "$HUB says NO-PROPOSAL-CHOSEN to our quick mode .*transform-set"
blames 10 Hub "PFS on our side only: our ipsec-profile asks for group 2, $SITE_B sends no PFS"
blames 10 SiteB "$HUB says NO-PROPOSAL-CHOSEN to our quick mode .*PFS differ"
blames 10 Hub "NHRP authentication of $SITE_C failed: its key is not ours"
blames 10 SiteC "$HUB answers with an error indication: authentication failure"
ends "${SPOKES[@]}"

article_conf Hub "s|0\\.0\\.0\\.0/0|$SITE_B/32|; s/pfs = group2/pfs = none/"
article_conf SiteA
article_conf SiteB
SPOKES=(SiteA SiteB)
act no-key
note "The hub has a key for SiteB alone, and no PFS configured"
blames 10 Hub "no pre-shared key for $SITE_A: add isakmp-key"
wait_up SiteB 172.16.0.1
note "(an offer of PFS is taken where none is asked for, as on IOS)"
ends SiteA

for node in Hub SiteA SiteB SiteC; do
	expect "$node is as it was before" eventually 35 as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear, whatever failed" test "$(captured internet 'ip proto 47')" = 0
finish
