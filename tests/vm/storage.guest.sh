# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced in guests: storage that is made without its own tools, which guests have no room for.

# export_nfs DIR: to this host, as a mount daemon would, by answers to what the server asks.
export_nfs()
{
	net=/proc/net/rpc
	until=2147483647
	# May use any port, no check of the subtree, has a number.
	flags=$((0x2 | 0x400 | 0x2000))
	[ -e /proc/fs/nfsd/threads ] || mount -t nfsd nfsd /proc/fs/nfsd || return
	echo 10 > /proc/fs/nfsd/nfsv4leasetime &&
		echo 10 > /proc/fs/nfsd/nfsv4gracetime &&
		echo "-2 -3 +4 +4.1 +4.2" > /proc/fs/nfsd/versions &&
		echo "nfsd 127.0.0.1 $until localhost" > $net/auth.unix.ip/channel &&
		printf 'localhost 1 \\x00000000 %s %s\n' $until "$1" > $net/nfsd.fh/channel &&
		echo "localhost $1 $until $flags 65534 65534 0" > $net/nfsd.export/channel &&
		echo "tcp 2049" > /proc/fs/nfsd/portlist &&
		echo 4 > /proc/fs/nfsd/threads
}

# mount_nfs DIR [OPTION]: what export_nfs has exported.
mount_nfs()
{
	mount -i -t nfs4 -o "vers=4.2,addr=127.0.0.1,clientaddr=127.0.0.1${2:+,$2}" 127.0.0.1:/ "$1"
}

# array LEVEL LAYOUT KB DEVICE...: /dev/md0 of these, by sysfs as there is no mdadm.
array()
{
	level=$1 layout=$2 kb=$3
	shift 3
	md=/sys/block/md0/md
	[ -d $md ] || echo md0 > /sys/module/md_mod/parameters/new_array
	echo none > $md/metadata_version
	echo "$level" > $md/level
	echo $# > $md/raid_disks
	echo "$kb" > $md/component_size
	echo 65536 > $md/chunk_size
	echo "$layout" > $md/layout
	n=0
	for disk; do
		number=$(printf '%d:%d' "0x$(stat -Lc %t "$disk")" "0x$(stat -Lc %T "$disk")")
		disk=$(basename "$(readlink -f "/sys/dev/block/$number")")
		echo "$number" > $md/new_dev
		echo "$kb" > "$md/dev-$disk/size"
		echo $n > "$md/dev-$disk/slot"
		n=$((n + 1))
	done
	# The check does not give way to the writes.
	echo 1000000 > $md/sync_speed_max
	echo 1000000 > $md/sync_speed_min
	echo active > $md/array_state
}

stop_array()
{
	echo idle > "$md/sync_action"
	echo clear > "$md/array_state"
}
