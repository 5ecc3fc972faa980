#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The trace at level 200 beside an ASA's: the same steps in the same order, message by message, for the
# initiator, and their mirror for the responder (tests/vectors/asa-*.steps), as the log has them with
# `debug crypto isakmp 200`, and as the flight recorder has them without; and the failures that an ASA tells of.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

VECTORS=$TOP/tests/vectors

steps() {
	awk -f "$TOP/tests/tools/trace-steps.awk"
}

# beside WHAT VECTOR: the trace on standard input has, from the vector's first step on, these steps and no other.
beside() {
	local want=$LAB/want have=$OUT/$1.steps all=$OUT/$1.trace

	cat >"$all"
	grep -v '^#' "$VECTORS/$2.steps" >"$want"
	steps <"$all" | awk -v first="$(head -n 1 "$want")" '$0 == first { on = 1 } on' |
		head -n "$(wc -l <"$want")" >"$have"
	expect "$1: step by step as $2" diff "$want" "$have"
}

# block NAME: the steps of one failure.
block() {
	awk -v name="$1" '$0 == name { on = 1; next } /^$/ { on = 0 } on' "$VECTORS/asa-failures.steps"
}

# recorded_block NODE PEER NAME: its flight recorder has them, one behind the other.
recorded_block() {
	local want have

	want=$(block "$3")
	[[ $want ]] || die "no failure '$3' in $VECTORS/asa-failures.steps"
	have=$(ctl "$1" show log peer "$2" | steps)
	[[ $'\n'$have$'\n' == *$'\n'$want$'\n'* ]]
}

# tells SECONDS NODE PEER NAME
tells() {
	expect "$2 has recorded of $3: $4" eventually "$1" recorded_block "$2" "$3" "$4"
}

# detailed NODE: its log has steps that only a debug shows.
detailed() {
	log_has "$1" 'constructing|processing|IKE_DECODE'
}

# knows NODE ADDRESS: it has an ISAKMP SA with it.
knows() {
	[[ $(ctl "$1" show crypto isakmp sa) == *" $2 "* ]]
}

# A main mode's third message, of which nobody knows the first.
headless() {
	printf '\1\2\3\4\5\6\7\10\10\7\6\5\4\3\2\1\4\20\2\0\0\0\0\0\0\0\0\50\0\0\0\14\1\2\3\4\5\6\7\10' |
		on SiteB timeout 1 bash -c "cat >/dev/udp/$HUB/500"
}

start_hub_only() {
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
}

rm -f "$OUT"/*.log
topology

step "The flight recorder, without any debug"
article_conf Hub
article_conf SiteA
chapter success
start_hub_only
start SiteA
wait_up SiteA 172.16.0.1
wait_up Hub 172.16.0.2
beside recorder-initiator asa-main-mode-initiator < <(ctl SiteA show log peer $HUB)
beside recorder-responder asa-main-mode-responder < <(ctl Hub show log peer $SITE_A)
for node in SiteA Hub; do
	refute "the log of $node has the steps, too" detailed $node
done

step "debug crypto isakmp 200"
# mark NODE: what its log has said so far is of no interest any more.
mark() {
	log_of "$1"
	wc -l <"$REPLY" >"$LAB/$1.before"
}

# since NODE: what its log has said since then.
since() {
	log_of "$1"
	tail -n "+$(($(<"$LAB/$1.before") + 1))" "$REPLY"
}

says_since() {
	since "$1" | grep -q "$2"
}

ctl SiteA debug crypto isakmp 200 >/dev/null
mark SiteA
ctl SiteA clear crypto sa peer $HUB >/dev/null
expect "SiteA negotiates anew" eventually 10 says_since SiteA 'PHASE 2 COMPLETED'
beside log-initiator asa-main-mode-initiator < <(since SiteA)

# With nothing of an earlier SA in between: that one is listened to for some seconds more.
expect "SiteA stops" stop SiteA
expect "the hub has forgotten it" eventually 10 not knows Hub $SITE_A
ctl Hub debug crypto isakmp 200 >/dev/null
mark Hub
start SiteA
expect "and negotiates anew" eventually 10 says_since Hub 'PHASE 2 COMPLETED'
beside log-responder asa-main-mode-responder < <(since Hub)
expect "all stop by themselves" stop SiteA Hub

step "Failures"
chapter failures
article_conf SiteA 's/ISAKMP-KEY/ANOTHER-KEY/'
article_conf SiteB 's/encryption = 3des/encryption = aes-256/'
start_hub_only
start SiteA
start SiteB
tells 5 SiteB $HUB "policies-differ, at the initiator"
tells 5 SiteA $HUB "keys-differ, at the initiator"
tells 5 Hub $SITE_A "keys-differ, at the responder"
headless
tells 5 Hub $SITE_B "no-beginning, at the responder"
tells 40 Hub $SITE_A "history, at the responder"
expect "all stop by themselves" stop SiteA SiteB Hub

chapter quick-mode
article_conf SiteA 's/esp-sha-hmac/esp-sha256-hmac/'
start_hub_only
start SiteA
tells 10 SiteA $HUB "quick-mode, at the initiator"
expect "all stop by themselves" stop SiteA Hub
finish
