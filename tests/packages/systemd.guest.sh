#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs as a service of systemd in a guest of tools/kernels: the packages from installing to purging. It
# judges nothing: what was seen goes to /out, a file each, for test_systemd.py.
set -u
OUT=/out
EXPORTER=aiostall-exporter.service
SOCKET=aiostall-exporter.socket
RECORDER=aiostall-record.service
STATE=/var/lib/private/aiostall
URL=http://127.0.0.1:9758

# Seconds, of a guest on a busy host.
PATIENCE=200

say() { echo "guest: $(now) s: $*"; }

# keep NAME COMMAND...: what it says, and its status
keep()
{
	keep_as=$OUT/$1
	shift
	"$@" > "$keep_as" 2> "$keep_as.err"
	echo $? > "$keep_as.status"
}

now() { cut -d. -f1 /proc/uptime; }

# await COMMAND...: until it succeeds; if it does not, the part ends, with what is known of it
await()
{
	await_until=$(($(now) + PATIENCE))
	until "$@"; do
		if [ "$(now)" -gt $await_until ]; then
			say "waited in vain: $*"
			systemctl status --no-pager -l 'aiostall*'
			journalctl --no-pager -o cat -u 'aiostall*' | tail -n 40
			ps -e -o pid,stat,time,wchan:20,args | tail -n 30
			exit 1
		fi
		sleep 0.2
	done
}

# runs_anew UNIT PID: and not as that process
runs_anew()
{
	pid_now=$(property "$1" MainPID)
	[ "$pid_now" != 0 ] && [ "$pid_now" != "$2" ]
}

property() { systemctl show -P "$2" "$1"; }

units()
{
	for unit in $EXPORTER $SOCKET $RECORDER; do
		echo "$unit $(systemctl is-enabled "$unit") $(systemctl is-active "$unit")"
	done
}

# Programs and their links, whoever loaded them. Those of cgroups are systemd's, a unit's or not.
programs()
{
	bpftool prog list | sed -n 's/^[0-9]*: //p' | sed 's/ *tag .*//' | grep -v '^cgroup_' | sort
	bpftool link list | sed -n 's/^[0-9]*: /link /p' | sed 's/ *prog .*//' | grep -v '^link cgroup' | sort
	cat /sys/kernel/tracing/kprobe_events
}

# The kernel frees them some time after they were let go of.
programs_gone() { programs | cmp -s $OUT/programs.before; }

programs_as_before() { programs | cmp -s $OUT/scraped.programs; }

# All files but those of this run, and what systemd, dpkg, podman and logs keep of any service.
files()
{
	find / -xdev \( -path /out -o -path /job -o -path /proc -o -path /sys -o -path /run -o -path /tmp -o \
		-path /dev -o -path /var/log -o -path /var/cache -o -path '/var/lib/dpkg/*-old' -o \
		-path /var/tmp -o -path /var/lib/containers -o \
		-path /var/lib/apt/lists \) -prune -o -print | sort
}

answers() { curl -sf --max-time 60 -o "$1" $URL/metrics; }

# identity NAME PID: who a process is
identity()
{
	grep -E '^(Uid|Gid|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$2/status" > "$OUT/$1.identity"
}

# ---- the parts ----

# A container's image of nothing but the load.
imported()
{
	mkdir -p /tmp/image/data
	cp /job/aioload /tmp/image
	tar -C /tmp/image -cf /tmp/image.tar .
	keep imported podman import -q /tmp/image.tar shop
}

installed()
{
	files > /tmp/files.before
	programs > $OUT/programs.before
	if ! dpkg -i /job/aiostall_*.deb /job/aiostall-exporter_*.deb > $OUT/install 2>&1; then
		cat $OUT/install
		exit 1
	fi
	units > $OUT/installed.units
	programs > $OUT/installed.programs
}

# load UNIT CALLS [OPTION...]: as a service of that name
load()
{
	load_unit=$1 load_calls=$2
	shift 2
	systemd-run --quiet --unit="$load_unit" --property=Type=exec "$@" /job/aioload --pattern append \
		--file /var/tmp/load --gap-us 10000 --calls "$load_calls"
}

scraped()
{
	echo 'ARGS="--label cgroup:5 --fs ext4,tmpfs"' > /etc/default/aiostall-exporter
	keep enable systemctl enable --now $SOCKET
	echo "$(systemctl is-active $SOCKET) $(systemctl is-active $EXPORTER)" > $OUT/before-scrape
	await answers $OUT/first.prom
	property $EXPORTER ActiveState > $OUT/after-scrape
	identity exporter "$(property $EXPORTER MainPID)"
	programs > $OUT/scraped.programs
	journalctl -o cat -u $EXPORTER > $OUT/exporter.log
}

