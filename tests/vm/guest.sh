#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels: the tracer over loads that block. It judges nothing: what
# the tracer and the load said goes to /out, one folder a run, for test_kernels.py outside. To
# start the tracer takes seconds in an emulated machine, so one run has as many loads as it can.
set -u
OUT=/out
BTF=/sys/kernel/btf/vmlinux

# traced NAME VERB [OPTIONS...] -- LOAD...: report, load, err and status.
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
	timeout 120 aiostall "$verb" $options --format json -o "$dir/report" "$@" \
		> "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
}

# fs TYPE SIZE: a filesystem of that type on a loop device in memory, at /mnt/TYPE.
fs()
{
	modprobe -q "$1"
	grep -qw "$1" /proc/filesystems || return 1
	truncate -s "$2" "/run/$1.img"
	case $1 in
	ext4) mkfs.ext4 -q -F "/run/$1.img" ;;
	*) "mkfs.$1" -f "/run/$1.img" ;;
	esac > /run/mkfs.txt 2>&1 || return 1
	mkdir -p "/mnt/$1"
	mount -t "$1" -o loop "/run/$1.img" "/mnt/$1"
}

slow_fs()
{
	mkfs.ext4 -q -F -E lazy_itable_init=1,lazy_journal_init=1 /dev/test/dm-delay || return 1
	mkdir -p /mnt/slow
	mount -t ext4 /dev/test/dm-delay /mnt/slow
}

# programs: what is loaded and attached now, whoever did it.
programs()
{
	for what in prog map link; do
		bpftool $what show | grep -E '^[0-9]+: ' | sed "s/^/$what /"
	done
	cat /sys/kernel/tracing/kprobe_events
}

# The kernel frees them some time after the tracer has ended.
programs_gone()
{
	n=0
	until programs > "$OUT/programs-$1" && cmp -s "$OUT/programs-before" "$OUT/programs-$1"; do
		n=$((n + 1))
		[ $n -lt 100 ] || return 0
		usleep 200000
	done
}

# A 32-bit program, and a 64-bit one that makes 32-bit calls, are part of the load where there are such.
appends()
{
	echo "aioload --pattern append --calls $2 --size 8M --file /mnt/ext4/$1" > "$1.sh"
	[ ! -x submit32 ] || echo "./submit32 /mnt/ext4/$1-32 31" >> "$1.sh"
	[ ! -x int80 ] || echo "./int80 /mnt/ext4/$1-int80 37" >> "$1.sh"
	shift 2
	traced "$@" -- sh "${1#probe-}.sh"
}

# Each way of attaching by itself, over writes that wait for their own I/O.
alternatives()
{
	aiostall check > "$OUT/check" 2>&1
	appends best 1009 probe-best stat
	for probe in submit=fentry submit=kprobe submit=tracepoint submit=none compat=kprobe compat=none \
		request=kprobe request=scan switch=raw_tp; do
		appends $probe 53 probe-$probe stat --probe $probe
	done
}

# io_uring of a 32-bit program, and of a 64-bit one that makes 32-bit calls; whose requests wait for workers.
uring()
{
	: > uring.sh
	for program in enter32 enter80; do
		[ ! -x $program ] || echo "./$program /mnt/ext4/$program 53" >> uring.sh
	done
	traced uring32 stat -- sh uring.sh
	for take in fentry kprobe sleep; do
		traced take-$take stat --probe take=$take -- aioload --engine uring --pattern append \
			--batch 4 --calls 53 --size 8M --file /mnt/ext4/take-$take
	done
	# a device of few tags gives requests back; one of device mapper that delays has no NOWAIT
	for device in null_blk dm-delay; do
		[ ! -e /dev/test/$device ] || traced punt-$device stat -- aioload --engine uring --pattern read \
			--no-prepare --batch 8 --calls 17 --size 8M --file /dev/test/$device
	done
}

# Parts of each call's time, with a CPU hog in the way.
conservation()
{
	traced conservation trace --submits -- aioload --pattern pipe --batch 8 --calls 53 \
		--feed-delay-us 500 --hogs 1 --per-call
}

