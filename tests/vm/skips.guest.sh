#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs inside a guest of tools/kernels whose kernel can be preempted: the tracer over many calls, with
# hogs on every CPU and a program that reads BPF maps all the time, so that the kernel skips
# probes; then over calls from whose CPUs one goes and comes. It judges nothing: what was said goes to
# /out, a folder for each run, for test_skips.py. $1 is the number of calls of each of four threads.
set -u
OUT=/out
CALLS=$1

# What the tracer starts: the load, and the other programs from before its first call to behind its last. While
# the tracer starts and ends they rest: beside them that takes an emulated CPU longer than all that is to be
# seen.
cat > load.sh <<-'END'
	kill -CONT "-$reader" "$stranger" || exit 1
	aioload "$@"
	status=$?
	kill -STOP "-$reader" "$stranger" || exit 1
	exit $status
END

# stress WAY [OPTION...]: one run over the load.
stress()
{
	way=$1
	dir=$OUT/$way
	shift
	mkdir -p "$dir"
	timeout 900 aiostall stat --probe "submit=$way" "$@" -i 10ms --format json -o "$dir/report" -- \
		sh load.sh --pattern overwrite --threads 4 --calls "$CALLS" --size 1M --hogs "$(nproc)" \
		--file /mnt/ext4/file > "$dir/load" 2> "$dir/err"
	echo $? > "$dir/status"
}

# Threads on one CPU that never wait: each is preempted in one program or another, and holds it for the others.
crowd()
{
	mkdir -p $OUT/crowd
	timeout 900 aiostall stat -i 10ms --format json -o $OUT/crowd/report -- \
		sh load.sh --pattern cached-read --threads 32 --pin 0 --calls "$CALLS" --size 1M \
		--file /mnt/ext4/crowd > $OUT/crowd/load 2> $OUT/crowd/err
	echo $? > $OUT/crowd/status
}

# Threads are moved away from a CPU that goes, in the middle of their calls, and back when it comes.
hotplug()
{
	cpu=/sys/devices/system/cpu/cpu1/online
	cat > hotplug.sh <<-END
		aioload --pattern pipe --threads 4 --calls 1003 --feed-delay-us 300 --file /run/pipe &
		load=\$!
		n=0
		while kill -0 \$load 2>/dev/null; do
			echo 0 > $cpu && usleep 50000
			echo 1 > $cpu && usleep 50000
			n=\$((n + 1))
		done
		echo \$n > $OUT/gone
		wait \$load
	END
	mkdir -p $OUT/hotplug
	timeout 200 aiostall stat --format json -o $OUT/hotplug/report -- sh hotplug.sh \
		> $OUT/hotplug/load 2> $OUT/hotplug/err
	echo $? > $OUT/hotplug/status
}

uname -r > $OUT/uname
modprobe -q -a crc32c_generic loop ext4
truncate -s 128M /run/ext4.img
mkdir -p /mnt/ext4
if ! mkfs.ext4 -q -F /run/ext4.img || ! mount -t ext4 -o loop /run/ext4.img /mnt/ext4; then
	echo "guest: no ext4 to work on"
	exit 1
fi
# a group of its own
setsid ./mapreader "$(nproc)" > /dev/null &
reader=$!
# A program that is not traced: what the kernel skips of its calls is not missing.
aioload --pattern overwrite --calls 1000000 --gap-us 500 --size 1M --file /mnt/ext4/stranger \
	> /dev/null 2>&1 &
stranger=$!
export reader stranger
sleep 1
kill -STOP "-$reader" "$stranger"
for way in fentry kprobe tracepoint; do
	echo "guest: $(cut -d. -f1 /proc/uptime) s: $way"
	# with a filter on filesystems, too, a call whose entry was skipped is told from one not wanted
	case $way in
	kprobe) stress $way --fs ext4 ;;
	*) stress $way ;;
	esac
done
echo "guest: $(cut -d. -f1 /proc/uptime) s: crowd"
crowd
kill -KILL "-$reader" "$stranger"
echo "guest: $(cut -d. -f1 /proc/uptime) s: hotplug"
hotplug
echo "guest: $(cut -d. -f1 /proc/uptime) s: done"
