#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A mixed libaio workload: tools/mix.sh prepare|run DIRECTORY...
# Prepare first, then empty the caches, then run: some of the reads must be cold.
# MIX_OUT=DIR keeps aioload's JSON of each step.

set -u

tools=${SCRATCH_TOOLS:-$(cd "$(dirname "$0")/.." && pwd)/build/tools}

# What each step does in every directory: the file's name, then aioload's arguments.
steps() {
	cat <<'STEPS'
append-1         --pattern append --calls 101
append-16        --pattern append --batch 16 --calls 11
preallocated-8   --pattern unwritten --batch 8 --calls 23
holes-8          --pattern hole --batch 8 --calls 23
overwrite-1      --pattern overwrite --calls 211 --qd 8
overwrite-64     --pattern overwrite --batch 64 --calls 17 --qd 256
unaligned-2      --pattern unaligned --batch 2 --calls 29
cold-read-1      --pattern cold-read --calls 101 --size 16M
cold-read-4      --pattern cold-read --batch 4 --calls 53 --size 16M
read-32          --pattern read --batch 32 --calls 31 --qd 64
buffered-read-4  --pattern buffered-read --batch 4 --calls 23
buffered-read-16 --pattern buffered-read --batch 16 --calls 7
buffered-write-4 --pattern buffered-write --bs 512 --batch 4 --calls 13
dsync-1          --pattern dsync --buffered --calls 23
STEPS
}

case ${1-} in
prepare) mode=--prepare ;;
run) mode=--no-prepare ;;
*)
	echo "Usage: mix.sh prepare|run DIRECTORY..." >&2
	exit 2
	;;
esac
shift

status=0
for dir in "$@"; do
	while read -r name args; do
		out=/dev/null
		[ -z "${MIX_OUT-}" ] || out=$MIX_OUT/$(basename "$dir")-$name.json
		# shellcheck disable=SC2086 # a list of words
		"$tools/aioload" --file "$dir/$name" $mode --size 4M $args >"$out" || status=1
	done < <(steps)
done
exit $status
