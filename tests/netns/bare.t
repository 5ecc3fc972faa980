#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A tunnel without protection: multicast goes to its listeners, one copy each, and to no group outside.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

# bare NODE LINE: the article's configuration without its profile.
bare() {
	article_conf "$1" '/^[[:space:]]*profile = DMVPN/d' "$(nhrp_keys "$2")"
	start "$1"
	eventually 5 has_link "$1" Tunnel0
}

topology
capture Internet internet
step "A hub and two spokes, none of them protected"
bare Hub 'map-multicast = dynamic'
bare SiteA "map-multicast = \"$HUB\""
bare SiteB "map-multicast = \"$HUB\""
wait_up SiteA 172.16.0.1
wait_up SiteB 172.16.0.1
show Hub "show ip nhrp multicast"
expect "the hub has two listeners" test "$(ctl Hub show ip nhrp multicast | grep -c 'Flags: dynamic')" = 2

step "Multicast"
on Hub ping -c 5 -i 0.1 -W 1 -I Tunnel0 224.0.0.5 >/dev/null || true
on SiteA ping -c 5 -i 0.1 -W 1 -I Tunnel0 224.0.0.5 >/dev/null || true
show Hub "show ip nhrp multicast"
expect "the daemons stop" stop SiteA SiteB Hub
for name in Hub SiteA SiteB; do
	expect "$name is as it was before" as_remembered $name
done
expect "the capture is complete" capture_stop internet
# With a key the inner packet begins 8 octets behind the outer header.
expect "SiteA got its copies" test "$(captured internet "ip proto 47 and src $HUB and dst $SITE_A and ip[44:4] = 0xe0000005")" -ge 5
expect "SiteB got its copies" test "$(captured internet "ip proto 47 and src $HUB and dst $SITE_B and ip[44:4] = 0xe0000005")" -ge 5
expect "the hub got SiteA's" test "$(captured internet "ip proto 47 and src $SITE_A and dst $HUB and ip[44:4] = 0xe0000005")" -ge 5
expect "nothing went to a group outside" test "$(captured internet 'ip proto 47 and dst net 224.0.0.0/4')" = 0
finish
