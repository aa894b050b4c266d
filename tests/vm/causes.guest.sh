#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels: loads that block where a kernel module is needed. It judges
# nothing: reports go to /out/causes, a scenario that cannot be made says why in NAME/skip;
# causes.py reads them outside.
set -u
# shellcheck source=tests/vm/storage.guest.sh
. ./storage.guest.sh
# shellcheck source=tests/vm/drivers.guest.sh
. ./drivers.guest.sh
# shellcheck source=tests/vm/stacked.guest.sh
. ./stacked.guest.sh
# shellcheck source=tests/vm/zones.guest.sh
. ./zones.guest.sh
# shellcheck source=tests/vm/memory.guest.sh
. ./memory.guest.sh
OUT=/out/causes
MB=2048 # sectors
DELAY=5 # ms for each request of a slow disk

skip()
{
	mkdir -p "$OUT/$1"
	echo "$2" > "$OUT/$1/skip"
}

# trace NAME LOAD...: what aioload does, traced.
TURN=
trace()
{
	dir=$OUT/$1$TURN
	shift
	mkdir -p "$dir"
	timeout 100 aiostall --format json -o "$dir/report" -- aioload "$@" > "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
}

# exchanged WITHOUT APPLIED: two functions that trace, each twice and each once before the other: what
# the order does to them shows.
exchanged()
{
	TURN=
	"$1"
	"$2"
	TURN=+2
	"$2"
	"$1"
	TURN=
}

create()
{
	dmsetup create "$1" --noudevsync --noudevrules --table "$2" 2> /run/dm.err &&
		dmsetup mknodes "$1"
}

destroy()
{
	for name; do
		dmsetup remove --noudevsync --noudevrules "$name" 2> /dev/null
	done
	dmsetup mknodes
}

# disk N: a slow disk of 64 MB, /dev/mapper/slowN.
disk()
{
	create "slow$1" "0 $((64 * MB)) delay /dev/ram$1 0 $DELAY"
}

# need NAME MODULE DISK...: the module and the disks, or a reason why the scenario is skipped.
need()
{
	name=$1 module=$2
	shift 2
	if ! modprobe -q "$module"; then
		skip "$name" "no $module"
		return 1
	fi
	for n; do
		disk "$n"
	done
}

tags()
{
	if [ -b "/dev/test/$1" ]; then
		trace "$1" --pattern overwrite --file "/dev/test/$1" --bs 4k --batch 4 --calls 11
	else
		skip "$1" "no device"
	fi
}

# The disk takes many requests, its queue few.
nvme()
{
	if [ ! -b /dev/test/nvme ]; then
		skip nvme "no device"
		return
	fi
	disk=$(basename "$(readlink -f /dev/test/nvme)")
	echo 4 > "/sys/block/$disk/queue/nr_requests"
	trace nvme --pattern overwrite --file /dev/test/nvme --bs 64k --batch 32 --calls 11
}

# Every write to a new chunk copies it first, and only one copy may be under way.
snapshot()
{
	need snapshot dm-snapshot 0 1 || return
	echo 1 > /sys/module/dm_snapshot/parameters/snapshot_cow_threshold
	if create snap "0 $((64 * MB)) snapshot /dev/mapper/slow0 /dev/mapper/slow1 N 16" &&
		create origin "0 $((64 * MB)) snapshot-origin /dev/mapper/slow0"; then
		trace snapshot --pattern overwrite --file /dev/mapper/origin --size 32M --bs 64k \
			--batch 8 --calls 11
	else
		skip snapshot "$(cat /run/dm.err)"
	fi
	destroy origin snap slow0 slow1
}

thin()
{
	need thin dm-thin-pool 0 1 || return
	dd if=/dev/zero of=/dev/ram0 bs=64k count=1 2> /dev/null
	if create pool "0 $((64 * MB)) thin-pool /dev/mapper/slow0 /dev/mapper/slow1 128 0" &&
		dmsetup message pool 0 "create_thin 0" 2> /run/dm.err &&
		create thin "0 $((48 * MB)) thin /dev/mapper/pool 0"; then
		trace thin --pattern overwrite --file /dev/mapper/thin --size 32M --bs 64k \
			--batch 8 --calls 21
	else
		skip thin "$(cat /run/dm.err)"
	fi
	destroy thin pool slow0 slow1
}

