# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# One thing wrong with a strongSwan that plays the spoke, then the hub, and what `explain` of the dmvpnd at
# the other end must say to it. As fault.sh otherwise, which sources this:
#
#   foreign_spokes NAME...   strongSwan on SiteA calls the hub
#   foreign_hubs NAME...     strongSwan on the hub is called by SiteA
#
# Each is a scenario of the lab, too: make lab SCENARIO=fault-NAME.

# shellcheck source=strongswan.sh
. "$TOP/scripts/lab/strongswan.sh"

# The table: name, the causes that our spoke names, those that our hub names.
# shellcheck disable=SC2034
declare -A FOREIGN=(
	[foreign-none]='no_nhrp UP'
	[foreign-ikev2]='peer_no_policy ikev2'
	[foreign-aggressive-mode]='peer_refuses aggressive_mode'
	[foreign-xauth]='peer_refuses xauth'
	[foreign-identity]='identity identity'
	[foreign-expects-other]='peer_refuses peer_left'
	[foreign-unaware]='peer_no_policy -'
	[foreign-no-key]='peer_no_key -'
	[foreign-psk]='psk_mismatch psk_mismatch'
	[foreign-phase1-encryption]='peer_no_policy phase1_encryption'
	[foreign-phase1-hash]='peer_no_policy phase1_hash'
	[foreign-phase1-group]='peer_no_policy phase1_group'
	[foreign-tunnel-mode]='peer_proxy_identities transform_mode'
	[foreign-transform-encryption]='peer_no_transform transform_encryption'
	[foreign-transform-authentication]='peer_no_transform transform_authentication'
	[foreign-ah]='peer_no_transform transform_protocol'
	[foreign-pfs-ours-only]='peer_no_transform pfs_one_side'
	[foreign-pfs-groups]='peer_no_transform pfs_groups'
	[foreign-proxy-identities]='peer_proxy_identities proxy_identities'
	[foreign-other-port]='proxy_identities proxy_identities'
	[foreign-mode-config]='peer_proxy_identities mode_config'
	[foreign-truncation]='esp_blocked,esp_truncation esp_truncation'
	[foreign-gre-filtered]='esp_blocked,gre_filtered -'
	[foreign-sends-other-key]='tunnel_key -'
	[foreign-closes]='- peer_closed'
	[foreign-tunnel-key]='tunnel_key -'
	[foreign-tunnel-down]='tunnel_key -'
)

# foreign_edit NODE NAME: what it changes in strongSwan's configuration there, in REPLY.
foreign_edit() {
	case $2 in
	foreign-none | foreign-tunnel-key | foreign-tunnel-down | foreign-gre-filtered | foreign-sends-other-key | \
		foreign-closes) REPLY= ;;
	foreign-other-port) REPLY='s/dynamic\[gre\]/dynamic[gre\/77]/' ;;
	foreign-mode-config)
		REPLY='s/^[[:space:]]*proposals = .*/&\npools = some/; $a pools {\nsome {\naddrs = 10.77.0.0/24\n}\n}'
		[[ $1 == Hub ]] || REPLY='s/^[[:space:]]*proposals = .*/&\nvips = 0.0.0.0/'
		;;
	foreign-truncation) REPLY='s/^(.*esp_proposals = ).*/\13des-sha256-modp1024\nsha256_96 = yes/' ;;
	foreign-ikev2) REPLY='s/version = 1/version = 2/' ;;
	foreign-aggressive-mode) REPLY='s/version = 1/&\naggressive = yes/' ;;
	foreign-xauth)
		REPLY='s/children \{/remote-2 {\nauth = xauth\n}\n&/'
		[[ $1 == Hub ]] || REPLY='s/remote \{/local-2 {\nauth = xauth\nxauth_id = joe\n}\n&/'
		;;
	foreign-identity) REPLY='/local \{/,/\}/s/id = .*/id = 10.9.9.9/' ;;
	foreign-expects-other) REPLY='/remote \{/,/\}/s/id = .*/id = another.lab/' ;;
	foreign-unaware) REPLY='s/remote_addrs = .*/remote_addrs = 10.9.9.9/' ;;
	foreign-no-key) REPLY='/^secrets/,$d' ;;
	foreign-psk) REPLY='s/ISAKMP-KEY/ANOTHER-KEY/' ;;
	foreign-phase1-encryption) REPLY='/^[[:space:]]*proposals/s/3des/aes256/' ;;
	foreign-phase1-hash) REPLY='/^[[:space:]]*proposals/s/sha1/sha256/' ;;
	foreign-phase1-group) REPLY='/^[[:space:]]*proposals/s/modp1024/modp1536/' ;;
	foreign-tunnel-mode) REPLY='s/mode = transport/mode = tunnel/' ;;
	foreign-transform-encryption) REPLY='/esp_proposals/s/3des/aes128/' ;;
	foreign-transform-authentication) REPLY='/esp_proposals/s/sha1/sha256/' ;;
	foreign-ah) REPLY='s/esp_proposals = .*/ah_proposals = sha1-modp1024/' ;;
	foreign-pfs-ours-only) REPLY='/esp_proposals/s/-modp1024//' ;;
	foreign-pfs-groups) REPLY='/esp_proposals/s/modp1024/modp1536/' ;;
	foreign-proxy-identities) REPLY='s/dynamic\[gre\]/dynamic[tcp]/' ;;
	*) die "no such fault: $2" ;;
	esac
}

