#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels: the tracer below memory limits of cgroup v2, and beside a program
# whose code and file are on NFS when the server is gone. It judges nothing: what was said goes to
# /out, a folder for each run, for test_hostile.py.
set -u
# shellcheck source=tests/vm/storage.guest.sh
. ./storage.guest.sh
OUT=/out
CG=/sys/fs/cgroup

# limited MIB VERB OPTION...: one run in a group of that size.
limited()
{
	mib=$1
	shift
	dir=$OUT/memcg-$mib-$1
	# one of its own: what the run before had is freed some time after its end
	group=$CG/m$mib-$1
	mkdir -p "$dir" "$group"
	echo $((mib << 20)) > "$group/memory.max"
	sh -c "echo \$\$ > $group/cgroup.procs && exec timeout 60 aiostall \"\$@\"" sh "$@" \
		> "$dir/stdout" 2> "$dir/err"
	echo $? > "$dir/status"
	cat "$group/memory.events" > "$dir/events"
}

memcg()
{
	mkdir -p $CG
	grep -q " $CG cgroup2 " /proc/mounts || mount -t cgroup2 cgroup2 $CG
	echo +memory > $CG/cgroup.subtree_control || return
	for mib in 15 30 60; do
		limited "$mib" stat -d 500ms
		limited "$mib" trace -d 500ms
		limited "$mib" check
		limited "$mib" record -d 500ms -o "/run/$mib.db"
	done
}

dead_nfs()
{
	dir=$OUT/nfs
	mkdir -p $dir /srv/nfs /mnt/nfs
	ip link set lo up
	modprobe -q -a crc32c_generic loop ext4 nfsd nfsv4
	truncate -s 64M /run/ext4.img
	if ! mkfs.ext4 -q -F /run/ext4.img || ! mount -o loop -t ext4 /run/ext4.img /srv/nfs ||
		! dd if=/dev/zero of=/srv/nfs/cold bs=1M count=1 2> /dev/null || ! export_nfs /srv/nfs ||
		! mount_nfs /mnt/nfs; then
		dmesg | tail -5
		echo "no NFS" > $dir/skipped
		return
	fi
	aiostall stat -c deadnfs --user-stacks --format json -o $dir/report --ready-file /run/ready \
		2> $dir/err &
	tracer=$!
	while [ ! -e /run/ready ]; do usleep 100000; done
	./deadnfs /mnt/nfs "echo 0 > /proc/fs/nfsd/threads" > $dir/load &
	for _ in $(seq 200); do
		! grep -q silent $dir/load || break
		usleep 100000
	done
	sleep 2
	# a look at the filesystem itself hangs now, which is what is tested
	(stat /mnt/nfs/cold; ls /mnt/nfs) > /dev/null 2>&1 &
	sleep 1
	kill -0 $! 2> /dev/null && echo hangs > $dir/look
	begun=$(cut -d. -f1 /proc/uptime)
	kill -INT $tracer
	wait $tracer
	echo $? > $dir/status
	echo $(($(cut -d. -f1 /proc/uptime) - begun)) > $dir/seconds
}

memcg
echo "guest: $(cut -d. -f1 /proc/uptime) s: NFS"
dead_nfs
echo "guest: $(cut -d. -f1 /proc/uptime) s: done"
