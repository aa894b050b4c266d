#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels: the tracer over loads that block. It judges nothing: what
# the tracer and the load said goes to /out, one folder a run, and judge.py looks at it outside.
set -u
OUT=/out
BTF=/sys/kernel/btf/vmlinux

say() { echo "guest: $*"; }

# traced NAME VERB [OPTIONS...] -- LOAD...: /out/NAME/ gets report, load, err and status.
traced()
{
	dir=$OUT/$1
	verb=$2
	shift 2
	options=
	while [ "$1" != -- ]; do
		options="$options $1"
		shift
	done
	mkdir -p "$dir"
	# shellcheck disable=SC2086 # options are words
	aiostall "$verb" $options --format json -o "$dir/report" "$@" > "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
}

# missing NAME WHY: the run cannot be made on this kernel.
missing()
{
	mkdir -p "$OUT/$1"
	echo "$2" > "$OUT/$1/missing"
}

# fs TYPE SIZE: a filesystem of that type on a loop device in memory, at /mnt/TYPE.
fs()
{
	modprobe -q "$1"
	grep -qw "$1" /proc/filesystems || return 1
	truncate -s "$2" "/run/$1.img"
	case $1 in
	ext4) mkfs.ext4 -q -F /run/ext4.img ;;
	xfs | f2fs | btrfs) "mkfs.$1" -q -f "/run/$1.img" || "mkfs.$1" -f "/run/$1.img" ;;
	esac > /run/mkfs.txt 2>&1
	mkdir -p "/mnt/$1"
	mount -t "$1" -o loop "/run/$1.img" "/mnt/$1"
}

# programs: what is loaded and attached now, whoever did it.
programs()
{
	for what in prog map link; do
		bpftool $what show 2> /dev/null | grep -E '^[0-9]+: ' | sed "s/^/$what /"
	done
	cat /sys/kernel/tracing/kprobe_events 2> /dev/null
}

# Each way of attaching by itself, over writes that wait for their own I/O.
alternatives()
{
	aiostall check > "$OUT/check.txt" 2>&1
	for probe in submit=fentry submit=kprobe submit=tracepoint request=fentry request=kprobe \
		request=scan switch=tp_btf switch=raw_tp; do
		traced "probe-$probe" stat --probe $probe -- aioload --pattern append --calls 53 \
			--size 1M --file "/mnt/ext4/$probe"
	done
}

laws()
{
	traced agreement stat -- aioload --pattern append --calls 1009 --size 8M \
		--file /mnt/ext4/agreement
	traced conservation trace --submits -- aioload --pattern pipe --batch 8 --calls 53 \
		--feed-delay-us 500 --hogs 1
}

# Four files a batch: two of them make their requests sleep.
attribution()
{
	for request in best scan; do
		option=
		[ $request = best ] || option="--probe request=scan"
		# shellcheck disable=SC2086 # words
		traced "mixed-$request" trace --submits $option -- aioload --batch 8 --calls 13 --size 2M \
			--file append=/mnt/slow/$request --file overwrite=/mnt/ext4/mixed-$request \
			--file append=/mnt/ext4/grow-$request --file read=/mnt/ext4/read-$request
	done
	traced agree stat -- aioload --batch 8 --calls 101 --size 2M \
		--file append=/mnt/ext4/agree-1 --file overwrite=/mnt/ext4/agree-2
}

causes()
{
	traced cause-ext4 stat -- aioload --pattern append --batch 2 --calls 11 --file /mnt/slow/cause
	traced cause-freeze stat -- aioload --pattern overwrite --calls 200 --gap-us 1000 \
		--side freeze --side-us 20000 --freeze-us 20000 --file /mnt/ext4/freeze
	traced cause-null_blk stat -- aioload --pattern overwrite --batch 4 --calls 5 --size 64M \
		--no-prepare --file /dev/test/null_blk
	traced cause-scsi_debug stat -- aioload --pattern overwrite --batch 4 --calls 5 --size 64M \
		--no-prepare --file /dev/test/scsi_debug
	if fs xfs 320M; then
		traced cause-xfs stat -- aioload --pattern append --qd 8 --batch 4 --calls 53 --file /mnt/xfs/f
	fi
	if fs f2fs 128M; then
		traced cause-f2fs stat -- aioload --pattern append --qd 8 --calls 53 --file /mnt/f2fs/f
	fi
	if fs btrfs 256M; then
		traced btrfs stat -- aioload --pattern append --qd 8 --calls 53 --file /mnt/btrfs/f
	fi
}

slow_ext4()
{
	mkfs.ext4 -q -F /dev/test/dm-delay > /run/mkfs.txt 2>&1
	mkdir -p /mnt/slow
	mount -t ext4 /dev/test/dm-delay /mnt/slow
}

uname -r > "$OUT/uname"
say "filesystems"
modprobe -q -a crc32c_generic loop
fs ext4 256M || exit 1
slow_ext4 || exit 1
cat /proc/uptime
programs > "$OUT/programs-before"
alternatives
cat /proc/uptime
laws
cat /proc/uptime
attribution
cat /proc/uptime
causes
cat /proc/uptime
programs > "$OUT/programs-after"
exit 0
