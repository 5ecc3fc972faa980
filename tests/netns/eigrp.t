#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# EIGRP (FRR) over the tunnels, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/article-eigrp.sh
. "$TOP/scripts/lab/article-eigrp.sh"

topology
story
finish
