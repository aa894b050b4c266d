#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels whose kernel can be preempted: the tracer over many calls, with
# hogs on every CPU and a program that reads BPF maps all the time, so that the kernel skips
# probes. It judges nothing: what was said goes to /out, a folder for each way, for test_skips.py.
set -u
OUT=/out

# stress WAY: one run over the load.
stress()
{
	dir=$OUT/$1
	mkdir -p "$dir"
	timeout 200 aiostall stat --probe "submit=$1" -i 10ms --format json -o "$dir/report" -- \
		aioload --pattern overwrite --threads 4 --calls 211 --size 1M --hogs "$(nproc)" \
		--file /mnt/ext4/file > "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
}

uname -r > $OUT/uname
modprobe -q -a crc32c_generic loop ext4
truncate -s 128M /run/ext4.img
mkdir -p /mnt/ext4
if ! mkfs.ext4 -q -F /run/ext4.img || ! mount -t ext4 -o loop /run/ext4.img /mnt/ext4; then
	echo "guest: no ext4 to work on"
	exit 1
fi
./mapreader "$(nproc)" > /dev/null &
reader=$!
for way in fentry kprobe tracepoint; do
	echo "guest: $(cut -d. -f1 /proc/uptime) s: $way"
	stress $way
done
kill $reader
echo "guest: $(cut -d. -f1 /proc/uptime) s: done"
