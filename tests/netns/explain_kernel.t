#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# `explain` and the log name what the kernel lacks (scripts/lab/fault-kernel.sh).

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/fault.sh
. "$TOP/scripts/lab/fault.sh"

if [[ $LAB_WORLD != uml ]]; then
	echo "1..0 # SKIP modules are taken from the kernel: LAB_KERNEL=uml"
	finished=yes
	exit 0
fi
topology
kernel_act kernel-esp
kernel_act kernel-algorithm
kernel_act kernel-gre
kernel_act kernel-bpf
finish
