#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# axe.sh: axe-core, which tells whether a page is accessible, from npm into build/axe. Does nothing
# when it is there; without npm or the network the test that needs it is skipped.

set -u
cd "$(dirname "$0")/.." || exit 1
to=build/axe
[ -f "$to/axe.min.js" ] && exit 0
command -v npm >/dev/null 2>&1 || exit 0

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo "axe: fetching axe-core into $to"
if ! (cd "$scratch" && npm pack --silent axe-core@4.10.2 && tar -xzf axe-core-*.tgz) >"$scratch/log" 2>&1; then
	tail -n 2 "$scratch/log" >&2
	echo "axe: cannot be fetched; the test that needs it is skipped" >&2
	exit 0
fi
mkdir -p "$to" && mv "$scratch/package/axe.min.js" "$to/axe.min.js"
