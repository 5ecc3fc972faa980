# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# The interactive shell of `make lab-shell`: one command for each node.

# One program serves all nodes, by the name it is called by.
node_command() {
	cat <<-END
		#!/bin/bash
		node=\${0##*/}
		case "\${1-} \${2-}" in
		'show '* | 'clear crypto'* | 'clear ip'* | 'debug '* | 'undebug '* | 'sh '[a-z]*)
			exec "$DMVPNCTL" --instance "\$node" "\$@" ;;
		' ')
			set -- env PS1="\$node:\\w# " bash --norc ;;
		esac
		exec nsenter "--net=/run/netns/\$node" "--uts=$LAB/\$node/uts" "--mount=$LAB/\$node/mnt" -- "\$@"
	END
}

lab_shell() {
	local names=() name bin=$LAB/bin

	mkdir -p "$bin"
	node_command >"$bin/.node"
	chmod 755 "$bin/.node"
	for name in "$LAB"/*/mnt; do
		name=${name%/mnt}
		ln -s .node "$bin/${name##*/}"
		names+=("${name##*/}")
	done
	cat <<-END

		The lab "$1" is up. Nodes: ${names[*]}
		  ${names[-1]} show dmvpn           a command of its dmvpnd (show, clear, debug, undebug)
		  ${names[-1]} ping 172.16.3.1      a command in the node
		  ${names[-1]}                      a shell in the node
		Logs and captures: $OUT. The checkout is read-only here. Leave with exit or Ctrl-D.

	END
	(
		cd "$OUT"
		PATH=$bin:$PATH PS1="\\[$BOLD\\]lab\\[$PLAIN\\]:\w# " bash --norc -i
	) || true
}
