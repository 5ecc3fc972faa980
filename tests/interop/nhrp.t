#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# FRR's nhrpd as spoke and as hub, dmvpnd in the other roles, over plain GRE (nhrpd's IPsec needs a
# patched strongSwan). This nhrpd knows no authentication, wants a host's address on its tunnel, and
# learns of traffic that hairpins from a firewall rule.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/frr.sh
. "$TOP/scripts/lab/frr.sh"

# plain NODE [SED-EXPRESSION]...: the article's, without IPsec and authentication.
plain() {
	article_conf "$1" '/^isakmp-policy|^isakmp-key|^transform-set|^ipsec-profile/,/^\}/d' '/profile = /d' \
		'/authentication = /d' "${@:2}"
}

# nhrpd NODE LOCAL TUNNEL-ADDRESS LINE...: the kernel's half of the tunnel, and nhrpd with these lines.
nhrpd() {
	local name=$1

	ip -n "$name" -b - <<-END
		link add Tunnel0 type gre local $2 key 1 ttl 64
		link set Tunnel0 mtu 1400 up
		address add $3/32 dev Tunnel0
	END
	shift 3
	frr_start "$name" nhrpd < <(
		echo "nhrp nflog-group 1"
		echo "interface Tunnel0"
		echo " ip nhrp network-id 100"
		printf ' %s\n' "$@"
	)
}

nhrpd_end() {
	# With which status it ends is its own affair.
	frr_stop "$1" || true
	ip -n "$1" link delete Tunnel0
}

