#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# BGP (FRR) over the tunnels, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/bgp.sh
. "$TOP/scripts/lab/bgp.sh"

topology
story
finish
