# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Two hubs and three spokes. SiteA and SiteB use one hub at a time and prefer Hub1, SiteC uses both. Hub1's
# daemon dies, comes back, and then its line is cut: each time the spokes go to Hub2 in less than three
# intervals of dead peer detection, and the tunnel between SiteA and SiteB does not notice.

# shellcheck source=article.sh
. "$TOP/scripts/lab/article.sh"

HUB2=10.0.2.2 SITE_C=10.0.0.8
# Seconds: a hub is found dead after one and a half intervals and four questions.
DPD_INTERVAL=4 DPD_RETRY=1

topology() {
	node Internet Hub1 Hub2 SiteA SiteB SiteC
	link Internet hub1 Hub1 eth0
	link Internet hub2 Hub2 eth0
	link Internet sitea SiteA eth0
	link Internet siteb SiteB eth0
	link Internet sitec SiteC eth0
	bridge Internet spokes sitea siteb sitec
	routed Internet
	address Internet hub1 10.0.1.1/30
	address Internet hub2 10.0.2.1/30
	address Internet spokes 10.0.0.1/24

	address Hub1 eth0 $HUB/30
	gateway Hub1 10.0.1.1
	routed Hub1
	address Hub2 eth0 $HUB2/30
	gateway Hub2 10.0.2.1
	routed Hub2

	spoke SiteA $SITE_A 172.16.2.1
	spoke SiteB $SITE_B 172.16.3.1
	spoke SiteC $SITE_C 172.16.4.1
	wire
	remember Hub1 Hub2 SiteA SiteB SiteC
}

spoke() {
	address "$1" eth0 "$2/24"
	gateway "$1" 10.0.0.1
	loopback "$1" "$3"
}

# dual_conf NODE: the article's hub or spoke, with two servers.
dual_conf() {
	local dpd="s|^hostname .*|&\nisakmp-keepalive { interval = $DPD_INTERVAL  retry = $DPD_RETRY }|"
	local spoke=("$dpd" '/map "172/,/\}/d' "$(two_servers)")

	case $1 in
	Hub1) configure "$1" "$TOP/conf/hub.conf" "$dpd" ;;
	Hub2) configure "$1" "$TOP/conf/hub.conf" "$dpd" 's|172\.16\.0\.1/24|172.16.0.9/24|' ;;
	SiteA) configure "$1" "$TOP/conf/spoke.conf" "${spoke[@]}" ;;
	SiteB) configure "$1" "$TOP/conf/spoke.conf" "${spoke[@]}" 's|172\.16\.0\.2/24|172.16.0.3/24|' ;;
	SiteC) configure "$1" "$TOP/conf/spoke.conf" "${spoke[@]}" 's|172\.16\.0\.2/24|172.16.0.4/24|' \
		's/max-connections = 1/max-connections = 2/' ;;
	esac
}

# The edit that names them. A sed expression: \n is a line's end.
two_servers() {
	local hub1="nhs \"172.16.0.1\" { nbma = \"$HUB\"  cluster = 1  priority = 1 }"
	local hub2="nhs \"172.16.0.9\" { nbma = \"$HUB2\"  cluster = 1  priority = 2 }"

	printf '%s' "s|nhs \"172.*|nhs-fallback = 2\\ncluster 1 { max-connections = 1 }\\n$hub1\\n$hub2|"
}

start_dual() {
	local name=$1 route

	shift
	dual_conf "$name"
	start "$name"
	eventually 5 has_link "$name" Tunnel0 || die "$name: dmvpnd made no Tunnel0, see $OUT"
	for route; do
		echo "route replace ${route%-*}/32 via ${route#*-} dev Tunnel0"
	done | ip -n "$name" -b -
}

start_hub1() {
	start_dual Hub1 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
}

bring_up() {
	start_hub1
	start_dual Hub2 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
	start_dual SiteA 172.16.3.1-172.16.0.3 172.16.4.1-172.16.0.4
	start_dual SiteB 172.16.2.1-172.16.0.2 172.16.4.1-172.16.0.4
	start_dual SiteC 172.16.2.1-172.16.0.2 172.16.3.1-172.16.0.3
	wait_up SiteA 172.16.0.1
	wait_up SiteB 172.16.0.1
	wait_up SiteC 172.16.0.1
	wait_up SiteC 172.16.0.9
}

# knows HUB TUNNEL-ADDRESS: this spoke is registered there.
knows() {
	ctl "$1" show ip nhrp 2>/dev/null | grep -A 1 "^${2//./\\.}/32 " | grep -q registered
}

