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
# Each is a scenario of the lab, too: make lab SCENARIO=fault-NAME. Those that take something from the kernel are
# in fault-kernel.sh, those of a foreign peer in foreign.sh.
#
# The table: name, the causes that the spoke names (the first one first), those of the hub; "UP": it is
# well, "-": it is not asked, "A|B": whichever it finds out first.

# shellcheck disable=SC2034
declare -A FAULT=(
	[none]='UP UP'
	[no-route]='no_route peer_down'
	[wrong-gateway]='gateway_silent peer_down'
	[no-carrier]='no_carrier peer_down'
	[policy-route]='not_sent nothing_received'
	[answers-elsewhere]='answers_elsewhere udp500_return_blocked'
	[reverse-path]='reverse_path udp500_return_blocked'
	[gre-filtered]='gre_filtered esp_blocked'
	[through-tunnel]='route_through_tunnel peer_down'
	[interface-down]='interface_down peer_dead|unreachable'
	[peer-down]='peer_down,map_address peer_down'
	[udp500-there]='udp500_blocked,peer_ignores,map_address nothing_received'
	[udp500-back]='udp500_blocked udp500_return_blocked'
	[udp500-both]='udp500_blocked nothing_received'
	[udp500-refused]='udp500_filtered nothing_received'
	[udp4500-there]='udp4500_blocked udp4500_blocked'
	[udp4500-back]='udp4500_blocked udp4500_return_blocked'
	[esp-there]='esp_blocked esp_blocked'
	[esp-back]='esp_blocked esp_return_blocked'
	[map-nowhere]='unreachable nothing_received'
	[map-no-daemon]='no_daemon nothing_received'
	[map-spoke]='map_address -'
	[unknown-there]='udp500_blocked,peer_ignores no_key'
	[phase1-encryption]='peer_no_policy phase1_encryption'
	[phase1-hash]='peer_no_policy phase1_hash'
	[phase1-group]='peer_no_policy phase1_group'
	[phase1-authentication]='peer_no_policy phase1_authentication'
	[phase1-lifetime]='UP UP'
	[psk]='psk_mismatch psk_mismatch'
	[cert-expired]='our_certificate cert_expired'
	[cert-not-yet]='our_certificate cert_not_yet_valid'
	[cert-untrusted]='our_certificate cert_untrusted'
	[cert-revoked]='our_certificate cert_revoked'
	[cert-usage]='our_certificate cert_key_usage'
	[cert-name]='our_certificate cert_name'
	[cert-long-there]='long_messages_lost long_messages_lost'
	[cert-long-back]='long_messages_lost long_messages_lost'
	[clock-behind]='cert_not_yet_valid,clock_here our_certificate,clock_there'
	[clock-ahead]='cert_expired,clock_here our_certificate,clock_there'
	[transform-encryption]='peer_no_transform transform_encryption'
	[transform-authentication]='peer_no_transform transform_authentication'
	[pfs-spoke-only]='UP UP'
	[pfs-hub-only]='peer_no_transform pfs_one_side'
	[pfs-groups]='peer_no_transform pfs_groups'
	[nhrp-authentication]='nhrp_authentication nhrp_authentication'
	[tunnel-key]='tunnel_key tunnel_key'
	[network-id]='UP UP'
	[duplicate-address]='duplicate_address duplicate_address'
	[outside]='registration_refused client_refused'
	[unregistered]='registration_refused client_refused'
	[mtu]='mtu_black_hole mtu_black_hole'
)

# What must stand in the evidence, where the cause's name is not all: NAME SIDE, an extended regular expression.
declare -A EVIDENCE=(
	[duplicate-address spoke]='unique address already registered \(14\)'
	[duplicate-address hub]='another NBMA address holds it \(10\.0\.0\.4\)'
	[outside spoke]='administratively prohibited \(4\)'
	[outside hub]="the address is not a host of the tunnel's prefix"
	[unregistered spoke]='administratively prohibited \(4\)'
	[unregistered hub]='"authorize" gives the address to another identity'
	[wrong-gateway spoke]='the next hop on the way there does not answer ARP'
	[answers-elsewhere spoke]='from another address, 10\.0\.1\.9,'
	[cert-long-back hub]='the peer repeats its message 5'
	[cert-expired spoke]='refuses our certificate.*the certificate has expired'
	[cert-name hub]='whose subject alternative name is DNS:elsewhere\.lab'
	[psk hub]='its message 5 does not decrypt with our key'
	[pfs-groups hub]='our ipsec-profile asks for group 2, 10\.0\.0\.[46] offers group 5'
)

