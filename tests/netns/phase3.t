#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Phase 3, every expectation of the scenario a test.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/phase3.sh
. "$TOP/scripts/lab/phase3.sh"

topology
story
finish
