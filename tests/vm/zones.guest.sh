# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by causes.guest.sh: waits of zoned devices, and locks that few filesystems and drivers hold
# while their disk works.

# zoned_disk NAME ATTRIBUTE=VALUE...: a zoned disk of 64 MB whose requests take 20 ms, its node in $node.
zoned_disk()
{
	modprobe -q null_blk nr_devices=0
	d=/sys/kernel/config/nullb/$1
	shift
	mkdir "$d" 2> /dev/null || return
	for kv in queue_mode=2 irqmode=2 completion_nsec=20000000 hw_queue_depth=16 submit_queues=1 size=64 \
		zoned=1 zone_size=4 "$@" memory_backed=1 power=1; do
		echo "${kv#*=}" > "$d/${kv%%=*}" || return
	done
	number=$(cat "/sys/block/nullb$(cat "$d/index")/dev" 2> /dev/null ||
		cat "/sys/block/$(basename "$d")/dev")
	node=/dev/$(basename "$(readlink -f "/sys/dev/block/$number")")
}

# What mkzonefs writes: magic and checksum, no feature.
make_zonefs()
{
	{
		printf 'SFOZ\005\253\277\131'
		dd if=/dev/zero bs=4088 count=1 2> /dev/null
	} | dd of="$1" bs=4096 conv=fsync 2> /dev/null
}

# zonefs_read NAME [OPTION]: reads of a file that others open to write, again and again.
zonefs_read()
{
	dir=$OUT/$1$TURN
	mkdir -p "$dir"
	mount -t zonefs ${2:+-o "$2"} "$node" /mnt/zonefs || return
	while :; do : >> /mnt/zonefs/seq/0; done 2> /dev/null &
	holder=$!
	timeout 100 aiostall --format json -o "$dir/report" -- fio --name=z --readonly --rw=randread \
		--filename=/mnt/zonefs/seq/0 --size=2M --bs=4k --direct=1 --ioengine=libaio --iodepth=4 \
		--allow_file_create=0 --number_ios=101 --thread > "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
	kill $holder
	{ wait $holder; } 2> /dev/null
	umount /mnt/zonefs
}

zonefs_explicit() { zonefs_read zonefs explicit-open; }
zonefs_implicit() { zonefs_read zonefs-implicit; }

# Whoever is the first to open a file to write opens its zone on the disk, if that is asked for, with
# the lock held that a reader takes, too.
zonefs()
{
	if ! modprobe -q zonefs || ! zoned_disk zonefs zone_nr_conv=1 zone_max_open=4; then
		skip zonefs "no zonefs or no zoned null_blk"
		return
	fi
	mkdir -p /mnt/zonefs
	make_zonefs "$node"
	if ! mount -t zonefs "$node" /mnt/zonefs 2> /run/zonefs.txt; then
		skip zonefs "$(cat /run/zonefs.txt; dmesg | tail -3)"
		return
	fi
	dd if=/dev/zero of=/mnt/zonefs/seq/0 bs=256k count=8 oflag=direct,append conv=notrunc 2> /run/zonefs.txt
	umount /mnt/zonefs
	exchanged zonefs_explicit zonefs_implicit
}

# The device mapper of 5.14 to 6.9 keeps writes of a zone in order itself, and who comes second waits.
zone_lock()
{
	if ! modprobe -q dm-crypt || ! zoned_disk zonelock zone_nr_conv=0; then
		skip zone-lock "no dm-crypt or no zoned null_blk"
		return
	fi
	if create zonelock "0 $((64 * MB)) crypt aes-ctr-plain64 00112233445566778899aabbccddeeff 0 $node 0"; then
		trace zone-lock --pattern append --no-prepare --file /dev/mapper/zonelock --size 32M --bs 16k \
			--batch 8 --calls 21
	else
		skip zone-lock "$(cat /run/dm.err; dmesg | tail -3)"
	fi
	destroy zonelock
}

# A disk of this host, over TCP. Threads that submit and those that take answers want the same socket.
nvme_tcp()
{
	need nvme-tcp nvmet-tcp 0 || return
	modprobe -q nvme-tcp
	ip link set lo up
	c=/sys/kernel/config/nvmet
	mkdir -p $c/subsystems/disk/namespaces/1 $c/ports/1
	echo 1 > $c/subsystems/disk/attr_allow_any_host
	printf /dev/mapper/slow0 > $c/subsystems/disk/namespaces/1/device_path
	echo 1 > $c/subsystems/disk/namespaces/1/enable
	for kv in adrfam=ipv4 trtype=tcp traddr=127.0.0.1 trsvcid=4420; do
		echo "${kv#*=}" > "$c/ports/1/addr_${kv%%=*}"
	done
	ln -s $c/subsystems/disk $c/ports/1/subsystems/disk
	if ! echo "transport=tcp,traddr=127.0.0.1,trsvcid=4420,nqn=disk,nr_io_queues=1" > /dev/nvme-fabrics; then
		skip nvme-tcp "$(dmesg | tail -3)"
		destroy slow0
		return
	fi
	n=0
	until remote=$(ls /dev/nvme*n1 2> /dev/null) || [ $n -gt 100 ]; do
		n=$((n + 1))
		usleep 50000
	done
	trace nvme-tcp --pattern overwrite --no-prepare --file "$remote" --size 32M --bs 128k --batch 8 \
		--threads 4 --calls 101 --max-ms 10000
	remote=$(basename "$remote")
	echo 1 > "/sys/class/nvme/${remote%n*}/delete_controller"
	rm $c/ports/1/subsystems/disk
	echo 0 > $c/subsystems/disk/namespaces/1/enable
	destroy slow0
}

