#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Lines of src/store that its unit test, the replayed fixtures and the fuzzers' seeds reach, each
# seed read once. Ends with the share of what reads recordings; status 1 below 90 %.
set -u
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC
cov=build/cov
reading="file input load pages rows share sqlite store codec vfs"

find "$cov" -name '*.gcda' -delete
mkdir -p build/fuzz
bash tests/fuzz/run.sh seeds >/dev/null || exit 1
"$cov/test_store" >/dev/null 2>&1
for fixture in tests/replay/*.fix; do
	rm -f "$cov"/db*
	"$cov/stored" "$fixture" "$cov/db" json >/dev/null 2>&1
done
for name in recording journal; do
	"$cov/$name" build/fuzz/corpus-"$name"/* || exit 1
done
gcov -n "$cov"/src/store/*.gcda 2>/dev/null |
	awk -v reading="$reading" -F "[':% ]+" '
		BEGIN { split(reading, names, " "); for (i in names) wanted["src/store/" names[i] ".c"] }
		/^File/ { file = $2 }
		/^Lines/ && file ~ /^src\/store\/.*\.c$/ {
			printf "%-24s %6.1f %% of %d\n", file, $3, $5
			if (file in wanted) { all += $5; hit += $3 * $5 / 100 }
			file = ""
		}
		END {
			printf "%.1f %% of the lines that read recordings\n", 100 * hit / all
			exit hit < 0.9 * all
		}'
