#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What leaves the machine when somebody asks for help: the archive of show tech-support has what is
# needed, and neither a key of the configuration nor one of an SA, in any form. And show running-config
# is what runs: with its secrets back, a daemon that is started with it comes up.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

topology
PSK=zU9-Phase1-kQ3 WORD=wX7-nhrp
own_secrets="s/ISAKMP-KEY/$PSK/; s/NHRP-KEY/$WORD/"
article_ios SiteA
article_ios SiteB
article_conf Hub "1i log = $LAB/hub.log"
for name in Hub SiteA SiteB; do
	edit_conf "$name" "$own_secrets"
done
bring_up
for name in Hub SiteA; do
	ctl "$name" debug crypto isakmp 255 >/dev/null
	ctl "$name" debug nhrp >/dev/null
	ctl "$name" debug nhrp extension >/dev/null
done
ping_ios SiteA 172.16.3.1
wait_up SiteA 172.16.0.3
# New keys, while all is traced.
ctl SiteA clear crypto sa peer $HUB
wait_up SiteA 172.16.0.1

# keys_of NODE: of its SAs, as hexadecimal digits, into $LAB/keys.
keys_of() {
	ip -n "$1" xfrm state list proto esp | grep -oE '0x[0-9a-f]{32,}' | cut -c3- >>"$LAB/keys"
}

# unpacked NAME: where the archive of that name is unpacked.
unpacked() {
	mkdir -p "$LAB/$1.d"
	tar -C "$LAB/$1.d" --strip-components=1 -xzf "$LAB/$1.tar.gz"
}

# holds NAME FILE REGEX: so does the archive.
holds() {
	grep -qE "$3" "$LAB/$1.d/$2"
}

# without_keys FOLDER-OR-FILE: none is in it, as text, as digits or as octets.
without_keys() {
	local key

	{
		for key in "$PSK" "$WORD"; do
			echo "$key"
			printf '%s' "$key" | od -An -tx1 -v | tr -d ' \n'
			echo
			printf '%s' "$key" | base64
		done
		cat "$LAB/keys"
	} >"$LAB/secrets"
	not grep -rniaFf "$LAB/secrets" "$1"
}

: >"$LAB/keys"
keys_of Hub
keys_of SiteA
expect "SAs have keys" test "$(sort -u "$LAB/keys" | wc -l)" -ge 8
expect "the search finds a key where there is one" not without_keys "$LAB/keys"
# collects NODE FILE: its archive; what it says is in $LAB/told.
collects() {
	ctl "$1" show tech-support "$2" >"$LAB/told" 2>&1
}

# told REGEX: it said so.
told() {
	grep -E "$1" "$LAB/told" || {
		cat "$LAB/told"
		false
	}
}

expect "the hub writes its archive" collects Hub "$LAB/hub.tar.gz"
expect "it says where, and how large it is" \
	told "^Written: $LAB/hub.tar.gz \\($(stat -c %s "$LAB/hub.tar.gz") bytes"
expect "only its owner can read it" test "$(stat -c %a "$LAB/hub.tar.gz")" = 600
expect "an archive that is there already stays" not ctl Hub show tech-support "$LAB/hub.tar.gz"
expect "nothing of what was collected is left" test -z "$(compgen -G '/tmp/dmvpnctl.*')"
expect "the hub's archive can be unpacked" unpacked hub
mkdir -p "$LAB/SiteA"
expect "a spoke's, too, into a folder" ctl SiteA --json show tech-support "$LAB/SiteA"
mv "$LAB"/SiteA/tech-support-SiteA-SiteA-*.tar.gz "$LAB/site.tar.gz"
expect "the spoke's archive can be unpacked" unpacked site
keys_of Hub
keys_of SiteA
expect "no key is in the hub's archive" without_keys "$LAB/hub.d"
expect "no key is in the spoke's archive" without_keys "$LAB/site.d"

expect "it has the shows" holds hub show/show-dmvpn.txt '172.16.0.3 +UP'
expect "also as JSON" holds hub json/show-dmvpn.json '"nbma": "10.0.0.6"'
expect "the configuration" holds hub show/show-running-config.txt 'key = "\*{8}"'
expect "the configuration as IOS has it" holds site show/show-running-config-ios.txt \
	'^crypto isakmp key \*{8} address 0.0.0.0 0.0.0.0$'
expect "what was recorded of each peer" holds hub log/10.0.0.4.txt 'PHASE 1 COMPLETED'
expect "the log" holds hub log/dmvpnd.txt 'IKE_DECODE RECEIVED'
expect "the SAs of the daemon's namespace" holds hub system/ip-xfrm-state.txt \
	"dst $SITE_A"
expect "its links" holds hub system/ip-link.txt 'Tunnel0'
expect "its neighbours" holds hub system/ip-neigh.txt '^172.16.0.2 dev Tunnel0'
expect "its XFRM counters" holds hub system/xfrm_stat.txt XfrmInError
expect "the kernel's version" holds hub system/uname.txt Linux
expect "its algorithms" holds hub system/algorithms.txt 'hmac\(sha1\)'

# again_with NODE SHOW...: what it shows, with the secrets put back, becomes its configuration.
again_with() {
	ctl "$@" | sed "/authentication/s/\\*\\{8\\}/$WORD/; s/\\*\\{8\\}/$PSK/" >"$LAB/filled"
	stop "$1"
	configure "$1" "$LAB/filled"
	start_with_routes "$1"
	wait_up "$1" 172.16.0.1
}

# printed NODE: what it runs, as IOS prints it.
printed() {
	ctl "$1" show running-config ios
}

again_with SiteA show running-config
expect "in our own syntax it is what ran" \
	diff <(printed SiteA) "$LAB/site.d/show/show-running-config-ios.txt"
again_with SiteA show running-config ios
expect "as IOS prints it, too" \
	diff <(printed SiteA) "$LAB/site.d/show/show-running-config-ios.txt"

stop SiteB
expect "without a daemon there is an archive, too" collects SiteB "$LAB/none.tar.gz"
expect "it says what is not in it" told '^Not in it: what the daemon knows'
expect "it can be unpacked" unpacked none
expect "the archive says so, too" holds none about.txt '^Not in it: what the daemon knows'
expect "it has the machine" holds none system/uname.txt Linux

cp -r "$LAB/hub.d" "$LAB/site.d" "$OUT/"
finish
