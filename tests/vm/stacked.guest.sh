# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by causes.guest.sh: devices and filesystems that stand on others, local or over a network,
# and what helps against their causes.

# cached NAME MB: the same load on a cache of that size, without what the one before has left.
cached()
{
	dd if=/dev/zero of=/dev/ram1 bs=64k count=1 conv=fsync 2> /dev/null
	if create ssd "0 $(($2 * MB)) linear /dev/mapper/slow1 0" &&
		create cached "0 $((64 * MB)) writecache s /dev/mapper/slow0 /dev/mapper/ssd 4096 0"; then
		trace "$1" --pattern overwrite --file /dev/mapper/cached --no-prepare --size 16M --bs 256k \
			--batch 16 --calls 31
	else
		skip "$1" "$(cat /run/dm.err; dmesg | tail -3)"
	fi
	destroy cached ssd
}

writecache_small() { cached writecache 16; }
writecache_roomy() { cached writecache-roomy 64; }

# A cache that is full: a write to a block that is just being written back waits for a free one. In a
# cache of more than twice what is written to nothing is written back.
writecache()
{
	need writecache dm-writecache 0 1 || return
	exchanged writecache_small writecache_roomy
	destroy slow0 slow1
}

# crypted NAME [OPTION...]: the same load with these options.
crypted()
{
	name=$1
	shift
	if create crypt "0 $((64 * MB)) crypt cipher_null-ecb - 0 /dev/mapper/slow0 0${*:+ $*}"; then
		trace "$name" --pattern overwrite --no-prepare --file /dev/mapper/crypt --size 64M --bs 1M \
			--batch 64 --qd 64 --calls 5
	else
		skip "$name" "$(cat /run/dm.err)"
	fi
	destroy crypt
}

crypt_no_queue() { crypted crypt-inline 1 no_write_workqueue; }
crypt_queue() { crypted crypt-queued; }

# The submitter encrypts by itself, and has no more pages for what is on its way to the disk: 2 % of the
# memory, which have to be taken before the disk gives the first back. Without the option it only queues.
crypt_inline()
{
	old=$DELAY
	DELAY=500
	need crypt-inline dm-crypt 0 || return
	DELAY=$old
	modprobe -q crypto_null
	exchanged crypt_no_queue crypt_queue
	destroy slow0
}

# bcached NAME MODE: the same load in that mode.
bcached()
{
	echo "$2" > /sys/block/bcache0/bcache/cache_mode
	trace "$1" --pattern overwrite --no-prepare --file /dev/bcache0 --size 32M --bs 4k --batch 8 --qd 32 \
		--calls 501 --max-ms 20000
}

bcache_writeback() { bcached bcache writeback; }
bcache_writethrough() { bcached bcache-writethrough writethrough; }

# More is written than the cache has buckets for. Writes that go past the cache need none.
bcache()
{
	need bcache bcache 0 1 || return
	for n in 0 1; do
		dd if=/dev/zero of=/dev/mapper/slow$n bs=256k count=4 conv=fsync 2> /dev/null
	done
	if ! make-bcache -b 64k --writeback -B /dev/mapper/slow0 -C /dev/mapper/slow1 > /run/bcache.txt 2>&1; then
		skip bcache "$(cat /run/bcache.txt)"
		destroy slow0 slow1
		return
	fi
	for n in 0 1; do
		readlink -f /dev/mapper/slow$n > /sys/fs/bcache/register
	done
	n=0
	until [ -b /dev/bcache0 ] || [ $n -gt 100 ]; do
		n=$((n + 1))
		usleep 50000
	done
	exchanged bcache_writeback bcache_writethrough
	bcached bcache-writearound writearound
	echo 1 > /sys/block/bcache0/bcache/stop
	echo 1 | tee /sys/fs/bcache/*-*/stop > /dev/null
	usleep 500000
	destroy slow0 slow1
}

# drbded NAME BUFFERS: what the same load meets when so many requests may be in flight, while the peer
# cannot be reached.
drbded()
{
	drbdsetup-84 disconnect ipv4:127.0.0.1:7788 ipv4:127.0.0.1:7789 --force > /dev/null 2>&1
	if drbdsetup-84 connect r0 ipv4:127.0.0.1:7788 ipv4:127.0.0.1:7789 --max-buffers="$2" \
		--protocol=C > /run/drbd.txt 2>&1; then
		trace "$1" --pattern overwrite --no-prepare --file /dev/drbd0 --size 32M --bs 4k --batch 64 \
			--calls 51
	else
		skip "$1" "$(tail -5 /run/drbd.txt; dmesg | tail -3)"
	fi
}

drbd_few() { drbded drbd-buffers 32; }
drbd_many() { drbded drbd-buffers-many 2048; }

