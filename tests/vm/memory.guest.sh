# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=sh
# Sourced by causes.guest.sh: memory that is there, but not in pieces as large as are asked for.

# free_mb: what can be had.
free_mb()
{
	awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo
}

# compacted NAME BUFFERS DEFRAG: reads into such buffers while no two free pages are neighbours. Memory that
# is not needed is reserved, and so is what is left of whole huge pages then.
compacted()
{
	thp=/sys/kernel/mm/transparent_hugepage
	echo 0 > /proc/sys/vm/watermark_boost_factor
	echo madvise > $thp/enabled
	echo "$3" > $thp/defrag
	echo $((($(free_mb) - 1000) / 2)) > /proc/sys/vm/nr_hugepages
	: > /run/fragment.txt
	./fragment $(($(free_mb) - 200)) > /run/fragment.txt 2>&1 &
	holder=$!
	while kill -0 $holder 2> /dev/null && ! grep -q ready /run/fragment.txt; do
		usleep 50000
	done
	awk '$4 != "DMA" { n += $14 + 2 * $15 } /HugePages_Total/ { n += $2 } END { print n }' \
		/proc/buddyinfo /proc/meminfo > /proc/sys/vm/nr_hugepages
	trace "$1" --pattern read --no-prepare --file /dev/ram2 --size 32M --bs 2M --batch 2 --threads 48 \
		--buffers "$2" --calls 5 --max-ms 15000
	kill $holder
	{ wait $holder; } 2> /dev/null
	echo 0 > /proc/sys/vm/nr_hugepages
	echo madvise > $thp/defrag
}

compact_without() { compacted compact fresh-huge madvise; }

compact_with()
{
	compacted compact-defer fresh-huge defer
	compacted compact-ready ready-huge madvise
}

# A fault in a buffer wants a huge page, and pages of somebody who changes his memory map have to be moved
# for it.
compact()
{
	if [ -e /sys/kernel/mm/transparent_hugepage/defrag ]; then
		exchanged compact_without compact_with
	else
		skip compact "no huge pages"
	fi
}
