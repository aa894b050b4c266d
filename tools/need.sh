#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# need.sh CC CLANG BPFTOOL [CFLAGS...]: say which tools and headers of the build are missing, and
# the Debian package that brings each. Silent when all are there.
set -u

cc=$1 clang=$2 bpftool=$3
shift 3
missing=0 packages=

lacks() {
	echo "missing: $1 (package $2)" >&2
	packages="$packages $2"
	missing=1
}

tool() {
	command -v "$1" >/dev/null 2>&1 || lacks "$1" "$2"
}

tool "$cc" gcc
tool "$clang" clang
tool "$bpftool" bpftool
if command -v "$cc" >/dev/null 2>&1; then
	while read -r name package; do
		echo "#include <$name>" | "$cc" "$@" -E -x c - >/dev/null 2>&1 || lacks "$name" "$package"
	done <<-END
		stdio.h libc6-dev
		bpf/libbpf.h libbpf-dev
		gelf.h libelf-dev
		zlib.h zlib1g-dev
		jansson.h libjansson-dev
		sqlite3.h libsqlite3-dev
		liburing.h liburing-dev
		curses.h libncurses-dev
		uthash.h uthash-dev
	END
fi
if [ "$missing" -ne 0 ]; then
	echo "install them with: make deps, or: apt-get install$packages" >&2
	exit 1
fi
