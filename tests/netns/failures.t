#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What goes wrong between two dmvpnds is named in the log of each, as far as each can know it.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# act NAME: both daemons start as configured; what they say is asserted by `blames`.
act() {
	chapter "$1"
	step "$1"
	start Hub
	start SiteA
}

# blames NODE REGEX
blames() {
	expect "$1 says: $2" eventually 12 log_has "$1" "$2"
}

ends() {
	refute "no tunnel comes up" peer_up SiteA 172.16.0.1
	expect "both stop by themselves" stop SiteA Hub
}

configure_both() {
	article_conf Hub
	article_conf SiteA
}

topology
remember Hub SiteA SiteB
capture Internet internet

# SiteB's hub does not exist: it hears nothing at all. That takes the life of an exchange; meanwhile:
ip -n Internet route add blackhole 10.0.9.9
article_conf SiteB 's/10\.0\.1\.2/10.0.9.9/'
start SiteB

configure_both
article_conf SiteA 's/ISAKMP-KEY/ANOTHER-KEY/'
act wrong-key
blames Hub "probable pre-shared key mismatch with $SITE_A: its message 5 does not decrypt"
blames SiteA "probable pre-shared key mismatch with $HUB: it complains about our message 5"
ends

configure_both
article_conf Hub 's|0\.0\.0\.0/0|10.0.0.6|'
act no-key
blames Hub "no pre-shared key for $SITE_A: add isakmp-key"
ends

configure_both
article_conf SiteA 's/encryption = 3des/encryption = aes-256/'
act no-policy
blames Hub "no common phase 1 policy with $SITE_A: it offers \\(aes-256, sha, pre-share, group 2\\).*first difference: encryption: ours 3des, theirs aes-256"
blames SiteA "$HUB says NO-PROPOSAL-CHOSEN to our phase 1 offer"
ends

configure_both
article_conf SiteA 's/esp-sha-hmac/esp-sha256-hmac/'
act no-transform
blames Hub "no common transform-set with $SITE_A: it offers .*first difference: .*ours esp-sha-hmac, theirs esp-sha256-hmac"
blames SiteA "$HUB says NO-PROPOSAL-CHOSEN to our quick mode: transform-set"
ends

configure_both
article_conf SiteA 's/pfs = group2/pfs = none/'
act pfs-on-the-hub-only
blames Hub "PFS on our side only: our ipsec-profile asks for group 2, $SITE_A sends no PFS"
blames SiteA "$HUB says NO-PROPOSAL-CHOSEN to our quick mode: .*PFS"
ends

configure_both
article_conf Hub 's/pfs = group2/pfs = none/'
act pfs-on-the-spoke-only
blames Hub "PFS groups differ: our ipsec-profile asks for no group, $SITE_A offers group 2"
blames SiteA "$HUB says NO-PROPOSAL-CHOSEN to our quick mode: .*PFS"
ends

configure_both
article_conf SiteA 's/NHRP-KEY/OTHERKEY/'
act nhrp-authentication
blames Hub "authentication"
blames SiteA "authentication"
refute "SiteA is not registered" log_has SiteA "registered at next hop server"
expect "both stop by themselves" stop SiteA Hub

step "nobody at all"
chapter ''
expect "SiteB says that 10.0.9.9 does not answer" eventually 40 log_has SiteB "10\.0\.9\.9 does not answer"
expect "SiteB stops by itself" stop SiteB

for node in Hub SiteA SiteB; do
	expect "$node is as it was before" as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear, whatever failed" test "$(captured internet 'ip proto 47')" = 0
finish
