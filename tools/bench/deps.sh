#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the tools that the benchmarks compare with, as far as this Debian has them.

set -u

packages="linux-perf bpftrace libbpf-tools strace"

if ! command -v apt-get >/dev/null 2>&1; then
	echo "bench: not a Debian system; peers to install by hand: $packages" >&2
	exit 0
fi
missing=
for package in $packages; do
	# shellcheck disable=SC2016 # dpkg-query's own format, not the shell's
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
echo "bench: installing with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# One by one: a package that this release lacks must not keep the others out.
for package in $missing; do
	apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 ||
		echo "bench: no package $package; its rows will be missing" >&2
done
exit 0
