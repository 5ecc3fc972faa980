#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# --keylog: with the folder that dmvpnd writes as its profile, tshark reads what the Internet router saw,
# down to main mode's identities, quick mode's payloads, the NHRP packets and the pings; without it, nothing.
# With LONG=1 also with other suites, over a renewal of the SAs, and through a NAT.

# shellcheck source=../../scripts/lab/test.sh
. "$(dirname "$0")/../../scripts/lab/test.sh"

KEYS=$OUT/keys
PINGS=7

AES=('s/encryption = 3des/encryption = aes-128\n\thash = sha256/; s/group = 2 /group = 14 /; s/pfs = group2/pfs = group14/'
	's/esp-3des/esp-aes-256/; s/esp-sha-hmac/esp-sha256-hmac/')
GCM=('s/encryption = 3des/encryption = aes-256\n\thash = sha384/; s/group = 2 /group = 19 /; s/pfs = group2/pfs = group19/'
	's/esp-3des/esp-gcm/; /authentication = esp-sha-hmac/d')

## What tshark reads

# decode PROFILE: the capture of this chapter, read with a Wireshark profile; one line a packet, in
# $OUT/CHAPTER.packets. Fields of one kind are those of all headers, from the outermost to the innermost.
decode() {
	local field fields=()

	for field in ip.src ip.dst isakmp.exchangetype isakmp.flag_e isakmp.typepayload isakmp.id.data.ipv4_addr \
		isakmp.id.protoid esp.spi esp.icv_good esp.protocol gre.key nhrp.hdr.op.type icmp.type \
		_ws.malformed; do
		fields+=(-e $field)
	done
	# Who stops last is told in the clear that nobody listens any more, with a piece of its message.
	WIRESHARK_CONFIG_DIR=$1 tshark -n -r "$OUT/$chapter.pcap" -Y 'not icmp.type == 3' "${@:2}" -T fields -E 'separator=|' \
		"${fields[@]}" >"$OUT/$chapter.packets" 2>"$OUT/$chapter.tshark" || die "tshark: $(<"$OUT/$chapter.tshark")"
}

# packets CONDITION: how many of them there are, of awk's $name.
packets() {
	awk -F'|' -v src=1 -v dst=2 -v exchange=3 -v encrypted=4 -v payloads=5 -v id=6 -v id_protocol=7 -v spi=8 \
		-v icv=9 -v protocol=10 -v key=11 -v nhrp=12 -v icmp=13 -v malformed=14 -v a="$SITE_A" -v b="$SITE_B" \
		-v hub="$HUB" "$1 { n++ } END { print n + 0 }" "$OUT/$chapter.packets"
}

# reads COUNT WHAT CONDITION: so many of them, or with "COUNT+" so many at least.
reads() {
	local n

	n=$(packets "$3")
	if [[ $1 == *+ ]]; then
		expect "$n times $2" test "$n" -ge "${1%+}"
	else
		expect "$n times $2" test "$n" = "$1"
	fi
}

# What every chapter's capture tells of SiteA and the hub: both phases, the registration, the pings.
reads_all() {
	local message_5='$exchange == 2 && $encrypted == 1 && $src == a && $dst == hub' message_6='$exchange == 2 && $encrypted == 1 && $src == hub'

	reads "$1" "message 5, with ID and HASH, and SiteA's address for its identity" \
		"$message_5 && \$payloads ~ /^5,8(,|$)/ && \$id == a"
	reads "$1" "message 6, the same of the hub" "$message_6 && \$payloads ~ /^5,8(,|$)/ && \$id == hub"
	reads 0 "a main mode that stayed closed" '$exchange == 2 && $encrypted == 1 && $payloads == ""'
	reads "$1+" "quick mode's first message: HASH, SA, NONCE, KE, and the identities with GRE" \
		'$exchange == 32 && $payloads ~ /^8,1,2,3,10,4,5,5/ && $id_protocol == "47,47"'
	reads "$1+" "its third, a HASH" '$exchange == 32 && $payloads == "8"'
	reads 0 "a quick mode or an informational exchange that stayed closed" \
		'($exchange == 32 || $exchange == 5) && $encrypted == 1 && $payloads == ""'
	reads 0 "a packet of ESP whose ICV is wrong or unknown, or whose content is not GRE" \
		'$spi != "" && ($icv != "True" && $icv != "1" || $protocol != "0x2f" || $key != "0x00000001")'
	reads "$1+" "a registration, inside GRE inside ESP" '$src ~ "^" a && $nhrp == 3'
	reads "$1+" "its reply" '$src ~ "^" hub && $nhrp == 4'
	reads "$PINGS" "a ping of SiteA's to the hub's network" \
		'$src == a ",172.16.0.2" && $dst == hub ",172.16.1.1" && $icmp == 8'
	reads "$PINGS" "its answer" '$src == hub ",172.16.1.1" && $dst == a ",172.16.0.2" && $icmp == 0'
	reads 0 "anything malformed" '$malformed != ""'
}

