# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of tools/kernels: one guest from boot to result, and the same on each kernel.

DEVICES="null_blk scsi_debug dm-delay nvme pmem 9p"

# parse_options ARGS...: sets $smp, $mem, $icount, $timeout, $out, $set, $boot, $disk, files, devices, command.
parse_options()
{
	smp=1 mem=1024 icount=0 timeout=120 out="" set=full boot="" disk="" files=() devices=() command=()
	while [ $# -gt 0 ]; do
		case $1 in
		--icount) icount=1 ;;
		--)
			shift
			command=("$@")
			break
			;;
		--smp | --mem | --timeout)
			[[ ${2:-} =~ ^[1-9][0-9]{0,5}$ ]] || die "$1 wants a number above 0"
			printf -v "${1#--}" %s "$2"
			shift
			;;
		--file | --out | --device | --set | --append | --root)
			[ -n "${2:-}" ] || die "$1 wants a value"
			option_word "$1" "$2"
			shift
			;;
		*) die "unknown option $1; tools/kernels help lists them" ;;
		esac
		shift
	done
	[ ${#command[@]} -gt 0 ] || die "no command: give it after --"
}

option_word()
{
	case $1 in
	--file)
		[ -e "$2" ] || die "--file $2: no such file"
		files+=("$2")
		;;
	--root)
		[ -f "$2" ] || die "--root $2: no such file"
		disk=$2
		;;
	--out) out=$2 ;;
	--append) boot=$2 ;;
	--set)
		[[ $2 = quick || $2 = full ]] || die "--set is quick or full"
		set=$2
		;;
	--device)
		[[ " $DEVICES " = *" $2 "* ]] || die "no device $2; there are: $DEVICES"
		devices+=("$2")
		;;
	esac
}

# machine_args: QEMU of the kernel's architecture, in the array argv; its console, in $console.
# KVM is never used: results must not depend on whether the host has it.
machine_args()
{
	local accel="tcg,thread=multi" machine=pc

	[[ " ${devices[*]} " != *" pmem "* ]] || machine=pc,nvdimm=on
	[ "$icount" = 0 ] || accel="tcg,thread=single"
	# shellcheck disable=SC2054 # commas are QEMU's
	case $arch in
	arm64)
		console=ttyAMA0
		argv=(nice -n 10 qemu-system-aarch64 -machine virt -cpu max,pauth-impdef=on)
		;;
	*)
		console=ttyS0
		# Kernels copy and clear by single bytes where a CPU says that it is fast at that, and an
		# emulated one is not: a fifth of the time of the start of the tracer.
		argv=(nice -n 10 qemu-system-x86_64 -machine "$machine" -cpu "max,erms=off,fsrm=off")
		;;
	esac
	argv+=(-accel "$accel")
	[ "$icount" = 0 ] || argv+=(-icount "shift=1,sleep=off")
}

# serial_args WORK: the kernel's console, and what the command prints on a line of its own.
serial_args()
{
	argv+=(-serial "file:$1/console.txt")
	# shellcheck disable=SC2054 # commas are QEMU's
	case $arch in
	arm64)
		argv+=(-chardev "file,id=said,path=$1/stdout.txt" -device pci-serial,chardev=said)
		;;
	*) argv+=(-serial "file:$1/stdout.txt") ;;
	esac
}

