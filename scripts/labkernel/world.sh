# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154
#
# The part of the world that both kernels share: which folders are empty and writable, which stay.
# Wants the arrays `see` and `write` of the request.

# world_make BRING: BRING PATH ro|rw mounts a folder of the machine at its own place again.
world_make() {
	local bring=$1 path

	for path in /run /tmp /var/tmp; do
		mount -t tmpfs -o mode=1777 tmpfs "$path"
	done
	chmod 755 /run
	mkdir -p /run/lock /run/netns
	for path in "${see[@]}"; do
		if [[ ! -d $path ]]; then
			mkdir -p "$path"
			"$bring" "$path" ro
		fi
	done
	for path in "${write[@]}"; do
		mkdir -p "$path"
		"$bring" "$path" rw
	done
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp TMPDIR=/tmp
	unset "${!LC_@}" LANG LANGUAGE
	export LAB_WORLD=$kernel
}
