#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs a lab: nodes in network namespaces, dmvpnd on them, a story with evidence and expectations.
#
#   lab.sh [SCENARIO]           plays it; exit status 0 only if all that was expected held
#   lab.sh --shell [SCENARIO]   brings it up and gives a shell with one command for each node
#   lab.sh --list               names the scenarios
#
# BUILD is where dmvpnd and dmvpnctl are; logs and captures go to BUILD/lab/SCENARIO, and a page that tells
# all of it to BUILD/lab/report.html. LAB_KERNEL=host or uml forces a kernel, see labkernel/run.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=${here%/*}
BUILD=$(cd "${BUILD:-$top/build}" 2>/dev/null && pwd -P) || {
	echo "lab: nothing is built yet: run make" >&2
	exit 2
}

scenarios() {
	grep -l '^story()' "$here"/lab/*.sh | sed 's|.*/||; s|\.sh$||'
	sed -nE "s/^\t\[([a-z0-9-]+)\]=.*/fault-\1/p" "$here/lab"/{fault,fault-kernel,foreign}.sh
}

options=() play=()
case ${1-} in
--list)
	scenarios
	exit
	;;
--shell)
	if ! { : </dev/tty; } 2>/dev/null; then
		echo "lab: a shell needs a terminal, and there is none" >&2
		exit 2
	fi
	options=(--interactive)
	play=(--shell)
	shift
	;;
esac
scenario=${1:-article}
known=$(scenarios)
# Not through a pipe: grep leaves at the first match, and who still writes dies of it.
if ! grep -qx -- "$scenario" <<<"$known"; then
	echo "lab: there is no scenario '$scenario'. There are: ${known//$'\n'/ }" >&2
	exit 2
fi

OUT=$BUILD/lab/$scenario
rm -rf "$OUT"
mkdir -p "$OUT"
[[ ! -t 1 || -n ${NO_COLOR-} ]] || export LAB_COLOUR=1
export BUILD OUT
command=("$here/labkernel/run" --write "$OUT" --see "$BUILD" "${options[@]}" --
	"$here/lab/play" "${play[@]}" "$scenario")
((${#play[@]} == 0)) || exec "${command[@]}"

# If this script dies, `run` ends all.
status=0
setpriv --pdeathsig TERM "${command[@]}" || status=$?
report=$BUILD/lab/report.html
if "$here/lab/report/write" "$OUT" "$report"; then
	echo "Report: $report"
else
	rm -f "$report" || true
	echo "lab: there is no report of it: it could not be written, see above" >&2
fi
exit "$status"