# hub_lost NODE SERVER: this next hop server does not respond.
hub_lost() {
	[[ $(ctl "$1" show ip nhrp nhs) =~ $'\n'${2//./\\.}\ +[EW] ]]
}

# steady_begin, steady_end: SiteA pings SiteB directly between the two; the end fails if a ping was lost.
steady_begin() {
	local ENTER

	in_node SiteA
	"${ENTER[@]}" ping -n -D -O -i 0.05 -W 2 -I 172.16.2.1 172.16.3.1 >"$LAB/steady" 2>&1 &
	steady=$!
}

# The last one may have been on its way when ping was stopped.
steady_lost_nothing() {
	local sent received last

	read -r sent received < <(sed -nE 's/^([0-9]+) packets transmitted, ([0-9]+) received.*/\1 \2/p' "$LAB/steady")
	last=$(sed -nE 's/.*bytes from .*icmp_seq=([0-9]+) .*/\1/p' "$LAB/steady" | tail -n 1)
	((sent > 0 && (received == sent || (received == sent - 1 && last == sent - 1))))
}

steady_end() {
	kill -INT $steady
	wait $steady || true
	tail -n 3 "$LAB/steady"
	steady_lost_nothing || { grep -v 'bytes from' "$LAB/steady"; return 1; }
}

# registered_since NODE TUNNEL-ADDRESS MICROSECONDS: milliseconds from then to the first registration at that
# hub after it, in REPLY.
registered_since() {
	local line month day time _

	log_of "$1"
	while IFS= read -r line; do
		read -r month day time _ <<<"$line"
		line=$(date -d "$month $day $time" +%s%6N)
		if ((line > $3)); then
			REPLY=$(((line - $3) / 1000))
			return
		fi
	done < <(grep -E "registered at next hop server ${2//./\\.} " "$REPLY")
	return 1
}

# fails_over MICROSECONDS: SiteA and SiteB come to Hub2, in time.
fails_over() {
	local name

	for name in SiteA SiteB; do
		expect "$name registers at Hub2" eventually 20 registered_since $name 172.16.0.9 "$1"
		registered_since $name 172.16.0.9 "$1" || REPLY=999999
		note "       after $REPLY ms"
		expect "in less than three intervals of dead peer detection" test $REPLY -lt $((DPD_INTERVAL * 3000))
	done
}

story() {
	step "Two hubs, three spokes"
	capture Internet internet
	bring_up
	expect "Hub1 knows SiteA" knows Hub1 172.16.0.2
	expect "and SiteB" knows Hub1 172.16.0.3
	expect "and SiteC" knows Hub1 172.16.0.4
	expect "Hub2 knows SiteC" knows Hub2 172.16.0.4
	refute "but not SiteA, which has no use for a second hub" knows Hub2 172.16.0.2
	show SiteA "show ip nhrp nhs"
	show SiteC "show ip nhrp nhs"
	expect "SiteA reaches SiteB and loses nothing" pings SiteA 172.16.3.1 20 -i 0.05 -I 172.16.2.1
	wait_up SiteA 172.16.0.3
	picture "Before: both hubs are there"
	story_killed
	story_back
	story_cut
	story_stop
}

story_killed() {
	local began

	step "Hub1's daemon is killed"
	steady_begin
	began=${EPOCHREALTIME/./}
	kill_daemon Hub1
	fails_over "$began"
	expect "Hub2 knows both" eval 'eventually 5 knows Hub2 172.16.0.2 && eventually 5 knows Hub2 172.16.0.3'
	# Until its own dead peer detection has found Hub1 dead SiteC's answers go there.
	expect "SiteC knows that Hub1 is gone" eventually $((DPD_INTERVAL * 3)) hub_lost SiteC 172.16.0.1
	expect "SiteA reaches SiteC, of whom it has not heard yet, and loses nothing" pings SiteA 172.16.4.1 20 -i 0.05 -I 172.16.2.1
	wait_up SiteA 172.16.0.4
	expect "the tunnel between SiteA and SiteB has lost nothing" steady_end
	said
	show SiteA "show ip nhrp nhs"
	show SiteA "show dmvpn"
	picture "After: one hub is killed"
}

story_back() {
	local began=${EPOCHREALTIME/./}

	step "Hub1 comes back"
	steady_begin
	start_hub1
	expect "SiteA goes back to it" eventually 60 registered_since SiteA 172.16.0.1 "$began"
	expect "SiteB, too" eventually 60 registered_since SiteB 172.16.0.1 "$began"
	expect "and leaves Hub2" eventually 10 not knows Hub2 172.16.0.3
	expect "the tunnel between SiteA and SiteB has lost nothing" steady_end
	said
	show SiteA "show ip nhrp nhs"
}

story_cut() {
	local began

	step "Hub1's line is cut"
	steady_begin
	began=${EPOCHREALTIME/./}
	ip -n Internet link set hub1 down
	fails_over "$began"
	expect "the tunnel between SiteA and SiteB has lost nothing" steady_end
	said
}

story_stop() {
	local node

	step "The daemons stop"
	expect "all end by themselves, with status 0" stop SiteA SiteB SiteC Hub2 Hub1
	for node in Hub2 SiteA SiteB SiteC; do
		expect "$node is as it was before: no policy, SA, link, neighbour, route or socket is left" \
			as_remembered $node
	done
	expect "the capture on the Internet router is complete" capture_stop internet
	expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
	expect "no inner packet in the clear" test "$(captured internet 'net 172.16.0.0/12')" = 0
}
