#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# hardened.sh [BINARY]: what makes a fault in it hard to use is in the binary, and the same binary
# comes out of another folder. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
binary=${1:-build/aiostall}
passed=0 failed=0

# holds NAME COMMAND...
holds() {
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not so: $name"
	fi
}

dynamic() { readelf -Wd "$binary" | grep -qE "$1"; }
segment() { readelf -Wl "$binary" | grep -qE "$1"; }
symbol() { readelf -Ws "$binary" | grep -qE " $1\$"; }

# No segment can be both written and executed.
write_xor_execute() { ! readelf -Wl "$binary" | grep -qE '^ +(LOAD|GNU_STACK) .* RWE '; }

small() {
	local stripped size
	stripped=$(mktemp) || return 1
	strip -o "$stripped" "$binary" && size=$(stat -c %s "$stripped")
	rm -f "$stripped"
	[ "${size:-99999999}" -le $((4 << 20)) ] || { echo "$size bytes"; return 1; }
}

# Every object of ours, from the compiler's own notes; the libraries are the distribution's.
marked() {
	local mark=$1 o
	find build/obj/src -name '*.o' | while read -r o; do
		# what is left of a source that is gone is not linked
		[ -f "$(sed 's,^build/obj/,,; s,o$,c,' <<<"$o")" ] || continue
		readelf -Wn "$o" | grep -qE "$mark" || echo "without: $o"
	done | { ! grep . ; }
}

# The compiler checks each page of a large frame as it takes it.
flags_used() { grep -q -- "$1" build/flags; }

folder_is_not_in_it() { ! grep -qaF "$PWD" "$binary"; }

# Elsewhere, below a longer name; only what the build needs.
same_elsewhere() {
	local other rc
	other=$(mktemp -d) || return 1
	mkdir -p "$other/another/and/longer/folder"
	tar -c --exclude=./build --exclude=./.git . | tar -x -C "$other/another/and/longer/folder"
	make -s -C "$other/another/and/longer/folder" all >"$other/log" 2>&1 || cat "$other/log"
	cmp "$binary" "$other/another/and/longer/folder/build/aiostall"
	rc=$?
	rm -rf "$other"
	return $rc
}

holds "position independent" dynamic 'FLAGS_1.*PIE'
holds "relocations are read-only" segment ' GNU_RELRO '
holds "and all made before main" dynamic 'BIND_NOW'
holds "the stack is not executable" segment ' GNU_STACK .* RW '
holds "nothing is written and executed" write_xor_execute
holds "no relocations in the code" bash -c "! readelf -Wd '$binary' | grep -q TEXTREL"
holds "stack protector" symbol '__stack_chk_fail'
holds "checked functions of the C library" symbol '__(snprintf|vsnprintf|memcpy)_chk'
holds "stack clash protection" flags_used '-fstack-clash-protection'
case $(uname -m) in
x86_64) holds "jumps and returns are checked by the CPU (CET)" marked 'IBT.*SHSTK' ;;
aarch64) holds "jumps and returns are checked by the CPU (BTI)" marked 'BTI' ;;
esac
holds "at most 4 MiB" small
holds "the folder of the build is not in it" folder_is_not_in_it
holds "the same binary from another folder" same_elsewhere
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
