#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Spokes behind one NAT, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/nat.sh
. "$TOP/scripts/lab/nat.sh"

topology
story
finish
