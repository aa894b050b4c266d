#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Installs the Debian packages that building and testing need. Does nothing when all are there.

set -u

build="gcc libc6-dev make clang bpftool libbpf-dev libelf-dev zlib1g-dev libjansson-dev libsqlite3-dev
	uthash-dev pkg-config"
tests="libcmocka-dev libaio-dev libfuse3-dev fuse3 fio xfsprogs btrfs-progs e2fsprogs util-linux
	procps python3 python3-pytest shellcheck"

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: not a Debian system; install these or their equivalents by hand:" >&2
	# shellcheck disable=SC2086 # a list of words
	echo "deps:" $build $tests >&2
	exit 0
fi

missing=
for package in $build $tests; do
	# shellcheck disable=SC2016 # dpkg-query's own format, not the shell's
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)
	[ "$state" = installed ] || missing="$missing $package"
done

if [ -z "$missing" ]; then
	echo "deps: everything is installed"
	exit 0
fi

if [ "$(id -u)" -ne 0 ]; then
	echo "deps: missing packages:$missing" >&2
	echo "deps: run as root, or: sudo apt-get install -y$missing" >&2
	exit 1
fi

echo "deps: installing with apt-get:$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "deps: apt-get failed, see above" >&2
	exit 1
fi
