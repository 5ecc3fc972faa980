# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# strongSwan (charon-systemd, swanctl) as a peer on a node of the frame: IKEv1, pre-shared key or
# certificates, ESP transport for GRE between two addresses. What it logs goes to $OUT/NODE.charon.log.

declare -A charon=()

# plain_gre NODE LOCAL REMOTE TUNNEL-ADDRESS [MTU]: the GRE half of a peer that has no dmvpnd, and so
# nothing that keeps IPv6's own packets from leaving in the clear while strongSwan has no SA.
plain_gre() {
	on "$1" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	ip -n "$1" -b - <<-END
		link add Tunnel0 type gre local $2 remote $3 key 1 ttl 64
		link set Tunnel0 mtu ${5:-1400} up
		address add $4/24 dev Tunnel0
	END
}

# strongswan_start NODE LOCAL REMOTE KEY IKE-PROPOSAL ESP-PROPOSAL [LOG-LEVEL]
# KEY: the pre-shared key; or the folder (with a slash) of the node's own.pem and own.key and of ca.pem.
# STRONGSWAN_REMOTE_ID: the peer's identity, where it is not its address, as behind a NAT.
# STRONGSWAN_PEER, STRONGSWAN_CHILD: more settings of the connection, and of its child.
strongswan_start() {
	local name=$1 folder=$LAB/$1/strongswan ENTER

	mkdir -p "$folder"/{x509,x509ca,private}
	if [[ $4 == */ ]]; then
		cp "$4own.pem" "$folder/x509"
		cp "$4own.key" "$folder/private"
		cp "$4ca.pem" "$folder/x509ca"
	fi
	strongswan_daemon "$name" "$folder" "${7:-1}" >"$folder/strongswan.conf"
	strongswan_connection "${@:2:5}" >"$folder/swanctl.conf"
	in_node "$name"
	STRONGSWAN_CONF=$folder/strongswan.conf "${ENTER[@]}" charon-systemd >"$folder/output" 2>&1 &
	charon[$name]=$!
	eventually 10 swanctl_on "$name" --load-all --file "$folder/swanctl.conf" ||
		die "strongSwan on $name: $(<"$folder/output") $(grep -v ^plugin "$folder/swanctl")"
}

strongswan_daemon() {
	cat <<-END
		charon-systemd {
			load_modular = yes
			plugins {
				include /etc/strongswan.d/charon/*.conf
				vici {
					socket = unix://$2/vici
				}
			}
			filelog {
				log {
					path = $OUT/$1.charon.log
					default = 1
					ike = $3
					chd = $3
					flush_line = yes
				}
			}
			journal {
				default = -1
			}
		}
	END
}

strongswan_connection() {
	local ours="auth = psk; id = $1" theirs="auth = psk; id = ${STRONGSWAN_REMOTE_ID-$2}"

	if [[ $3 == */ ]]; then
		ours='auth = pubkey; certs = own.pem' theirs='auth = pubkey'
	fi
	cat <<-END
		connections {
			peer {
				version = 1
				local_addrs = $1
				remote_addrs = $2
				proposals = $4
				${STRONGSWAN_PEER-}
				local {
					${ours/; /$'\n'}
				}
				remote {
					${theirs/; /$'\n'}
				}
				children {
					gre {
						mode = transport
						local_ts = dynamic[gre]
						remote_ts = dynamic[gre]
						esp_proposals = $5
						${STRONGSWAN_CHILD-}
					}
				}
			}
		}
		secrets {
			ike-peer {
				secret = $3
			}
		}
	END
}

# swanctl_on NODE ARGUMENT...: its output, in $LAB/NODE/strongswan/swanctl, matters only when it fails.
swanctl_on() {
	local folder=$LAB/$1/strongswan

	shift
	SWANCTL_DIR=$folder STRONGSWAN_CONF=$folder/strongswan.conf swanctl "$@" --uri "unix://$folder/vici" \
		>"$folder/swanctl" 2>&1
}

# strongswan_initiate NODE: true when both phases are done.
strongswan_initiate() {
	swanctl_on "$1" --initiate --child gre --timeout 20
}

# strongswan_established NODE: it has a child SA.
strongswan_established() {
	swanctl_on "$1" --list-sas && grep -q 'INSTALLED' "$LAB/$1/strongswan/swanctl"
}

# strongswan_has NODE EXTENDED-REGEX: a line of its list of SAs.
strongswan_has() {
	swanctl_on "$1" --list-sas && grep -qE "$2" "$LAB/$1/strongswan/swanctl"
}

strongswan_stop() {
	kill -TERM "${charon[$1]}"
	wait "${charon[$1]}" || true
	unset "charon[$1]"
}

# strongswan_kill NODE: as in a crash and a reboot, nothing is left in its kernel.
strongswan_kill() {
	kill -KILL "${charon[$1]}"
	wait "${charon[$1]}" 2>/dev/null || true
	unset "charon[$1]"
	ip -n "$1" xfrm state flush
	ip -n "$1" xfrm policy flush
}
