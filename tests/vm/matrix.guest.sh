#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# In the guest: qualify on each filesystem and kind of device that this kernel has, one after the
# other, over a null_blk of fixed delay. Results in /out, NAME.json; why there can be none in NAME.why.
# matrix.guest.sh [NAME...]: only these.
set -u
# shellcheck source=tests/vm/storage.guest.sh
. ./storage.guest.sh

DELAY_NS=3000000
ROWS=append,append-d4,append-lba,append-dsync,append-nowait,fill-hole,fill-hole-d4,fill-hole-lba
ROWS+=,fill-hole-nowait,fill-unwritten,fill-unwritten-d4,fill-unwritten-lba,fill-unwritten-nowait
ROWS+=,overwrite,overwrite-d4,overwrite-lba,overwrite-dsync,overwrite-nowait,overwrite-buffered
ROWS+=,read,read-d32,read-lba,read-nowait,read-cold,read-cold-nowait,fsync
ROWS+=,append-beside-fdatasync,read-beside-truncate,direct-beside-buffered
COMPARED=append-d4,overwrite-d4,read-d4,read-cold-d4
# How a row with few requests looks must not hang on how fast the host is.
TIME=6s

# null NAME SIZE_MB [DEPTH]: a device of its own in $dev. By configfs: 5.10 has no module parameter for all.
null() {
	local d=/sys/kernel/config/nullb/$1 kv

	mkdir "$d" || return 1
	for kv in queue_mode=2 irqmode=2 completion_nsec=$DELAY_NS hw_queue_depth=128 \
		submit_queues=1 size="$2" memory_backed=1 power=1; do
		echo "${kv#*=}" > "$d/${kv%%=*}" || return 1
	done
	dev=/dev/$1
	[ -b "$dev" ] || dev=/dev/nullb$(cat "$d/index")
	[ -b "$dev" ] && echo none > "/sys/block/${dev##*/}/queue/scheduler"
}

remove() {
	echo 0 > "/sys/kernel/config/nullb/$1/power"
	rmdir "/sys/kernel/config/nullb/$1"
}

# run NAME LABEL PLACE OPTION...
run() {
	local name=$1 label=$2 place=$3
	shift 3

	timeout 200 aiostall qualify "$place" --label "$label" --time $TIME --format json \
		-o "/out/$name.json" "$@" 2> "/out/$name.err" || [ $? -eq 124 ] ||
		tail -1 "/out/$name.err" > "/out/$name.why"
	[ -s "/out/$name.err" ] || rm -f "/out/$name.err"
}

# A filesystem: fs NAME LABEL MOUNT_OPTIONS MKFS...; the device is the last word of MKFS.
fs() {
	local name=$1 label=$2 options=$3
	shift 3

	mkdir -p /mnt/test
	modprobe -q "${label%% *}" 2>/dev/null
	if ! "$@" "$dev" > /tmp/mkfs 2>&1; then
		echo "mkfs: $(tail -1 /tmp/mkfs)" > "/out/$name.why"
	elif ! mount -t "${label%% *}" -o "$options" "$dev" /mnt/test 2> /tmp/mount; then
		echo "mount: $(tail -1 /tmp/mount)" > "/out/$name.why"
	else
		run "$name" "$label" /mnt/test --rows $ROWS --engine aio
		[ "$name" != ext4 ] || run engines-ext4 ext4 /mnt/test --rows $COMPARED --engine all
		[ "$name" != ext4 ] || overlay
		umount /mnt/test
	fi
}

overlay() {
	mkdir -p /mnt/test/upper /mnt/test/work /mnt/lower /mnt/over
	modprobe -q overlay 2>/dev/null
	if mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/test/upper,workdir=/mnt/test/work \
		overlay /mnt/over 2> /tmp/mount; then
		run overlay-ext4 "overlay on ext4" /mnt/over --rows $ROWS --engine aio
		umount /mnt/over
	else
		echo "mount: $(tail -1 /tmp/mount)" > /out/overlay-ext4.why
	fi
}

