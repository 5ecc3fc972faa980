#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A changed configuration takes effect without a restart, and only what changed is touched: the other
# tunnel keeps its SAs, its neighbours and every packet of a ping that runs all the time.
#
# The hub has a second tunnel, which SiteB uses.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

OTHER_B=10.0.0.66
SECOND='tunnel Tunnel1 { address = 172.20.0.1/24  source = eth0  key = 2  profile = DMVPN
	nhrp { network-id = 200 } }'

# hub_conf [TEXT]: the hub's configuration, with more behind it.
hub_conf() {
	article_conf Hub
	printf '%s\n' "${1-}" >>"$LAB/Hub.conf"
}

# sas NODE PEER-ADDRESS: the SPIs of its ESP SAs with this peer, sorted.
sas() {
	ip -n "$1" xfrm state list proto esp | awk -v peer="$2" '
		/^src/ { its = $2 == peer || $4 == peer }
		its && $1 == "proto" { print $4 }' | sort
}

# untouched WHAT: SiteA's SAs with the hub are those of the beginning.
untouched() {
	expect "$1: SiteA's SAs are the same" test "$(sas Hub "$SITE_A")" = "$kept"
}

# untouched_b WHAT: likewise SiteB's with the hub, from the address that both tunnels had.
untouched_b() {
	expect "$1: SiteB's SAs are the same" test "$(sas Hub "$SITE_B")" = "$kept_b"
}

# reload NODE WHAT REGEX: it reloads and says that.
reload() {
	ctl "$1" reload >"$LAB/reload" 2>&1 || true
	expect "$2: $3" grep -qE "$3" "$LAB/reload"
}

# reloads WHAT REGEX: the hub does.
reloads() {
	reload Hub "$@"
}

# edit_second SED-EXPRESSION: SiteB's second tunnel.
edit_second() {
	edit_conf SiteB "/^tunnel Tunnel1/,\$$1"
}

# knows NODE TEXT: its NHRP cache has that.
knows() {
	[[ $(ctl "$1" show ip nhrp) == *"$2"* ]]
}

answers() {
	on "$1" ping -q -c 1 -W 1 "$2"
}

topology
capture Internet internet
bring_up
kept=$(sas Hub "$SITE_A")
in_node SiteA
"${ENTER[@]}" ping -q -i 0.02 172.16.0.1 >"$LAB/ping" 2>&1 &
pinger=$!

step "Files that are no good"
reloads "the same file" "Nothing has changed"
sed -i 's/group = 2/group = 22/' "$LAB/Hub.conf"
refute "a file with an error is refused" ctl Hub reload
reloads "an error is told" 'Hub.conf:[0-9]+: isakmp-policy 10: group: expected one of'
kill -HUP "${daemon[Hub]}"
expect "also to who sends SIGHUP, in the log" eventually 3 log_has Hub 'has errors: nothing is changed'
expect "the hub runs on" peer_up Hub 172.16.0.2
untouched "after that"

step "A tunnel is added, changed and removed"
hub_conf "$SECOND"
reloads "added" "tunnel Tunnel1: added"
expect "it is there" eventually 3 answers Hub 172.20.0.1
article_conf SiteB
sed -E 's/Tunnel0/Tunnel1/; s|172\.16\.0\.3/24|172.20.0.3/24|; s/172\.16\.0\.1/172.20.0.1/; s/network-id = 100/network-id = 200/; /authentication = "NHRP-KEY"/d; s/key = 1( |$)/key = 2 /' \
	"$LAB/SiteB.conf" | sed '/^tunnel/,$!d' >"$LAB/more"
cat "$LAB/more" >>"$LAB/SiteB.conf"
expect "SiteB gets it, too" ctl SiteB reload
expect "and reaches the hub through it" eventually 10 answers SiteB 172.20.0.1
expect "and through the first one" answers SiteB 172.16.0.1
kept_b=$(sas Hub "$SITE_B")

