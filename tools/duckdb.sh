#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# duckdb.sh: DuckDB, which the rows of a fleet are loaded into, from npm into build/duckdb. Does
# nothing when it is there; without npm or the network the tests that need it are skipped.

set -u
cd "$(dirname "$0")/.." || exit 1
to=build/duckdb
[ -d "$to/node_modules" ] && exit 0
command -v npm >/dev/null 2>&1 || exit 0

mkdir -p build && scratch=$(mktemp -d build/duckdb.XXXXXX) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo "duckdb: fetching it into $to"
if ! npm install --silent --no-audit --no-fund --prefix "$scratch" @duckdb/node-api@1.5.6-r.1 \
	>"$scratch/log" 2>&1; then
	tail -n 2 "$scratch/log" >&2
	echo "duckdb: cannot be fetched; the tests that need it are skipped" >&2
	exit 0
fi
rm -rf "$to" && mkdir -p "$to" && mv "$scratch/node_modules" "$to/"