nilfs2_synced()
{
	trace nilfs2 --pattern buffered-write --file /mnt/nilfs2/a"$TURN" --size 1M --gap-us 3000 --calls 201 \
		--side sync --side creator --side-us 2000
}

nilfs2_unsynced()
{
	trace nilfs2-unsynced --pattern buffered-write --file /mnt/nilfs2/b"$TURN" --size 1M --gap-us 3000 \
		--calls 201
}

# While a segment is on its way to the disk nobody may change an inode, not even its times.
nilfs2()
{
	need nilfs2 nilfs2 0 || return
	mkdir -p /mnt/nilfs2
	if mkfs.nilfs2 -f -B 16 /dev/mapper/slow0 > /run/nilfs2.txt 2>&1 &&
		mount -i -t nilfs2 /dev/mapper/slow0 /mnt/nilfs2 2>> /run/nilfs2.txt; then
		exchanged nilfs2_synced nilfs2_unsynced
		umount /mnt/nilfs2
	else
		skip nilfs2 "$(tail -3 /run/nilfs2.txt; dmesg | tail -3)"
	fi
	destroy slow0
}

# Eight threads and the one that lets requests go want the list of the delayed.
delayed()
{
	disk 0
	trace delayed --pattern overwrite --no-prepare --file /dev/mapper/slow0 --size 32M --bs 4k --batch 32 \
		--threads 8 --calls 201 --max-ms 10000
	destroy slow0
}

jfs_hole()
{
	trace jfs --pattern hole --threads 4 --file /mnt/jfs/a"$TURN" --size 2M --side creator --side sync \
		--side-us 2000 --calls 201 --max-ms 20000
}

jfs_overwrite()
{
	trace jfs-overwrite --pattern overwrite --threads 4 --file /mnt/jfs/b"$TURN" --size 2M --side creator \
		--side sync --side-us 2000 --calls 201 --max-ms 20000
}

# Blocks are allocated in transactions, and those share a log with everybody else's.
jfs()
{
	need jfs jfs 0 || return
	mkdir -p /mnt/jfs
	if mkfs.jfs -q /dev/mapper/slow0 > /run/jfs.txt 2>&1 &&
		mount -t jfs /dev/mapper/slow0 /mnt/jfs 2>> /run/jfs.txt; then
		exchanged jfs_hole jfs_overwrite
		aioload --prepare --pattern cold-read --file /mnt/jfs/c --size 8M
		umount /mnt/jfs
		mount -t jfs /dev/mapper/slow0 /mnt/jfs
		trace jfs-cold --no-prepare --pattern cold-read --file /mnt/jfs/c --size 8M --calls 101
		trace jfs-append --pattern append --file /mnt/jfs/d --side creator --side sync --side-us 2000 \
			--calls 101 --max-ms 20000
		umount /mnt/jfs
	else
		skip jfs "$(tail -3 /run/jfs.txt; dmesg | tail -3)"
	fi
	destroy slow0
}

# xfs_zones NAME MB: a file of so many MB is written to over and over, in 60 MB of zones.
xfs_zones()
{
	trace "$1" --pattern overwrite --file /mnt/xfszoned/a"$TURN" --size "$2" --bs 256k --batch 8 --qd 32 \
		--calls 101 --max-ms 20000
	rm -f /mnt/xfszoned/a"$TURN"
	sync
}

xfs_zones_few() { xfs_zones xfszoned 36M; }
xfs_zones_many() { xfs_zones xfszoned-many 8M; }

# Blocks are written to zones in order, and what was written before is moved together when few are free. It asks
# for no zoned disk.
xfs_zoned()
{
	need xfszoned xfs 0 1 || return
	mkfs=mkfs.xfs
	[ ! -e xfsprogs/mkfs.xfs ] || mkfs=./xfsprogs/mkfs.xfs
	mkdir -p /mnt/xfszoned
	if "$mkfs" --unsupported -q -f -l size=12m -r zoned=1,rgsize=4m,rtdev=/dev/mapper/slow1 \
		/dev/mapper/slow0 > /run/xfszoned.txt 2>&1 &&
		mount -t xfs -o rtdev=/dev/mapper/slow1 /dev/mapper/slow0 /mnt/xfszoned 2>> /run/xfszoned.txt; then
		exchanged xfs_zones_few xfs_zones_many
		umount /mnt/xfszoned
	else
		skip xfszoned "$(head -3 /run/xfszoned.txt; dmesg | tail -3)"
	fi
	destroy slow0 slow1
}
