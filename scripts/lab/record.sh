# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the report of a lab is made of (scripts/lab/report/): with LAB_REPORT=SCENARIO in the environment,
# everything that is told goes to $OUT/record, too, and with it pictures and numbers that the terminal does
# not show. No key and no secret is among them. Without LAB_REPORT these words do nothing.
#
#   picture TITLE      the map, as each running daemon sees it now
#   figure NAME VALUE  a number that the report begins with
#   record KIND [FIELD]...
#
# A record is its time, its kind, and its fields, with US (0x1f) between and RS (0x1e) behind: what is told
# has neither, so nothing needs to be escaped. The kinds are those of scripts/lab/report/record.py.

record() {
	[[ -n ${LAB_REPORT-} ]] || return 0
	local IFS=$'\x1f'

	printf '%s\x1e' "$EPOCHREALTIME"$'\x1f'"$*" >>"$OUT/record"
}

# A process costs more than what it says: each node is asked for everything by one script on dmvpnctl's input.
picture() {
	local name answer

	[[ -n ${LAB_REPORT-} ]] || return 0
	pictured=yes
	for name in "${!daemon[@]}"; do
		answer=$(ctl "$name" <<<$'map --svg\nmap --json' 2>/dev/null) || continue
		record map "$1" "$name" "${answer%%</svg>*}</svg>" "${answer#*</svg>}"
	done
}

figure() {
	record figure "$@"
}

# peers_of NODE: the NBMA addresses that it has anything to do with, in the array PEERS.
peers_of() {
	local answer

	answer=$(ctl "$1" <<<$'show dmvpn --json\nshow crypto isakmp sa --json' 2>/dev/null) || true
	PEERS=()
	while [[ $answer =~ \"(nbma|remote)\":\ ?\"([0-9.]+)\" ]]; do
		answer=${answer#*"${BASH_REMATCH[0]}"}
		[[ " ${PEERS[*]-} " == *" ${BASH_REMATCH[2]} "* ]] || PEERS+=("${BASH_REMATCH[2]}")
	done
}

# record_ladders NODE: of its negotiations with each of PEERS. Each picture says in its title who it is with.
record_ladders() {
	local script answer svg

	((${#PEERS[@]})) || return 0
	printf -v script 'ladder %s --svg\n' "${PEERS[@]}"
	answer=$(ctl "$1" <<<"$script" 2>/dev/null) || true
	while [[ $answer == *'</svg>'* ]]; do
		svg=${answer%%</svg>*}
		answer=${answer#*</svg>}
		[[ $svg != *'class="msg"'* || ! ${svg%%</title>*} =~ \ ([0-9.]+)$ ]] ||
			record ladder "$1" "${BASH_REMATCH[1]}" "$svg</svg>"
	done
}

# record_daemons NODE...: what is known of daemons that are about to end: ladders, SAs and counters.
record_daemons() {
	local name PEERS

	[[ -n ${LAB_REPORT-} ]] || return 0
	[[ $pictured == yes ]] || picture "When the daemons were about to stop"
	for name; do
		running "$name" || continue
		peers_of "$name"
		record_ladders "$name"
		record kernel "$name" "$(ip -n "$name" -s xfrm state list nokeys)
$(<"/proc/${daemon[$name]}/net/xfrm_stat")"
	done
}

# record_failure: something that was expected is not so: what do the daemons say to it? Once in a step.
record_failure() {
	local name answer

	[[ -n ${LAB_REPORT-} && $recorded_failure != "$recorded_step" ]] || return 0
	recorded_failure=$recorded_step
	for name in "${!daemon[@]}"; do
		answer=$(ctl "$name" explain --json 2>/dev/null) || continue
		record explain "$name" "$answer"
	done
}
recorded_step='' recorded_failure=none pictured=no

# secrets_of TEXT: the secrets in a configuration, ours or IOS's, in the array SECRETS.
secrets_of() {
	local line secret section='' space='[[:space:]]*'
	local key="(^|[[:space:]{])key$space=$space(\"[^\"]+\"|[^ \"};#]+)"
	local authentication="^[^#]*(^|[[:space:]{])authentication$space=$space(\"[^\"]+\"|[^ \"};#]+)"
	local ios='()(crypto isakmp key|ip nhrp authentication|pre-shared-key .* key) +([06] +)?([^ ]+)'

	SECRETS=()
	while IFS= read -r line; do
		[[ ! $line =~ ^$space(isakmp-key|isakmp-policy|transform-set|trustpoint|tunnel) ]] ||
			section=${BASH_REMATCH[1]}
		if [[ $section == isakmp-key && $line =~ $key ]] ||
			[[ $section == tunnel && $line =~ $authentication ]]; then
			SECRETS+=("${BASH_REMATCH[2]//\"/}")
		fi
		[[ ! $line =~ $ios ]] || SECRETS+=("${BASH_REMATCH[4]}")
	done <<<"$1"
}

# record_conf NODE FILE: a configuration, its secrets masked wherever they stand in it.
record_conf() {
	local text secret SECRETS

	[[ -n ${LAB_REPORT-} ]] || return 0
	text=$(<"$2")
	secrets_of "$text"
	for secret in "${SECRETS[@]}"; do
		text=${text//"$secret"/***}
	done
	record conf "$1" "$text"
}

[[ -z ${LAB_REPORT-} ]] || : >"$OUT/record"
record begin "${LAB_REPORT-}" "${LAB_WORLD-}" "$(</proc/sys/kernel/osrelease)"
