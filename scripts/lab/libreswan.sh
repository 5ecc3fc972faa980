# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# libreswan (pluto, whack) as a peer on a node of the frame: IKEv1, pre-shared key, ESP transport for
# GRE between two addresses. Debian's package cannot be installed beside strongSwan's: it is unpacked
# in $LIBRESWAN, see scripts/deps.sh. What pluto logs goes to $OUT/NODE.pluto.log.

LIBRESWAN=${LIBRESWAN:-$BUILD/libreswan}
declare -A pluto=()

# libreswan_start NODE LOCAL REMOTE KEY IKE-PROPOSAL ESP-PROPOSAL [SETTING]...
libreswan_start() {
	local name=$1 folder=$LAB/$1/libreswan setting ENTER

	mkdir -p "$folder/nss"
	printf '%s %s : PSK "%s"\n' "$2" "$3" "$4" >"$folder/secrets"
	{
		libreswan_configuration "$folder" "${@:2}"
		for setting in "${@:7}"; do
			printf '\t%s\n' "$setting"
		done
	} >"$folder/conf"
	[[ -e $folder/nss/cert9.db ]] || certutil -N -d "sql:$folder/nss" --empty-password
	# pluto looks for its helpers there.
	on "$name" sh -c "mountpoint -q /usr/libexec || mount --bind '$LIBRESWAN/usr/libexec' /usr/libexec"
	in_node "$name"
	"${ENTER[@]}" "$LIBRESWAN/usr/libexec/ipsec/pluto" --nofork --config "$folder/conf" --rundir "$folder" \
		--nssdir "$folder/nss" --secretsfile "$folder/secrets" --ipsecdir "$folder" \
		--logfile "$OUT/$name.pluto.log" >"$folder/output" 2>&1 &
	pluto[$name]=$!
	eventually 10 test -S "$folder/pluto.ctl" || die "libreswan on $name: $(<"$folder/output")"
	"${ENTER[@]}" "$LIBRESWAN/usr/libexec/ipsec/addconn" --config "$folder/conf" --ctlsocket "$folder/pluto.ctl" \
		peer >>"$folder/output" 2>&1 || die "libreswan on $name: $(<"$folder/output")"
	whack "$name" --listen >>"$folder/output"
}

libreswan_configuration() {
	cat <<-END
		version 2.0
		config setup
		    ikev1-policy=accept
		conn peer
		    ikev2=no
		    type=transport
		    authby=secret
		    left=$2
		    right=$3
		    leftprotoport=gre
		    rightprotoport=gre
		    leftupdown=/bin/true
		    ike=$5
		    phase2alg=$6
	END
}

# whack NODE OPTION...
whack() {
	"$LIBRESWAN/usr/libexec/ipsec/whack" --rundir "$LAB/$1/libreswan" "${@:2}"
}

libreswan_stop() {
	whack "$1" --shutdown >>"$LAB/$1/libreswan/output"
	wait "${pluto[$1]}" || true
	unset "pluto[$1]"
}

# libreswan_initiate NODE: true when both phases are done.
libreswan_initiate() {
	timeout 20 "$LIBRESWAN/usr/libexec/ipsec/whack" --rundir "$LAB/$1/libreswan" --initiate --name peer
}

# libreswan_kill NODE: as in a crash and a reboot, nothing is left in its kernel.
libreswan_kill() {
	kill -KILL "${pluto[$1]}"
	wait "${pluto[$1]}" 2>/dev/null || true
	unset "pluto[$1]"
	rm -f "$LAB/$1/libreswan"/pluto.{ctl,pid}
	ip -n "$1" xfrm state flush
	ip -n "$1" xfrm policy flush
}
