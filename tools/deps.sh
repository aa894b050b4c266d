#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# deps.sh [ARCH]: installs the Debian packages that building and testing need, or those for a cross
# build. Does nothing when all are there.

set -u

build="gcc libc6-dev make clang bpftool libbpf-dev libelf-dev zlib1g-dev libjansson-dev libsqlite3-dev
	liburing-dev libncurses-dev uthash-dev pkg-config"
tests="libcmocka-dev libclang-rt-dev libaio-dev libfuse3-dev fuse3 fuse2fs fio qemu-utils xfsprogs btrfs-progs e2fsprogs util-linux
	procps python3 python3-pytest python3-prometheus-client tmux chromium zsh fish shellcheck clang-format
	llvm debhelper dpkg-dev lintian systemd rpm postgresql"

# Debian's name of the architecture, and of what its programs are for.
case ${1:-} in
'') ;;
arm64) foreign=arm64 triplet=aarch64-linux-gnu ;;
x86) foreign=amd64 triplet=x86-64-linux-gnu ;;
*)
	echo "deps: no architecture \"$1\"; there are: x86 arm64" >&2
	exit 1
	;;
esac
if [ -n "${1:-}" ]; then
	build="gcc-$triplet clang bpftool uthash-dev qemu-system-arm"
	tests=
	for package in libc6-dev libbpf-dev libelf-dev zlib1g-dev libjansson-dev libsqlite3-dev liburing-dev libncurses-dev; do
		build="$build $package:$foreign"
	done
fi

if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
	echo "deps: not a Debian system; install these or their equivalents by hand:" >&2
	# shellcheck disable=SC2086 # a list of words
	echo "deps:" $build $tests >&2
	exit 0
fi

# installed PACKAGE[:ARCH]: a library may be there for several architectures.
native=$(dpkg --print-architecture)
installed() {
	arch=$native
	case $1 in
	*:*) arch=${1#*:} ;;
	esac
	# shellcheck disable=SC2016 # dpkg-query's own format, not the shell's
	dpkg-query -W -f='${Architecture} ${db:Status-Status}\n' "$1" 2>/dev/null |
		grep -qxE "(all|$arch) installed"
}

missing=
for package in $build $tests; do
	installed "$package" || missing="$missing $package"
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

[ -z "${1:-}" ] || dpkg --add-architecture "$foreign" || exit 1
echo "deps: installing with apt-get:$missing"
# The tests make servers of their own: its package shall not start one at each boot.
clusters=/etc/postgresql-common/createcluster.conf
case $missing in
*" postgresql"*)
	[ -e $clusters ] || { mkdir -p "${clusters%/*}" && echo 'create_main_cluster = false' >$clusters; }
	;;
esac
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "deps: apt-get failed, see above" >&2
	exit 1
fi
