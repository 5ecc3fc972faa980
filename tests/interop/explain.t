#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# `explain` about a foreign peer: strongSwan as the spoke, then as the hub, each time with another fault
# (scripts/lab/foreign.sh).

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

topology
foreign_names
names=("${REPLY[@]}")
foreign_spokes "${names[@]}"
foreign_hubs "${names[@]}"
finish
