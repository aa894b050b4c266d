#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Every fixture in every format against its golden; UPDATE=1 writes the goldens anew.
# Builds nothing. The last line is "N passed, N failed".
set -u -o pipefail
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC

replay=build/tests/replay stored=build/tests/stored
here=tests/replay
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0

ok() { echo "ok $1"; passed=$((passed + 1)); }
not_ok() { echo "not ok $1"; failed=$((failed + 1)); }

# golden NAME [-f] FIXTURE FORMAT [WIDTH]
golden() {
	local want=$here/golden/$1 got=$scratch/$1 full=
	shift
	if [ "$1" = -f ]; then
		full=-f
		shift
	fi
	if ! "$replay" $full "$here/$1" "${@:2}" >"$got" 2>"$scratch/stderr"; then
		cat "$scratch/stderr"
		not_ok "${want##*/}"
		return
	fi
	if [ "${UPDATE:-0}" = 1 ]; then
		mkdir -p "$here/golden" && cp "$got" "$want"
	fi
	if diff -u "$want" "$got"; then ok "${want##*/}"; else not_ok "${want##*/}"; fi
}

# stored NAME FORMAT: through a recording and back, nothing changes.
stored() {
	rm -f "$scratch"/db*
	if "$stored" "$here/$1.fix" "$scratch/db" "$2" >"$scratch/stored" 2>"$scratch/stderr" &&
		diff -u "$here/golden/$1.$2" "$scratch/stored" | cut -c 1-200
	then ok "$1.$2 recorded"; else cat "$scratch/stderr"; not_ok "$1.$2 recorded"; fi
}

# every NAME: all formats, as a report and by each key, are the same of the events and of their recording.
every() {
	rm -f "$scratch"/db*
	if "$replay" "$here/$1.fix" every >"$scratch/got" 2>"$scratch/stderr" &&
		grep -q '^== html by host' "$scratch/got" &&
		"$stored" "$here/$1.fix" "$scratch/db" every >"$scratch/stored" 2>>"$scratch/stderr" &&
		diff -u "$scratch/got" "$scratch/stored" | cut -c 1-200
	then ok "$1 in every format by every key"
	else cat "$scratch/stderr"; not_ok "$1 in every format by every key"; fi
}

# harmless FIXTURE FORMAT WIDTH [-f]: no byte that a terminal would obey, no line wider than asked for.
harmless() {
	local what
	what="$(basename "$1" .fix) $2 harmless at $3 columns ${4-}"
	# shellcheck disable=SC2086
	if "$replay" ${4-} "$1" "$2" "$3" >"$scratch/text" &&
		! grep -nP '[\x00-\x09\x0b-\x1f\x7f]' "$scratch/text" &&
		[ "$(wc -L <"$scratch/text")" -le "$3" ]
	then ok "$what"; else not_ok "$what"; fi
}

# A fixture with this text must be refused, naming the line.
refused() {
	printf '# comment\n%s\n' "$1" >"$scratch/bad.fix"
	if ! "$replay" "$scratch/bad.fix" text >"$scratch/stdout" 2>"$scratch/stderr" &&
		grep -q 'line 2: ' "$scratch/stderr" && [ ! -s "$scratch/stdout" ]
	then ok "refused: $1"; else not_ok "refused: $1"; fi
}

if [ ! -x "$replay" ] || [ ! -x "$stored" ]; then
	echo "$replay or $stored is not built: make unit"
	echo "0 passed, 1 failed"
	exit 1
fi

for fixture in "$here"/*.fix; do
	name=$(basename "$fixture" .fix)
	for format in text json csv folded; do
		golden "$name.$format" "$name.fix" "$format"
		stored "$name" "$format"
	done
	every "$name"
	for width in 40 80 132; do
		harmless "$fixture" text "$width"
		harmless "$fixture" trace "$width"
	done
done
for width in 60 80 132 200; do
	golden "host.text$width" host.fix text "$width"
	golden "mixed.text$width" mixed.fix text "$width"
done
for name in mixed calls hostile; do
	golden "$name.full" -f "$name.fix" text
	harmless "$here/$name.fix" text 80 -f
done
# The others say the same event hundreds of times.
for name in empty calls hostile; do
	golden "$name.trace" "$name.fix" trace
	golden "$name.trace-json" "$name.fix" trace-json
done
golden spilled.trace-json spilled.fix trace-json
golden doubt.full -f doubt.fix text
golden doubt.trace doubt.fix trace
golden doubt.trace-json doubt.fix trace-json
golden calls.trace132 calls.fix trace 132
golden calls.trace160 calls.fix trace 160

refused 'stal fs=x'
refused 'stall no_such_key=1'
refused 'stall fs=nowhere'
refused 'stall pid=4294967296'
refused 'stall comm=\x00'
refused 'stall comm=\x1'
refused 'stall shape=direct+odd'
refused 'counts fs=total sleep=5'
refused 'loss events=-1'

# Where a golden is but its fixture is not, a test has gone missing.
for want in "$here"/golden/*; do
	name=${want##*/}
	if [ ! -f "$here/${name%.*}.fix" ]; then not_ok "golden without fixture: $name"; fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
