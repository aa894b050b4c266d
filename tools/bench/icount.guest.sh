#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# In a guest whose clock counts instructions: short loads under each way of watching io_submit.
# Lines of "WAY LOAD JSON" go to /out/icount.
set -u
: > /out/icount

loads()
{
	for _ in 1 2; do
		for load in getppid "null 1" "null 32" "pipe 0" "pipe 1" "pipe 500"; do
			# shellcheck disable=SC2086 # words
			echo "$1 $load $(./load $load 40)" >> /out/icount
		done
	done
}

wait_for()
{
	n=0
	until [ -s "$1" ] || [ $n -gt 600 ]; do
		n=$((n + 1))
		usleep 20000
	done
	[ -s "$1" ]
}

# traced WAY COMMAND...: the command writes ./ready when its probes are attached.
traced()
{
	way=$1
	shift
	rm -f ready
	"$@" > said 2>&1 &
	if wait_for ready; then
		# what attaching leaves to be done, the guest does now
		usleep 300000
		loads "$way"
		kill -INT $! 2>/dev/null
	else
		kill $! 2>/dev/null
		echo "$way failed $(head -n 1 said)" >> /out/icount
	fi
	wait $!
}

# empty WAY OPTION: programs that do nothing
empty()
{
	mkfifo hold 2>/dev/null
	rm -f ready
	./probe "$2" < hold > ready &
	exec 3> hold
	if wait_for ready; then loads "$1"; else echo "$1 failed" >> /out/icount; fi
	exec 3>&-
	wait $!
}

loads untraced
empty empty --empty
empty empty-fentry --fentry
empty empty-switch --switch
empty empty-sched --sched
for way in fentry kprobe tracepoint none; do
	traced $way aiostall stat --probe submit=$way --ready-file ready -o report
done
loads untraced-again
