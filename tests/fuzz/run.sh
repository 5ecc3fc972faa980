#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
#   tests/fuzz/run.sh                    every corpus once through its target, with the sanitizers
#   tests/fuzz/run.sh TARGET [SECONDS]   looks for new inputs (clang, libFuzzer); 60 seconds
#
# A target is tests/fuzz/fuzz_TARGET.c, its corpus tests/fuzz/corpus/TARGET. What the fuzzer finds on
# its way goes to build/fuzz; an input that crashes goes into the corpus, to stay there once it is
# cured.

set -euo pipefail
cd "$(dirname "$0")/../.."
work=${BUILD:-build}/fuzz
corpus=tests/fuzz/corpus

# What a target names in its LINK line, files and folders; libFuzzer brings its own main().
links() {
	sed -n 's|^.*LINK: *||p' "tests/fuzz/fuzz_$1.c" | tr ' ' '\n' | grep -v '^tests/fuzz/replay.c$' |
		sed 's|/$|/*.c|' | while read -r file; do
		compgen -G "$file"
	done
}

replay() {
	local file target sanitized=${BUILD:-build}/sanitize-1 targets=()

	for file in tests/fuzz/fuzz_*.c; do
		target=${file#*fuzz_}
		target=${target%.c}
		[[ ! -d $corpus/$target ]] || targets+=("$target")
	done
	make --no-print-directory -j"$(nproc)" SANITIZE=1 BUILD="$sanitized" \
		"${targets[@]/#/$sanitized/tests/fuzz/fuzz_}"
	for target in "${targets[@]}"; do
		"$sanitized/tests/fuzz/fuzz_$target" "$corpus/$target"/*
	done
}

fuzz() {
	local target=$1 seconds=$2 sources

	mapfile -t sources < <(links "$target")
	mkdir -p "$work/$target" "$corpus/$target"
	clang -g -O1 -std=gnu11 -D_GNU_SOURCE -I. -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o "$work/fuzz_$target" \
		"tests/fuzz/fuzz_$target.c" "${sources[@]}" -lcrypto -lconfuse -ljansson
	"$work/fuzz_$target" -max_total_time="$seconds" -max_len=4096 \
		-artifact_prefix="$corpus/$target/" "$work/$target" "$corpus/$target"
}

if (($#)); then
	fuzz "$1" "${2:-60}"
else
	replay
fi