crypt()
{
	need crypt dm-crypt 0 || return
	modprobe -q crypto_null
	if ! create crypt "0 $((64 * MB)) crypt cipher_null-ecb - 0 /dev/mapper/slow0 0"; then
		skip crypt "$(cat /run/dm.err)"
		destroy slow0
		return
	fi
	trace crypt --pattern overwrite --file /dev/mapper/crypt --size 32M --bs 64k --batch 8 --calls 21
	destroy crypt slow0
}

# resync NAME LEVEL LAYOUT: writes while the array checks itself over and over. All of it is one
# window that the check and the writes take turns in.
resync()
{
	need "$1" "$2" 0 1 || return
	if array "$2" "$3" $((32 * 1024)) /dev/mapper/slow0 /dev/mapper/slow1 2> /run/md.err; then
		while usleep 20000; do echo check > "$md"/sync_action; done 2> /dev/null &
		checks=$!
		trace "$1" --pattern overwrite --file /dev/md0 --size 16M --bs 4k --batch 4 --calls 201
		kill $checks
		cat /proc/mdstat > "$OUT/$1/mdstat"
	else
		skip "$1" "$(cat /run/md.err; dmesg | tail -3)"
	fi
	stop_array
	destroy slow0 slow1
}

# raid NAME TABLE DISKS LOAD...: an array through dm-raid.
raid()
{
	name=$1 table=$2 disks=$3
	shift 3
	# shellcheck disable=SC2086 # words are wanted
	need "$name" dm-raid $disks || return
	if create "$name" "$table"; then
		trace "$name" --pattern overwrite --file "/dev/mapper/$name" "$@"
		destroy "$name"
	else
		skip "$name" "$(cat /run/dm.err; dmesg | tail -3)"
	fi
	for n in $disks; do
		destroy "slow$n"
	done
}

# Metadata lets them resync, and keeps a bitmap of what is written.
raids()
{
	s=/dev/mapper/slow
	m=/dev/mapper/meta
	for n in 0 1; do
		create "meta$n" "0 $((8 * MB)) linear /dev/ram3 $((n * 8 * MB))"
	done
	raid raid1 "0 $((64 * MB)) raid raid1 3 0 region_size 1024 2 ${m}0 ${s}0 ${m}1 ${s}1" \
		"0 1" --size 32M --bs 4k --batch 4 --calls 21
	dd if=/dev/zero of=/dev/ram3 bs=1M count=16 2> /dev/null
	raid raid10 "0 $((64 * MB)) raid raid10 3 128 region_size 1024 2 ${m}0 ${s}0 ${m}1 ${s}1" \
		"0 1" --size 32M --bs 4k --batch 4 --calls 21
	destroy meta0 meta1
	raid raid5 "0 $((96 * MB)) raid raid5_ls 1 128 3 - ${s}0 - ${s}1 - ${s}2" "0 1 2" \
		--size 64M --bs 256k --batch 16 --calls 11
	resync raid1-resync raid1 0
	resync raid10-resync raid10 258
}

f2fs_append()
{
	trace f2fs --pattern append --file /mnt/f2fs/a"$TURN" --side creator --side sync --side-us 2000 \
		--calls 101
}

f2fs_overwrite()
{
	trace f2fs-overwrite --pattern overwrite --file /mnt/f2fs/c"$TURN" --size 2M --side creator \
		--side sync --side-us 2000 --calls 101
}

f2fs()
{
	need f2fs f2fs 0 || return
	mkdir -p /mnt/f2fs
	if ! mkfs.f2fs -f /dev/mapper/slow0 > /run/f2fs.txt 2>&1 ||
		! mount -t f2fs /dev/mapper/slow0 /mnt/f2fs 2>> /run/f2fs.txt; then
		for name in f2fs f2fs-cold; do
			skip $name "$(tail -3 /run/f2fs.txt; dmesg | grep -i f2fs | tail -3)"
		done
		destroy slow0
		return
	fi
	exchanged f2fs_append f2fs_overwrite
	aioload --prepare --pattern cold-read --file /mnt/f2fs/b --size 8M
	umount /mnt/f2fs
	mount -t f2fs /dev/mapper/slow0 /mnt/f2fs
	trace f2fs-cold --no-prepare --pattern cold-read --file /mnt/f2fs/b --size 8M --calls 101
	umount /mnt/f2fs
	destroy slow0
}

