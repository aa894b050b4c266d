#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Fuzz what reads the words of strangers, from seeds made now and those in corpus/, where crashers
# stay for ever: $1 seconds, most of them for recordings. Ends with "N passed, N failed".
set -u
cd "$(dirname "$0")/../.." || exit 1
seconds=${1:-60} # or "seeds": make them, and nothing else
work=build/fuzz
passed=0 failed=0

# fuzz NAME SECONDS LONGEST
fuzz() {
	if ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 "$work/$1" \
		-max_total_time="$2" -rss_limit_mb=1024 -malloc_limit_mb=512 -timeout=30 \
		-max_len="$3" -print_final_stats=1 -verbosity=1 -artifact_prefix="$work/crash-" \
		"$work/corpus-$1" >"$work/log-$1" 2>&1; then
		echo "$1: $(grep -oE 'cov: [0-9]+ ft: [0-9]+' "$work/log-$1" | tail -n 1)," \
			"$(grep -E '^stat::(number_of_executed_units|peak_rss_mb)' "$work/log-$1" |
				sed 's/^stat:://' | tr -s ' \n' ' ')"
		passed=$((passed + 1))
	else
		tail -n 60 "$work/log-$1"
		failed=$((failed + 1))
	fi
}

# kept NAME: what is kept of it in the tree; binary files as hexadecimal digits.
kept() {
	local file

	mkdir -p "$work/corpus-$1"
	for file in tests/fuzz/corpus/"$1"/*; do
		[ -e "$file" ] || continue
		case $file in
		*.hex) python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' \
			<"$file" >"$work/corpus-$1/${file##*/}" ;;
		*) cp "$file" "$work/corpus-$1" ;;
		esac
	done
}

rm -rf "$work"/corpus-* "$work/real"
mkdir -p "$work/corpus-recording" "$work/corpus-paste" "$work/real"
build/tests/make_recording "$work/real/events" events=1 seconds=3 submits=20 \
	stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/plain" seconds=12 submits=5 stalls=0.9 \
	stack=tests/replay/stacks/ext4.dio_sync.stack stack=tests/replay/stacks/blk.tag.stack || exit 1
build/tests/make_recording "$work/real/quiet" seconds=2 || exit 1
seeds=$(python3 tests/fuzz/seeds.py "$work/corpus-recording" "$work"/real/*) || exit 1
python3 tests/fuzz/journals.py "$work/corpus-journal" "$work/real/plain" || exit 1
find tests/replay/pastes -name '*.txt' -size -8k -exec cp {} "$work/corpus-paste" \;
echo "fuzz: $seeds recordings, $(find "$work/corpus-paste" -type f | wc -l) pastes, $seconds s"
for name in recording journal paste elf mountinfo proc rules ring http result; do kept "$name"; done
printf 'int f(void) { return 1; }\nint main(void) { return f(); }\n' |
	cc -x c -nostdlib -Wl,-e,main -o "$work/corpus-elf/program" - || exit 1
if [ "$seconds" = seeds ]; then exit 0; fi
fuzz recording $((seconds * 2 / 5)) 262144
fuzz journal $((seconds / 8 + 1)) 65536
fuzz paste $((seconds / 12 + 1)) 16384
fuzz elf $((seconds / 12 + 1)) 32768
fuzz mountinfo $((seconds / 12 + 1)) 16384
fuzz proc $((seconds / 12 + 1)) 16384
fuzz http $((seconds / 20 + 1)) 8192
fuzz result $((seconds / 12 + 1)) 65536
fuzz rules $((seconds / 12 + 1)) 16384
fuzz ring $((seconds / 12 + 1)) 4096
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
