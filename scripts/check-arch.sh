#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Proves what doc/architecture.md says about the rooms, from the sources and from the archives that
# have been built into $BUILD:
#
#   includes    lib <- {ikev1, nhrp, xfrm, gre, conf} <- daemon; dmvpnctl only sees lib, and conf to convert
#   purity      the objects of lib, ikev1 and nhrp call nothing but each other and a few functions
#               of the C library that neither ask the system nor keep time; OpenSSL from three files only
#   secrets     a HASH or a password from outside is compared in constant time (util_equal_ct)
#   sizes       a file has at most 800 lines, a function at most 100
#   licence     every source says its SPDX identifier first
#
# Prints each violation with its place and ends with status 1 if there was any.

set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}

file_lines=800
function_lines=100
violations=0

violation() {
	echo "check-arch: $*" >&2
	violations=$((violations + 1))
}

# rooms_for FILE: the rooms that it may include from.
rooms_for() {
	case $1 in
	daemon/dmvpnctl_convert.c) echo "daemon lib conf" ;;
	daemon/dmvpnctl*) echo "daemon lib" ;;
	daemon/*) echo "daemon lib ikev1 nhrp xfrm gre conf" ;;
	*/*) echo "${1%%/*} lib" ;;
	esac
}

check_includes() {
	local place name room

	while IFS=: read -r place line text; do
		name=${text#*\"}
		name=${name%%\"*}
		room=${name%%/*}
		if [[ $name != */* ]]; then
			violation "$place:$line: \"$name\" is not written from the root (\"${place%/*}/$name\")"
		elif [[ " $(rooms_for "$place") " != *" $room "* ]]; then
			violation "$place:$line: ${place%%/*} may not include \"$name\"" \
				"(it may include from: $(rooms_for "$place"))"
		fi
	done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"' "${sources[@]}")

	while IFS=: read -r place line text; do
		[[ $place == ikev1/crypto.c || $place == ikev1/cert.c || $place == lib/drbg.c ]] ||
			violation "$place:$line: OpenSSL is for ikev1/crypto.c, ikev1/cert.c and lib/drbg.c only"
	done < <(grep -nE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<openssl/' "${sources[@]}")
}

# What a pure object may call besides its own room and lib: no descriptors, no clock, no environment,
# no randomness, no threads, no formatted output.
pure='^(abort|calloc|malloc|realloc|reallocarray|free|explicit_bzero|qsort|bsearch'
pure+='|mem(cpy|move|set|cmp|chr|mem)|str(len|cmp|ncmp|chr|rchr|nlen|cpy|ncpy|spn|cspn|tol|toul|casecmp|ncasecmp)'
pure+='|snprintf|inet_(ntop|pton)'
# What the compiler adds: fortified and ISO C23 forms, stack protector, sanitizers, position independence.
pure+='|bcmp|__(mem|str|explicit_bzero|snprintf|vsnprintf)[a-z]*_chk|__isoc23_strtoul?|__stack_chk_fail'
pure+='|__asan_.*|__ubsan_.*|__lsan_.*|_GLOBAL_OFFSET_TABLE_)$'
openssl='^(EVP|BN|EC|ERR|OSSL|OPENSSL|CRYPTO|DH|ERR|PARAMS)_'
# Certificates in memory: no file, no default place to look for some, no question at a terminal.
x509='^(EVP_PKEY|ERR|OPENSSL|CRYPTO|ASN1|OBJ|GENERAL_NAMES?|EXTENDED_KEY_USAGE|PEM_read_bio|(d2i|i2d)_[A-Z])'
x509+='|^BIO_(new|new_mem_buf|s_mem|ctrl|puts|free)$'
x509+='|^X509(_CRL|_NAME|_NAME_ENTRY|_STORE_CTX|_VERIFY_PARAM)?_(get|free|new|cmp|print_ex|check_private_key|verify_cert|init|set)'
x509+='|^X509_STORE_(new|free|add_cert|add_crl)$'

check_purity() {
	local room archive object symbol

	for room in lib ikev1 nhrp; do
		archive=$build/$room.a
		if [[ ! -e $archive ]]; then
			violation "$archive is not built: \`make check-arch\` builds it"
			continue
		fi
		while read -r object symbol; do
			case $room/$object in
			ikev1/crypto.o | lib/drbg.o) [[ ! $symbol =~ $openssl ]] || continue ;;
			ikev1/cert.o) [[ ! $symbol =~ $x509 ]] || continue ;;
			esac
			[[ $symbol =~ $pure || " ${defined[lib]} ${defined[$room]} " == *" $symbol "* ]] ||
				violation "$room/${object%.o}.c: calls $symbol(), but $room is pure:" \
					"what it needs from outside must be passed in"
		done < <(nm -u "$archive" | awk '/^[^ ].*:$/ { object = substr($1, 1, length($1) - 1) }
			$1 == "U" || $1 == "w" { print object, $2 }')
	done
}

# How long memcmp() takes tells how much of a guess was right.
check_secrets() {
	local place line text

	while IFS=: read -r place line text; do
		violation "$place:$line: a secret is compared by util_equal_ct():$text"
	done < <(grep -nE '\b(mem|str|strn)cmp\(.*\b(hash|ours|theirs|key|authentication)\b' \
		lib/*.[ch] ikev1/*.[ch] nhrp/*.[ch])
}

check_sizes() {
	awk -v file_lines=$file_lines -v function_lines=$function_lines '
		FNR == 1 { start = 0 }
		FNR == file_lines + 1 { printf "%s: more than %d lines\n", FILENAME, file_lines }
		# The style puts the braces of a function, and of nothing else, into column 1.
		/^[a-z].*\(/ && !/;$/ { name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name) }
		/^{/ { start = FNR }
		/^}/ {
			if (start && FNR - start - 1 > function_lines)
				printf "%s:%d: %s() has %d lines, the end is %d\n",
					FILENAME, start, name, FNR - start - 1, function_lines
			start = 0
		}
	' "$@"
}

check_licence() {
	local file first

	for file; do
		first=$(head -n 2 "$file")
		[[ $first == '/* SPDX-License-Identifier: GPL-2.0-or-later */'* ||
			$first == '# SPDX-License-Identifier: GPL-2.0-or-later'* ||
			$first == '#!'*$'\n''# SPDX-License-Identifier: GPL-2.0-or-later'* ]] ||
			violation "$file: the first line (after #!) is not its SPDX-License-Identifier"
	done
}

rooms=(lib ikev1 nhrp xfrm gre conf daemon)
mapfile -t sources < <(find "${rooms[@]}" -name '*.[ch]' | sort)
mapfile -t tests < <(find tests -name '*.[ch]' | sort)
mapfile -t scripts < <(find scripts tests -type f \( -name '*.sh' -o -name '*.t' -o -name '*.py' -o -perm -u+x \) | sort)

declare -A defined
for room in lib ikev1 nhrp; do
	defined[$room]=$(nm --defined-only "$build/$room.a" 2>/dev/null | awk 'NF == 3 { print $3 }' | tr '\n' ' ' || true)
done

check_includes
check_purity
check_secrets
while read -r line; do
	violation "$line"
done < <(check_sizes "${sources[@]}" "${tests[@]}")
check_licence "${sources[@]}" "${tests[@]}" "${scripts[@]}" Makefile conf/*.conf

if ((violations)); then
	echo "check-arch: $violations violations" >&2
	exit 1
fi
echo "check-arch: ${#sources[@]} files in ${#rooms[@]} rooms keep the rules"
