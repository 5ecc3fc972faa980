# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# One thing wrong between a spoke and the hub of the article's lab, by name, and what `explain` must say
# to it on each side. A test sources this behind the frame and calls
#
#   act NAME [NAME]     all start with that wrong, both sides of each spoke name the cause, all stop
#
# or, for a story of its own,
#
#   fault SPOKE NAME    after the configuration of all three, before their start
#   explained SPOKE     when they run: both sides name the cause
#   mended SPOKE        takes away what `fault` did to the network
#
# Each is a scenario of the lab, too: make lab SCENARIO=fault-NAME.
#
# The table: name, the causes that the spoke names (the first one first), those of the hub; "UP": it is
# well, "-": it is not asked.

# shellcheck disable=SC2034
declare -A FAULT=(
	[none]='UP UP'
	[no-route]='no_route peer_down'
	[peer-down]='peer_down,map_address peer_down'
	[udp500-there]='udp500_blocked,peer_ignores,map_address nothing_received'
	[udp500-back]='udp500_blocked udp500_return_blocked'
	[udp500-both]='udp500_blocked nothing_received'
	[udp500-refused]='udp500_filtered nothing_received'
	[udp4500-there]='udp4500_blocked udp4500_blocked'
	[udp4500-back]='udp4500_blocked udp4500_return_blocked'
	[esp-there]='esp_blocked esp_blocked'
	[esp-back]='esp_blocked UP'
	[map-nowhere]='unreachable nothing_received'
	[map-no-daemon]='no_daemon nothing_received'
	[map-spoke]='esp_blocked,map_address -'
	[unknown-there]='udp500_blocked,peer_ignores no_key'
	[phase1-encryption]='peer_no_policy phase1_encryption'
	[phase1-hash]='peer_no_policy phase1_hash'
	[phase1-group]='peer_no_policy phase1_group'
	[phase1-authentication]='peer_no_policy phase1_authentication'
	[phase1-lifetime]='UP UP'
	[psk]='psk_mismatch psk_mismatch'
	[transform-encryption]='peer_no_transform transform_encryption'
	[transform-authentication]='peer_no_transform transform_authentication'
	[pfs-hub-only]='peer_no_transform pfs_one_side'
	[pfs-groups]='peer_no_transform pfs_groups'
	[nhrp-authentication]='nhrp_authentication nhrp_authentication'
	[tunnel-key]='esp_blocked,tunnel_key tunnel_key'
	[network-id]='UP UP'
	[duplicate-address]='duplicate_address duplicate_address'
	[outside]='registration_refused client_refused'
	[mtu]='mtu_black_hole -'
)

declare -A faulty=()
acting=()

spoke_address() {
	case $1 in
	SiteA) REPLY=$SITE_A ;;
	SiteB) REPLY=$SITE_B ;;
	SiteC) REPLY=$SITE_C ;;
	esac
}

# drop FROM TO MATCH...: the Internet router drops it.
drop() {
	on Internet iptables-legacy -A FORWARD -s "$1" -d "$2" "${@:3}" -j DROP
}

# fault SPOKE NAME
fault() {
	local spoke=$1 REPLY a

	[[ -n ${FAULT[$2]-} ]] || die "no such fault: $2"
	faulty[$spoke]=$2
	spoke_address "$spoke"
	a=$REPLY
	case $2 in
	none) ;;
	no-route) ip -n "$spoke" route del default ;;
	peer-down) drop "$a" "$HUB"; drop "$HUB" "$a" ;;
	udp500-there) drop "$a" "$HUB" -p udp --dport 500 ;;
	udp500-back) drop "$HUB" "$a" -p udp --dport 500 ;;
	udp500-both) drop "$a" "$HUB" -p udp --dport 500; drop "$HUB" "$a" -p udp --dport 500 ;;
	udp500-refused) on Internet iptables-legacy -A FORWARD -s "$a" -d "$HUB" -p udp --dport 500 \
		-j REJECT --reject-with icmp-admin-prohibited ;;
	udp4500-there) drop "$NAT" "$HUB" -p udp --dport 4500 ;;
	udp4500-back) drop "$HUB" "$NAT" -p udp --sport 4500 ;;
	esp-there) drop "$a" "$HUB" -p esp ;;
	esp-back) drop "$HUB" "$a" -p esp ;;
	mtu) drop "$a" "$HUB" -m length --length 1300:; drop "$HUB" "$a" -m length --length 1300: ;;
	map-nowhere) edit_conf "$spoke" 's/10\.0\.1\.2/10.0.9.9/' ;;
	map-no-daemon) edit_conf "$spoke" 's/10\.0\.1\.2/10.0.1.1/' ;;
	map-spoke) edit_conf "$spoke" "s/10\\.0\\.1\\.2/$SITE_B/" ;;
	unknown-there) edit_conf Hub "s|0\\.0\\.0\\.0/0|$SITE_B/32|" ;;
	phase1-encryption) edit_conf "$spoke" 's/encryption = 3des/encryption = aes-256/' ;;
	phase1-hash) edit_conf "$spoke" 's/^( *)group = 2 .*/&\n\1hash = md5/' ;;
	phase1-group) edit_conf "$spoke" 's/group = 2 .*/group = 5/' ;;
	phase1-authentication) certificate_conf "$spoke" ;;
	phase1-lifetime) edit_conf "$spoke" 's/^( *)group = 2 .*/&\n\1lifetime = 3600/' ;;
	psk) edit_conf "$spoke" 's/ISAKMP-KEY"/ANOTHER-KEY"/' ;;
	transform-encryption) edit_conf "$spoke" 's/esp-3des/esp-aes-256/' ;;
	transform-authentication) edit_conf "$spoke" 's/esp-sha-hmac/esp-sha256-hmac/' ;;
	pfs-hub-only) edit_conf "$spoke" 's/pfs = group2/pfs = none/' ;;
	pfs-groups) edit_conf "$spoke" 's/pfs = group2/pfs = group5/' ;;
	nhrp-authentication) edit_conf "$spoke" 's/NHRP-KEY/OTHERKEY/' ;;
	tunnel-key) edit_conf "$spoke" 's/key = 1 /key = 2 /' ;;
	network-id) edit_conf "$spoke" 's/network-id = 100/network-id = 99/' ;;
	duplicate-address) edit_conf "$spoke" 's|172\.16\.0\.3/24|172.16.0.2/24|' ;;
	outside) edit_conf "$spoke" 's|172\.16\.0\.[0-9]+/24|172.16.1.77/16|' ;;
	esac
}

