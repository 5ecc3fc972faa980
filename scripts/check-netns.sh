#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the tests that need a kernel with ESP and GRE: check-netns.sh [TEST]... (default: what is built
# of tests/kernel, all of tests/netns and tests/interop but those with a line "# LONG", which LONG=1 adds). prove starts each in a throw-away machine of
# its own (see labkernel/run), twice as many at once as there are cores, since they wait most of the
# time; JOBS=1 for one after the other.
# Logs and captures of each test stay in BUILD/netns/TEST, those of a repetition in BUILD/netns/again/TEST.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/*}
BUILD=$(cd "${BUILD:-$top/build}" 2>/dev/null && pwd -P) || {
	echo "check-netns: nothing is built yet: run make" >&2
	exit 2
}
export BUILD OUT=$BUILD/netns

if (($#)); then
	tests=("$@")
else
	cd "$top"
	tests=()
	left_out=0
	# The longest first, so that at the end there is always one that fills a gap.
	for test in tests/interop/*.t tests/netns/*.t; do
		if [[ -z ${LONG-} ]] && grep -q '^# LONG$' "$test"; then
			left_out=$((left_out + 1))
		else
			tests+=("$test")
		fi
	done
	for test in "$BUILD"/tests/kernel/*; do
		[[ ! -f $test || ! -x $test ]] || tests+=("$test")
	done
	((left_out == 0)) || echo "# $left_out tests that take long are left out: make check-long runs them, too"
fi
# Without it, its test says so and is skipped.
[[ ${tests[*]} != *libreswan* ]] || "$here/deps.sh" aside libreswan "$BUILD/libreswan" || true
rm -rf "$OUT"
mkdir -p "$OUT/again"
state=$OUT/prove.state
# run FOLDER ARGUMENT...: prove, with the tests' logs and captures in the folder. A test that hangs ends
# with its machine. The pipe keeps prove from drawing its progress.
run() {
	local machine="$here/labkernel/run --write $1 --see $BUILD --timeout ${LAB_TIMEOUT:-300} --"

	OUT=$1 prove --norc --timer --statefile "$state" --exec "$machine" "${@:2}" | cat
}
run "$OUT" --state=save -j "${JOBS:-$((2 * $(nproc)))}" "${tests[@]}" && exit
# Many of them measure time, and a machine that is busy with something else lies to them. What they wrote
# the first time would do so, too: they read their own logs.
echo "# those that failed, once more, one at a time, with their logs in $OUT/again:"
run "$OUT/again" --state=failed
