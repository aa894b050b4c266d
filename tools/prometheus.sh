#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# prometheus.sh: Debian's Prometheus and promtool for the tests, unpacked below build/ and not
# installed: the package would start a server and have it started at each boot. Does nothing when
# they are there; without the network the tests that need them are skipped.

set -u
cd "$(dirname "$0")/.." || exit 1
to=build/prometheus
[ -x "$to/usr/bin/promtool" ] && exit 0
command -v apt-get >/dev/null 2>&1 || exit 0

scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
echo "prometheus: unpacking Debian's package into $to"
if ! (cd "$scratch" && apt-get download prometheus && dpkg -x prometheus_*.deb x) >"$scratch/log" 2>&1; then
	tail -n 2 "$scratch/log" >&2
	echo "prometheus: cannot be fetched; the tests that need it are skipped" >&2
	exit 0
fi
mkdir -p "$to" && rm -rf build/prometheus/usr && mv "$scratch/x/usr" "$to/usr"
