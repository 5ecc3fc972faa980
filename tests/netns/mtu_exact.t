#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What `show interface` says of the largest packet is what the kernel says: with each transform, between a spoke
# behind a NAT (the worst case, which the sum is about) and the hub, a packet of exactly that size passes in one
# piece, and of one octet more the kernel says that it does not, and which size would. The tunnel's own
# MTU is larger, so that it is not what limits.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

SITE=192.168.2.2

topology() {
	node Internet Hub Nat SiteA
	link Internet hub Hub eth0
	link Internet nat Nat outside
	link Nat inside SiteA eth0
	routed Internet
	address Internet hub 10.0.1.1/30
	address Internet nat 10.0.0.1/24
	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	address Nat outside 10.0.0.4/24
	address Nat inside 192.168.2.1/24
	gateway Nat 10.0.0.1
	routed Nat
	address SiteA eth0 $SITE/24
	gateway SiteA 192.168.2.1
	wire
	on Nat iptables-legacy -t nat -A POSTROUTING -o outside -j MASQUERADE
	# A packet that came in pieces is whole again here.
	on Nat iptables-legacy -t mangle -A PREROUTING -i inside -p udp -m length --length 1501: -j DROP
}

# said NODE: the size that its show interface has.
said() {
	ctl "$1" --json show interface | jq -r '.interfaces[0].mtu_arithmetic.mtu'
}

# passes SIZE: a packet of so many octets that must not be fragmented.
passes() {
	on SiteA ping -q -M 'do' -c 1 -W 2 -s $(($1 - 28)) 172.16.0.1
}

# refused SIZE LARGEST: the kernel refuses it, and says how large it may be.
refused() {
	local answer

	answer=$(on SiteA ping -M 'do' -c 2 -i 0.2 -W 1 -s $(($1 - 28)) 172.16.0.1 2>&1) && return 1
	echo "$answer"
	[[ $answer =~ mtu\ ?=\ ?$2([^0-9]|$) ]]
}

# transform ENCRYPTION [AUTHENTICATION [EDIT]]
transform() {
	local name size edits

	edits=(
		"s/(encryption = )esp-3des +/\1$1 /"
		"s/(authentication = )esp-sha-hmac +/\1${2-} /"
		's/^( *)source = eth0 .*/&\n\1mtu = 1500/'
	)

	# A cipher that authenticates has no second one.
	[[ -n ${2-} ]] || edits[1]='/authentication = esp-sha-hmac/d'
	[[ -z ${3-} ]] || edits+=("$3")
	chapter "$1${2:+-$2}${3:+-other}"
	for name in Hub SiteA; do
		article_conf $name "${edits[@]}"
		start $name
	done
	eventually 5 has_link SiteA Tunnel0
	wait_up SiteA 172.16.0.1
	size=$(said SiteA)
	show SiteA "show interface | include Path"
	expect "$1 ${2-}: $size octets pass" passes "$size"
	expect "one more does not, and the kernel names the same size" refused $((size + 1)) "$size"
	stop SiteA Hub
}

topology
transform esp-3des esp-sha-hmac
transform esp-aes esp-sha256-hmac
transform esp-aes-256 esp-sha512-hmac
transform esp-gcm
transform esp-gcm-256 '' '/^ *key = 1 /d'
finish
