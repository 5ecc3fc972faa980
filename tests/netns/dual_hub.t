#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Two hubs, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/dual-hub.sh
. "$TOP/scripts/lab/dual-hub.sh"

topology
story
finish
