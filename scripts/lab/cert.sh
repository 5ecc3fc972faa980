# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The article's lab with certificates instead of the pre-shared key, and what both ends say when one of
# them is no good.

# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"
# shellcheck source=pki.sh
. "$TOP/scripts/lab/pki.sh"

configure_all() {
	local node

	pki_init
	for node in Hub SiteA SiteB; do
		certificate $node
		certificate_conf $node
	done
}

bring_up() {
	configure_all
	start_hub
	start_site_a
	start_site_b
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
}

story() {
	story_up
	story_direct
	story_fault expired 'certificate of 10\.0\.0\.4 .* expired on' \
		'refuses our certificate.*has expired'
	story_fault wrong-usage 'certificate key usage is invalid.*serial number: .*subject name: O=Lab,CN=SiteA' \
		'refuses our certificate.*key usage'
	story_fault untrusted 'certificate chain is either invalid or not authorized.*CN=SiteA.*issued by O=Lab,CN=Other CA' \
		'refuses our certificate.*no trust anchor'
	story_fault revoked 'certificate of 10\.0\.0\.4 .*was revoked' \
		'refuses our certificate.*revoked'
	story_end
}

story_up() {
	step "The hub and the sites come up, each with a certificate of the lab's CA"
	capture Internet internet
	bring_up
	shell Hub "openssl x509 -in $LAB/Hub/own.pem -noout -subject -issuer -ext subjectAltName,keyUsage"
	note "Main mode, as SiteA's log tells it:"
	note
	tell "$(main_mode_of SiteA "$HUB")"
	note
	show SiteA "show crypto isakmp sa"
	show SiteA "show dmvpn"
}

story_direct() {
	step "The sites prove themselves to each other, too"
	expect "SiteA reaches the network behind SiteB" pings SiteA 172.16.3.1 5
	wait_up SiteA 172.16.0.3
	wait_up SiteB 172.16.0.2
	show SiteA "show dmvpn"
}

# story_fault KIND HUB-SAYS SITE-SAYS: SiteA gets another certificate, and both say why it is refused.
story_fault() {
	step "SiteA's certificate: $1"
	expect "the daemons stop" stop SiteA Hub
	chapter "$1"
	case $1 in
	untrusted) certificate SiteA good other ;;
	revoked)
		certificate SiteA
		revoke SiteA
		;;
	*) certificate SiteA "$1" ;;
	esac
	start_hub
	start_site_a
	expect "the hub names it" eventually 10 log_has Hub "$2"
	expect "SiteA names it" eventually 10 log_has SiteA "$3"
	refute "no tunnel comes up" peer_up SiteA 172.16.0.1
	note
	log_of Hub
	tell "Hub:   $(grep -m 1 -E "$2" "$REPLY" | cut -d ' ' -f 4-)"
	log_of SiteA
	tell "SiteA: $(grep -m 1 -E "$3.*" "$REPLY" | cut -d ' ' -f 4-)"
	note
}

story_end() {
	step "The daemons stop"
	expect "all three end by themselves, with status 0" stop SiteA SiteB Hub
	local node

	for node in Hub SiteA SiteB; do
		expect "$node is as it was before" as_remembered $node
	done
	expect "the capture on the Internet router is complete" capture_stop internet
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
}
