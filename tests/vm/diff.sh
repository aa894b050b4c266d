#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Records the same appends on several kernels and lets diff say what changed.
# Ends with "N passed, N failed"; 77 if no guest can be had.
set -u
cd "$(dirname "$0")/../.." || exit 1

exec 3>&1
passed=0 failed=0
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT

# record KERNEL FILESYSTEM: into $scratch/KERNEL.FILESYSTEM.db
record() {
	local out=$scratch/$1.$2 status
	mkdir -p "$out"
	tools/kernels run "$1" --device dm-delay --out "$out" --timeout 300 \
		--file tests/vm/diff_guest.sh -- sh diff_guest.sh "$2" >"$out.log" 2>&1
	status=$?
	if [ "$status" -eq 77 ]; then
		tail -n 1 "$out.log" >&3
		exit 77
	fi
	if [ "$status" -ne 0 ] || [ ! -s "$out/recording.db" ]; then
		tail -n 20 "$out.log"
		echo "diff: recording $2 on $1 ended with status $status"
		return 1
	fi
	mv "$out/recording.db" "$out.db"
}

# check NAME COMMAND...: one test.
check() {
	local name=$1
	shift
	if "$@" >"$scratch/check" 2>&1; then
		passed=$((passed + 1))
		echo "passed: $name"
	else
		failed=$((failed + 1))
		cat "$scratch/check"
		echo "FAILED: $name"
	fi
}

# says OLD NEW PYTHON: the expression is true of the diff, which is d.
says() {
	build/aiostall diff "$scratch/$1.db" "$scratch/$2.db" --format json >"$scratch/diff.json" ||
		return 1
	python3 - "$scratch/diff.json" "$3" <<'PYTHON'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    d = json.load(f)["diffs"][0]
groups = {g["cause"]: g for g in d["groups"] if g["scope"] == "cause"}
whole = {m["measure"]: m for m in d["groups"][0]["measures"]}
facts = {f["what"]: f for f in d["environment"]}
if not eval(sys.argv[2]):  # pylint: disable=eval-used
    print(json.dumps(d, indent=1)[:6000])
    sys.exit(f"not so: {sys.argv[2]}")
PYTHON
}

# merged FILE...: the report by kernel has a row for each.
merged() {
	build/aiostall report --by kernel --format csv "$@" >"$scratch/report" || return 1
	cat "$scratch/report"
	grep -q '5\.10\.' "$scratch/report" && grep -q '7\.[0-9]' "$scratch/report"
}

# shellcheck disable=SC2016 # Python's, not the shell's
ext4() {
	check "record ext4 on 5.10" record 5.10 ext4
	check "record ext4 on 7.3" record 7.3 ext4
	check "ext4: the kernels are named" says 5.10.ext4 7.3.ext4 \
		'"5.10" in facts["kernel"]["old"] and "7." in facts["kernel"]["new"]'
	check "ext4: appends block on both" says 5.10.ext4 7.3.ext4 \
		'whole["blocked_per_1k"]["old"] > 1e9 and whole["blocked_per_1k"]["new"] > 1e9'
	check "ext4: causes are paired across kernels" says 5.10.ext4 7.3.ext4 \
		'groups["ext4.dio_sync"]["present"] == "both"'
	check "ext4: the merged report tells kernels apart" merged \
		"$scratch/5.10.ext4.db" "$scratch/7.3.ext4.db"
}

btrfs() {
	check "record btrfs on 6.1" record 6.1 btrfs
	check "record btrfs on 6.12" record 6.12 btrfs
	check "record btrfs on 7.3" record 7.3 btrfs
	check "btrfs: dio_fallback appeared in 6.12" says 6.1.btrfs 6.12.btrfs \
		'groups["btrfs.dio_fallback"]["appeared"]'
	check "btrfs: blocking grew in 6.12" says 6.1.btrfs 6.12.btrfs \
		'whole["blocked_per_1k"]["different"] and whole["blocked_per_1k"]["new"] > whole["blocked_per_1k"]["old"]'
	check "btrfs: dio_fallback vanished in 7.3" says 6.12.btrfs 7.3.btrfs \
		'groups["btrfs.dio_fallback"]["vanished"]'
}

for part in "${@:-ext4 btrfs}"; do
	for one in $part; do "$one"; done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
