#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# LONG
#
# The systemd unit under a real systemd, in a machine of its own with what `make install` installs: start, status,
# reload, crash, stop; that nothing the daemon can do is kept from it, and what is kept from a hook.

if [[ ! -x /lib/systemd/systemd ]]; then
	echo "1..0 # SKIP systemd is not installed: scripts/deps.sh check"
	exit 0
elif [[ ${LAB_WORLD-uml} != uml ]]; then
	# Another systemd, or a container's limits, own the control groups there.
	echo "1..0 # SKIP a systemd is only started on the lab kernel: LAB_KERNEL=uml"
	exit 0
fi
# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"
# shellcheck source=../../scripts/lab/pki.sh
. "$TOP/scripts/lab/pki.sh"

ROOT=$LAB/machine
CONF=$ROOT/etc/dmvpnd

# boot: systemd runs in the hub's network, and MACHINE is what puts a command there.
boot() {
	local ENTER

	mkdir -p "$ROOT/etc"
	make -s -C "$TOP" -o all BUILD="$BUILD" DESTDIR="$ROOT/installed" install
	in_node Hub
	"${ENTER[@]}" unshare --mount --pid --fork --kill-child --cgroup sh -e "$TOP/scripts/lab/newmachine" "$ROOT" \
		>"$OUT/systemd.log" 2>&1 </dev/null &
	eventually 10 is_init || die "no systemd: $(<"$OUT/systemd.log")"
	MACHINE=(nsenter --target "$init" --mount --pid --net --uts --cgroup --
		env -i PATH="$PATH" HOME=/root TERM=dumb SYSTEMD_PAGER= SYSTEMD_COLORS=0)
}

is_init() {
	init=$(pgrep -x systemd)
}

machine() {
	"${MACHINE[@]}" "$@"
}

has_booted() {
	[[ $(machine systemctl is-system-running 2>&1) =~ ^(running|degraded)$ ]]
}

# property NAME: of the unit.
property() {
	machine systemctl show --property "$1" --value dmvpnd
}

is_active() {
	[[ $(property ActiveState) == active ]]
}

# restarted PID: once, since it had this process.
restarted() {
	local now

	now=$(machine systemctl show --property ActiveState,MainPID,NRestarts dmvpnd)
	[[ $now == *ActiveState=active* && $now == *NRestarts=1* && $now != *"MainPID=$1"$'\n'* ]]
}

# journal REGEX [OPTION...]: the unit's journal has such a line.
journal() {
	machine journalctl --unit dmvpnd --output cat --no-pager "${@:2}" | grep -E "$1"
}

