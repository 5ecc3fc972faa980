#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the strongswan-*.json files again: in the lab kernel, two strongSwan daemons negotiate IKEv1
# with each other; the packets come from a capture, the secrets from the daemons' logs.
#
#   record.sh            records all, in this folder

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
top=$(cd "$here/../.." && pwd -P)

# Runs in the lab kernel.
exchange() {
	OUT=$1
	# shellcheck source=../../scripts/lab/frame.sh
	. "$top/scripts/lab/frame.sh"
	# shellcheck source=../../scripts/lab/strongswan.sh
	. "$top/scripts/lab/strongswan.sh"

	node Initiator Responder
	link Initiator eth0 Responder eth0
	address Initiator eth0 192.0.2.1/24
	address Responder eth0 192.0.2.2/24
	wire
	capture Responder ike udp port 500
	strongswan_start Responder 192.0.2.2 192.0.2.1 ISAKMP-KEY "$2" "$3" 4
	strongswan_start Initiator 192.0.2.1 192.0.2.2 ISAKMP-KEY "$2" "$3" 4
	strongswan_initiate Initiator
	swanctl_on Initiator --terminate --ike peer
	sleep 0.5
	capture_stop ike
}

record() {
	local file=$1 ike=$2 esp=$3 out

	out=$(mktemp -d)
	"$top/scripts/labkernel/run" --write "$out" bash "$here/record.sh" --exchange "$out" "$ike" "$esp"
	python3 "$here/from_charon.py" "$out" "$ike" "$esp" >"$here/$file"
	rm -r "$out"
	echo "recorded $file"
}

if [[ ${1-} == --exchange ]]; then
	exchange "${@:2}"
else
	record strongswan-3des-sha1-modp1024.json 3des-sha1-modp1024 3des-sha1-modp1024
	record strongswan-aes128-sha256-modp2048.json aes128-sha256-modp2048 aes128-sha256-modp2048
	record strongswan-aes256-sha384-ecp384.json aes256-sha384-ecp384 aes256gcm16
fi
