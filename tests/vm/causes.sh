#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Causes that need a kernel module, provoked in a guest and judged outside.
# causes.sh KERNEL...; results are left in build/kernels/causes/KERNEL. Zones of XFS want a mkfs.xfs of 6.15:
# XFSPROGS is a folder named xfsprogs in which ./mkfs.xfs runs, with its libraries if this host has others.
set -u
cd "$(dirname "$0")/../.." || exit 1
worst=0
STACKED="writecache crypt_inline bcache drbd f2fs_full p9 ocfs2 smb
	zonefs zone_lock nvme_tcp nilfs2 delayed jfs xfs_zoned compact"

# guest KERNEL "SCENARIO..." OPTION...: false if the kernel cannot be had.
guest()
{
	kernel=$1 scenarios=$2
	shift 2
	# shellcheck disable=SC2086 # words are wanted
	tools/kernels run "$kernel" --timeout 1200 --smp 2 --mem 2048 --out "$out" "$@" \
		--file tests/vm/storage.guest.sh --file tests/vm/drivers.guest.sh \
		--file tests/vm/stacked.guest.sh --file tests/vm/zones.guest.sh \
		--file tests/vm/memory.guest.sh --file build/tests/nbdslow --file build/tests/wander \
		--file build/tests/fragment \
		--file tests/vm/causes.guest.sh ${XFSPROGS:+--file "$XFSPROGS"} -- sh causes.guest.sh $scenarios
	rc=$?
	[ $rc -ne 77 ] || return 1
	if [ $rc -ne 0 ]; then
		echo "not ok $kernel: tools/kernels ended with $rc"
		worst=1
	fi
}

for kernel in "${@:-6.12}"; do
	out=build/kernels/causes/$kernel
	rm -rf "$out"
	guest "$kernel" "" --append numa=fake=2 --device null_blk --device scsi_debug --device nvme \
		--device pmem || continue
	guest "$kernel" "$STACKED" --device 9p
	/usr/bin/python3 tests/vm/causes.py "$out" "$kernel" || worst=1
done
exit $worst
