#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What happens is told: to those who follow, as lines of JSON, and to the hook, a program that is run. And a
# next hop server that is known by its name.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

hook=$LAB/hook
cat >"$hook" <<'END'
#!/bin/sh
exec 9>>/run/lab/hook.log
printf '%s %s' "$1" "$NHRP_INTERFACE $NHRP_TYPE $NHRP_SRCADDR $NHRP_SRCNBMA $NHRP_DESTADDR/$NHRP_DESTPREFIX $NHRP_DESTNBMA" >&9
echo " $NHRP_PEER_DOWN_REASON" >&9
[ "$1" != peer-register ] || env >/run/lab/hook.env
[ "$1" != peer-register ] || ls -l /proc/self/fd >/run/lab/hook.fd
[ "$1 $NHRP_DESTADDR" != "peer-up 172.16.0.3" ] || sleep 30
END
chmod +x "$hook"

# told KIND TEXT: SiteA's followers were told so.
told() {
	grep -q "\"event\":\"$1\".*$2" "$LAB/events"
}

hooked() {
	grep -qxE "$1" "$LAB/hook.log"
}

# only_ours: the hook's environment holds nothing but what is meant for it.
only_ours() {
	! grep -vE '^(PATH|PWD|SHLVL|OLDPWD|_|NHRP_[A-Z_]+)=' "$LAB/hook.env"
}

# by_name: SiteA knows the hub by its name alone.
by_name() {
	article_conf SiteA '/^[[:space:]]*map "/,/}/d' 's/nhs "172.16.0.1" \{ \}/nhs "172.16.0.1" { nbma = hub.lab }/'
	echo "127.0.0.1 localhost" >"$LAB/hosts"
	on SiteA mount --bind "$LAB/hosts" /etc/hosts
	on SiteA mount --bind /dev/null /etc/resolv.conf
}

topology
step "The hub's hook and a spoke that asks for a name"
article_conf Hub "s|^hostname.*|&\nhook = $hook|"
start_hub
ctl Hub events --json >"$LAB/events" &
follower=$!
expect "whoever follows is told that he does" eventually 5 told following ''
by_name
start_site_a
expect "a name that nobody knows is a warning" eventually 12 log_has SiteA 'the name hub.lab cannot be resolved'
expect "and no registration" test "$(ctl SiteA show ip nhrp nhs --json | grep -c '"state": "no map"')" = 1
echo "$HUB hub.lab" >>"$LAB/hosts"
wait_up SiteA 172.16.0.1 30
expect "the show has the name" test "$(ctl SiteA show ip nhrp nhs --json | grep -c '"name": "hub.lab"')" = 1

step "What those who follow are told"
expect "the peer" told peer-up "\"remote\":\"$SITE_A\""
expect "its ISAKMP SA" told isakmp-sa-up "\"remote\":\"$SITE_A\""
expect "its IPsec SAs" told ipsec-sa-up "\"remote\":\"$SITE_A\".*\"spi_in\""
expect "its registration" told registration "\"protocol\":\"172.16.0.2\",\"nbma\":\"$SITE_A\""
expect "each line is JSON with a time" python3 -c '
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
assert len(lines) > 4 and all("time" in line for line in lines[1:])' "$LAB/events"

step "The hook"
expect "the tunnel" eventually 5 hooked "interface-up Tunnel0 local 172.16.0.1 $HUB 172.16.0.1/24  "
expect "the registration" eventually 5 hooked "peer-register Tunnel0 dynamic 172.16.0.1 $HUB 172.16.0.2/32 $SITE_A "
expect "the peer" eventually 5 hooked "peer-up Tunnel0 dynamic 172.16.0.1 $HUB 172.16.0.2/32 $SITE_A "
expect "its environment is its own" only_ours
expect "it has the GRE key" grep -qx NHRP_GRE_KEY=1 "$LAB/hook.env"
expect "it has none of our descriptors" not grep -E 'socket:|pipe:|anon_inode|dmvpnd' "$LAB/hook.fd"
start_site_b
wait_up SiteB 172.16.0.1
expect "the hub answers while the hook sleeps" peer_up Hub 172.16.0.3
expect "SiteA stops" stop SiteA
expect "what happens meanwhile waits" not hooked "peer-down .* 172.16.0.2/32 .*"
expect "a hook that takes too long is killed" eventually 15 log_has Hub 'hook: peer-up took longer than 10 s'
expect "and the next is run" eventually 5 hooked "peer-down Tunnel0 dynamic 172.16.0.1 $HUB 172.16.0.2/32 $SITE_A purge"
expect "those who follow knew it at once" told binding-gone "\"protocol\":\"172.16.0.2\".*purged"

step "The end"
expect "the daemons stop" stop Hub SiteB
expect "and whoever follows ends" eventually 5 not kill -0 $follower
expect "no sleep is left" not pgrep -x sleep
finish
