# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What a test in tests/netns or tests/interop sources first: the frame's vocabulary, telling in TAP, in
# namespaces of the test's own, so that whatever a test leaves behind is gone before the next.

if [[ -z ${LAB_WORLD-} ]]; then
	echo "Bail out! ${0##*/} changes the network: run it by scripts/check-netns.sh $0"
	exit 2
fi
if [[ -z ${LAB_TEST-} ]]; then
	LAB_TEST=${0##*/}
	export LAB_TEST=${LAB_TEST%.t} LAB_TAP=1
	exec unshare --mount --pid --fork --kill-child --mount-proc "$BASH" "$0" "$@"
fi
mount -t tmpfs -o mode=755 tmpfs /run/netns
mkdir -p /run/lab /run/dmvpnd
mount -t tmpfs -o mode=755 tmpfs /run/lab
mount -t tmpfs -o mode=755 tmpfs /run/dmvpnd
OUT=${OUT:-/run/lab/out}/$LAB_TEST

# shellcheck source=frame.sh
. "$(dirname "${BASH_SOURCE[0]}")/frame.sh"
# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"