# via NODE DESTINATION GATEWAY...: routes of a node whose tunnel has a host's address.
via() {
	local name=$1

	shift
	while (($#)); do
		echo "route replace $1 via $2 dev Tunnel0 onlink"
		shift 2
	done | ip -n "$name" -b -
}

# direct NODE ADDRESS NBMA: what goes there leaves for that address outside.
direct() {
	local gateway neighbours

	gateway=$(ip -n "$1" route get "$2")
	gateway=$([[ $gateway =~ via\ ([0-9.]+) ]] && echo "${BASH_REMATCH[1]}" || echo "$2")
	neighbours=$(ip -n "$1" neigh show dev Tunnel0)
	[[ $neighbours =~ (^|$'\n')"$gateway lladdr $3 " ]]
}

# seen DISPLAY-FILTER FIELD...: of all NHRP packets in the capture that match it. Each start of tshark takes seconds.
seen() {
	tshark -n -r "$OUT/internet.pcap" -Y "nhrp && ($1)" -T fields "${@:2}" 2>/dev/null
}

spoke() {
	step "nhrpd is a spoke"
	chapter spoke
	plain Hub "$(nhrp_keys 'redirect = true')"
	plain SiteB "$(nhrp_keys 'shortcut = true')"
	start_hub
	start_site_b
	nhrpd SiteA $SITE_A 172.16.0.2 "ip nhrp nhs 172.16.0.1 nbma $HUB" "ip nhrp shortcut" \
		"ip nhrp registration no-unique"
	via SiteA 172.16.0.0/16 172.16.0.1
	wait_up SiteB 172.16.0.1
	wait_up Hub 172.16.0.2
	expect "nhrpd has its answer" eventually 5 frr_says SiteA "show ip nhrp cache" 'nhs +172\.16\.0\.1 +10\.0\.1\.2 '
	frr_show SiteA "show ip nhrp nhs"
	show Hub "show ip nhrp"
	expect "it reaches the hub" pings SiteA 172.16.0.1 3

	expect "dmvpnd reaches it and loses nothing" pings SiteB 172.16.2.1 20 -i 0.1
	expect "nhrpd has answered dmvpnd's request, and the path is direct" eventually 5 direct SiteB 172.16.2.1 $SITE_A
	show SiteB "show ip nhrp"
	frr_show SiteA "show ip nhrp cache"
}

# What nhrpd learns from our hub's Traffic Indication.
spoke_shortcut() {
	ip -n SiteB address replace 172.16.3.2/32 dev lo
	ip -n Hub route add 172.16.3.2 via 172.16.0.3 dev Tunnel0
	expect "nhrpd's packets to what is behind dmvpnd lose nothing" pings SiteA 172.16.3.2 20 -i 0.1 -I 172.16.2.1
	expect "our hub has told nhrpd that there is a shorter way" eventually 5 nhrpd_shortcut SiteA 172.16.3.2
	expect "and nhrpd has taken it" eventually 5 direct SiteA 172.16.3.2 $SITE_B
	frr_show SiteA "show ip nhrp shortcut"
	frr_show SiteA "show ip route nhrp"
}

nhrpd_shortcut() {
	frr_says "$1" "show ip nhrp shortcut" "dynamic +${2//./\\.}"
}

hub() {
	step "nhrpd is the hub"
	expect "dmvpnd takes its leave" stop SiteB Hub
	nhrpd_end SiteA
	chapter hub
	nhrpd Hub $HUB 172.16.0.1 "ip nhrp redirect"
	via Hub 172.16.2.0/24 172.16.0.2 172.16.3.0/24 172.16.0.3
	plain SiteA "$(nhrp_keys 'shortcut = true')"
	start_site_a
	start_site_b
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
	frr_show Hub "show ip nhrp cache"
	expect "nhrpd has both" eventually 5 frr_says Hub "show ip nhrp cache" '172\.16\.0\.3 .*172\.16\.0\.2 |172\.16\.0\.2 .*172\.16\.0\.3 '
	expect "the hub reaches them" pings Hub 172.16.0.2 3
	expect "the spokes reach each other and lose nothing" pings SiteA 172.16.3.1 20 -i 0.1
	expect "and have a direct path" eventually 5 direct SiteA 172.16.3.1 $SITE_B
	expect "in both directions" eventually 5 direct SiteB 172.16.2.1 $SITE_A
	show SiteA "show ip nhrp"
}

# The rule of nhrpd's manual, without its waiting: the kernel would hand packets over in batches.
redirect_rule() {
	on Hub iptables-legacy -A FORWARD -i Tunnel0 -o Tunnel0 -m hashlimit --hashlimit-upto 30/minute \
		--hashlimit-burst 1 --hashlimit-mode srcip,dstip --hashlimit-name nhrp \
		-j NFLOG --nflog-group 1 --nflog-size 128 --nflog-threshold 1
}

hub_shortcut() {
	redirect_rule
	ip -n SiteA address add 172.16.2.2/32 dev lo
	ip -n SiteB address replace 172.16.3.2/32 dev lo
	via SiteA 172.16.3.2 172.16.0.1
	via SiteB 172.16.2.2 172.16.0.1
	expect "packets through the hub lose nothing" pings SiteA 172.16.3.2 20 -i 0.1 -I 172.16.2.2
	expect "dmvpnd has taken nhrpd's shortcut" eventually 5 direct SiteA 172.16.3.2 $SITE_B
	expect "the other spoke, too" eventually 5 direct SiteB 172.16.2.2 $SITE_A
	shell SiteA "ip route; ip neigh show dev Tunnel0"
	show SiteA "show ip nhrp"
}

alone() {
	step "dmvpnd in every role"
	nhrpd_end Hub
	on Hub iptables-legacy -F FORWARD
	start_hub
	for name in SiteA SiteB; do
		ctl $name clear ip nhrp
	done
	wait_up Hub 172.16.0.2
	wait_up Hub 172.16.0.3
	ip -n Hub -b - <<-END
		route replace 172.16.2.0/24 via 172.16.0.2 dev Tunnel0
		route replace 172.16.3.0/24 via 172.16.0.3 dev Tunnel0
	END
	expect "packets through the hub lose nothing" pings SiteA 172.16.3.2 20 -i 0.1 -I 172.16.2.2
	expect "SiteA has a shortcut" eventually 5 direct SiteA 172.16.3.2 $SITE_B
	ip -n SiteB address delete 172.16.3.2/32 dev lo
	expect "when SiteB has lost what is behind it, SiteA has none" eventually 5 not direct SiteA 172.16.3.2 $SITE_B
}

what_was_seen() {
	local type packets

	step "The wire"
	expect "dmvpnd takes its leave" stop SiteA SiteB Hub
	# tcpdump takes packets from the kernel once in a second, and none any more when it is told to end.
	pause 1.2
	expect "the capture is complete" capture_stop internet
	packets=$(seen nhrp -e nhrp.hdr.op.type -e ip.src -e ip.dst -e _ws.col.Info)
	# Resolution, registration, purge: requests and replies; Traffic Indication.
	for type in 1 2 3 4 5 6 8; do
		expect "NHRP of type $type was seen" grep -q "^$type"$'\t' <<<"$packets"
	done
	expect "tshark finds nothing malformed in it, and every checksum right" \
		test -z "$(seen '_ws.malformed || nhrp.hdr.chksum.status != 1' -e frame.number)"
	tell "$(cut -f 2- <<<"$packets" | uniq)"
}

topology
capture Internet internet
spoke
spoke_shortcut
hub
hub_shortcut
alone
what_was_seen
finish
