#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Lifetimes in kilobytes: the hub's is shorter than SiteA's and is told to it, the kernels count, and
# what they say leads to a new pair in time, without a packet lost.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

spis() {
	ip -n "$1" xfrm state list proto esp | awk '$1 == "proto" { print $4 }' | sort
}

topology
article_conf Hub 's/pfs = group2/&  lifetime-kilobytes = 2560/'
article_conf SiteA
start_hub
start_site_a
wait_up SiteA 172.16.0.1
before=$(spis SiteA)
expect "SiteA's kernel has the hub's limit on both SAs" \
	test "$(ip -n SiteA -s xfrm state list proto esp | grep -c 'hard 2621440(bytes)')" = 2

step "More than that is sent"
on SiteA ping -q -i 0.003 -s 1300 -c 3000 172.16.0.1 >"$LAB/ping" 2>&1 || true
note "       $(grep transmitted "$LAB/ping")"
expect "nothing was lost" grep -q ' 0% packet loss' "$LAB/ping"
refute "SiteA has other SAs now" test "$(spis SiteA)" = "$before"
refute "the hub was never down meanwhile" log_has SiteA '10\.0\.1\.2.*is down'
expect "both stop by themselves" stop SiteA Hub
finish