declare -A faulty=() under_of=()
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

# answers_from ADDRESS TO: on the way from the hub IKE gets another source. (Without a state: the packets there
# are left as they are.)
answers_from() {
	on Internet tc qdisc add dev hub ingress
	on Internet tc filter add dev hub parent ffff: protocol ip u32 match ip protocol 17 0xff \
		match ip dst "$2/32" action nat egress "$HUB/32" "$1"
}

# two_uplinks SPOKE: it sends by the second one, and wants the answers there, too.
two_uplinks() {
	ip link add second netns Internet type veth peer name eth1 netns "$1"
	ip -n Internet -b - <<<$'address add 10.0.7.1/30 dev second\nlink set second up'
	ip -n "$1" -b - <<-END
		address add 10.0.7.2/30 dev eth1
		link set eth1 up
		route add $HUB/32 via 10.0.7.1
	END
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/conf/eth0/rp_filter'
}

# by_certificate NAME: this fault is one of certificates.
by_certificate() {
	[[ $1 == cert-* || $1 == clock-* ]]
}

# clock SPOKE OFFSET: its daemon believes another date.
clock() {
	local library

	library=$(compgen -G '/usr/lib/*-linux-*/faketime/libfaketime.so.1') || die "libfaketime is missing: scripts/deps.sh lab"
	under_of[$1]="env LD_PRELOAD=$library FAKETIME=$2 DONT_FAKE_MONOTONIC=1"
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
	through-tunnel | interface-down) ;; # when all run
	wrong-gateway) ip -n "$spoke" route replace default via 10.0.0.9 ;;
	no-carrier) ip -n Internet link set "${spoke,,}" down ;;
	policy-route) on "$spoke" ip rule add to "$HUB" ipproto udp dport 500 unreachable ;;
	answers-elsewhere) answers_from 10.0.1.9 "$a" ;;
	reverse-path) two_uplinks "$spoke" ;;
	gre-filtered) on "$spoke" iptables-legacy -A OUTPUT -p gre -j DROP ;;
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
	cert-long-there) drop "$a" "$HUB" -p udp -m length --length 900: ;;
	cert-long-back) drop "$HUB" "$a" -p udp -m length --length 900: ;;
	cert-expired) certificate "$spoke" expired ;;
	cert-not-yet) certificate "$spoke" not-yet ;;
	cert-untrusted) certificate "$spoke" good other ;;
	cert-revoked) revoke "$spoke" ;;
	cert-usage) certificate "$spoke" wrong-usage ;;
	cert-name) PKI_SAN=DNS:elsewhere.lab certificate "$spoke"
		edit_conf "$spoke" '$a isakmp-identity = address' ;;
	clock-behind) clock "$spoke" -10d ;;
	clock-ahead) clock "$spoke" +400d ;;
	unregistered) edit_conf Hub "$(nhrp_keys 'authorize "10.9.9.9" { address = "172.16.0.2" }')" ;;
	*) fault_of_configuration "$spoke" "$2" ;;
	esac
}

# fault_of_configuration SPOKE NAME
fault_of_configuration() {
	local spoke=$1

	case $2 in
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
	pfs-spoke-only) edit_conf Hub 's/pfs = group2/pfs = none/' ;;
	pfs-hub-only) edit_conf "$spoke" 's/pfs = group2/pfs = none/' ;;
	pfs-groups) edit_conf "$spoke" 's/pfs = group2/pfs = group5/' ;;
	nhrp-authentication) edit_conf "$spoke" 's/NHRP-KEY/OTHERKEY/' ;;
	tunnel-key) edit_conf "$spoke" 's/key = 1 /key = 2 /' ;;
	network-id) edit_conf "$spoke" 's/network-id = 100/network-id = 99/' ;;
	duplicate-address) edit_conf "$spoke" 's|172\.16\.0\.3/24|172.16.0.2/24|' ;;
	outside) edit_conf "$spoke" 's|172\.16\.0\.[0-9]+/24|172.16.1.77/16|' ;;
	*) die "no such fault: $2" ;;
	esac
}

# fault_later SPOKE: what can go wrong only when all run.
fault_later() {
	case ${faulty[$1]} in
	through-tunnel)
		wait_up "$1" 172.16.0.1
		ip -n "$1" route add "$HUB/32" via 172.16.0.1 dev Tunnel0
		ctl "$1" clear crypto sa >/dev/null
		;;
	interface-down)
		wait_up "$1" 172.16.0.1
		ip -n "$1" link set eth0 down
		;;
	esac
}

