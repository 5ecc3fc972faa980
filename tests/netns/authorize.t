#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Who may register which tunnel address, by what the peer has proven to be: a certificate's identity, or
# the address that a pre-shared key is for. Both sides say what is refused.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"

# authorize IDENTITY ADDRESS: prints the edit that adds this to the hub's nhrp.
authorize() {
	nhrp_keys "authorize \"$1\" { address = \"$2\" }"
}

# claims ADDRESS: prints the edit that gives a spoke this tunnel address.
claims() {
	echo "s|address = \"172\\.16\\.0\\.[0-9]+/24\"|address = \"$1/24\"|"
}

# act NAME: all start as configured.
act() {
	local node

	chapter "$1"
	step "$1"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub: $(tail -n 5 "$(log_of Hub)")"
	for node in SiteA SiteB; do
		start $node
	done
}

# refused SPOKE ADDRESS NBMA: it is, and both say so.
refused() {
	expect "the hub refuses $2 to $1, and says why" eventually 12 \
		log_has Hub "registration of ${2//./\\.} by ${3//./\\.} refused: \"authorize\" gives the address to another identity.*compare \"authorize\""
	expect "$1 says so, too" eventually 5 \
		log_has "$1" "next hop server 172\.16\.0\.1 .* refuses our registration: .*authorize"
	refute "$1 does not have the hub up" peer_up "$1" 172.16.0.1
}

ends() {
	expect "all stop by themselves" stop SiteA SiteB Hub
}

# holds ADDRESS NBMA: the hub's neighbour in the kernel.
holds() {
	[[ $(ip -n Hub neighbour show "$1" dev Tunnel0) == *" $2 "* ]]
}

topology
remember Hub SiteA SiteB
pki_init
for node in Hub SiteA SiteB; do
	certificate $node
done
hub_rules=("$(authorize O=Lab,CN=SiteA 172.16.0.2)" "$(authorize siteb.lab 172.16.0.3)")

certificate_conf Hub "${hub_rules[@]}"
certificate_conf SiteA
certificate_conf SiteB 's/^hostname = SiteB/hostname = siteb.lab/' "\$a isakmp-identity = hostname"
sed -i 's|siteb\.lab/own|SiteB/own|' "$LAB/SiteB.conf"
act certificates
wait_up SiteA 172.16.0.1
wait_up SiteB 172.16.0.1
expect "the hub has SiteA at its address" holds 172.16.0.2 $SITE_A
expect "the hub has SiteB at its address" holds 172.16.0.3 $SITE_B
ends

# SiteA is not there, so that nothing but the rule keeps SiteB from its address.
edit_conf SiteA "$(claims 172.16.0.4)"
edit_conf SiteB "$(claims 172.16.0.2)"
act certificates-of-others
refused SiteB 172.16.0.2 $SITE_B
refused SiteA 172.16.0.4 $SITE_A
refute "the hub does not have SiteB at SiteA's address" holds 172.16.0.2 $SITE_B
ends

key_for() {
	echo "\$a isakmp-key \"$1\" { key = \"a key for $1 alone\" }"
}

# SiteB has a key of its own, SiteA the one that all share: he has proven nothing.
article_conf Hub "$(key_for $SITE_B)" "$(authorize $SITE_B 172.16.0.3)"
article_conf SiteA
article_conf SiteB "s/\"ISAKMP-KEY\"/\"a key for $SITE_B alone\"/"
act keys
wait_up SiteA 172.16.0.1
wait_up SiteB 172.16.0.1
expect "the hub has SiteB at its address" holds 172.16.0.3 $SITE_B
ends

edit_conf SiteA "$(claims 172.16.0.3)"
edit_conf SiteB "$(claims 172.16.0.2)"
act keys-of-others
refused SiteA 172.16.0.3 $SITE_A
refused SiteB 172.16.0.2 $SITE_B
ends

for node in Hub SiteA SiteB; do
	expect "$node is as it was before" as_remembered $node
done
finish
