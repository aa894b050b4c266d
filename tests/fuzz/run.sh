#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fuzz the reader of recordings for $1 seconds, from seeds made of recordings made now.
# Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60}
work=build/fuzz

rm -rf "$work/corpus" "$work/real"
mkdir -p "$work/corpus" "$work/real"
build/tests/make_recording "$work/real/events" events=1 seconds=3 submits=20 \
	stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/plain" seconds=12 submits=5 stalls=0.9 \
	stack=tests/replay/stacks/ext4.dio_sync.stack stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/quiet" seconds=2 || exit 1
seeds=$(python3 tests/fuzz/seeds.py "$work/corpus" "$work"/real/*) || exit 1
echo "fuzz: $seeds seeds, $seconds s"
if ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 "$work/recording" \
	-max_total_time="$seconds" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=30 \
	-max_len=262144 -print_final_stats=1 -verbosity=1 -artifact_prefix="$work/crash-" \
	"$work/corpus" >"$work/log" 2>&1; then
	grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$work/log"
	echo "1 passed, 0 failed"
else
	tail -n 60 "$work/log"
	echo "0 passed, 1 failed"
	exit 1
fi