# qemu_args WORK: the command line, in the array argv.
qemu_args()
{
	local append device console memory=$mem

	machine_args
	# On a busy host the kernel may find that its timer does not tick, and not boot.
	append="console=$console 8250.nr_uarts=2 panic=-1 quiet loglevel=5 no_timer_check"
	# It may also stand still for a minute: what is stuck for longer is the guest's own.
	append+=" rcupdate.rcu_cpu_stall_timeout=300 watchdog_thresh=60"
	append+="${boot:+ $boot}${disk:+ kernels.root}"
	for device in "${devices[@]}"; do
		append+=" kernels.device=$device"
	done
	[[ " ${devices[*]} " != *" pmem "* ]] || memory=$mem,slots=2,maxmem=$((mem + 1024))M
	# shellcheck disable=SC2054 # commas are QEMU's
	argv+=(-smp "$smp" -m "$memory" -display none -monitor none -nodefaults -no-reboot
		-kernel "$1/vmlinuz" -initrd "$1/initrd" -append "$append"
		-drive "file=$1/out.img,format=raw,if=none,id=out,cache=unsafe"
		-device virtio-blk-pci,drive=out)
	# what is written to it is gone with the guest
	# shellcheck disable=SC2054 # commas are QEMU's
	[ -z "$disk" ] || argv+=(-drive "file=$disk,format=raw,if=none,id=root,snapshot=on"
		-device virtio-blk-pci,drive=root)
	serial_args "$1"
	for device in "${devices[@]}"; do
		device_args "$1" "$device"
	done
}

device_args()
{
	case $2 in
	nvme)
		truncate -s 512M "$1/nvme.img"
		argv+=(-drive "file=$1/nvme.img,format=raw,if=none,id=nvme,cache=unsafe"
			-device "nvme,drive=nvme,serial=aiostall")
		;;
	pmem)
		truncate -s 256M "$1/pmem.img"
		argv+=(-object "memory-backend-file,id=pmem,share=on,mem-path=$1/pmem.img,size=256M"
			-device "nvdimm,memdev=pmem")
		;;
	9p)
		mkdir -p "$1/9p"
		argv+=(-fsdev "local,id=host,path=$1/9p,security_model=none"
			-device "virtio-9p-pci,fsdev=host,mount_tag=host")
		;;
	esac
}

# boot WORK: 0 when QEMU ended by itself, 124 when it had to be stopped.
boot()
{
	local -a argv
	local rc

	qemu_args "$1"
	# Not in the foreground: a signal to this shell must end the guest now.
	timeout --kill-after=5 "$timeout" "${argv[@]}" < /dev/null > "$1/qemu.txt" 2>&1 &
	vm=$!
	wait $vm
	rc=$?
	vm=
	[ $rc -ne 137 ] || rc=124
	if [ $rc -ne 0 ] && [ $rc -ne 124 ]; then
		say "qemu: $(tail -1 "$1/qemu.txt")"
	fi
	return $rc
}

# splats WORK: lines of the kernel's log that say something broke.
splats()
{
	cat "$1/console.txt" "$1/out/dmesg.txt" 2>/dev/null | tr -d '\r' |
		grep -E -f "$PARTS/splats" | awk '!seen[$0]++'
}

# result WORK BOOT-STATUS: status of the run.
result()
{
	local rc broken

	rc=$(tr -d '\r' < "$1/console.txt" | sed -n 's/^VM-EXIT rc=\([0-9]*\)$/\1/p' | tail -1)
	broken=$(splats "$1")
	if [ -n "$broken" ]; then
		say "kernel splat:"
		head -20 <<< "$broken" | sed 's/^/    /' >&2
		return 3
	fi
	if [ "$2" -eq 124 ]; then
		say "timed out after $timeout s"
		return 124
	fi
	if [ -z "$rc" ]; then
		say "the guest ended without a status; end of its console:"
		tail -15 "$1/console.txt" | sed 's/^/    /' >&2
		return 125
	fi
	return "$rc"
}

# collect WORK: /out of the guest into WORK/out, and all of it into --out.
collect()
{
	mkdir -p "$1/out"
	tar -C "$1/out" -xf "$1/out.img" --no-same-owner 2>/dev/null
	cp "$1/console.txt" "$1/stdout.txt" "$1/out/" 2>/dev/null
	[ -n "$out" ] || return 0
	mkdir -p "$out" && cp -r "$1/out/." "$out/"
}

