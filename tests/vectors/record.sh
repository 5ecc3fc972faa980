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

# A charon that keeps its files in /run/NAME and logs its secrets to OUT/NAME.log.
write_configuration() {
	local out=$1 name=$2 local=$3 remote=$4 ike=$5 esp=$6

	mkdir -p "/run/$name"
	cat >"/run/$name/strongswan.conf" <<-END
		charon-systemd {
			load_modular = yes
			plugins {
				include /etc/strongswan.d/charon/*.conf
				vici {
					socket = unix:///run/$name/vici
				}
			}
			filelog {
				log {
					path = $out/$name.log
					default = 1
					ike = 4
					chd = 4
					flush_line = yes
				}
			}
			journal {
				default = -1
			}
		}
	END
	cat >"/run/$name/swanctl.conf" <<-END
		connections {
			peer {
				version = 1
				local_addrs = $local
				remote_addrs = $remote
				proposals = $ike
				local {
					auth = psk
					id = $local
				}
				remote {
					auth = psk
					id = $remote
				}
				children {
					gre {
						mode = transport
						local_ts = dynamic[gre]
						remote_ts = dynamic[gre]
						esp_proposals = $esp
					}
				}
			}
		}
		secrets {
			ike-peer {
				secret = ISAKMP-KEY
			}
		}
	END
}

wait_for() {
	for _ in {1..100}; do
		[[ ! -e $1 ]] || return 0
		sleep 0.05
	done
	echo "record: $1 did not appear" >&2
	return 1
}

# Runs in the lab kernel.
exchange() {
	local out=$1 ike=$2 esp=$3 name capture

	ip netns add initiator
	ip netns add responder
	ip link add eth0 netns initiator type veth peer name eth0 netns responder
	ip -n initiator addr add 192.0.2.1/24 dev eth0
	ip -n responder addr add 192.0.2.2/24 dev eth0
	write_configuration "$out" initiator 192.0.2.1 192.0.2.2 "$ike" "$esp"
	write_configuration "$out" responder 192.0.2.2 192.0.2.1 "$ike" "$esp"
	for name in initiator responder; do
		ip -n "$name" link set eth0 up
		STRONGSWAN_CONF=/run/$name/strongswan.conf ip netns exec "$name" \
			charon-systemd >/dev/null 2>&1 &
	done
	ip netns exec initiator tcpdump -Z root -i eth0 -U -w "$out/ike.pcap" udp port 500 2>/dev/null &
	capture=$!
	wait_for "$out/ike.pcap"
	for name in responder initiator; do
		wait_for "/run/$name/vici"
		swanctl --load-all --file "/run/$name/swanctl.conf" --uri "unix:///run/$name/vici" >/dev/null 2>&1
	done
	swanctl --initiate --child gre --uri unix:///run/initiator/vici >/dev/null 2>&1
	swanctl --terminate --ike peer --uri unix:///run/initiator/vici >/dev/null 2>&1
	sleep 0.5
	kill "$capture"
	wait "$capture" || true
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
