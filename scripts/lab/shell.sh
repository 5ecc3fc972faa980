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
		'explain '* | 'ladder '* | 'map '* | 'events '* | 'show '* | 'clear crypto'* | 'clear ip'* | 'clear dmvpn'* | 'no debug'* | 'debug '* | 'undebug '* | 'sh '[a-z]*)
			exec "$DMVPNCTL" --instance "\$node" "\$@" ;;
		'dmvpnctl '*)
			exec "$DMVPNCTL" --instance "\$node" "\${@:2}" ;;
		' ')
			set -- env NODE="\$node" bash --rcfile "$LAB/bin/.rc" ;;
		esac
		exec nsenter "--net=/run/netns/\$node" "--uts=$LAB/\$node/uts" "--mount=$LAB/\$node/mnt" -- "\$@"
	END
}

# In a node's own shell the router's words work, too.
node_rc() {
	cat <<-END
		PS1="\$NODE# "
		for word in show debug undebug explain ladder map events; do
			eval "\$word() { '$DMVPNCTL' --instance '\$NODE' \$word \"\\\$@\"; }"
		done
		dmvpnctl() { '$DMVPNCTL' --instance '\$NODE' "\$@"; }
		clear() {
			case \${1-} in
			crypto | ip | dmvpn) '$DMVPNCTL' --instance "\$NODE" clear "\$@" ;;
			*) command clear "\$@" ;;
			esac
		}
	END
}

lab_shell() {
	local names=() name bin=$LAB/bin

	mkdir -p "$bin"
	node_command >"$bin/.node"
	node_rc >"$bin/.rc"
	chmod 755 "$bin/.node"
	for name in "$LAB"/*/mnt; do
		name=${name%/mnt}
		ln -s .node "$bin/${name##*/}"
		names+=("${name##*/}")
	done
	cat <<-END

		The lab "$1" is up. Nodes: ${names[*]}
		  ${names[-1]} show dmvpn           a command of its dmvpnd (also explain, ladder, map, clear, debug)
		  ${names[-1]} dmvpnctl             its prompt, as on the router
		  ${names[-1]} ping 172.16.3.1      a command in the node
		  ${names[-1]}                      a shell in the node
		Logs and captures: $OUT. The checkout is read-only here. Leave with exit or Ctrl-D.

	END
	(
		cd "$OUT"
		PATH=$bin:$PATH PS1="\\[$BOLD\\]lab\\[$PLAIN\\]:\w# " bash --norc -i
	) || true
}
