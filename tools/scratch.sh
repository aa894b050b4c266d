#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Scratch filesystems for the demo and the tests; to be sourced.
#
#	scratch_begin                     directory and tmpfs, removes everything on exit
#	scratch_fs TYPE NAME SIZE         filesystem on a loop device
#	scratch_slow_fs TYPE NAME SIZE    the same on a slow device
#	scratch_loop NAME SIZE            loop device alone
#	scratch_slow NAME SIZE            slow loop device alone
#	scratch_delay NAME KEY=VALUE...   see slowdev --set
#	scratch_remount NAME              empties the caches of that filesystem
#	scratch_end                       removes everything, may be called twice
#
# They set SCRATCH_DEV, SCRATCH_MNT and SCRATCH_CTL. SCRATCH_MKFS_OPTS and SCRATCH_MOUNT_OPTS
# are used when set. Sizes are for truncate(1); xfs needs 300M, btrfs 128M.

SCRATCH_TOOLS=${SCRATCH_TOOLS:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/build/tools}
SCRATCH=

scratch_fail() {
	echo "scratch: $*" >&2
	return 1
}

# Every step is written down before it is done, so that a step half done is undone too.
scratch_undo() {
	echo "$*" >>"$SCRATCH/undo"
}

scratch_begin() {
	[ "$(id -u)" -eq 0 ] || scratch_fail "must be root" || return 1
	SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/aiostall-XXXXXX") || return 1
	trap scratch_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	mkdir "$SCRATCH/ram" "$SCRATCH/mnt" || return 1
	scratch_undo umount "$SCRATCH/ram"
	mount -t tmpfs -o size=2G,mode=0700 aiostall-scratch "$SCRATCH/ram" ||
		scratch_fail "cannot mount a tmpfs on $SCRATCH/ram"
}

# Without udev nothing else makes the nodes.
scratch_loop_nodes() {
	local next

	next=$(losetup -f 2>/dev/null) || return 0
	[ -b "$next" ] || mknod "$next" b 7 "${next#/dev/loop}" 2>/dev/null || true
}

# scratch_attach FILE [losetup options]
scratch_attach() {
	local file=$1

	shift
	scratch_loop_nodes
	SCRATCH_DEV=$(losetup -f --show "$@" "$file") || scratch_fail "no loop device for $file" ||
		return 1
	scratch_undo loop "$SCRATCH_DEV"
}

scratch_loop() {
	truncate -s "$2" "$SCRATCH/ram/$1.img" || return 1
	# Direct I/O to tmpfs works from kernel 6.6 on; without it the loop device is as good.
	scratch_attach "$SCRATCH/ram/$1.img"
}

scratch_wait_file() {
	local i

	for ((i = 0; i < 500; i++)); do
		[ -s "$1" ] && return 0
		kill -0 "$2" 2>/dev/null || break
		sleep 0.01
	done
	scratch_fail "the slow device did not start"
}

scratch_slow() {
	local base=$SCRATCH/ram/$1 pid

	SCRATCH_CTL=$base.ctl
	mkdir "$base.slow" || return 1
	scratch_undo umount "$base.slow"
	# All its files elsewhere: a caller that reads our output to its end must not wait for it.
	"$SCRATCH_TOOLS/slowdev" --size "$2" --control "$SCRATCH_CTL" --ready-file "$base.ready" \
		"$base.slow" </dev/null >"$base.log" 2>&1 &
	pid=$!
	scratch_undo slow "$pid" "$SCRATCH_CTL"
	if ! scratch_wait_file "$base.ready" "$pid"; then
		cat "$base.log" >&2
		return 1
	fi
	scratch_attach "$base.slow/data" --direct-io=on
}

scratch_delay() {
	local ctl=$SCRATCH/ram/$1.ctl

	shift
	"$SCRATCH_TOOLS/slowdev" --set "$ctl" "$@"
}

scratch_mkfs() {
	local type=$1 dev=$2
	local -a opts

	read -ra opts <<<"${SCRATCH_MKFS_OPTS:-}"
	case $type in
	xfs | btrfs) opts+=(-f -q) ;;
	*) opts+=(-F -q) ;;
	esac
	"mkfs.$type" "${opts[@]}" "$dev" >"$SCRATCH/ram/mkfs.log" 2>&1 && return 0
	cat "$SCRATCH/ram/mkfs.log" >&2
	scratch_fail "mkfs.$type failed"
}

scratch_mount() {
	local type=$1 name=$2 dev=$3

	SCRATCH_MNT=$SCRATCH/mnt/$name
	mkdir -p "$SCRATCH_MNT" || return 1
	scratch_undo umount "$SCRATCH_MNT"
	mount -t "$type" ${SCRATCH_MOUNT_OPTS:+-o "$SCRATCH_MOUNT_OPTS"} "$dev" "$SCRATCH_MNT"
}

scratch_fs() {
	scratch_loop "$2" "$3" && scratch_mkfs "$1" "$SCRATCH_DEV" &&
		scratch_mount "$1" "$2" "$SCRATCH_DEV"
}

scratch_slow_fs() {
	scratch_slow "$2" "$3" && scratch_mkfs "$1" "$SCRATCH_DEV" &&
		scratch_mount "$1" "$2" "$SCRATCH_DEV"
}

scratch_remount() {
	local mnt=$SCRATCH/mnt/$1 line type dev opts

	line=$(findmnt -n -o FSTYPE,SOURCE,OPTIONS --mountpoint "$mnt") || return 1
	read -r type dev opts <<<"$line"
	umount "$mnt" && mount -t "$type" -o "$opts" "$dev" "$mnt"
}

# Gone when it was one of ours: the kernel may have given the number away since.
scratch_stop_slow() {
	local pid=$1 i

	[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slowdev ] || return 0
	kill -TERM "$pid" 2>/dev/null
	for ((i = 0; i < 300; i++)); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slowdev ] || return 0
		case $(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null) in
		Z | '') return 0 ;;
		esac
		sleep 0.01
	done
	kill -KILL "$pid" 2>/dev/null
}

scratch_umount() {
	local i

	for ((i = 0; i < 100; i++)); do
		mountpoint -q "$1" || return 0
		umount "$1" 2>/dev/null && return 0
		fsfreeze -u "$1" 2>/dev/null
		sleep 0.02
	done
	umount -l "$1" 2>/dev/null
}

# Delays, holds and errors first: with them an unmount may take for ever.
scratch_calm() {
	local what pid ctl

	while read -r what pid ctl; do
		[ "$what" = slow ] || continue
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slowdev ] || continue
		"$SCRATCH_TOOLS/slowdev" --set "$ctl" read=0 write=0 fsync=0 hold=0 error=0
	done <"$1"
}

scratch_end() {
	local dir=$SCRATCH what arg

	SCRATCH=
	[ -n "$dir" ] && [ -d "$dir" ] || return 0
	# A second Ctrl-C must not leave half of it behind.
	trap '' HUP INT TERM
	if [ -f "$dir/undo" ]; then
		scratch_calm "$dir/undo"
		while read -r what arg _; do
			case $what in
			umount) scratch_umount "$arg" ;;
			loop) losetup -d "$arg" 2>/dev/null ;;
			slow) scratch_stop_slow "$arg" ;;
			esac
		done < <(tac "$dir/undo")
	fi
	rm -rf --one-file-system "$dir"
	trap - EXIT HUP INT TERM
}
