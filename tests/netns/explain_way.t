#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# `explain` names what is wrong on the way, on both sides: one fault after the other
# (scripts/lab/fault.sh), two at a time, each on a spoke of its own.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology

act no-route udp500-there
act through-tunnel interface-down
act peer-down esp-there
act udp500-back esp-back
act udp500-both udp500-refused
act map-nowhere map-no-daemon
act map-spoke mtu
act wrong-gateway policy-route
act no-carrier gre-filtered
act answers-elsewhere reverse-path
act none
finish
