#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Installs what is missing, by Debian package name.
#
#   deps.sh build    what `make` needs
#   deps.sh lab      ... and what `make lab` needs
#   deps.sh check    ... and what `make check` needs
#   deps.sh aside PACKAGE FOLDER   unpacks one there that cannot be installed beside the others
#   deps.sh list     prints every package with what it is for
#
# Does nothing, and asks no package server, when all is there. On other distributions than Debian and
# its children it prints the list and fails if a package's sign (a file or command) is missing.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
export PATH=$PATH:/usr/sbin:/sbin

# group | package | what for | its sign: a command, or a header
packages() {
	cat <<-'END'
		build | gcc                | C compiler                                   | gcc
		build | libc6-dev          | C library headers                            | stdlib.h
		build | make               | make                                         | make
		build | pkg-config         | finds the libraries                          | pkg-config
		build | libmnl-dev         | netlink messages (libmnl)                    | libmnl/libmnl.h
		build | libnl-3-dev        | rtnetlink sockets and messages (libnl 3)     | libnl3/netlink/netlink.h
		build | libnl-route-3-dev  | rules, links, addresses (libnl 3)            | libnl3/netlink/route/rule.h
		build | libssl-dev         | cryptography (OpenSSL 3)                     | openssl/evp.h
		build | libconfuse-dev     | configuration files (libConfuse)             | confuse.h
		build | libevent-dev       | event loop (libevent)                        | event2/event.h
		build | libjansson-dev     | JSON (Jansson)                               | jansson.h
		build | libedit-dev        | the prompt of dmvpnctl (libedit)             | histedit.h
		build | libcap-ng-dev      | dropping capabilities (libcap-ng)            | cap-ng.h
		build | uthash-dev         | hash tables (uthash)                         | uthash.h
		lab   | iproute2           | namespaces, links, xfrm                      | ip
		lab   | iputils-ping       | ping                                         | ping
		lab   | tcpdump            | captures                                     | tcpdump
		lab   | kmod               | kernel modules                               | modprobe
		lab   | procps             | sysctl                                       | sysctl
		lab   | openssl            | certificates of scenarios                    | openssl
		lab   | iptables           | NAT and blocked ports in scenarios           | iptables
		lab   | frr                | routing protocols over the tunnels; nhrpd    | vtysh
		lab   | python3            | transfers; packets that no tool sends        | python3
		lab   | python3-jinja2     | the report: its template (Jinja)             |
		lab   | jq                 | what explain says, in the faults' scenarios  | jq
		lab   | libfaketime        | a machine whose clock is off                 |
		lab   | user-mode-linux    | lab kernel, where the host's has no ESP, GRE | linux.uml
		check | clang              | second compiler, fuzzing                     | clang
		check | libclang-rt-dev    | sanitizers of clang                          |
		check | libcriterion-dev   | unit tests (Criterion)                       | criterion/criterion.h
		check | mandoc             | the manual pages are sound                   | mandoc
		check | perl               | prove, the runner of the TAP tests           | prove
		check | charon-systemd     | strongSwan, the peer of the interop tests    |
		check | strongswan-swanctl | its control program                          | swanctl
		check | libstrongswan-standard-plugins | its ciphers (3DES, ECP, GCM)    |
		check | systemd            | starts a machine, for the unit               | systemd-analyze
		check | libldns3           | for libreswan, which is unpacked aside       |
		check | libnss3-tools      | for libreswan: makes its key database        | certutil
		check | chromium           | looks at the lab's report (large: 400 MB)    | chromium
		check | chromium-driver    | steers it                                    | chromedriver
		check | python3-selenium   | ... from the test (Selenium)                 |
		check | tshark             | a second opinion on what is on the wire      | tshark
		check | ike-scan           | a stranger knocking at the responder         | ike-scan
	END
}

