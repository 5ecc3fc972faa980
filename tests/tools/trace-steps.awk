# SPDX-License-Identifier: GPL-2.0-or-later
#
# Reads a trace of main mode, an ASA's or ours, and prints its structure, one step a line: the line's tag, "group"
# where it says Group = (the peer's key is found), and what is done. A chain of payloads is written out, HDR and
# NONE left out.
#
# Left out, because it may differ: vendor ids, which every implementation has its own of; our NAT
# discovery (NAT-D) and INITIAL-CONTACT (NOTIFY behind ID and HASH), which the ASA's trace has none of; addresses,
# message ids, lengths and times; the lines that say more than the ASA does, and steps inside a state. Whatever
# else is not known is printed as it is, so that it is seen.

function step(what) {
	print tag (group ? ", group: " : ": ") what
}

function chain(text,	n, i, word, out) {
	n = split(text, word, " \\+ ")
	out = ""
	for (i = 1; i <= n; i++) {
		sub(/ .*/, "", word[i])
		if (word[i] == "NOTIFY" && out !~ / HASH$/)
			out = out " NOTIFY"
		else if (word[i] !~ /^(HDR|NONE|VENDOR|NAT-D|NOTIFY)$/)
			out = out " " word[i]
	}
	return out
}

!/\[IKEv1/ || !/IP = [0-9.]+, / { next }

{
	tag = $0
	sub(/.*\[/, "", tag)
	sub(/\].*/, "", tag)
	group = $0 ~ /Group = [0-9.]+, IP = /
	sub(/.*IP = [0-9.]+, /, "")
}

/ SENDING Message .* with payloads : / || / RECEIVED Message .* with payloads : / {
	what = / SENDING / ? "send" : "receive"
	sub(/.* with payloads : /, "")
	sub(/ total length.*/, "")
	step(what chain($0))
	next
}
/^[Cc]onstructing .*(VID|vid|Vendor ID) / || /^Send .* VID/ || /^processing VID/ || /^Received .*(VID|vid)/ { next }
/^(constructing|processing) (NAT-Discovery|notify) payload/ || /^Received notify message: INITIAL_CONTACT/ { next }
/^Automatic NAT Detection/ || /^isakmp-policy [0-9]+: / { next }
/^IKE Initiator: New Phase 1, / { step("new phase 1"); next }
/^(constructing|processing) .* payload$/ {
	sub(/ payload$/, "")
	sub(/ISAKMP SA$/, "SA")
	step($0)
	next
}
# The responder's words are of another part of the ASA's manual than those of the article.
/^Oakley proposal is acceptable/ || /^IKE SA Proposal # [0-9]+, Transform # [0-9]+ acceptable/ {
	step("proposal is acceptable")
	next
}
/^Connection landed on tunnel_group/ { step("lands on tunnel_group"); next }
/^ID_[A-Z0-9_]+ ID received/ { step("received " $1); next }
/ starting QM: msg id = / { step($1 " " $2 " starting QM"); next }
/^(MM|QM) (Initiator|Responder)/ && / --> / {
	old = $0
	sub(/, EV_.*/, "", old)
	sub(/.* /, "", old)
	new = $0
	sub(/.* --> /, "", new)
	sub(/ .*/, "", new)
	if (old != new && new ~ /^MM_(WAIT|ACTIVE)/)
		print "state " new
	next
}
/^QM FSM error / { step("QM FSM error"); next }
/ FSM error history .*<state>, <event>: / {
	what = $0
	sub(/ \(.*/, "", what)
	sub(/.*<event>: /, "")
	step(what " " ($0 ~ /^[A-Z]M_[A-Z0-9_]+, EV_[A-Z_]+(-->[A-Z]M_[A-Z0-9_]+, (EV_[A-Z_]+|NullEvent))*$/ ? \
		"state, event --> state, event" : $0))
	next
}
# We do not abort: what is not authenticated never ends an exchange.
/^ERROR, had problems decrypting packet, probably due to mismatched pre-shared key/ {
	step("ERROR, had problems decrypting packet, probably due to mismatched pre-shared key")
	next
}
{ step($0) }
