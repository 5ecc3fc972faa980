# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# FRR on a node of the frame: zebra, the routing daemons that are asked for, one configuration in vtysh's
# words. What a daemon logs goes to $OUT/NODE.DAEMON.log.

FRR=/usr/lib/frr

declare -A frr_pids=()

# frr_start NODE DAEMON... <CONFIGURATION: zebra comes by itself, first.
frr_start() {
	local name=$1 folder=/run/frr/$1 daemon ENTER

	shift
	[[ -x $FRR/zebra ]] || die "FRR is not installed: scripts/deps.sh lab"
	mkdir -p "$folder"
	chown -R frr:frr /run/frr
	in_node "$name"
	for daemon in zebra "$@"; do
		# Its configuration comes later: a daemon would stumble over what is another's.
		"${ENTER[@]}" "$FRR/$daemon" -N "$name" -f /dev/null -i "$folder/$daemon.pid" -A 127.0.0.1 -P 0 \
			--log stdout >>"$OUT/$name.$daemon.log" 2>&1 &
		frr_pids[$name]+="$! "
		# Who does not find zebra tries again seconds later only.
		[[ $daemon != zebra ]] || eventually 10 test -S "$folder/zserv.api" ||
			die "zebra on $name: $(<"$OUT/$name.zebra.log")"
	done
	for daemon; do
		eventually 10 test -S "$folder/$daemon.vty" || die "$daemon on $name: $(<"$OUT/$name.$daemon.log")"
	done
	frr_configure "$name"
}

# frr_configure NODE <CONFIGURATION: a line that a daemon does not know is the end.
frr_configure() {
	local said

	cat >"$LAB/$1/frr.conf"
	said=$(on "$1" vtysh --vty_socket "/run/frr/$1" -f "$LAB/$1/frr.conf" 2>&1) && [[ $said != *%* ]] ||
		die "FRR on $1 does not take its configuration: $said"
}

# frr NODE COMMAND...: prints what vtysh answers.
frr() {
	local name=$1 command words=()

	shift
	for command; do
		words+=(-c "$command")
	done
	on "$name" vtysh --vty_socket "/run/frr/$name" "${words[@]}"
}

# frr_says NODE "COMMAND" EXTENDED-REGEX: the answer has that.
frr_says() {
	[[ $(frr "$1" "$2" 2>&1) =~ $3 ]]
}

# frr_show NODE "COMMAND": evidence.
frr_show() {
	answer "$1# $2" "$(frr "$1" "$2" 2>&1 | sed '/^Codes:/,/^$/d')"
}

# frr_stop NODE...: all of its daemons; they take their routes with them. Fails if one has to be killed (nhrpd
# is one of those that do not end), or ends with another status than 0.
frr_stop() {
	local name pid failed=0

	for name; do
		# shellcheck disable=SC2086
		kill -TERM ${frr_pids[$name]} || failed=1
	done
	for name; do
		for pid in ${frr_pids[$name]}; do
			eventually 2 ended_itself "$pid" || kill -KILL "$pid"
			wait "$pid" || failed=1
		done
		unset "frr_pids[$name]"
	done
	return $failed
}

ended_itself() {
	local state _

	! { read -r _ _ state _ <"/proc/$1/stat"; } 2>/dev/null || [[ $state == Z ]]
}
