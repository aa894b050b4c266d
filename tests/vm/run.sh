#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The tests on other kernels alone: KERNELS is quick, full or names. The last line is
# "N passed, N failed, N skipped". The rows of these kernels in the table are written.
set -u
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 KERNELS=${KERNELS:-full}

out=build/kernels
mkdir -p $out
/usr/bin/python3 -m pytest -q -rf -p no:cacheprovider --junitxml=$out/junit.xml tests/vm
status=$?
figures=$(/usr/bin/python3 tests/junit.py $out/junit.xml $out/skips) || figures="0 1"
read -r passed failed <<<"$figures"
if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
sed 's/^/skipped: /' $out/skips
if [ "$passed" -gt 0 ]; then
	/usr/bin/python3 tests/vm/table.py $out/junit.xml $out || failed=$((failed + 1))
fi
echo "$passed passed, $failed failed, $(wc -l <$out/skips) skipped"
[ "$failed" -eq 0 ]
