#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs a mixed libaio workload on scratch ext4, xfs and btrfs filesystems under aiostall and
# prints the report. Everything it makes is removed again, also after Ctrl-C.
#
#	tools/demo.sh [--keep-json FILE] [--delay US]

set -u

here=$(cd "$(dirname "$0")/.." && pwd)
aiostall=$here/build/aiostall
keep=
delay=2000

while [ $# -gt 0 ]; do
	case $1 in
	--keep-json) keep=${2-} ;;
	--delay) delay=${2-} ;;
	*)
		echo "Usage: demo.sh [--keep-json FILE] [--delay US]" >&2
		exit 2
		;;
	esac
	if [ $# -lt 2 ]; then
		echo "demo: $1 needs a value" >&2
		exit 2
	fi
	shift 2
done

say() {
	echo "demo: $*" >&2
}

# shellcheck source=tools/scratch.sh
. "$here/tools/scratch.sh"

if [ "$(id -u)" -ne 0 ]; then
	say "must be root: it mounts filesystems and loads BPF programs"
	exit 1
fi
if [ ! -x "$aiostall" ] || [ ! -x "$here/build/tools/aioload" ]; then
	say "not built yet, run make all tools"
	exit 1
fi
if [ ! -c /dev/fuse ]; then
	modprobe fuse 2>/dev/null || mknod -m 666 /dev/fuse c 10 229 2>/dev/null
fi

scratch_begin || exit 1
say "making ext4, xfs and btrfs on loop devices of $delay us per request, in $SCRATCH"
dirs=()
for type in ext4 xfs btrfs; do
	# xfs has no smaller size; the memory is used only where something is written.
	scratch_slow_fs "$type" "$type" 320M || exit 1
	dirs+=("$SCRATCH_MNT")
done
say "writing the files"
bash "$here/tools/mix.sh" prepare "${dirs[@]}" || exit 1

# Mounted anew, so that extents and data are not cached.
again() {
	local type

	for type in ext4 xfs btrfs; do
		scratch_delay "$type" read=0 write=0 fsync=0
		scratch_remount "$type" || return 1
		scratch_delay "$type" read="$delay" write="$delay" fsync="$delay"
	done
}

trace() {
	again || return 1
	"$aiostall" stat --user root "$@" -- bash "$here/tools/mix.sh" run "${dirs[@]}"
}

# Of a report the verdicts and tables, as far as a screen of 24 lines has room for whole ones.
first_screen() {
	awk 'BEGIN { RS = ""; room = 21 }
	     /^aiostall on / { next }
	     { n = split($0, line, "\n") + (NR > 1) }
	     n > room { exit }
	     { if (NR > 1) print ""; print; room -= n }' "$1"
}

say "appends, overwrites, holes, cold reads, buffered I/O; batches of 1 to 64; about 20 s"
whole=$here/build/demo.txt
trace -o "$whole"
status=$?
if [ -n "$keep" ] && [ $status -eq 0 ]; then
	say "once more, for $keep"
	trace --format json -o "$keep"
	status=$?
fi
scratch_end
say "everything removed"
if [ -s "$whole" ]; then
	first_screen "$whole"
	echo
	echo "The whole report, with causes and advice: less ${whole#"$PWD"/}"
fi
exit $status