# The same capture without the keys.
reads_nothing() {
	note "without the keys"
	mkdir -p "$LAB/empty"
	decode "$LAB/empty" -o esp.enable_encryption_decode:TRUE
	reads 0 "an encrypted message of IKE that opens" '$encrypted == 1 && $payloads ~ /5|8|10/'
	reads 0 "GRE, NHRP or a ping" '$key $nhrp $icmp != ""'
	reads "$(((PINGS + 2) * 2))+" "ESP" '$spi != ""'
}

## Keys

# lines FILE: how many it has.
lines() {
	wc -l <"$KEYS/$chapter/$1"
}

# Nobody but root.
modes() {
	[[ $(cd "$KEYS/$chapter" && stat -c '%n %a %U' . * | sort) == '. 700 root
esp_sa 600 root
ikev1_decryption_table 600 root
preferences 600 root' ]]
}

# betrays NODE PEER: a key is in its log, in what it recorded, or in its control socket's answers.
betrays() {
	local REPLY

	log_of "$1"
	{
		cat "$REPLY"
		ctl "$1" show log peer "$2"
		ctl "$1" show crypto isakmp sa detail
		ctl "$1" show crypto ipsec sa
	} >"$LAB/told" 2>&1
	grep -hoE '(0x|,)[0-9a-f]{16,}' "$KEYS/$chapter"/{esp_sa,ikev1_decryption_table} | sed 's/^0x//; s/^,//' >"$LAB/secrets"
	[[ -s $LAB/secrets ]] || die "no key was written"
	tr -d ' :' <"$LAB/told" | grep -qiF -f "$LAB/secrets"
}

# tcpdump takes packets from the kernel once in a second, and none any more when it is told to end.
captured_all() {
	pause 1.2
	expect "the capture is complete" capture_stop "$chapter"
}

more_lines() {
	(($(lines esp_sa) > $1))
}

ping_hub() {
	pings SiteA 172.16.1.1 $PINGS
}

# suite NAME [SED-EXPRESSION]...: from start to stop, SiteA with its keylog.
suite() {
	local node

	chapter "$1"
	step "$1"
	mkdir -p "$KEYS"
	capture Internet "$1" -i sitea ip
	for node in Hub SiteA SiteB; do
		article_conf $node "${@:2}"
	done
	start_hub
	start SiteA --keylog "$KEYS/$1" --log-level debugging
	eventually 5 has_link SiteA Tunnel0 || die "SiteA: dmvpnd made no Tunnel0, see $OUT"
	ip -n SiteA -b - <<<$'route replace 172.16.1.1/32 via 172.16.0.1 dev Tunnel0\nroute replace 172.16.3.1/32 via 172.16.0.3 dev Tunnel0'
	wait_up SiteA 172.16.0.1
	expect "the folder and its files are root's alone" modes
	expect "the log warns" log_has SiteA 'warning: --keylog: keys are written to'
	expect "SiteA's pings reach the hub's network" ping_hub
}

# suite_ends NODE...: these stop; what was captured is read with SiteA's keys.
suite_ends() {
	refute "any key is in what the daemon says" betrays SiteA $HUB
	expect "all stop by themselves" stop "$@"
	captured_all
	note "$(lines ikev1_decryption_table) ISAKMP SAs, $(lines esp_sa) IPsec SAs"
	decode "$KEYS/$chapter"
}

rm -rf "$KEYS"
topology

suite article
start_site_b
wait_up SiteB 172.16.0.1
expect "pings reach the other spoke" pings SiteA 172.16.3.1 $PINGS
expect "directly" eventually 5 sas_carried SiteA $SITE_A $SITE_B 1
suite_ends SiteA SiteB Hub
reads_all 1
reads 1+ "a resolution request to the hub" '$src ~ "^" a && $dst ~ "^" hub && $nhrp == 1'
reads 1+ "an NHRP packet between the spokes" '$src ~ "^" a && $dst ~ "^" b && $nhrp != ""'
reads 1+ "a ping on the direct way" '$src == a ",172.16.0.2" && $dst == b ",172.16.3.1" && $icmp == 8'
expect "two IPsec SAs for each pair" test "$(lines esp_sa)" -ge 4
reads_nothing

step "Refused"
chapter refused
mkdir "$KEYS/open"
chmod 777 "$KEYS/open"
refused() {
	! on SiteB timeout 10 "$DMVPND" --config "$LAB/SiteB.conf" --keylog "$KEYS/open" --instance refused >"$OUT/refused" 2>&1
}
expect "a folder that others may write into is refused" refused
expect "with a reason" grep -q "error: --keylog $KEYS/open: others may write into this folder (mode 0777): chmod go-w" "$OUT/refused"
expect "nothing is in it" test -z "$(ls "$KEYS/open")"

if [[ -z ${LONG-} ]]; then
	note "make check-long has the other suites, renewals and a NAT, which take minutes"
	finish
fi

suite AES-CBC "${AES[@]}"
expect "show version says so" grep -q "^WARNING: keys are written to \"$KEYS/AES-CBC\"" <(ctl SiteA show version)
refute "the hub's does, whose keys are nowhere" grep -q WARNING <(ctl Hub show version)
ctl SiteA clear crypto sa peer $HUB >/dev/null
eventually 5 not peer_up SiteA 172.16.0.1 || true
wait_up SiteA 172.16.0.1
suite_ends SiteA Hub
reads_all 2
expect "the second ISAKMP SA has its line" test "$(lines ikev1_decryption_table)" = 2

# A renewal when 85 % of 2560 kilobytes are used up, and whoever starts again finds the file and goes on.
suite AES-GCM "${GCM[@]}" 's/^(.*)pfs = group.*/&\n\1lifetime-kilobytes = 2560/'
on SiteA ping -f -q -c 900 -s 1200 -W 2 172.16.1.1 >/dev/null || true
before=$(lines esp_sa)
on SiteA ping -f -q -c 1100 -s 1200 -W 2 172.16.1.1 >/dev/null || true
expect "the SAs are renewed, and each new one has a line" eventually 5 more_lines "$before"
suite_ends SiteA Hub
PINGS=$((PINGS + 2000)) reads_all 1
chapter AES-GCM
start SiteA --keylog "$KEYS/AES-GCM"
eventually 5 has_link SiteA Tunnel0 || die "SiteA: dmvpnd made no Tunnel0, see $OUT"
expect "a later start keeps the lines" test "$(lines ikev1_decryption_table)" -ge 1
expect "SiteA stops" stop SiteA

step "NAT"
chapter NAT
on Internet iptables-legacy -t nat -A POSTROUTING -o hub -s $SITE_A -j SNAT --to-source 10.0.1.1
capture Internet NAT -i sitea ip
article_conf Hub
article_conf SiteA
start Hub --keylog "$KEYS/NAT"
start SiteA
wait_up SiteA 172.16.0.1
ip -n SiteA route replace 172.16.1.1/32 via 172.16.0.1 dev Tunnel0
expect "SiteA's pings reach the hub's network" ping_hub
expect "all stop by themselves" stop SiteA Hub
captured_all
note "with the keys of the hub, which knows other addresses than this side of the NAT"
decode "$KEYS/NAT"
reads_all 1
finish