# A device of the mapper: mapped NAME LABEL TARGET [ARGS]; @ stands for the device below.
mapped() {
	local name=$1 label=$2 sectors
	shift 2

	sectors=$(cat "/sys/block/${dev##*/}/size")
	modprobe -q "$label" 2>/dev/null
	if dmsetup create test --noudevsync --noudevrules \
		--table "0 ${SECTORS:-$sectors} ${*//@/$dev}" 2> /tmp/dm; then
		dmsetup mknodes
		run "$name" "$label" "$(readlink -f /dev/mapper/test)" --destructive --rows $ROWS \
			--engine aio
		dmsetup remove --noudevsync --noudevrules test
	else
		echo "dmsetup: $(tail -1 /tmp/dm)" > "/out/$name.why"
	fi
}

raid1() {
	local first=$dev

	null other 64 || return
	mapped dm-raid1 "dm-raid raid1" raid raid1 3 0 region_size 1024 2 - "$first" - "$dev"
	remove other
}

thin() {
	local data=$dev

	null meta 16 || return
	dd if=/dev/zero of="$dev" bs=4k count=1 2>/dev/null
	modprobe -q dm-thin-pool 2>/dev/null
	dmsetup create pool --noudevsync --noudevrules \
		--table "0 131072 thin-pool $dev $data 128 0" && dmsetup mknodes &&
		dmsetup message pool 0 "create_thin 0" &&
		SECTORS=131072 mapped dm-thin dm-thin thin "$(readlink -f /dev/mapper/pool)" 0
	dmsetup remove --noudevsync --noudevrules pool
	remove meta
}

snapshot() {
	local origin=$dev

	null cow 128 || return
	mapped dm-snapshot dm-snapshot snapshot "$origin" "$dev" N 8
	remove cow
}

# raid LEVEL LAYOUT: an array of md, whose disks are alike from the start.
raid() {
	local members=("$dev") disks=3 n

	modprobe -q "$1" 2>/dev/null || modprobe -q raid456 2>/dev/null
	[ "$1" != raid1 ] || disks=2
	for ((n = 1; n < disks; n++)); do
		null "disk$n" 64 || return
		members+=("$dev")
	done
	if array "$1" "$2" $((48 * 1024)) "${members[@]}" 2> /tmp/md && wait_for_idle; then
		run "md-$1" "md $1" /dev/md0 --destructive --rows $ROWS --engine aio
	else
		echo "md: $(tail -1 /tmp/md)" > "/out/md-$1.why"
	fi
	stop_array 2>/dev/null
	for ((n = 1; n < disks; n++)); do
		remove "disk$n"
	done
}

wait_for_idle() {
	for _ in {1..600}; do
		[ "$(cat "$md/sync_action")" != idle ] || return 0
		sleep 0.1
	done
}

nfs() {
	modprobe -q nfsd && modprobe -q nfsv4
	mkdir -p /srv/nfs /mnt/nfs
	if mkfs.ext4 -q -F -b 4096 "$dev" 2> /tmp/nfs && mount -t ext4 "$dev" /srv/nfs &&
		{ export_nfs /srv/nfs && mount_nfs /mnt/nfs; } 2> /tmp/nfs; then
		run nfs "nfs 4.2 of ext4" /mnt/nfs --rows $ROWS --engine aio
		umount /mnt/nfs
	else
		echo "nfs: $(tail -1 /tmp/nfs)" > /out/nfs.why
	fi
	echo 0 > /proc/fs/nfsd/threads
	umount /srv/nfs
}

# A daemon that keeps ext4, so that what differs from ext4 is FUSE's.
fuse() {
	modprobe -q fuse
	mkdir -p /mnt/fuse
	if mkfs.ext4 -q -F -b 4096 "$dev" > /tmp/fuse 2>&1 && fuse2fs "$dev" /mnt/fuse > /tmp/fuse 2>&1 &&
		grep -q ' /mnt/fuse fuse' /proc/mounts; then
		run fuse "fuse (fuse2fs)" /mnt/fuse --rows $ROWS --engine aio
		umount /mnt/fuse
	else
		echo "fuse2fs: $(tail -1 /tmp/fuse)" > /out/fuse.why
	fi
}

