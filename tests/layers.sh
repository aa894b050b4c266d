#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# layers.sh [ROOT]: the rules of the tree that no compiler knows. README's Layout names the rooms
# of src in their order, lowest first. Last line: "N passed, N failed".
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

passed=0 failed=0

# rule NAME COMMAND...: the command prints what breaks the rule, and nothing else.
rule() {
	local name=$1 found
	shift
	found=$("$@")
	if [ -z "$found" ]; then
		passed=$((passed + 1))
		return
	fi
	failed=$((failed + 1))
	printf '%s:\n%s\n' "$name" "$found" | sed '2,$s/^/  /'
}

# The rooms, lowest first.
rooms() {
	sed -n '/^## Layout/,/^## Adding/s,^src/\([a-z]*\) .*,\1,p' README.md
}

unknown_rooms() {
	comm -3 <(find src -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort) <(rooms | sort) |
		sed -E 's|^\t(.*)|src/\1: in the Layout, but not there|; s|^([a-z_]+)$|src/\1: not in the Layout|'
	find src -maxdepth 1 -type f -printf '%p: in no room\n'
}

# Lines "FILE:LINE:ROOM" of the includes with quotes.
includes() {
	grep -rnoE '#include "[a-z_]+/' --include='*.[ch]' src | sed -E 's,#include "([a-z_]+)/,\1,'
}

includes_upward() {
	includes | awk -F: -v rooms="$(rooms | tr '\n' ' ')" '
		BEGIN { n = split(rooms, list, " "); for (i = 1; i <= n; i++) height[list[i]] = i }
		{
			split($1, path, "/")
			if (height[$3] > height[path[2]])
				printf "%s:%s: src/%s is above src/%s\n", $1, $2, $3, path[2]
		}'
}

# src/static stands in for a function of libbpf; all else of libbpf is behind src/live.
libbpf_outside_live() {
	grep -rnE '#include ["<](bpf/|.*\.skel\.h)' --include='*.[ch]' src |
		grep -vE '^src/live/|^src/static/.*<bpf/'
}

# Whoever includes one need not know what it needs.
headers_alone() {
	find src -name '*.h' | sort | while read -r header; do
		echo "#include \"${header#src/}\"" |
			"${CC:-gcc}" -std=gnu11 -Wall -Wextra -fsyntax-only -I. -Isrc -x c - 2>&1 |
			grep -m 1 -E 'error|warning' | sed "s,^,$header: ,"
	done
}

# The same of the programs; any of the two kinds of machine will do.
bpf_headers_alone() {
	find bpf -name '*.h' | sort | while read -r header; do
		echo "#include \"${header#bpf/}\"" |
			"${CLANG:-clang}" -target bpf -Wall -Wextra -fsyntax-only -fms-extensions -Wno-microsoft-anon-tag -D__TARGET_ARCH_x86 -Ivmlinux/x86 -Ibpf \
				-idirafter "/usr/include/$("${CC:-gcc}" -dumpmachine)" -x c - 2>&1 |
			grep -m 1 -E 'error|warning' | sed "s,^,$header: ,"
	done
}

too_long() {
	find src bpf -name '*.[ch]' -exec awk 'END { if (FNR > 600) print FILENAME ": " FNR " lines" }' {} \;
}

rule "every room is in the Layout of README.md, and the other way round" unknown_rooms
rule "includes point down" includes_upward
rule "libbpf, bpf/ and skeletons are behind src/live" libbpf_outside_live
rule "every header of src compiles alone" headers_alone
rule "every header of bpf compiles alone" bpf_headers_alone
rule "no file of src or bpf is longer than 600 lines" too_long
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