# explanation NODE PEER: the causes that it names, in its order, with commas between; UP where there is
# none and all is well; in REPLY. The evidence of all in EXPLAINED.
explanation() {
	explained_answer=$(ctl "$1" explain "$2" --json) || return
	{ read -r REPLY && IFS= read -rd '' EXPLAINED; } < <(jq -r '.peers[0] |
		(([.causes[].cause] | join(",")) as $causes | if $causes == "" then .state else $causes end),
		.causes[].evidence' <<<"$explained_answer") || true
}

# names_causes NODE PEER CAUSE[,CAUSE]... [REGEX]: the first is its first, the others are there, too, and the
# evidence holds what matches.
names_causes() {
	local REPLY='' EXPLAINED='' cause

	explanation "$1" "$2"
	[[ $REPLY, =~ ^(${3%%,*}), && $EXPLAINED =~ ${4-} ]] && for cause in ${3//,/ }; do
		[[ ,$REPLY, =~ ,($cause), ]] || break
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
	expect "$name: $spoke says ${causes[0]}" eventually 5 \
		names_causes "$spoke" "$hub" "${causes[0]}" "${EVIDENCE["$name spoke"]-}"
	# What it finds out by silence takes a while.
	[[ ${causes[1]} == - ]] || expect "$name: the hub says ${causes[1]}" eventually 15 \
		names_causes Hub "$address" "${causes[1]}" "${EVIDENCE["$name hub"]-}"
	[[ $name != map-spoke ]] ||
		expect "$name: the other spoke says wrong_server" eventually 5 names_causes SiteB "$address" wrong_server
}

# mended SPOKE
mended() {
	local spoke=$1

	on Internet iptables-legacy -F FORWARD
	case ${faulty[$spoke]} in
	no-route) ip -n "$spoke" route add default via 10.0.0.1 ;;
	wrong-gateway) ip -n "$spoke" route replace default via 10.0.0.1 ;;
	no-carrier) ip -n Internet link set "${spoke,,}" up ;;
	policy-route) on "$spoke" ip rule del to "$HUB" ipproto udp dport 500 unreachable ;;
	answers-elsewhere) on Internet tc qdisc del dev hub ingress ;;
	reverse-path)
		ip -n "$spoke" link del eth1
		on "$spoke" sh -c 'echo 0 >/proc/sys/net/ipv4/conf/eth0/rp_filter'
		;;
	gre-filtered) on "$spoke" iptables-legacy -F OUTPUT ;;
	interface-down) ip -n "$spoke" -b - <<<$'link set eth0 up\nroute replace default via 10.0.0.1' ;;
	esac
	unset "faulty[$spoke]" "under_of[$spoke]"
}

# configure_for FAULT...: all three, as the article has them, or by certificates where one of the faults is about
# those.
configure_for() {
	local node name

	for node in Hub SiteA SiteB; do
		article_conf $node
	done
	for name; do
		by_certificate "$name" || continue
		[[ -d $LAB/lab ]] || pki_init
		for node in Hub SiteA SiteB; do
			certificate $node
			certificate_conf $node
		done
		break
	done
}

# break_and_start FAULT [FAULT]: the hub and one or two spokes run, each with its own fault.
break_and_start() {
	local node

	acting=(SiteA SiteB)
	acting=("${acting[@]:0:$#}")
	configure_for "$@"
	for node in "${acting[@]}"; do
		fault "$node" "$1"
		shift
	done
	start Hub
	eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
	for node in "${acting[@]}"; do
		read -ra UNDER <<<"${under_of[$node]-}"
		start "$node"
		UNDER=()
		eventually 5 test -S "/run/dmvpnd/$node.ctl" || die "no dmvpnd on $node, see $OUT"
		[[ ${faulty[$node]} != none ]] || wait_up "$node" 172.16.0.1
	done
	for node in "${acting[@]}"; do
		fault_later "$node"
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

# shellcheck source=foreign.sh
. "$TOP/scripts/lab/foreign.sh"
# shellcheck source=fault-kernel.sh
. "$TOP/scripts/lab/fault-kernel.sh"

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
		case ${scenario_acts[0]} in
		foreign-*)
			foreign_spokes "${scenario_acts[0]}"
			foreign_hubs "${scenario_acts[0]}"
			;;
		kernel-*) kernel_act "${scenario_acts[0]}" ;;
		*) act "${scenario_acts[@]}" ;;
		esac
	}
	bring_up() {
		[[ -n ${FAULT[${scenario_acts[0]}]-} ]] || die "fault-${scenario_acts[0]} is a story without a shell"
		scenario_prepare
		break_and_start "${scenario_acts[@]}"
	}
}
