#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clear dmvpn session: of one peer and of all, by either address; what is needed comes up again.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

topology
for name in Hub SiteA SiteB; do
	article_ios "$name"
done
bring_up

# conn_ids NODE PEER: of its ISAKMP SAs with that peer.
conn_ids() {
	ctl "$1" --json show crypto isakmp sa peer "$2" | jq -c '[.sas[].conn_id]'
}

# registered NODE ADDRESS: its cache has a dynamic entry for it.
registered() {
	[[ $(ctl "$1" show ip nhrp "$2") == *dynamic* ]]
}

not() {
	! "$@"
}

step "The hub forgets one spoke"
before_a=$(conn_ids Hub "$SITE_A") before_b=$(conn_ids Hub "$SITE_B")
expect "clear dmvpn session peer tunnel" ctl Hub clear dmvpn session peer tunnel 172.16.0.2
expect "the other's is not" registered Hub 172.16.0.3
wait_up SiteA 172.16.0.1 20
wait_up Hub 172.16.0.2 20
expect "with another ISAKMP SA" test "$(conn_ids Hub "$SITE_A")" != "$before_a"
expect "the other has the one that it had" test "$(conn_ids Hub "$SITE_B")" = "$before_b"

step "By an address that nobody has; and all of them"
expect "nobody is an error" not ctl Hub clear dmvpn session peer nbma 10.9.9.9
expect "clear dmvpn session" ctl Hub clear dmvpn session
for name in SiteA SiteB; do
	wait_up "$name" 172.16.0.1 20
done
wait_up Hub 172.16.0.2 20
wait_up Hub 172.16.0.3 20
expect "the daemons stop" stop SiteA SiteB Hub
finish
