# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A kernel that lacks something, and what the daemons say to it. There is one kernel for all nodes, so both
# ends lack it; it must be the lab kernel, since modules are taken from it. As fault.sh otherwise, which
# sources this:
#
#   kernel_act NAME
#
# Each is a scenario of the lab, too: make lab SCENARIO=fault-NAME.

# The table: name, what the spoke names, what the hub names.
# shellcheck disable=SC2034
declare -A KERNEL_FAULT=(
	[kernel-esp]='peer_no_transform kernel_esp'
	[kernel-algorithm]='peer_no_transform kernel_algorithm'
	[kernel-gre]='- -'
	[kernel-bpf]='- kernel_bpf'
)

# kernel_act NAME
kernel_act() {
	chapter "$1"
	step "$1"
	[[ $LAB_WORLD == uml || $1 == kernel-bpf ]] ||
		die "$1 takes modules from the kernel, so it must be the lab's: LAB_KERNEL=uml"
	case $1 in
	kernel-esp) kernel_loses esp4 kernel-esp ;;
	kernel-algorithm) kernel_loses des_generic kernel-algorithm ;;
	kernel-gre) kernel_without_gre ;;
	kernel-bpf) kernel_without_bpf ;;
	esac
}

# unload MODULE: and it does not come back by itself.
unload() {
	[[ -n ${loader-} ]] || read -r loader </proc/sys/kernel/modprobe
	echo /bin/false >/proc/sys/kernel/modprobe
	eventually 5 rmmod "$1" 2>/dev/null || die "rmmod $1: $(rmmod "$1" 2>&1)"
}

reload() {
	echo "$loader" >/proc/sys/kernel/modprobe
	modprobe "$1"
}

# kernel_loses MODULE NAME. The daemon does not start where the kernel lacks what its transform-sets need; so
# it is lost later. The responder is the first who misses it.
kernel_loses() {
	local causes

	read -ra causes <<<"${KERNEL_FAULT[$2]}"
	article_conf Hub
	article_conf SiteA
	fault SiteA udp500-both
	start Hub
	start SiteA
	eventually 5 has_link Hub Tunnel0 && eventually 5 has_link SiteA Tunnel0 || die "no tunnel, see $OUT"
	unload "$1"
	mended SiteA
	expect "the hub says ${causes[1]}" eventually 10 names_causes Hub "$SITE_A" "${causes[1]}"
	expect "SiteA, which is told no reason, says ${causes[0]}" eventually 5 names_causes SiteA "$HUB" "${causes[0]}"
	[[ -n $LAB_TAP ]] || show Hub explain
	expect "both stop" stop SiteA Hub
	expect "without it the daemon does not start" kernel_refuses 'error: .*the kernel (has no ESP for IPv4: load|lacks the cipher or hash: load)'
	reload "$1"
}

# kernel_refuses REGEX: SiteA's daemon ends at once, with status 1, and says this.
kernel_refuses() {
	local status=0

	start SiteA
	eventually 5 not running SiteA
	wait "${daemon[SiteA]}" || status=$?
	unset "daemon[SiteA]"
	[[ $status == 1 ]] && log_has SiteA "$1"
}

kernel_without_gre() {
	article_conf SiteA
	unload ip_gre
	expect "the daemon ends, and says what to load" kernel_refuses 'the kernel has no GRE: load the module ip_gre \(CONFIG_NET_IPGRE\)'
	reload ip_gre
}

# says_of_machine NODE CAUSE REGEX: it is no peer's fault.
says_of_machine() {
	ctl "$1" explain --json | jq -e --arg cause "$2" --arg regex "$3" \
		'.machine[] | select(.cause == $cause and (.evidence | test($regex)))'
}

kernel_without_bpf() {
	article_conf Hub "$(nhrp_keys 'redirect = true')"
	article_conf SiteA
	UNDER=(python3 "$TOP/scripts/lab/without-bpf")
	start Hub
	UNDER=()
	start SiteA
	wait_up SiteA 172.16.0.1
	expect "the hub says kernel_bpf of its own machine" eventually 5 \
		says_of_machine Hub kernel_bpf 'the kernel has no eBPF \(CONFIG_BPF_SYSCALL\)'
	expect "its log has said so" log_has Hub 'Tunnel0: redirect does not work: .*no eBPF'
	expect "SiteA, which redirects nobody, says nothing" eval '[[ $(ctl SiteA explain) == Nothing* ]]'
	[[ -n $LAB_TAP ]] || show Hub explain
	expect "both stop" stop SiteA Hub
}