# hub_up ADDRESS: on the machine that has systemd.
hub_up() {
	[[ $(machine dmvpnctl show dmvpn 2>/dev/null) =~ \ ${1//./\\.}\ +UP\  ]]
}

# install_conf FILE [SED-EXPRESSION]...: becomes the machine's configuration.
install_conf() {
	configure machine "$@"
	(umask 077 && cp "$LAB/machine.conf" "$CONF/dmvpnd.conf")
}

topology
pki_init
for name in Hub SiteA SiteB; do
	certificate $name
	certificate_conf $name
done
edit_conf SiteA "$(nhrp_keys 'shortcut = true')"
edit_conf SiteB "$(nhrp_keys 'shortcut = true')"

step "A machine with systemd"
boot
expect "it starts" eventually 20 has_booted
expect "the unit is sound" machine systemd-analyze verify --man=no dmvpnd.service
expect "it is tight enough (3.0 of 10)" machine systemd-analyze security --no-pager --threshold=30 dmvpnd.service
cp "$LAB/lab/ca.pem" "$LAB/lab/crl.pem" "$LAB/Hub/own.pem" "$LAB/Hub/own.key" "$CONF"
chmod 600 "$CONF/own.key"
hook=$CONF/hook
cat >"$hook" <<'END'
#!/bin/sh
exec >>/var/lib/dmvpnd/hook.log 2>&1
echo "$1 $NHRP_DESTADDR"
[ "$1" = interface-up ] || exit 0
for path in /etc /usr/local/sbin /var/lib /var/lib/dmvpnd /var/log /run/dmvpnd /tmp; do
	touch "$path/hook.was.here" 2>/dev/null && echo "may $path" || echo "may not $path"
done
for path in kernel/core_pattern kernel/modprobe net/ipv4/ip_forward; do
	(: >>"/proc/sys/$path") 2>/dev/null && echo "may $path" || echo "may not $path"
done
rm -f /run/dmvpnd/hook.was.here
ip route add 10.99.0.0/24 dev Tunnel0 && ip route del 10.99.0.0/24 && echo "may route"
logger -t hook "said $1"
systemctl start --no-block wish.service
END
chmod 755 "$hook"
printf '[Service]\nType=oneshot\nExecStart=touch /var/lib/wish\n' >"$ROOT/etc/systemd/system/wish.service"
install_conf "$LAB/Hub.conf" "s|$LAB/[A-Za-z]*/|/etc/dmvpnd/|" "s|^hostname.*|&\nhook = /etc/dmvpnd/hook|"

step "Start"
expect "it is enabled and started" machine systemctl enable --now dmvpnd
expect "when systemctl comes back it answers" machine dmvpnctl show version
expect "it is active" is_active
expect "the journal knows warnings by their severity" journal '^warning: .*3DES is weak' --priority warning
refute "and what is none" journal 'runs as instance' --priority warning
start_site_a
start_site_b
wait_up SiteA 172.16.0.1
wait_up SiteB 172.16.0.1
expect "the hub has both, by their certificates" eventually 5 hub_up 172.16.0.3
expect "the journal has the negotiations" journal 'PHASE 2 COMPLETED'
answer "Hub# systemctl status dmvpnd" "$(machine systemctl status --no-pager dmvpnd 2>&1 | head -n 12)"

step "The hook"
# What is over at once the journal knows by its tag, not by its unit.
hook_said() {
	[[ $(machine journalctl --identifier hook --output cat --no-pager) == *'said interface-up'* ]]
}
did() {
	grep -qxE "$1" "$ROOT/var/lib/dmvpnd/hook.log"
}
expect "it was told of the registration" eventually 5 did 'peer-register 172.16.0.2'
for what in /var/lib/dmvpnd /var/log /run/dmvpnd /tmp net/ipv4/ip_forward route; do
	expect "it may: $what" did "may $what"
done
for what in /etc /usr/local/sbin /var/lib kernel/core_pattern kernel/modprobe; do
	expect "it may not: $what" did "may not $what"
done
expect "/tmp is its own" test ! -e "$ROOT/tmp/hook.was.here"
expect "what it says is in the journal" eventually 5 hook_said
expect "what it may not do, a service does for it" eventually 5 test -e "$ROOT/var/lib/wish"

step "Reload"
install_conf "$CONF/dmvpnd.conf" "$(nhrp_keys 'redirect = true')" "s|^hostname.*|&\nlog = /var/log/dmvpnd.log|"
expect "systemctl reload takes a new file" machine systemctl reload dmvpnd
expect "the journal says what has changed" eventually 5 journal '^tunnel Tunnel0: changed'
expect "from now on it logs to a file" grep -q 'reload' "$ROOT/var/log/dmvpnd.log"
ip -n Hub route replace 172.16.2.1/32 via 172.16.0.2
ip -n Hub route replace 172.16.3.1/32 via 172.16.0.3
ip -n SiteA route replace 172.16.3.1/32 via 172.16.0.1
ip -n SiteB route replace 172.16.2.1/32 via 172.16.0.1
redirects() {
	[[ $(machine dmvpnctl show ip nhrp redirect) == *172.16.3.1* ]]
}
expect "nothing is lost" pings SiteA 172.16.3.1 5 -I 172.16.2.1
wait_up SiteA 172.16.0.3
expect "the hub redirects, under the unit's limits" redirects
install_conf "$CONF/dmvpnd.conf" 's/^log = .*/&\nnonsense = 1/'
refute "one with errors is refused" machine systemctl reload dmvpnd
expect "the journal says why" eventually 5 journal 'dmvpnd.conf:[0-9]+: .*nonsense'
expect "it goes on" is_active

step "Crash"
install_conf "$CONF/dmvpnd.conf" '/^nonsense/d; s/^log = .*/log = stderr/'
pid=$(property MainPID)
machine kill -KILL "$pid"
expect "it is started again" eventually 5 restarted "$pid"
expect "a tunnel does not notice" pings SiteA 172.16.0.1
expect "nor does it wait for the old one to end" eventually 10 hub_up 172.16.0.2

step "Stop"
ip -n Hub route delete 172.16.2.1/32
ip -n Hub route delete 172.16.3.1/32
expect "it stops" machine systemctl stop dmvpnd
expect "by itself" test "$(property Result)" = success
expect "nothing is left in the kernel" as_remembered Hub
expect "nothing is left in /run" test -z "$(machine ls /run/dmvpnd)"
expect "the others stop" stop SiteA SiteB
chapter spoke

step "Why it does not start"
install_conf "$CONF/dmvpnd.conf" 's/^([[:space:]]*)source = eth0/&\n\1mtu = 4/'
status_says() {
	[[ $(machine systemctl status --no-pager --full dmvpnd 2>&1 || true) == *"$1"* ]]
}
refute "systemctl says that it does not" machine systemctl start dmvpnd
expect "the status has the reason" eventually 5 status_says 'mtu: expected'
expect "it is not tried again and again" test "$(property ActiveState) $(property NRestarts)" = "failed 0"
install_conf "$CONF/dmvpnd.conf" '/mtu = 4/d' 's|^log = .*|log = /var/log/dmvpnd.log|'
ip -n Hub link add Tunnel0 type bridge
refute "nor does it where something is in its way" machine systemctl start dmvpnd
expect "the journal has the reason, though it logs to a file" eventually 5 journal '^error: .*Tunnel0' --priority err
machine systemctl stop dmvpnd
ip -n Hub link delete Tunnel0
install_conf "$CONF/dmvpnd.conf" 's|^log = .*|log = /srv/dmvpnd.log|'
refute "nor where it may not write its log" machine systemctl start dmvpnd
expect "the journal says where it may" eventually 5 journal 'cannot log to /srv/.* below /var/log'
machine systemctl stop dmvpnd

step "A spoke: the router's text, its hub by name from a name server with IPv6, keys for Wireshark"
configure SiteB "$TOP/conf/hub.conf"
start SiteB
cat >"$LAB/dns" <<'END'
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::1", 53))
while True:
    q, peer = s.recvfrom(512)
    end = q.index(b"\0", 12) + 5
    a = q[end - 4:end] == b"\0\1\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton(sys.argv[1]) if a else b""
    s.sendto(q[:2] + b"\x81\x80\0\1\0" + bytes([a]) + b"\0\0\0\0" + q[12:end] + answer, peer)
END
on Hub python3 "$LAB/dns" "$SITE_B" &
echo 'nameserver ::1' >"$ROOT/etc/resolv.conf"
sed -E '/ip nhrp map /d; s/ip nhrp nhs 172.16.0.1/& nbma hub.lab multicast/' "$TOP/conf/sitea.ios" >"$CONF/router.ios"
chmod 600 "$CONF/router.ios"
mkdir "$ROOT/etc/default"
echo 'OPTIONS="-c /etc/dmvpnd/router.ios -m FastEthernet0/0=eth0 --keylog /var/lib/dmvpnd/keys"' >"$ROOT/etc/default/dmvpnd"
mkdir "$ROOT/etc/systemd/system/dmvpnd.service.d"
printf '[Service]\nWatchdogSec=2\n' >"$ROOT/etc/systemd/system/dmvpnd.service.d/watchdog.conf"
machine systemctl daemon-reload
expect "it is started" machine systemctl start dmvpnd
expect "it finds its hub and registers" eventually 15 hub_up 172.16.0.1
expect "there are keys, for root alone" test "$(stat -c %a "$ROOT/var/lib/dmvpnd/keys/esp_sa")" = 600
expect "show tech-support has the journal" machine dmvpnctl show tech-support /run/tech.tar.gz
machine tar -xzOf /run/tech.tar.gz --wildcards '*/log/journal.txt' >"$LAB/journal"
expect "... of the unit" grep -q 'runs as instance' "$LAB/journal"
pause 2
expect "the watchdog hears of it" test "$(property NRestarts)" = 0
pid=$(property MainPID)
machine kill -STOP "$pid"
expect "one that hangs is started again" eventually 6 restarted "$pid"

expect "it stops" machine systemctl stop dmvpnd
expect "nothing is left in the kernel" as_remembered Hub
machine journalctl --no-pager --output short-precise >"$OUT/journal.txt"
kill -KILL "$init"
finish
