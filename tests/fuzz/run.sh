#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fuzz what reads recordings, from seeds made of recordings made now, and what reads pastes, from
# those of the replay tests: $1 seconds, a quarter of them for pastes. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
work=build/fuzz
passed=0 failed=0

# fuzz NAME SECONDS LONGEST
fuzz() {
	if ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 "$work/$1" \
		-max_total_time="$2" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=30 \
		-max_len="$3" -print_final_stats=1 -verbosity=1 -artifact_prefix="$work/crash-" \
		"$work/corpus-$1" >"$work/log-$1" 2>&1; then
		grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$work/log-$1"
		passed=$((passed + 1))
	else
		tail -n 60 "$work/log-$1"
		failed=$((failed + 1))
	fi
}

rm -rf "$work"/corpus-* "$work/real"
mkdir -p "$work/corpus-recording" "$work/corpus-paste" "$work/real"
build/tests/make_recording "$work/real/events" events=1 seconds=3 submits=20 \
	stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/plain" seconds=12 submits=5 stalls=0.9 \
	stack=tests/replay/stacks/ext4.dio_sync.stack stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/quiet" seconds=2 || exit 1
seeds=$(python3 tests/fuzz/seeds.py "$work/corpus-recording" "$work"/real/*) || exit 1
find tests/replay/pastes -name '*.txt' -size -8k -exec cp {} "$work/corpus-paste" \;
echo "fuzz: $seeds recordings, $(find "$work/corpus-paste" -type f | wc -l) pastes, $seconds s"
fuzz recording $((seconds - seconds / 4)) 262144
fuzz paste $((seconds / 4 + 1)) 16384
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