# A budget of few requests a second for everybody on the disk.
iocost()
{
	modprobe -q null_blk nr_devices=0
	d=/sys/kernel/config/nullb/cost
	if ! mkdir $d 2> /dev/null; then
		skip iocost "no null_blk"
		return
	fi
	for kv in size=64 memory_backed=1 power=1; do
		echo "${kv#*=}" > "$d/${kv%%=*}"
	done
	dev=$(cat $d/index)
	number=$(cat "/sys/block/nullb$dev/dev" 2> /dev/null || cat /sys/block/cost/dev)
	node=/dev/$(basename "$(readlink -f "/sys/dev/block/$number")")
	cg=/sys/fs/cgroup
	echo +io > $cg/cgroup.subtree_control
	mkdir -p $cg/load
	model="ctrl=user model=linear rbps=1000000 rseqiops=50 rrandiops=50 wbps=1000000"
	if [ ! -e $cg/io.cost.model ]; then
		skip iocost "no io.cost"
		return
	fi
	echo "$number $model wseqiops=50 wrandiops=50" > $cg/io.cost.model
	echo "$number enable=1 ctrl=user min=100 max=100" > $cg/io.cost.qos
	echo $$ > $cg/load/cgroup.procs
	trace iocost --pattern overwrite --file "$node" --size 32M --bs 4k --calls 31
	echo $$ > $cg/cgroup.procs
	echo "$number enable=0" > $cg/io.cost.qos
}

# The server is this host, with a slow disk. Attributes are not kept: the client asks each time.
nfs()
{
	need nfs nfsd 0 || return
	modprobe nfsv4
	mkdir -p /srv/nfs /mnt/nfs
	mkfs.ext4 -q -F /dev/mapper/slow0 2>> /run/nfs.txt
	if ! mount -t ext4 /dev/mapper/slow0 /srv/nfs ||
		! export_nfs /srv/nfs 2>> /run/nfs.txt ||
		! mount_nfs /mnt/nfs noac 2>> /run/nfs.txt; then
		skip nfs "$(cat /run/nfs.txt; dmesg | grep -iE 'nfs|rpc' | tail -3)"
		return
	fi
	trace nfs --pattern buffered-read --file /mnt/nfs/a --size 4M --calls 101
	trace nfs-mixed --pattern overwrite --file /mnt/nfs/b --size 4M --side buffered-writer --calls 101
	trace nfs-direct --pattern overwrite --file /mnt/nfs/d --size 4M --calls 51
	umount /mnt/nfs
	echo 0 > /proc/fs/nfsd/threads
	umount /srv/nfs
	destroy slow0
}

# fio keeps to the rules of zones; f2fs as well.
zoned()
{
	modprobe -q null_blk nr_devices=0
	d=/sys/kernel/config/nullb/zones
	if ! mkdir $d 2> /dev/null; then
		skip zoned "no null_blk"
		return
	fi
	for kv in queue_mode=2 irqmode=2 completion_nsec=5000000 hw_queue_depth=8 submit_queues=1 \
		size=128 zoned=1 zone_size=4 zone_nr_conv=8 memory_backed=1 power=1; do
		echo "${kv#*=}" > "$d/${kv%%=*}"
	done
	dev=$(cat $d/index)
	number=$(cat "/sys/block/nullb$dev/dev" 2> /dev/null || cat /sys/block/zones/dev)
	node=/dev/$(basename "$(readlink -f "/sys/dev/block/$number")")
	mkdir -p $OUT/zoned $OUT/f2fs-zoned
	timeout 100 aiostall --format json -o $OUT/zoned/report -- fio --name=z --filename="$node" \
		--zonemode=zbd --rw=randwrite --direct=1 --ioengine=libaio --iodepth=32 --bs=64k \
		--iodepth_batch=8 --size=64M --offset=32M --io_size=8M --max_open_zones=4 --thread \
		--numjobs=2 > $OUT/zoned/load 2> $OUT/zoned/err
	echo $? > $OUT/zoned/status
	mkdir -p /mnt/zoned
	if modprobe -q f2fs && mkfs.f2fs -f -m "$node" > /run/zoned.txt 2>&1 &&
		mount -t f2fs "$node" /mnt/zoned 2>> /run/zoned.txt; then
		trace f2fs-zoned --pattern append --file /mnt/zoned/a --calls 51
		umount /mnt/zoned
	else
		skip f2fs-zoned "$(tail -3 /run/zoned.txt; dmesg | tail -3)"
	fi
}

# A filesystem takes memory for a disk only when the kernel keeps pages of it: what ndctl does to a
# namespace with --mode=fsdax.
pages_for_pmem()
{
	nd=/sys/bus/nd
	echo namespace0.0 > $nd/drivers/nd_pmem/unbind
	cat /proc/sys/kernel/random/uuid > $nd/devices/pfn0.0/uuid
	echo ram > $nd/devices/pfn0.0/mode
	echo namespace0.0 > $nd/devices/pfn0.0/namespace
	echo pfn0.0 > $nd/drivers/nd_pmem/bind
}

