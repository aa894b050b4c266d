#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest: record direct appends to a filesystem of type $1 on the slow test device.
set -e
fs=$1
modprobe -a crc32c_generic "$fs" 2>/dev/null || modprobe "$fs" || true
"mkfs.$fs" -q /dev/test/dm-delay
mkdir -p /data
mount -t "$fs" /dev/test/dm-delay /data
# as long where nothing blocks: a test needs seconds, not submits
./aiostall record -d 20s -o /out/recording.db -- \
	./aioload --pattern append --file /data/file --bs 16k --batch 4 --calls 100000 \
	--gap-us 20000 >/dev/null
umount /data
