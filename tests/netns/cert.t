#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Certificates: tunnels come up with them, in both roles and with every kind of identity; what is wrong
# with one is named on both sides.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"

# act NAME: both daemons start as configured.
act() {
	chapter "$1"
	step "$1"
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub: $(tail -n 5 "$(log_of Hub)")"
	start SiteA
}

# blames NODE REGEX
blames() {
	expect "$1 says: ${2//\\/}" eventually 12 log_has "$1" "$2"
}

ends() {
	refute "no tunnel comes up" peer_up SiteA 172.16.0.1
	expect "both stop by themselves" stop SiteA Hub
}

works() {
	wait_up SiteA 172.16.0.1
	wait_up Hub 172.16.0.2
	expect "both stop by themselves" stop SiteA Hub
}

topology
remember Hub SiteA
capture Internet internet
pki_init
certificate Hub
certificate SiteA

for identity in auto address hostname dn; do
	certificate_conf Hub "\$a isakmp-identity = $identity"
	certificate_conf SiteA 's/SiteA/sitea.lab/' "\$a isakmp-identity = $identity"
	sed -i 's/^hostname = Hub/hostname = hub.lab/; s|sitea\.lab/own|SiteA/own|' "$LAB/Hub.conf" "$LAB/SiteA.conf"
	act "identity-$identity"
	works
done

certificate_conf Hub
certificate_conf SiteA
for kind in expired not-yet wrong-usage; do
	certificate SiteA $kind
	act $kind
	case $kind in
	expired)
		blames Hub "certificate of $SITE_A .*serial number: .*subject name: O=Lab,CN=SiteA.* expired on"
		blames SiteA 'peers will refuse the one in .*has expired'
		blames SiteA "$HUB refuses our certificate .*has expired"
		;;
	not-yet)
		blames Hub "certificate of $SITE_A .* is valid from"
		blames SiteA "$HUB refuses our certificate .*not valid yet"
		;;
	wrong-usage)
		blames Hub "peer certificate key usage is invalid: .*serial number: .*subject name: O=Lab,CN=SiteA"
		blames SiteA "$HUB refuses our certificate .*key usage"
		;;
	esac
	ends
done

certificate_conf Hub 's/^trustpoint LAB .*/&\n\tignore-key-usage = true/'
act ignore-key-usage
works

certificate_conf Hub
certificate SiteA good other
act untrusted
blames Hub "certificate chain is either invalid or not authorized: .*CN=SiteA.*issued by O=Lab,CN=Other CA"
blames SiteA "$HUB refuses our certificate"
ends

# The other way round the spoke finds out, when the hub is done already.
certificate SiteA
certificate Hub expired
act expired-hub
blames SiteA "certificate of $HUB .* expired on"
blames Hub "$SITE_A refuses our certificate .*has expired"
ends

certificate Hub
revoke SiteA
act revoked
blames Hub "certificate of $SITE_A .*was revoked"
blames SiteA "$HUB refuses our certificate .*revoked"
ends

certificate SiteA
certificate_conf SiteA '$a isakmp-identity = hostname'
act identity-not-in-it
blames Hub 'unable to compare the IKE ID against the peer.s certificate'
blames SiteA "$HUB refuses our certificate or signature .INVALID_ID_INFORMATION"
ends

certificate_conf Hub 's/^trustpoint LAB .*/&\n\tignore-identity = true/'
act ignore-identity
works

step "files"
chapter ''
certificate_conf Hub
cp "$LAB/SiteA/own.key" "$LAB/Hub/own.key"
"$DMVPND" --check "$LAB/Hub.conf" >"$LAB/check" 2>&1 && status=0 || status=$?
expect "a key that is not the certificate's is refused" test $status = 1
expect "and why" grep -q 'own.key is not the key of the first certificate in .*own.pem' "$LAB/check"

for node in Hub SiteA; do
	expect "$node is as it was before" as_remembered "$node"
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
