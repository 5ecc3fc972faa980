#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Settings of the kernel with which it passes IPsec by: dmvpnd warns at its start, and the commands that
# its warnings name put things right.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# setting NODE NAME VALUE: NAME with slashes, below net.
setting() {
	on "$1" sh -c "echo $3 >/proc/sys/net/$2"
}

# warnings NODE: what its log says about settings.
warnings() {
	local REPLY

	log_of "$1"
	grep 'sysctl -w' "$REPLY" || true
}

# warns NODE NAME: of that setting.
warns() {
	expect "$1 warns of $2" eventually 5 log_has "$1" "$2 is .*sysctl -w $2="
}

# obey NODE: runs each command that its warnings name.
obey() {
	local command

	while read -r command; do
		# shellcheck disable=SC2086
		on "$1" $command || return
	done < <(warnings "$1" | sed 's/.*\(sysctl -w\)/\1/')
}

has_daemon() {
	test -S "/run/dmvpnd/$1.ctl"
}

start_all() {
	local node

	for node in Hub SiteA SiteB; do
		start $node
		eventually 5 has_daemon $node || die "no dmvpnd on $node, see $OUT"
	done
}

all_warnings() {
	local node

	for node in Hub SiteA SiteB; do
		warnings $node
	done
}

topology
# SiteB's interface has a dot in its name, and the configuration does not name it.
ip -n SiteB -b - <<-END
	link set eth0 down
	link set eth0 name eth0.100
	link set eth0.100 up
	route add default via 10.0.0.1
END
article_conf Hub
article_conf SiteA
article_conf SiteB "s/source = eth0 /source = \"$SITE_B\" /"

step "Wrong"
capture Internet wrong
chapter wrong
setting Hub core/xfrm_larval_drop 0
setting SiteA ipv4/conf/eth0/disable_xfrm 1
# New interfaces are made like this one.
setting SiteA ipv4/conf/default/disable_policy 1
setting SiteB ipv4/conf/eth0.100/disable_policy 1
setting SiteB ipv4/conf/all/disable_policy 1
start_all
warns Hub net.core.xfrm_larval_drop
warns SiteA net.ipv4.conf.eth0.disable_xfrm
warns SiteA net.ipv4.conf.Tunnel0.disable_policy
warns SiteB net.ipv4.conf.eth0/100.disable_policy
warns SiteB net.ipv4.conf.all.disable_policy
note "$(all_warnings)"
expect "of nothing else" test "$(all_warnings | wc -l)" = 5
wait_up SiteB 172.16.0.1
pause 1
for node in Hub SiteA SiteB; do
	expect "$node takes the commands" obey $node
done
expect "all stop by themselves" stop SiteA SiteB Hub
expect "the capture is complete" capture_stop wrong
expect "the warning was right: SiteA sent in the clear" \
	test "$(captured wrong "ip proto 47 and src host $SITE_A")" -gt 0

step "Put right"
capture Internet right
chapter right
setting SiteA ipv4/conf/default/disable_policy 0
start_all
for node in SiteA SiteB; do
	wait_up $node 172.16.0.1
done
expect "there is no warning" test -z "$(all_warnings)"
expect "all stop by themselves" stop SiteA SiteB Hub
expect "the capture is complete" capture_stop right
expect "no GRE in the clear" test "$(captured right 'ip proto 47')" = 0
finish