# explanation NODE PEER: the causes that it names, in its order, with commas between; UP where there is
# none and all is well; in REPLY.
explanation() {
	explained_answer=$(ctl "$1" explain "$2" --json) || return
	REPLY=$(jq -r '.peers[0] | ([.causes[].cause] | join(",")) as $causes |
		if $causes == "" then .state else $causes end' <<<"$explained_answer" 2>&1)
}

# names_causes NODE PEER CAUSE[,CAUSE]...: the first is its first, the others are there, too.
names_causes() {
	local REPLY='' cause

	explanation "$1" "$2"
	[[ $REPLY, == "${3%%,*},"* ]] && for cause in ${3//,/ }; do
		[[ ,$REPLY, == *,$cause,* ]] || break
		cause=
	done && [[ -z $cause ]] && { record explain "$1" "$explained_answer"; return; }
	echo "$1 about $2: $REPLY"
	ctl "$1" explain "$2"
	return 1
}

# explained SPOKE
explained() {
	local spoke=$1 name=${faulty[$1]} causes REPLY

	read -ra causes <<<"${FAULT[$name]}"
	spoke_address "$spoke"
	local address=${NAT:-$REPLY} hub=$HUB

	case $name in
	map-nowhere) hub=10.0.9.9 ;;
	map-no-daemon) hub=10.0.1.1 ;;
	map-spoke) hub=$SITE_B ;;
	esac
	expect "$name: $spoke says ${causes[0]}" eventually 5 names_causes "$spoke" "$hub" "${causes[0]}"
	[[ ${causes[1]} == - ]] ||
		expect "$name: the hub says ${causes[1]}" eventually 5 names_causes Hub "$address" "${causes[1]}"
	[[ $name != map-spoke ]] ||
		expect "$name: the other spoke says wrong_server" eventually 5 names_causes SiteB "$address" wrong_server
}

# mended SPOKE
mended() {
	local spoke=$1

	on Internet iptables-legacy -F FORWARD
	[[ ${faulty[$spoke]} != no-route ]] || ip -n "$spoke" route add default via 10.0.0.1
	unset "faulty[$spoke]"
}

# break_and_start FAULT [FAULT]: the hub and one or two spokes run, each with its own fault.
break_and_start() {
	local node

	acting=(SiteA SiteB)
	acting=("${acting[@]:0:$#}")
	for node in Hub SiteA SiteB; do
		article_conf $node
	done
	for node in "${acting[@]}"; do
		fault "$node" "$1"
		shift
	done
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	for node in "${acting[@]}"; do
		start "$node"
		eventually 5 test -S "/run/dmvpnd/$node.ctl" || die "no dmvpnd on $node, see $OUT"
		[[ ${faulty[$node]} != none ]] || wait_up "$node" 172.16.0.1
	done
}

# act FAULT [FAULT]
act() {
	local node

	chapter "$1"
	step "$*"
	break_and_start "$@"
	for node in "${acting[@]}"; do
		explained "$node"
		[[ -n $LAB_TAP ]] || show "$node" explain
	done
	[[ -n $LAB_TAP ]] || show Hub explain
	expect "all stop by themselves" stop "${acting[@]}" Hub
	for node in "${acting[@]}"; do
		mended "$node"
	done
}

# fault_scenario NAME: the scenario fault-NAME, for play.
fault_scenario() {
	scenario_acts=("$1")
	case $1 in
	udp4500-*) . "$TOP/scripts/lab/nat.sh" ;;
	*) . "$TOP/scripts/lab/article.sh" ;;
	esac
	. "$TOP/scripts/lab/pki.sh"
	case $1 in
	duplicate-address) scenario_acts=(none "$1") ;;
	map-spoke) scenario_acts=("$1" none) ;;
	esac
	scenario_prepare() {
		[[ ${scenario_acts[0]} != phase1-authentication ]] || { pki_init; certificate SiteA; }
	}
	story() {
		scenario_prepare
		act "${scenario_acts[@]}"
	}
	bring_up() {
		scenario_prepare
		break_and_start "${scenario_acts[@]}"
	}
}
