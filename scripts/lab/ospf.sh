# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# OSPF over the tunnels (FRR's ospfd), in both ways that are usual. Phase 2: a broadcast network with the
# hub as designated router, whose next hops are the spokes. Then, in place, phase 3: point-to-multipoint,
# every next hop is the hub, which redirects; NHRP's shortcuts win over OSPF's routes.

# shellcheck source=routing.sh
. "$TOP/scripts/lab/routing.sh"

ROUTING=ospfd

# The timers are short so that the story is: OSPF looks around for its dead interval before it elects.
routing_words() {
	cat <<-END
		interface Tunnel0
		 ip ospf network broadcast
		 ip ospf priority $([[ $1 == Hub ]] && echo 10 || echo 0)
		 ip ospf hello-interval 1
		 ip ospf dead-interval 4
		 ip ospf retransmit-interval 3
		router ospf
		 network 172.16.0.0/16 area 0
		 timers throttle spf 10 50 500
		 timers throttle lsa all 0
		 timers lsa min-arrival 50
	END
}

routes_learned() {
	expect "the hub has learned the network behind SiteA" eventually 20 has_route Hub 172.16.2.1/32 172.16.0.2
	expect "and that behind SiteB" eventually 20 has_route Hub 172.16.3.1/32 172.16.0.3
	expect "SiteA has the hub's" eventually 20 has_route SiteA 172.16.1.1/32 172.16.0.1
	expect "and SiteB's, with $3 as next hop" eventually 20 has_route SiteA 172.16.3.1/32 "$2"
	expect "SiteB has SiteA's" eventually 20 has_route SiteB 172.16.2.1/32 "$1"
	frr_show Hub "show ip route"
	frr_show SiteA "show ip route"
	frr_show SiteB "show ip route"
}

story() {
	begin
	expect "the hub has an adjacency with SiteA, and is the designated router" eventually 20 \
		frr_says Hub "show ip ospf neighbor" 'Full/DROther +[^ ]+ +[^ ]+ 172\.16\.0\.2 '
	expect "and with SiteB" eventually 20 frr_says Hub "show ip ospf neighbor" 'Full/DROther +[^ ]+ +[^ ]+ 172\.16\.0\.3 '
	frr_show Hub "show ip ospf neighbor"
	routes_learned 172.16.0.2 172.16.0.3 SiteB

	step "From spoke to spoke"
	direct_ping

	phase3
	end
}

phase3() {
	local node

	step "The same in phase 3"
	HUB_NHRP+=('redirect = true')
	SPOKE_NHRP+=('shortcut = true')
	for node in Hub SiteA SiteB; do
		routing_conf $node
		ctl $node reload
		frr_configure $node <<-END
			interface Tunnel0
			 ip ospf network point-to-multipoint
		END
	done
	for node in SiteA SiteB; do
		ctl $node clear ip nhrp
	done
	expect "the hub has an adjacency with SiteA" eventually 20 \
		frr_says Hub "show ip ospf neighbor" 'Full/[^ ]+ +[^ ]+ +[^ ]+ 172\.16\.0\.2 '
	expect "and with SiteB" eventually 20 frr_says Hub "show ip ospf neighbor" 'Full/[^ ]+ +[^ ]+ +[^ ]+ 172\.16\.0\.3 '
	routes_learned 172.16.0.1 172.16.0.1 "the hub"
	direct_ping
	expect "SiteA's shortcut stands beside OSPF's route, and is used" shortcut_wins
	shell SiteA "ip route show 172.16.3.1; ip rule; ip route show table 211"
}

shortcut_wins() {
	[[ $(ip -n SiteA route show 172.16.3.1) == *" via 172.16.0.1 "*ospf* &&
		$(ip -n SiteA route get 172.16.3.1) == *" via 172.16.0.3 "* ]]
}