# foreign_start NODE LOCAL REMOTE TUNNEL-ADDRESS: strongSwan, still right, and its half of the tunnel.
foreign_start() {
	command -v charon-systemd >/dev/null || die "strongSwan is missing: scripts/deps.sh check"
	strongswan_start "$1" "$2" "$3" ISAKMP-KEY 3des-sha1-modp1024 3des-sha1-modp1024
	cp "$LAB/$1/strongswan/swanctl.conf" "$LAB/$1/strongswan/right.conf"
	plain_gre "$@"
}

# foreign_configure NODE NAME: gives it this fault, and no other.
foreign_configure() {
	local folder=$LAB/$1/strongswan REPLY

	foreign_edit "$1" "$2"
	swanctl_on "$1" --terminate --ike peer --force --timeout 1 || true
	sed -E "$REPLY" "$folder/right.conf" >"$folder/swanctl.conf"
	swanctl_on "$1" --load-all --clear --file "$folder/swanctl.conf" || die "strongSwan: $2: $(<"$folder/swanctl")"
}

# foreign_names: all of them, what is well first: later it would be told with the past; in REPLY.
foreign_names() {
	local name

	REPLY=(foreign-none)
	for name in "${!FOREIGN[@]}"; do
		[[ $name == foreign-none ]] || REPLY+=("$name")
	done
}

# foreign_evidence NAME: what must stand in our evidence, in REPLY.
foreign_evidence() {
	REPLY=
	case $1 in
	foreign-other-port) REPLY='protocol 47, port 77 there' ;;
	foreign-truncation) REPLY='cut to *96 bits' ;;
	esac
}

# foreign_conf NODE NAME: ours, as it must be for this fault.
foreign_conf() {
	local edits=()

	[[ $1 != Hub ]] || edits=('s/authentication = "NHRP-KEY"/&\
		map "172.16.0.2" { nbma = "10.0.0.4" }/')
	[[ $2 != foreign-truncation ]] || edits+=('s/esp-sha-hmac/esp-sha256-hmac/')
	article_conf "$1" "${edits[@]}"
}

# foreign_says NODE PEER CAUSES
foreign_says() {
	[[ -n $LAB_TAP ]] || show "$1" "explain $2"
}

# foreign_spokes NAME...
foreign_spokes() {
	local name causes suits='' suit REPLY

	chapter foreign-spokes
	foreign_start SiteA "$SITE_A" "$HUB" 172.16.0.2
	for name; do
		read -ra causes <<<"${FOREIGN[$name]}"
		[[ ${causes[1]} != - ]] || continue
		step "strongSwan calls the hub: $name"
		foreign_configure SiteA "$name"
		# Most go with one configuration of ours.
		suit=any
		[[ $name != foreign-truncation ]] || suit=$name
		if [[ $suits != "$suit" ]]; then
			[[ -z $suits ]] || stop Hub
			foreign_conf Hub "$name"
			start Hub
			eventually 5 test -S /run/dmvpnd/Hub.ctl || die "no dmvpnd on the hub, see $OUT"
			suits=$suit
		fi
		swanctl_on SiteA --initiate --child gre --timeout 3 || true
		case $name in
		foreign-truncation) on SiteA ping -q -c 2 -i 0.2 -W 0.1 172.16.0.1 >/dev/null || true ;;
		foreign-closes) swanctl_on SiteA --terminate --ike peer --timeout 2 || true ;;
		esac
		foreign_evidence "$name"
		expect "$name: the hub says ${causes[1]}" eventually 5 \
			names_causes Hub "$SITE_A" "${causes[1]}" "$REPLY"
		foreign_says Hub "$SITE_A"
	done
	strongswan_stop SiteA
	ip -n SiteA link del Tunnel0
	expect "the hub stops by itself" stop Hub
}

# foreign_hubs NAME...
foreign_hubs() {
	local name causes keys REPLY

	foreign_start Hub "$HUB" "$SITE_A" 172.16.0.1
	for name; do
		read -ra causes <<<"${FOREIGN[$name]}"
		[[ ${causes[0]} != - ]] || continue
		step "strongSwan is the hub: $name"
		foreign_configure Hub "$name"
		keys=(ikey 1 okey 1)
		case $name in
		foreign-tunnel-key) keys=(ikey 7 okey 7) ;;
		foreign-sends-other-key) keys=(ikey 1 okey 7) ;;
		foreign-gre-filtered) on Hub iptables-legacy -A INPUT -p gre -j DROP ;;
		esac
		ip -n Hub link set Tunnel0 type gre local "$HUB" remote "$SITE_A" "${keys[@]}" ttl 64
		[[ $name != foreign-tunnel-down ]] || ip -n Hub link set Tunnel0 down
		chapter "$name"
		foreign_conf SiteA "$name"
		start SiteA
		eventually 5 test -S /run/dmvpnd/SiteA.ctl || die "no dmvpnd on SiteA, see $OUT"
		foreign_evidence "$name"
		expect "$name: SiteA says ${causes[0]}" eventually 8 names_causes SiteA "$HUB" "${causes[0]}" "$REPLY"
		foreign_says SiteA "$HUB"
		expect "SiteA stops by itself" stop SiteA
		ip -n Hub link set Tunnel0 up
		[[ $name != foreign-gre-filtered ]] || on Hub iptables-legacy -F INPUT
	done
	strongswan_stop Hub
	ip -n Hub link del Tunnel0
}
