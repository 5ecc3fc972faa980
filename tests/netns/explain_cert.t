#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# `explain` names what is wrong with a certificate, or with a clock, on both sides.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology
act cert-expired cert-not-yet
act cert-usage cert-untrusted
act cert-name clock-behind
act clock-ahead
act cert-long-there
act cert-long-back

step "what was wrong is told as the past when all is well"
configure_for cert-revoked
fault SiteA cert-revoked
start Hub
start SiteA
explained SiteA
expect "SiteA stops" stop SiteA
certificate SiteA
start SiteA
wait_up SiteA 172.16.0.1
expect "the hub still names it" eventually 5 names_causes Hub $SITE_A cert_revoked
expect "and that all is well" eval '[[ $(ctl Hub explain $SITE_A) == *": UP"* ]]'
show Hub "explain"
expect "both stop" stop SiteA Hub
finish