step "One of two tunnels gets another source"
ip -n SiteB address add "$OTHER_B/24" dev eth0
edit_second "s/source = eth0/source = \"$OTHER_B\"/"
reload SiteB "another source" "tunnel Tunnel1: changed"
expect "SiteB reaches the hub through it" eventually 10 answers SiteB 172.20.0.1
expect "the hub knows it there" eventually 5 knows Hub "NBMA address: $OTHER_B"
untouched_b "another source"
edit_second "s/source = \"$OTHER_B\"/source = eth0/"
reload SiteB "the old source" "tunnel Tunnel1: changed"
expect "SiteB reaches the hub through it" eventually 10 answers SiteB 172.20.0.1
refute "the hub does not know the other address any more" knows Hub "NBMA address: $OTHER_B"
expect "nor has it SAs with it" eventually 5 no_sas Hub "$HUB" "$OTHER_B"
untouched_b "the old source"
ip -n SiteB address delete "$OTHER_B/24" dev eth0
untouched_b "an address that nobody uses goes"

step "Maps and next hop servers"
edit_second 's/nhrp \{/&\n\t\tmap "172.20.0.9" { nbma = "10.0.0.9" }/'
reload SiteB "another map" "tunnel Tunnel1: changed"
expect "it is there" knows SiteB 172.20.0.9/32
edit_second 's/10\.0\.0\.9/10.0.0.99/'
reload SiteB "the map changes" "tunnel Tunnel1: changed"
expect "it has changed" knows SiteB "NBMA address: 10.0.0.99"
edit_second '{/172\.20\.0\.9/d}'
reload SiteB "no such map" "tunnel Tunnel1: changed"
refute "it is gone" knows SiteB 172.20.0.9/32
untouched_b "after that"
edit_second 's/nhs "172\.20\.0\.1"/#&/'
reload SiteB "no next hop server" "tunnel Tunnel1: changed"
expect "SiteB has withdrawn its registration" eventually 5 peer_unknown Hub 172.20.0.3
untouched_b "no next hop server"
edit_second 's/#(nhs)/\1/'
reload SiteB "the next hop server again" "tunnel Tunnel1: changed"
expect "SiteB has registered" eventually 5 peer_up Hub 172.20.0.3
untouched_b "the next hop server again"
untouched "after all that"

step "What a tunnel is"
hub_conf "${SECOND/DMVPN/DMVPN mtu = 1300}"
reloads "another mtu" "tunnel Tunnel1: changed"
expect "the link has it" eventually 2 grep -q 1300 "/proc/self/fd/0" < <(ip -n Hub link show dev Tunnel1)
expect "SiteB still reaches the hub through it" answers SiteB 172.20.0.1
hub_conf "${SECOND/key = 2/key = 3}"
reloads "another key" "tunnel Tunnel1: made anew"
refute "who has the old key is not answered" answers SiteB 172.20.0.1
hub_conf
reloads "removed" "tunnel Tunnel1: removed"
refute "it is gone" ip -n Hub link show dev Tunnel1
refute "with its policies" grep -q 'key 2\|key 3' < <(ip -n Hub xfrm policy)
untouched "after that"

step "What holds for negotiations from now on"
hub_conf
sed -i 's/ISAKMP-KEY/ANOTHER-KEY/; s/^hostname.*/&\nisakmp-keepalive { interval = 20 }/' "$LAB/Hub.conf"
reloads "another key and keepalive" "for negotiations from now on"
untouched "after that"
ctl SiteB clear crypto sa
expect "SiteB, with the old key, does not come back" eventually 5 log_has Hub "$SITE_B.*mismatched pre-shared key"
hub_conf
expect "the old key again" ctl Hub reload
expect "SiteB comes back" eventually 45 answers SiteB 172.16.0.1

step "Log level and timers of NHRP"
hub_conf
sed -i 's/^hostname.*/&\nlog-level = debugging/; s/network-id = 100/& holdtime = 600/' "$LAB/Hub.conf"
reloads "changed" "tunnel Tunnel0: changed"
expect "there are debugging lines now" eventually 12 log_has Hub 'R-U-THERE|NHRP DEBUG|DEBUG'
untouched "after all that"

step "The end"
kill -INT "$pinger"
wait "$pinger" || true
note "       $(grep transmitted "$LAB/ping")"
expect "SiteA's ping has lost nothing, all the time" grep -q ' 0% packet loss' "$LAB/ping"
expect "all three stop by themselves" stop SiteA SiteB Hub
for node in SiteA SiteB Hub; do
	expect "$node is as it was before the first start" as_remembered $node
done
expect "the capture is complete" capture_stop internet
expect "no GRE in the clear" test "$(captured internet 'ip proto 47')" = 0
finish
