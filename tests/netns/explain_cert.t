#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `explain` names what is wrong with a certificate, on both sides.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

# refused NAME CAUSE-AT-THE-HUB: SiteA has a certificate that the hub does not take.
refused() {
	chapter "$1"
	step "$1"
	start SiteA
	expect "$1: the hub says $2" eventually 5 names_causes Hub $SITE_A "$2"
	expect "$1: SiteA says our_certificate" eventually 5 names_causes SiteA $HUB our_certificate
	expect "SiteA stops" stop SiteA
}

topology
pki_init
certificate Hub
certificate_conf Hub
certificate_conf SiteA
start Hub
eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
certificate SiteA expired
refused expired cert_expired
certificate SiteA not-yet
refused not-yet cert_not_yet_valid,clock_here
certificate SiteA wrong-usage
refused wrong-usage cert_key_usage
certificate SiteA good other
refused untrusted cert_untrusted
certificate SiteA
certificate_conf SiteA '$a isakmp-identity = hostname'
refused identity cert_name
certificate_conf SiteA
expect "the hub stops" stop Hub
revoke SiteA
start Hub
eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
refused revoked cert_revoked
certificate SiteA
start SiteA
wait_up SiteA 172.16.0.1
expect "it is told as the past when all is well" eventually 5 names_causes Hub $SITE_A cert_revoked
expect "and that all is well" eval '[[ $(ctl Hub explain $SITE_A) == *": UP"* ]]'
show Hub "explain"
expect "both stop" stop SiteA Hub
finish