# One node without a peer: its I/O is suspended again and again; and it may have few requests in flight.
drbd()
{
	need drbd drbd 0 || return
	disk=$(readlink -f /dev/mapper/slow0)
	export DRBD_DONT_WARN_ON_VERSION_MISMATCH=1
	mkdir -p /var/lib/drbd /var/lock /run/lock /run/drbd
	if ! { drbdmeta --force 0 v08 "$disk" internal create-md &&
		drbdsetup-84 new-resource r0 && drbdsetup-84 new-minor r0 0 0 &&
		drbdsetup-84 attach 0 "$disk" "$disk" internal --al-extents=67 &&
		drbdsetup-84 primary 0 --force; } > /run/drbd.txt 2>&1; then
		skip drbd "$(tail -5 /run/drbd.txt; dmesg | tail -3)"
		destroy slow0
		return
	fi
	while :; do
		drbdsetup-84 suspend-io 0
		usleep 30000
		drbdsetup-84 resume-io 0
		usleep 30000
	done > /dev/null 2>&1 &
	holder=$!
	trace drbd --pattern overwrite --file /dev/drbd0 --size 32M --bs 4k --batch 4 --calls 1001 --max-ms 15000
	kill $holder
	drbdsetup-84 resume-io 0
	ip link set lo up
	exchanged drbd_few drbd_many
	drbdsetup-84 disconnect ipv4:127.0.0.1:7788 ipv4:127.0.0.1:7789 --force
	drbdsetup-84 secondary 0
	drbdsetup-84 down r0
	destroy slow0
}

# Too little is free: f2fs moves blocks before it writes.
f2fs_full()
{
	need f2fs-gc f2fs 0 || return
	mkdir -p /mnt/f2fs
	if mkfs.f2fs -f /dev/mapper/slow0 > /run/f2fs.txt 2>&1 &&
		mount -t f2fs -o mode=lfs /dev/mapper/slow0 /mnt/f2fs 2>> /run/f2fs.txt; then
		size=$(df /mnt/f2fs | awk 'END { print int($4 / 1024) - 4 }')M
		aioload --prepare --pattern overwrite --file /mnt/f2fs/a --size "$size"
		sync
		trace f2fs-gc --no-prepare --pattern buffered-write --file /mnt/f2fs/a --size "$size" --bs 4k \
			--batch 16 --side sync --side-us 2000 --seed 7 --calls 151 --max-ms 20000
		umount /mnt/f2fs
	else
		skip f2fs-gc "$(tail -3 /run/f2fs.txt; dmesg | tail -3)"
	fi
	destroy slow0
}

# A folder of the host that runs the guest.
p9()
{
	mkdir -p /mnt/9p
	p9=trans=virtio,version=9p2000.L,msize=131072
	if ! mount -t 9p -o $p9 host /mnt/9p 2> /run/9p.txt; then
		skip 9p "$(cat /run/9p.txt; dmesg | tail -3)"
		return
	fi
	trace 9p --pattern overwrite --file /mnt/9p/a --size 1M --batch 2 --calls 51
	aioload --prepare --pattern buffered-read --file /mnt/9p/b --size 1M
	trace 9p-read --pattern buffered-read --no-prepare --file /mnt/9p/b --size 1M --batch 2 --calls 51
	umount /mnt/9p
	mount -t 9p -o $p9,cache=mmap host /mnt/9p
	trace 9p-cached --pattern buffered-read --file /mnt/9p/b --size 1M --batch 2 --calls 51
	umount /mnt/9p
	if mount -t 9p -o $p9,noxattr host /mnt/9p 2> /run/9p.txt; then
		trace 9p-noxattr --pattern overwrite --file /mnt/9p/a --size 1M --batch 2 --calls 51
		umount /mnt/9p
	else
		skip 9p-noxattr "$(cat /run/9p.txt)"
	fi
}

ocfs2_append()
{
	trace ocfs2-append --pattern append --file /mnt/ocfs2/b"$TURN" --side creator --side sync \
		--side-us 2000 --calls 101
}

ocfs2_overwrite()
{
	trace ocfs2-overwrite --pattern overwrite --file /mnt/ocfs2/c"$TURN" --size 2M --side creator \
		--side sync --side-us 2000 --calls 101
}

ocfs2_again()
{
	trace "${1:-ocfs2-again}" --pattern overwrite --no-prepare --size 64k --batch 8 --calls 11 \
		--file /mnt/ocfs2/f1 --file /mnt/ocfs2/f2 --file /mnt/ocfs2/f3 --file /mnt/ocfs2/f4 \
		--file /mnt/ocfs2/f5 --file /mnt/ocfs2/f6 --file /mnt/ocfs2/f7 --file /mnt/ocfs2/f8
}

# The locks of each file are asked for by its first write.
ocfs2_first()
{
	grep -q " /mnt/ocfs2 " /proc/mounts && umount /mnt/ocfs2
	if mount.ocfs2 /dev/mapper/slow0 /mnt/ocfs2 2> /run/ocfs2.txt; then
		ocfs2_again ocfs2-first
	else
		skip "ocfs2-first$TURN" "$(cat /run/ocfs2.txt)"
	fi
}