# Four files a batch: two of them make their requests sleep.
attribution()
{
	slow=/mnt/slow
	[ -d $slow ] || slow=/mnt/ext4/slow
	mkdir -p $slow
	for request in best scan; do
		option=
		[ $request = best ] || option="--probe request=$request"
		# shellcheck disable=SC2086 # words
		traced mixed-$request trace $option -- aioload --batch 8 --calls 13 --size 2M \
			--file append=$slow/$request --file overwrite=/mnt/ext4/mixed-$request \
			--file append=/mnt/ext4/grow-$request --file read=/mnt/ext4/read-$request
	done
}

# One load on each place, all under one tracer: the report has a row for each.
causes()
{
	cat > loads.sh <<-'END'
		load() { aioload "$@"; }
		[ ! -d /mnt/slow ] || load --pattern append --batch 2 --calls 11 --file /mnt/slow/cause
		load --pattern overwrite --calls 200 --gap-us 1000 --side freeze --side-us 20000 \
			--freeze-us 20000 --file /mnt/ext4/freeze
		for device in null_blk scsi_debug; do
			[ ! -b /dev/test/$device ] || load --pattern overwrite --batch 4 --calls 5 --size 64M --no-prepare \
				--file "$(readlink -f /dev/test/$device)"
		done
		[ ! -d /mnt/xfs ] || load --pattern append --qd 8 --batch 4 --calls 53 --file /mnt/xfs/f
		[ ! -d /mnt/f2fs ] || load --pattern append --qd 8 --calls 53 --file /mnt/f2fs/f
		[ ! -d /mnt/btrfs ] || load --pattern append --qd 8 --calls 53 --file /mnt/btrfs/f
	END
	# Only where mkfs came along.
	fs xfs 320M
	fs f2fs 128M
	fs btrfs 256M
	traced causes stat -- sh loads.sh
}

# The wall clock goes forward by 400 days in the middle of the calls, and back.
wall_clock()
{
	cat > clock.sh <<-'END'
		now=$(date +%s)
		aioload --pattern pipe --calls 307 --feed-delay-us 1000 &
		usleep 100000
		date -s "@$((now + 400 * 86400))" > /dev/null && date +%s > /out/jumped
		usleep 100000
		date -s "@$now" > /dev/null
		wait
	END
	date +%s > $OUT/before-jump
	traced clock stat -- sh clock.sh
}

# A kernel without type information of its own; with a file that has it.
without_btf()
{
	cp $BTF /run/kernel.btf
	mkdir -p /run/empty
	mount --bind /run/empty "$(dirname $BTF)"
	traced no-btf stat -- true
	aiostall check --btf /run/kernel.btf > "$OUT/check-btf" 2>&1
	traced btf stat --btf /run/kernel.btf -- aioload --pattern append --calls 53 --size 1M \
		--file /mnt/ext4/btf
	umount "$(dirname $BTF)"
}

# The patterns of qualify, which traces itself, and uses io_uring where this kernel has it.
qualify()
{
	mkdir -p "$OUT/qualify"
	timeout 120 aiostall qualify /mnt/ext4 --rows append-d4,overwrite-d4,read-cached \
		--engine aio,uring,threads --time 3s --format json -o "$OUT/qualify/report" \
		2> "$OUT/qualify/err"
	echo $? > "$OUT/qualify/status"
}

# A tracer that has no chance to clean up leaves nothing either.
killed()
{
	aiostall stat --probe submit=kprobe --ready-file /run/ready > "$OUT/killed" 2>&1 &
	tracer=$!
	n=0
	until [ -s /run/ready ]; do
		n=$((n + 1))
		[ $n -lt 600 ] || break
		usleep 100000
	done
	programs > "$OUT/programs-attached"
	kill -9 $tracer
	{ wait $tracer; } 2> /dev/null
}

uname -r > $OUT/uname
modprobe -q -a crc32c_generic loop
if ! fs ext4 256M || { [ -e /dev/test/dm-delay ] && ! slow_fs; }; then
	echo "guest: no ext4 to work on"
	exit 1
fi
programs > $OUT/programs-before
for part in alternatives uring conservation attribution causes wall_clock without_btf qualify; do
	echo "guest: $(cut -d. -f1 /proc/uptime) s: $part"
	$part
done
programs_gone after
killed
programs_gone killed
echo "guest: $(cut -d. -f1 /proc/uptime) s: done"
