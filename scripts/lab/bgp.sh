# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# BGP over the tunnels (FRR's bgpd): the hub reflects the spokes' routes and accepts every spoke, the
# next hop stays the spoke that has the network, so the first packet to it asks for a direct tunnel.

# shellcheck source=routing.sh
. "$TOP/scripts/lab/routing.sh"

ROUTING=bgpd

routing_words() {
	local network

	case $1 in
	Hub)
		cat <<-END
			router bgp 65000
			 neighbor SPOKES peer-group
			 neighbor SPOKES remote-as 65000
			 neighbor SPOKES timers 3 9
			 bgp listen range 172.16.0.0/24 peer-group SPOKES
			 address-family ipv4 unicast
			  network 172.16.1.1/32
			  neighbor SPOKES route-reflector-client
		END
		return
		;;
	SiteA) network=172.16.2.1/32 ;;
	SiteB) network=172.16.3.1/32 ;;
	esac
	cat <<-END
		router bgp 65000
		 neighbor 172.16.0.1 remote-as 65000
		 neighbor 172.16.0.1 timers 3 9
		 neighbor 172.16.0.1 timers connect 1
		 address-family ipv4 unicast
		  network $network
	END
}

has_session() {
	frr_says "$1" "show bgp neighbors 172.16.0.1" "BGP state = Established"
}

story() {
	begin
	expect "SiteA has a session with the hub" eventually 15 has_session SiteA
	expect "SiteB, too" eventually 15 has_session SiteB
	frr_show Hub "show bgp summary"
	expect "the hub has learned the network behind SiteA" eventually 10 has_route Hub 172.16.2.1/32 172.16.0.2
	expect "and that behind SiteB" eventually 10 has_route Hub 172.16.3.1/32 172.16.0.3
	expect "SiteA has the hub's" eventually 10 has_route SiteA 172.16.1.1/32 172.16.0.1
	expect "and SiteB's, with SiteB as next hop" eventually 10 has_route SiteA 172.16.3.1/32 172.16.0.3
	expect "SiteB has SiteA's" eventually 10 has_route SiteB 172.16.2.1/32 172.16.0.2
	frr_show Hub "show ip route"
	frr_show SiteA "show ip route"
	frr_show SiteB "show ip route"

	step "From spoke to spoke"
	direct_ping
	end
}