# A cluster of one node: its locks are asked for all the same.
ocfs2()
{
	need ocfs2 ocfs2_stack_o2cb 0 || return
	modprobe -q ocfs2_dlm
	modprobe -q ocfs2
	mkdir -p /mnt/ocfs2 /etc/ocfs2
	hostname node
	printf 'cluster:\n\tnode_count = 1\n\tname = test\n\n' > /etc/ocfs2/cluster.conf
	printf 'node:\n\tip_port = 7777\n\tip_address = 127.0.0.1\n\tnumber = 0\n\tname = node\n\tcluster = test\n\n' \
		>> /etc/ocfs2/cluster.conf
	d=/sys/kernel/config/cluster/test
	mkdir -p $d/node/node
	for kv in ipv4_port=7777 ipv4_address=127.0.0.1 num=0 local=1; do
		echo "${kv#*=}" > "$d/node/node/${kv%%=*}"
	done
	echo o2cb > /sys/fs/ocfs2/cluster_stack
	# The kernel asks for the end of the heartbeat by this path.
	ln -sf "$(command -v ocfs2_hb_ctl)" /sbin/ocfs2_hb_ctl
	if ! { mkfs.ocfs2 -q -x -N 1 -b 4k -C 4k -J size=4M --cluster-stack=o2cb --cluster-name=test \
		/dev/mapper/slow0 && mount.ocfs2 /dev/mapper/slow0 /mnt/ocfs2; } > /run/ocfs2.txt 2>&1; then
		skip ocfs2 "$(tail -5 /run/ocfs2.txt; dmesg | tail -5)"
		destroy slow0
		return
	fi
	trace ocfs2 --pattern overwrite --threads 4 --file /mnt/ocfs2/a --size 4M --batch 2 --calls 51
	exchanged ocfs2_append ocfs2_overwrite
	for n in 1 2 3 4 5 6 7 8; do
		aioload --prepare --pattern overwrite --file /mnt/ocfs2/f$n --size 64k
	done
	umount /mnt/ocfs2
	exchanged ocfs2_first ocfs2_again
	umount /mnt/ocfs2
	destroy slow0
}

# credits NAME NUMBER: the same load with so many credits of the server at most.
credits()
{
	mount -i -t cifs -o "$options,max_credits=$2" //127.0.0.1/share /mnt/smb || return
	trace "$1" --pattern overwrite --file /mnt/smb/c"$TURN" --size 16M --bs 1M --batch 16 --calls 11
	umount /mnt/smb
}

smb_few_credits() { credits smb-credits 20; }
smb_many_credits() { credits smb-credits-many 8000; }

# The server is this kernel. Its pages are read through the cache, and past it.
smb()
{
	need smb ksmbd 0 || return
	modprobe -q cifs
	mkdir -p /srv/smb /mnt/smb /etc/ksmbd /var/run /run/lock /var/lib/ksmbd
	mkfs.ext4 -q -F /dev/mapper/slow0
	mount -t ext4 /dev/mapper/slow0 /srv/smb
	printf '[global]\nserver min protocol = SMB2_10\n' > /etc/ksmbd/ksmbd.conf
	printf '[share]\npath = /srv/smb\nread only = no\nforce user = root\n' >> /etc/ksmbd/ksmbd.conf
	options=ip=127.0.0.1,user=root,pass=secret,vers=3.1.1,cache=strict,sec=ntlmssp
	n=0
	if { ksmbd.adduser -a root -p secret && ksmbd.mountd; } > /run/smb.txt 2>&1; then
		until mount -i -t cifs -o $options //127.0.0.1/share /mnt/smb 2>> /run/smb.txt || [ $n -gt 10 ]; do
			n=$((n + 1))
			usleep 500000
		done
	fi
	if grep -q ' cifs ' /proc/mounts; then
		trace smb --pattern overwrite --file /mnt/smb/a --size 4M --batch 8 --calls 31
		trace smb-read --pattern buffered-read --file /mnt/smb/b --size 4M --batch 2 --calls 51
		trace smb-direct-read --pattern read --file /mnt/smb/b --size 4M --batch 2 --calls 51
		umount /mnt/smb
		exchanged smb_few_credits smb_many_credits
	else
		skip smb "$(tail -5 /run/smb.txt; dmesg | tail -5)"
	fi
	kill "$(pidof ksmbd.mountd)"
	umount /srv/smb
	destroy slow0
}

# With PREEMPT_RT the locks of a queue sleep. One thread has it for itself.
rt()
{
	if [ "$(cat /sys/kernel/realtime 2> /dev/null)" != 1 ] || [ ! -b /dev/test/nvme ]; then
		skip rt "no PREEMPT_RT"
		return
	fi
	disk=$(basename "$(readlink -f /dev/test/nvme)")
	echo 1023 > "/sys/block/$disk/queue/nr_requests"
	for threads in 8 1; do
		[ $threads = 8 ] && name=rt || name=rt-one
		trace "$name" --pattern overwrite --no-prepare --file /dev/test/nvme --size 32M --bs 4k \
			--batch 16 --threads $threads --max-ms 4000 --calls 1001
	done
}
