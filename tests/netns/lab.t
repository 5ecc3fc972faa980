#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The article's lab, every expectation of it a test. tests/report/page.py makes its report of this run's record.

export LAB_REPORT=article
# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

topology
story
finish
