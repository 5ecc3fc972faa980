# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The article's EIGRP over the tunnels, as near as FRR's eigrpd comes to it: this one always splits the
# horizon and always names itself as next hop, so a spoke cannot learn of another spoke through the hub.
# The nearest that works: the hub announces one route for all sites, redirects (phase 3), and NHRP finds the
# direct way. Bandwidth and delay only change the metric and are left out: eigrpd loses its neighbours when
# they change.

# shellcheck source=routing.sh
. "$TOP/scripts/lab/routing.sh"

ROUTING=eigrpd
HUB_NHRP+=('redirect = true')
SPOKE_NHRP+=('shortcut = true')

# The route for all sites is that of a network which the hub has itself: eigrpd summarizes nothing.
eval "$(declare -f topology | sed '1s/topology/article_topology/; s/remember .*//')"
topology() {
	article_topology
	ip -n Hub -b - <<-END
		link add Sites type dummy
		link set Sites up
		address add 172.16.1.254/16 dev Sites
	END
	remember Hub SiteA SiteB
}

routing_words() {
	local network

	case $1 in
	Hub) network=172.16.1.1/32 ;;
	SiteA) network=172.16.2.1/32 ;;
	SiteB) network=172.16.3.1/32 ;;
	esac
	cat <<-END
		router eigrp 1
		 network 172.16.0.0/24
		 network $network
	END
	[[ $1 != Hub ]] || echo ' network 172.16.0.0/16'
}

# eigrpd_answers LINE: to a line of the article's in the hub's interface.
eigrpd_answers() {
	answer "Hub(config-if)# $1" "$(frr Hub "configure terminal" "interface Tunnel0" "$1" 2>&1 || true)"
}

story() {
	begin
	expect "the hub has an adjacency with SiteA" eventually 20 frr_says Hub "show ip eigrp neighbors" '172\.16\.0\.2 +Tunnel0'
	expect "and with SiteB" eventually 20 frr_says Hub "show ip eigrp neighbors" '172\.16\.0\.3 +Tunnel0'
	frr_show Hub "show ip eigrp neighbors"
	frr_show SiteA "show ip eigrp neighbors"
	expect "the hub has learned the network behind SiteA" eventually 20 has_route Hub 172.16.2.1/32 172.16.0.2
	expect "and that behind SiteB" eventually 20 has_route Hub 172.16.3.1/32 172.16.0.3
	expect "SiteA has the hub's" eventually 20 has_route SiteA 172.16.1.1/32 172.16.0.1
	expect "and the route for all sites" eventually 20 has_route SiteA 172.16.0.0/16 172.16.0.1
	expect "SiteB, too" eventually 20 has_route SiteB 172.16.0.0/16 172.16.0.1
	frr_show Hub "show ip route"
	frr_show SiteA "show ip route"
	frr_show SiteB "show ip route"
	note "What this eigrpd says to two lines of the article's hub:"
	note
	eigrpd_answers "no ip split-horizon eigrp 1"
	eigrpd_answers "no ip next-hop-self eigrp 1"

	step "From spoke to spoke"
	direct_ping
	shell SiteA "ip route; ip rule; ip route show table 211"
	end
}