# there NAME DEVICE FUNCTION...: on a device that tools/matrix gives the guest.
there() {
	local name=$1

	dev=$2
	shift 2
	wants "$name" || return 0
	modprobe -q nd_e820 && modprobe -q nd_pmem
	if [ -b "$dev" ]; then "$@"; else echo "no $dev" > "/out/$name.why"; fi
	tell "$name"
}

nvme() {
	run nvme "NVMe of QEMU" "$dev" --destructive --rows $ROWS --engine aio
}

raw() {
	run raw device "$dev" --destructive --rows $ROWS --engine aio
}

zram() {
	modprobe -q zram num_devices=1 2>/dev/null
	if echo 128M > /sys/block/zram0/disksize; then
		run zram zram /dev/zram0 --destructive --rows $ROWS --engine aio
	else
		echo "no zram in this kernel" > /out/zram.why
	fi
}

tmpfs() {
	mkdir -p /mnt/tmpfs
	mount -t tmpfs -o size=300m tmpfs /mnt/tmpfs
	run tmpfs tmpfs /mnt/tmpfs --rows $ROWS --engine aio
	umount /mnt/tmpfs
}

# one NAME SIZE_MB COMMAND...: on a device of its own.
one() {
	local name=$1 size=$2
	shift 2

	wants "$name" || return 0
	null "d" "$size" || { echo "no null_blk" > "/out/$name.why"; return 0; }
	"$@"
	remove d
	tell "$name"
}

wants() {
	[ -z "$wanted" ] || [[ " $wanted " = *" $1 "* ]]
}

tell() {
	# So that a guest that is stopped has brought out what it has.
	tar -C /out -cf /dev/vda . && sync
	if [ -s "/out/$1.json" ]; then echo "$1"; else echo "$1: $(cat "/out/$1.why" 2>&1)"; fi
}

wanted="$*"
# The disk that results go to answers in real time, which a virtual clock may leave far behind.
echo 0 > /proc/sys/kernel/hung_task_timeout_secs
modprobe null_blk nr_devices=0 || { echo "no null_blk in this kernel"; exit 77; }
for m in xxhash_generic blake2b_generic crc32c_generic dm-mod; do
	modprobe -q $m 2>/dev/null
done
one ext4 400 fs ext4 ext4 defaults mkfs.ext4 -q -F -b 4096
one xfs 400 fs xfs xfs defaults mkfs.xfs -q -f
# A small btrfs runs out of room for metadata, and its waits for that are about the size.
one btrfs 4000 fs btrfs btrfs defaults mkfs.btrfs -q -f
one raw 128 raw
one xfs-lazytime 400 fs xfs-lazytime "xfs lazytime" lazytime mkfs.xfs -q -f
one btrfs-nodatacow 4000 fs btrfs-nodatacow "btrfs nodatacow" nodatacow mkfs.btrfs -q -f
one f2fs 400 fs f2fs f2fs defaults mkfs.f2fs -q -f
one ext4-noextents 400 fs ext4-noextents "ext4 without extents" defaults mkfs.ext4 -q -F -b 4096 \
	-O '^extent,^64bit'
one btrfs-dup 4000 fs btrfs-dup "btrfs data DUP nodatacow" nodatacow mkfs.btrfs -q -f -d dup
one tmpfs 64 tmpfs
one zram 64 zram
one dm-linear 128 mapped dm-linear dm-linear linear @ 0
one dm-crypt 128 mapped dm-crypt dm-crypt crypt cipher_null-ecb - 0 @ 0
one dm-snapshot 128 snapshot
one dm-thin 128 thin
one dm-raid1 64 raid1
one md-raid1 64 raid raid1 0
one md-raid5 64 raid raid5 2
one nfs 400 nfs
one fuse 400 fuse
there nvme /dev/nvme0n1 nvme
there ext4-dax /dev/pmem0 fs ext4-dax "ext4 dax" dax mkfs.ext4 -q -F -b 4096
there xfs-dax /dev/pmem0 fs xfs-dax "xfs dax" dax mkfs.xfs -q -f -m reflink=0
