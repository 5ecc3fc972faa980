#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# Spokes behind one NAT, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/nat.sh
. "$TOP/scripts/lab/nat.sh"

marks() {
	tshark -n -r "$OUT/internet.pcap" -Y 'isakmp && (_ws.malformed || _ws.expert)'
}

nothing_marked() {
	[[ -z $(marks 2>/dev/null) && -n $(tshark -n -r "$OUT/internet.pcap" -Y isakmp -c 20000 2>/dev/null) ]]
}

topology
story
expect "tshark finds nothing malformed in IKE's messages" nothing_marked
finish
