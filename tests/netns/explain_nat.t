#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `explain` behind a NAT: UDP port 4500 is blocked, one way or the other.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/nat.sh
. "$TOP/scripts/lab/nat.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology
act udp4500-there
act udp4500-back
act none
finish
