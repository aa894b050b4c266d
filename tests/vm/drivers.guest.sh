# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by causes.guest.sh: drivers that make the submitter wait themselves, and memory
# that moves.

# Requests go out over a socket while the submitter hands them over: the server is slow, the network
# takes little at once.
nbd()
{
	if ! modprobe -q nbd nbds_max=1 max_part=0; then
		skip nbd "no nbd"
		return
	fi
	ip link set lo up
	./nbdslow /dev/nbd0 64 5000 2> /run/nbd.txt &
	server=$!
	n=0
	until [ "$(cat /sys/block/nbd0/size)" -gt 0 ] || [ $n -gt 100 ]; do
		n=$((n + 1))
		usleep 50000
	done
	trace nbd --pattern overwrite --no-prepare --file /dev/nbd0 --size 32M --bs 256k --batch 8 \
		--calls 11
	kill $server
}

# Eight threads write the same few pages.
zram()
{
	if ! modprobe -q zram num_devices=1; then
		skip zram "no zram"
		return
	fi
	echo 64M > /sys/block/zram0/disksize
	trace zram --pattern overwrite --file /dev/zram0 --size 2M --bs 128k --batch 8 --calls 301 \
		--threads 8
	echo 1 > /sys/block/zram0/reset
}

# A range of the array is held again and again, as a reshape holds it.
suspended()
{
	need md-suspended raid1 0 1 || return
	# shellcheck disable=SC2154 # array sets md
	if array raid1 0 $((32 * 1024)) /dev/mapper/slow0 /dev/mapper/slow1 2> /run/md.err; then
		while :; do
			echo 65536 > "$md"/suspend_hi
			usleep 30000
			echo 0 > "$md"/suspend_hi
			usleep 30000
		done 2> /dev/null &
		holder=$!
		trace md-suspended --pattern overwrite --file /dev/md0 --size 16M --bs 4k --batch 4 --calls 101
		kill $holder
		echo 0 > "$md"/suspend_hi
	else
		skip md-suspended "$(cat /run/md.err; dmesg | tail -3)"
	fi
	stop_array
	destroy slow0 slow1
}

# The kernel was told that its memory is two nodes.
migration()
{
	if [ ! -d /sys/devices/system/node/node1 ]; then
		skip migration "one node of memory"
		return
	fi
	./wander aioload &
	mover=$!
	trace migration --pattern overwrite --file /dev/ram2 --size 32M --bs 256k --batch 4 --calls 1009
	kill $mover
}