# build_root WORK KERNEL: what the guest boots from. Several runs may want the cache at once.
build_root()
{
	local tools lock

	exec {lock}> "$CACHE/lock"
	flock "$lock"
	fetch "$2"
	build_kernel "$2"
	if [ "$arch" = amd64 ]; then build_tools; else build_foreign_tools; fi
	cp "$CACHE/$2/vmlinuz" "$1/vmlinuz" || die "$2: no vmlinuz"
	cat "$CACHE/$2/modules.cpio" "$tools" "$1/job.cpio" > "$1/initrd"
	exec {lock}>&-
}

# run_one KERNEL: what the command printed goes to stdout. Runs in a shell of its own.
run_one()
{
	# shellcheck disable=SC2034 # row sets them
	local rc boot_rc=0 suite pattern sets arch

	row "$1"
	[ "$arch" = amd64 ] || type -P qemu-system-aarch64 > /dev/null ||
		skip "not installed: qemu-system-arm"
	work=$(mktemp -d "${TMPDIR:-/tmp}/kernels.XXXXXX") || exit 2
	vm=
	trap '[ -z "$vm" ] || kill $vm; rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	build_job "$work" files "${command[@]}"
	build_root "$work" "$1"
	truncate -s 256M "$work/out.img"
	: > "$work/console.txt"
	: > "$work/stdout.txt"
	boot "$work" || boot_rc=$?
	collect "$work" || say "cannot write to $out"
	cat "$work/stdout.txt"
	rc=0
	result "$work" "$boot_rc" || rc=$?
	exit $rc
}

prepare()
{
	local packages

	packages=$(missing | sort -u | xargs)
	[ -z "$packages" ] || skip "not installed: $packages (tools/kernels deps installs them)"
	mkdir -p "$CACHE" || skip "no cache folder $CACHE"
}

cmd_run()
{
	# shellcheck disable=SC2034 # row sets them
	local suite pattern sets arch kernel=${1:-}
	local smp mem icount timeout out set boot disk files devices command

	[ -n "$kernel" ] || die "run: which kernel?"
	row "$kernel"
	shift
	parse_options "$@"
	prepare
	(run_one "$kernel")
}

# word_of STATUS: as the table shows it.
word_of()
{
	case $1 in
	0) echo ok ;;
	3) echo splat ;;
	77) echo skipped ;;
	124) echo "timed out" ;;
	125) echo "no status" ;;
	*) echo "exit $1" ;;
	esac
}

# cmd_all: the command on each kernel, one after the other, and a table: kernel, result, seconds,
# last line printed. Fails when one fails; 77 when none ran.
cmd_all()
{
	# shellcheck disable=SC2034 # row sets them
	local suite pattern sets arch name rc worst=77 start top work table=""
	local smp mem icount timeout out set boot disk files devices command

	parse_options "$@"
	prepare
	top=$out
	work=$(mktemp -d "${TMPDIR:-/tmp}/kernels.XXXXXX") || exit 2
	# shellcheck disable=SC2064 # the folder of now
	trap "rm -rf '$work'" EXIT
	for name in $(names); do
		row "$name"
		[ "$sets" = quick ] || [ "$sets" = "$set" ] || continue
		out=${top:+$top/$name}
		start=$SECONDS
		rc=0
		(run_one "$name") > "$work/$name.txt" || rc=$?
		sed "s/^/$name: /" "$work/$name.txt"
		table+=$(printf '%-10s %-10s %4d s  %s' "$name" "$(word_of $rc)" \
			$((SECONDS - start)) "$(tail -1 "$work/$name.txt" | tr -d '\r' |
			tr -c '[:print:]\n' '?' | cut -c1-60)")$'\n'
		case $rc in
		0) [ $worst -ne 77 ] || worst=0 ;;
		77) ;;
		*) worst=1 ;;
		esac
	done
	printf '\n%-10s %-10s %6s  %s\n%s' kernel result time "last line" "$table"
	return $worst
}