# contain NAME CALLS: a load in a container of that name, which is kept
contain()
{
	podman run --name "$1" --pull never --network none --volume /var/tmp:/data shop \
		/aioload --pattern append --file /data/contained --gap-us 10000 --calls "$2"
}

# The loads' own unit and container, in every place that names one.
named()
{
	/usr/sbin/aiostall stat --by container --format json -o $OUT/by-container --ready-file /tmp/ready \
		2> $OUT/by-container.err &
	stat=$!
	await test -e /tmp/ready
	keep load load shop-db 97 --wait
	keep contained contain shop-web 89
	kill -INT $stat
	wait $stat
	echo $? > $OUT/by-container.status
	answers $OUT/loaded.prom
	keep report curl -sf --max-time 60 $URL/report.json
}

killed()
{
	was=$(property $EXPORTER MainPID)
	kill -KILL "$was"
	await runs_anew $EXPORTER "$was"
	await answers $OUT/again.prom
	property $EXPORTER NRestarts > $OUT/restarts
	# of the one that was killed nothing is left beside those of the next
	await programs_as_before
	programs > $OUT/again.programs
}

# The same packages once more, as an upgrade is: with the exporter at work and the recorder at rest.
upgraded()
{
	was=$(property $EXPORTER MainPID)
	keep upgrade dpkg -i /job/aiostall_*.deb /job/aiostall-exporter_*.deb
	await runs_anew $EXPORTER "$was"
	await answers $OUT/upgraded.prom
	units > $OUT/upgraded.units
	await programs_as_before
	programs > $OUT/upgraded.programs
}

stopped()
{
	keep stop systemctl stop $SOCKET $EXPORTER
	property $EXPORTER Result > $OUT/stop.result
	await programs_gone
	programs > $OUT/stopped.programs
}

recordings() { ls $STATE; }

# Calls that the load has made: each makes its file longer by a block.
calls() { echo $(($(stat -c %s /var/tmp/load) / 4096)); }

has_files() { [ "$(recordings | grep -c '\.db$')" -ge "$1" ]; }

# The recorder at work, killed in the middle of a file, then again, then stopped. With the load's first
# call it is attached.
recorded()
{
	echo 'ARGS="--rotate 5s --retain 7d --ready-file /var/lib/aiostall/ready"' > /etc/default/aiostall-record
	keep record-start systemctl start $RECORDER
	await test -s $STATE/ready
	rm -f /var/tmp/load
	load shop-log 1000000
	await has_files 3
	identity recorder "$(property $RECORDER MainPID)"
	await test -s /var/tmp/load
	was=$(property $RECORDER MainPID)
	calls > $OUT/calls.early
	sleep 1
	kill -KILL "$was"
	calls > $OUT/calls.killed
	keep recordings.killed recordings
	mkdir $OUT/killed && cp $STATE/*.db* $OUT/killed/
	keep killed.report /usr/sbin/aiostall report --format json $OUT/killed/*.db
	await runs_anew $RECORDER "$was"
	property $RECORDER NRestarts > $OUT/recorder.restarts
	await has_files $(($(grep -c '\.db$' $OUT/recordings.killed) + 2))
	systemctl stop shop-log.service
	keep record-stop systemctl stop $RECORDER
	property $RECORDER Result > $OUT/recorder.result
	keep recordings.stopped recordings
	keep whole.report sh -c "/usr/sbin/aiostall report --format json $STATE/*.db"
	await programs_gone
	programs > $OUT/recorded.programs
	journalctl -o cat -u $RECORDER > $OUT/recorder.log
}

# While both run, as an admin would who has had enough.
purged()
{
	systemctl enable -q --now $RECORDER $EXPORTER
	await answers /tmp/ignored
	keep purge env DEBIAN_FRONTEND=noninteractive apt-get -y purge aiostall aiostall-exporter
	await programs_gone
	programs > $OUT/purged.programs
	keep purged.units systemctl list-units --all --no-legend 'aiostall*'
	pgrep -l aiostall > $OUT/purged.processes
	rm -f /var/tmp/load
	files > /tmp/files.after
	diff /tmp/files.before /tmp/files.after > $OUT/purged.files || :
}

# The package's is looked at.
rm -f /job/aiostall
mount -t tracefs trace /sys/kernel/tracing 2>/dev/null
uname -r > $OUT/uname
systemctl --version | head -n 1 > $OUT/systemd
failed=0
for part in imported installed scraped named killed upgraded stopped recorded purged; do
	say $part
	($part) || failed=1
done
say "done"
[ $failed = 0 ]