# Memory is the disk: direct I/O is a copy, done when io_submit returns.
dax()
{
	if [ ! -b /dev/test/pmem ]; then
		skip dax "no device"
		return
	fi
	pages_for_pmem 2> /run/dax.txt
	mkdir -p /mnt/dax
	for fs in ext4 xfs; do
		case $fs in
		ext4) mkfs.ext4 -q -F -b 4096 /dev/pmem0 ;;
		xfs) mkfs.xfs --unsupported -q -f -m reflink=0 /dev/pmem0 ;;
		esac 2>> /run/dax.txt
		if ! mount -t $fs -o dax=always /dev/pmem0 /mnt/dax 2>> /run/dax.txt; then
			skip dax-$fs "$(tail -3 /run/dax.txt; ls /dev/pmem*; dmesg | tail -3)"
			continue
		fi
		trace dax-$fs --pattern append --file /mnt/dax/a --bs 64k --side sync --calls 101
		umount /mnt/dax
	done
}

# Each block that is allocated is charged to its owner, in files of the filesystem itself.
quotas()
{
	need ext4-quota quota_v2 0 || return
	mkdir -p /mnt/quota
	if mkfs.ext4 -q -F -O quota,^has_journal /dev/mapper/slow0 2> /run/quota.txt &&
		mount -t ext4 -o usrquota /dev/mapper/slow0 /mnt/quota 2>> /run/quota.txt; then
		trace ext4-quota --pattern append --threads 8 --file /mnt/quota/a --side creator \
			--side sync --side-us 200 --calls 101
		umount /mnt/quota
		mkfs.xfs --unsupported -q -f /dev/mapper/slow0
		mount -t xfs -o uquota /dev/mapper/slow0 /mnt/quota
		trace xfs-quota --pattern append --threads 8 --file /mnt/quota/a --side creator \
			--side sync --side-us 200 --calls 101
		umount /mnt/quota
	else
		skip ext4-quota "$(tail -3 /run/quota.txt; dmesg | tail -3)"
	fi
	destroy slow0
}

gfs2()
{
	need gfs2 gfs2 0 || return
	mkdir -p /mnt/gfs2
	if mkfs.gfs2 -O -q -o format=1801 -p lock_nolock -j 1 -J 8 /dev/mapper/slow0 > /run/gfs2.txt 2>&1 &&
		mount -t gfs2 /dev/mapper/slow0 /mnt/gfs2 2>> /run/gfs2.txt; then
		trace gfs2 --pattern append --threads 4 --file /mnt/gfs2/a --size 1M --side creator --side sync \
			--side-us 200 --calls 101
		trace gfs2-overwrite --pattern overwrite --file /mnt/gfs2/b --size 1M --side truncate \
			--side-us 200 --calls 301
		umount /mnt/gfs2
	else
		for name in gfs2 gfs2-overwrite; do
			skip $name "$(tail -3 /run/gfs2.txt; dmesg | tail -3)"
		done
	fi
	destroy slow0
}

# A hog takes all memory until it is killed, over and over.
reclaim()
{
	disk 0
	mkdir -p /mnt/reclaim
	mkfs.ext4 -q -F /dev/mapper/slow0
	mount -t ext4 /dev/mapper/slow0 /mnt/reclaim
	echo -1000 > /proc/self/oom_score_adj
	sh -c 'echo 1000 > /proc/self/oom_score_adj; while :; do tail /dev/zero; done' 2> /dev/null &
	hog=$!
	trace reclaim --pattern buffered-write --file /mnt/reclaim/a --size 12M --bs 256k --batch 4 \
		--threads 4 --calls 1001
	kill $hog
	echo 0 > /proc/self/oom_score_adj
	umount /mnt/reclaim
	destroy slow0
}

mkdir -p $OUT
# Tools of old filesystems ask it what is mounted.
ln -sf /proc/mounts /etc/mtab
modprobe dm-mod
modprobe dm-delay
modprobe brd rd_nr=4 rd_size=65536 max_part=0
if [ $# -eq 0 ]; then
	set -- "tags null_blk" "tags scsi_debug" nvme snapshot thin crypt raids f2fs iocost nfs zoned dax \
		quotas gfs2 nbd zram suspended migration reclaim rt
fi
for scenario; do
	$scenario
	# What was done is kept when the time ends.
	tar -C /out -cf /dev/vda . && sync
done
uname -r
