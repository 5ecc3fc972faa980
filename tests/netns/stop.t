#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A clean stop leaves nothing behind, whatever the daemon was doing: just started, negotiating with
# somebody who does not answer, holding a direct tunnel while its peers are gone, stopped by SIGINT.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

left_as_found() {
	local name

	for name; do
		expect "$name is as it was before" eventually 35 as_remembered "$name"
	done
}

topology

step "Right after the start"
article_conf SiteA
for pause in 0 0.02 0.1 0.3; do
	start SiteA
	pause "$pause"
	stop SiteA || true # the signal may come before there is a handler
	expect "after $pause s: SiteA is as it was before" as_remembered SiteA
done

chapter no-hub
step "While the hub does not answer"
start SiteA
expect "SiteA waits for message 2" eventually 5 log_has SiteA '--> MM_WAIT_MSG2'
expect "SiteA stops by itself" stop SiteA
left_as_found SiteA

step "With a direct tunnel, the others killed"
bring_up
on SiteA ping -q -c 1 -W 2 172.16.3.1 >/dev/null || true
wait_up SiteA 172.16.0.3
kill_daemon Hub
kill_daemon SiteB
expect "SiteA stops by itself" stop SiteA
left_as_found SiteA

step "What killed daemons left goes with the next stop"
start Hub
start SiteB
expect "the hub runs again" eventually 5 ctl Hub show version
expect "SiteB runs again" eventually 5 ctl SiteB show version
expect "both stop by themselves" stop SiteB Hub
left_as_found Hub SiteB

step "SIGINT, as from Ctrl-C"
start Hub
expect "the hub runs" eventually 5 ctl Hub show version
# shellcheck disable=SC2154
kill -INT "${daemon[Hub]}"
expect "it ends" eventually 5 not running Hub
left_as_found Hub
finish
