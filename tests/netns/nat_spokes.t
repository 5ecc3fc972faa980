#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Tunnels between spokes where SiteA and SiteC are behind NATs of their own and SiteB is not: a direct one
# between SiteA and SiteB whoever begins, between SiteA and SiteC where the NATs keep the ports, and
# none, with nothing lost and little said, where a NAT gives every connection another port.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

NAT_A=10.0.0.4 NAT_C=10.0.0.8 INSIDE_A=192.168.2.2 INSIDE_C=192.168.4.2

topology() {
	node Internet Hub NatA NatC SiteA SiteB SiteC
	link Internet hub Hub eth0
	link Internet nata NatA outside
	link Internet natc NatC outside
	link NatA sitea SiteA eth0
	link NatC sitec SiteC eth0
	link Internet siteb SiteB eth0
	bridge Internet spokes nata natc siteb
	routed Internet
	address Internet hub 10.0.1.1/30
	address Internet spokes 10.0.0.1/24
	address Hub eth0 $HUB/30
	gateway Hub 10.0.1.1
	loopback Hub 172.16.1.1
	routed Hub
	behind NatA $NAT_A SiteA sitea $INSIDE_A 172.16.2.1
	behind NatC $NAT_C SiteC sitec $INSIDE_C 172.16.4.1
	address SiteB eth0 $SITE_B/24
	gateway SiteB 10.0.0.1
	loopback SiteB 172.16.3.1
	wire
	for nat in NatA NatC; do
		on $nat iptables-legacy -t nat -A POSTROUTING -o outside -j MASQUERADE
		# A stranger's packet must not claim the port that a spoke will need.
		on $nat iptables-legacy -A INPUT -i outside -p udp -j DROP
	done
	remember Hub SiteA SiteB SiteC
}

# behind NAT OUTSIDE SITE LINK INSIDE LOOPBACK
behind() {
	address "$1" outside "$2/24"
	address "$1" "$4" "${5%.*}.1/24"
	gateway "$1" 10.0.0.1
	routed "$1"
	address "$3" eth0 "$5/24"
	gateway "$3" "${5%.*}.1"
	loopback "$3" "$6"
}

begin() {
	configure SiteC "$TOP/conf/spoke.conf" 's/SiteA/SiteC/; s|172\.16\.0\.2/24|172.16.0.4/24|'
	start_with_routes Hub 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
	start_with_routes SiteA 172.16.1.1-172.16.0.1 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
	start_with_routes SiteB 172.16.1.1-172.16.0.1 172.16.2.1-172.16.0.2 172.16.4.1-172.16.0.4
	start_with_routes SiteC 172.16.1.1-172.16.0.1 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
	wait_up SiteC 172.16.0.1
}

# forget SITE SITE: what two spokes know of each other.
forget() {
	local site

	for site; do
		ctl "$site" clear ip nhrp
		ctl "$site" clear crypto sa
		ctl "$site" clear crypto isakmp
	done
	for site; do
		eventually 10 peer_up "$site" 172.16.0.1
	done
}

# forwarded: so many packets have been, by the hub.
forwarded() {
	on Hub awk '$1 == "Ip:" && $4 ~ /^[0-9]+$/ { print $7 }' /proc/net/snmp
}

goes_directly() {
	local before

	before=$(forwarded)
	pings "$1" "$2" 20 -i 0.05 && (($(forwarded) - before < 5))
}

goes_through_hub() {
	local before

	before=$(forwarded)
	pings "$1" "$2" 20 -i 0.05 && (($(forwarded) - before >= 40))
}

# said_once NODE EXTENDED-REGEX
said_once() {
	local REPLY

	log_of "$1"
	[[ $(grep -cE "$2" "$REPLY") == 1 ]]
}

topology
capture Internet internet
step "The hub and three spokes"
begin
show Hub "show dmvpn"
show Hub "show ip nhrp"

step "Behind a NAT and not"
expect "SiteA's first packets to SiteB lose nothing" pings SiteA 172.16.3.1 20 -i 0.1
wait_up SiteA 172.16.0.3
expect "and then go directly" eventually 5 goes_directly SiteA 172.16.3.1
show SiteB "show dmvpn"
show SiteB "show ip nhrp"

step "The one that is not begins"
forget SiteA SiteB
expect "SiteB's first packets to SiteA lose nothing" pings SiteB 172.16.2.1 20 -i 0.1
wait_up SiteB 172.16.0.2
expect "and then go directly" eventually 5 goes_directly SiteB 172.16.2.1

step "Both behind NATs that keep the ports"
expect "SiteA's first packets to SiteC lose nothing" pings SiteA 172.16.4.1 30 -i 0.1
expect "and go directly in the end" eventually 10 goes_directly SiteA 172.16.4.1
show SiteA "show dmvpn"

step "One of the NATs gives every connection another port"
on NatC iptables-legacy -t nat -F POSTROUTING
on NatC iptables-legacy -t nat -A POSTROUTING -o outside -p udp -j MASQUERADE --random
ip -n NatC link set outside down
ip -n NatC -b - <<-END
	link set outside up
	route replace default via 10.0.0.1
END
stop SiteC SiteA
chapter random
start_with_routes SiteA 172.16.1.1-172.16.0.1 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
start_with_routes SiteC 172.16.1.1-172.16.0.1 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3
wait_up SiteA 172.16.0.1
wait_up SiteC 172.16.0.1
shell NatC "iptables-legacy -t nat -S POSTROUTING"
expect "SiteA's packets to SiteC lose nothing" pings SiteA 172.16.4.1 60 -i 0.1
expect "and go through the hub" goes_through_hub SiteA 172.16.4.1
expect "SiteC and SiteB still find each other" pings SiteC 172.16.3.1 20 -i 0.1
expect "directly" eventually 10 goes_directly SiteC 172.16.3.1
expect "SiteA says once that there is no direct path" eventually 10 said_once SiteA '172\.16\.0\.4: no direct path'

step "The end"
expect "all end by themselves, with status 0" stop SiteA SiteB SiteC Hub
for name in Hub SiteA SiteB SiteC; do
	expect "$name is as it was before" as_remembered $name
done
expect "the capture is complete" capture_stop internet
expect "no ESP outside of UDP but between those without a NAT" test "$(captured internet "esp and not (host $HUB and host $SITE_B)")" = 0
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
expect "no inner packet in the clear" test "$(captured internet 'net 172.16.0.0/12')" = 0
finish
