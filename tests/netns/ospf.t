#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# OSPF (FRR) over the tunnels, phases 2 and 3, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/ospf.sh
. "$TOP/scripts/lab/ospf.sh"

topology
story
finish
