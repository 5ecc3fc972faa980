#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The other way to run a lab: on the kernel of the machine itself. Here that kernel is the lab kernel (or
# the machine's own, where that can run labs), so this way stays tried wherever the tests run.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

run() {
	LAB_KERNEL=host "$TOP/scripts/labkernel/run" "$@"
}

status_of() {
	local want=$1 status=0

	shift
	"$@" || status=$?
	((status == want))
}

says() {
	[[ $("${@:2}") == "$1" ]]
}

nobody_sleeps() {
	! pgrep -f 'sleep 1234[5]' >/dev/null
}

# killed SIGNAL: a run that gets it takes all its processes along.
killed() {
	local pid

	(
		export LAB_KERNEL=host
		exec "$TOP/scripts/labkernel/run" sh -c 'sleep 12345 & sleep 12345'
	) &
	pid=$!
	eventually 10 not nobody_sleeps || return
	kill "-$1" "$pid"
	wait "$pid" 2>/dev/null || true
	eventually 5 nobody_sleeps
}

mkdir -p /tmp/kept /tmp/seen
echo before >/tmp/seen/file
expect "this kernel has what a lab needs" "$TOP/scripts/labkernel/choose" --host
expect "it is chosen before User Mode Linux" says host "$TOP/scripts/labkernel/choose"
expect "the command's status comes back" status_of 7 run sh -c 'exit 7'
expect "the command's output comes back" says hello run echo hello
expect "the machine's files are read-only" status_of 1 run touch "$TOP/file"
refute "/tmp has nothing of the machine's" run --see /tmp/seen ls /tmp/kept
expect "what is to be seen is seen" says before run --see /tmp/seen cat /tmp/seen/file
expect "... and cannot be written" status_of 1 run --see /tmp/seen touch /tmp/seen/x
expect "what is written to a folder for it stays" run --write /tmp/kept cp /proc/version /tmp/kept/file
expect "... there" test -s /tmp/kept/file
expect "a run that lasts too long ends with status 124" status_of 124 run --timeout 1 sleep 12345
expect "SIGTERM ends all of it" killed TERM
expect "SIGKILL ends all of it" killed KILL
finish