# Lines "package" of the groups that are wanted.
wanted() {
	local group package rest

	while IFS='|' read -r group package rest; do
		group=${group// /}
		case $1/$group in
		build/build | lab/build | lab/lab | check/*) ;;
		*) continue ;;
		esac
		package=${package// /}
		[[ $package != user-mode-linux ]] || lab_kernel_wanted || continue
		echo "$package"
	done < <(packages)
}

lab_kernel_wanted() {
	[[ ${LAB_KERNEL:-auto} != host ]] || return 1
	# Without ip the kernel cannot be tried yet: main() comes back after iproute2 is there.
	command -v ip >/dev/null || return 1
	! "$here/labkernel/choose" --host >/dev/null 2>&1
}

missing() {
	local names installed package

	mapfile -t names < <(wanted "$1")
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${names[@]}" 2>/dev/null || true)
	for package in "${names[@]}"; do
		grep -qx "installed $package" <<<"$installed" || echo "$package"
	done
}

as_root() {
	if ((EUID == 0)); then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: '$*' needs root: run as root, or install sudo" >&2
		return 1
	fi
}

# Packages with daemons start them, and enable them for the next boot; a lab must do neither. While we
# install, policy-rc.d refuses every start, unless the administrator has a policy of his own.
install_packages() {
	local policy=/usr/sbin/policy-rc.d status=0 service services=()

	for service in strongswan strongswan-starter frr; do
		[[ -e /lib/systemd/system/$service.service ]] || services+=("$service")
	done
	if [[ ! -e $policy ]]; then
		as_root sh -c "printf '#!/bin/sh\n# dmvpnd: nothing is started while its packages are installed\nexit 101\n' >$policy
			chmod 755 $policy"
		trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	echo "deps: installing $*" >&2
	as_root apt-get -q update || echo "deps: apt-get update had errors; trying with the old lists" >&2
	as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 --no-install-recommends install "$@" || status=$?
	if [[ -d /run/systemd/system ]]; then
		for service in "${services[@]}"; do
			[[ -e /lib/systemd/system/$service.service ]] || continue
			echo "deps: $service.service came with a package; it is not needed and stays disabled" >&2
			as_root systemctl --quiet disable "$service" || true
		done
	fi
	return "$status"
}

# aside PACKAGE FOLDER
aside() {
	local work

	[[ ! -d $2 ]] || return 0
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	work=$(mktemp -d)
	(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$1" && dpkg-deb -x ./*.deb "$work/x") &&
		mkdir -p "${2%/*}" && mv "$work/x" "$2" || echo "deps: $1 could not be had" >&2
	rm -rf "$work"
	[[ -d $2 ]]
}

print_list() {
	local group package purpose sign

	while IFS='|' read -r group package purpose sign; do
		printf '    %-6s %-19s %s\n' "${group// /}" "${package// /}" "${purpose# }"
	done < <(packages) | sed 's/ *$//'
}

has_sign() {
	[[ -z $1 ]] || command -v "$1" >/dev/null ||
		compgen -G "/usr/include/$1" >/dev/null || compgen -G "/usr/include/*-linux-*/$1" >/dev/null
}

# Not Debian: whoever is here knows the names there. The signs say what is still missing.
other_distribution() {
	local want=$1 group package purpose sign lacking=()

	while IFS='|' read -r group package purpose sign; do
		group=${group// /} package=${package// /} sign=${sign// /}
		case $want/$group in
		build/build | lab/build | lab/lab | check/*) ;;
		*) continue ;;
		esac
		[[ $package != user-mode-linux ]] || lab_kernel_wanted || continue
		has_sign "$sign" || lacking+=("$(printf '%-19s %s' "$package" "${purpose# }")")
	done < <(packages)
	((${#lacking[@]})) || return 0
	{
		echo "deps: this is not Debian or Ubuntu, so nothing is installed by itself."
		echo "Please install what these Debian packages hold, under your distribution's names:"
		printf '    %s\n' "${lacking[@]}"
	} >&2
	return 1
}

main() {
	local group=${1-} names

	case $group in
	build | lab | check) ;;
	list) print_list; return ;;
	aside) aside "$2" "$3"; return ;;
	*) sed -n '/^#   deps/s/^# *//p' "$0" >&2; return 2 ;;
	esac
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		other_distribution "$group"
		return
	fi
	# The second round is for what only shows when ip is there.
	for _ in 1 2; do
		mapfile -t names < <(missing "$group")
		((${#names[@]})) || return 0
		install_packages "${names[@]}"
	done
	mapfile -t names < <(missing "$group")
	((${#names[@]} == 0)) || { echo "deps: still missing: ${names[*]}" >&2; return 1; }
}

main "$@"
