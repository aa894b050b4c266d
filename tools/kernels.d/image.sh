# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Part of tools/kernels: what the guest boots from. Three archives of files, one after the other,
# make its first root: modules (per kernel), tools (per host), job (per run).

# Programs of the host that the guest gets, with their libraries. The rest is busybox.
TOOLS="bash mkfs.ext4 e2fsck tune2fs debugfs mkfs.xfs xfs_io xfs_repair mkfs.btrfs btrfs mkfs.f2fs
	mkfs.gfs2 mkfs.ocfs2 mount.ocfs2 ocfs2_hb_ctl mkfs.nilfs2 mkfs.jfs make-bcache drbdsetup-84 drbdmeta ksmbd.mountd ksmbd.adduser
	fuse2fs dmsetup losetup fio strace setsid taskset bpftool"

# pack DIRECTORY FILE
pack()
{
	(cd "$1" && find . | cpio --quiet -o -H newc -R 0:0) > "$2.tmp" && mv "$2.tmp" "$2"
}

# unpack_kernel DIRECTORY: vmlinuz and the few module folders that can matter, out of the packages;
# of the network only what NFS and 9p need (sunrpc, dns_resolver, 9p).
unpack_kernel()
{
	local deb

	for deb in "$1"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$1/root" --wildcards \
			--exclude='*/drivers/gpu' --exclude='*/drivers/net' \
			--exclude='*/drivers/media' --exclude='*/drivers/staging' \
			--exclude='*/drivers/infiniband' --exclude='*/drivers/usb' \
			--exclude='*/drivers/iio' --exclude='*/kernel/sound' \
			--exclude='*/kernel/net/[!9ds]*' --exclude='./usr/share/*'
	done
	# 6.12 moved the modules to /usr/lib.
	[ -e "$1/root/lib" ] || ln -s usr/lib "$1/root/lib"
}

# modules_of ROOT VERSION: paths of the wanted modules and of all they need.
modules_of()
{
	local name

	grep -v '^#' "$PARTS/modules" | xargs -n 1 | while read -r name; do
		modprobe -C /dev/null -d "$1" -S "$2" --show-depends "$name" 2>/dev/null
	done | awk '$1 == "insmod" { print $2 }' | sort -u
}

# add_modules FROM VERSION TO: copied flat out of compression, so that busybox can load them.
add_modules()
{
	local dest=$3/lib/modules/$2 file

	mkdir -p "$dest/kernel"
	modules_of "$1" "$2" | while read -r file; do
		case $file in
		*.ko.xz) xz -dc "$file" > "$dest/kernel/$(basename "$file" .xz)" ;;
		*.ko.zst) zstd -qdc "$file" > "$dest/kernel/$(basename "$file" .zst)" ;;
		*) cp "$file" "$dest/kernel/" ;;
		esac
	done
	cp "$1/lib/modules/$2"/modules.builtin* "$dest/" 2>/dev/null
	depmod -b "$3" "$2" 2>/dev/null
	[ -s "$dest/modules.dep" ]
}

# build_kernel NAME: $CACHE/NAME/vmlinuz and modules.cpio.
build_kernel()
{
	local dir=$CACHE/$1 stamp version

	stamp=$(cat "$dir/package" "$PARTS/modules" "$PARTS/image.sh" | sha256sum)
	if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then
		return 0
	fi
	say "unpacking $(cat "$dir/package")"
	rm -rf "$dir/root" "$dir/guest"
	mkdir -p "$dir/root" "$dir/guest"
	unpack_kernel "$dir" || die "cannot unpack the packages in $dir/debs"
	version=$(cd "$dir/root/lib/modules" && find . -mindepth 1 -maxdepth 1 -printf '%f\n' |
		head -1)
	cp "$(find "$dir/root/boot" "$dir/root/lib/modules/$version" -maxdepth 1 \
		-name 'vmlinuz*' 2>/dev/null | head -1)" "$dir/vmlinuz" || die "$1: no vmlinuz"
	depmod -b "$dir/root" "$version" 2>/dev/null
	add_modules "$dir/root" "$version" "$dir/guest" || die "$1: no modules"
	pack "$dir/guest" "$dir/modules.cpio" || die "$1: cannot write modules.cpio"
	rm -rf "$dir/root" "$dir/guest"
	echo "$version" > "$dir/version"
	echo "$stamp" > "$dir/stamp"
}

# with_libraries ROOT PROGRAM...: programs into ROOT/tools, libraries where the loader looks.
with_libraries()
{
	local root=$1 path lib
	shift

	for path; do
		cp -L "$path" "$root/tools/"
		ldd "$path" 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }'
	done | sort -u | while read -r lib; do
		mkdir -p "$root$(dirname "$lib")"
		cp -L "$lib" "$root$lib"
	done
}

# Of these packages are the tools of a guest of another architecture: the least that tests need.
FOREIGN_SUITE=bookworm
FOREIGN="busybox-static e2fsprogs bpftool libc6 libcom-err2 libext2fs2 libss2 libblkid1 libuuid1
	libelf1 zlib1g libcap2"

# lay_out ROOT BUSYBOX: the folders of a root, and the commands that busybox is.
lay_out()
{
	local applet

	rm -rf "$1"
	mkdir -p "$1"/{tools,usr/bin,usr/sbin,lib,lib64,bin,sbin,dev,proc,sys,tmp,run,out,mnt,root,job,etc}
	cp "$2" "$1/bin/busybox"
	for applet in $(busybox --list); do
		[ "$applet" = busybox ] || ln -s /bin/busybox "$1/bin/$applet"
	done
	# The kernel asks for modules by this path.
	ln -s /bin/busybox "$1/sbin/modprobe"
	echo 'root:x:0:0:root:/root:/bin/sh' > "$1/etc/passwd"
	echo 'root:x:0:' > "$1/etc/group"
}

# build_foreign_tools: $CACHE/tools.$arch.cpio, out of Debian's packages; its name in $tools.
build_foreign_tools()
{
	# shellcheck disable=SC2154 # row has set it
	local dir=$CACHE/tools.$arch root=$CACHE/tools.$arch.root stamp deb

	tools=$CACHE/tools.$arch.cpio
	stamp=$(sha256sum < "$PARTS/image.sh")
	if [ "$(cat "$dir/stamp" 2>/dev/null)" = "$stamp" ]; then
		return 0
	fi
	rm -rf "$dir"
	mkdir -p "$dir/debs" "$dir/all"
	update_suite $FOREIGN_SUITE
	# shellcheck disable=SC2086 # a list of names
	download $FOREIGN_SUITE "$dir/debs" $FOREIGN
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir/all" --exclude='./usr/share/*'
	done
	lay_out "$root" "$dir/all/bin/busybox"
	cp -a "$dir/all"/lib/. "$root/lib/"
	cp -a "$dir/all"/usr/lib "$root/usr/"
	cp -a "$dir/all"/sbin/mkfs.ext4 "$dir/all"/sbin/mke2fs "$dir/all"/usr/sbin/bpftool "$root/tools/"
	pack "$root" "$tools" || die "cannot write $tools"
	rm -rf "$root" "$dir/all"
	echo "$stamp" > "$dir/stamp"
}

# build_tools: $CACHE/tools.cpio, with what this machine has of $TOOLS; its name in $tools.
build_tools()
{
	local root=$CACHE/tools.root name path stamp
	local -a paths=()

	tools=$CACHE/tools.cpio
	for name in $TOOLS; do
		path=$(PATH=/usr/sbin:/usr/bin:/sbin:/bin:/lib/drbd type -P "$name") && paths+=("$path")
	done
	stamp=$({ ls -lL "${paths[@]}" "$(type -P busybox)"; cat "$PARTS/image.sh"; } | sha256sum)
	if [ "$(cat "$CACHE/tools.stamp" 2>/dev/null)" = "$stamp" ]; then
		return 0
	fi
	lay_out "$root" "$(type -P busybox)"
	with_libraries "$root" "${paths[@]}"
	pack "$root" "$tools" || die "cannot write $tools"
	rm -rf "$root"
	echo "$stamp" > "$CACHE/tools.stamp"
}

# build_job DIRECTORY FILES-ARRAY-NAME CMD...: job.cpio; the command runs in /job, where files are.
build_job()
{
	local dir=$1 file built=$TOP/build
	local -n given=$2
	shift 2

	[ "$arch" = amd64 ] || built=$TOP/build/$arch
	mkdir -p "$dir/root/job" "$dir/root/lib/kernels"
	cp "$PARTS/init" "$dir/root/init"
	cp "$PARTS"/{devices,job,into-root} "$dir/root/lib/kernels/"
	chmod 755 "$dir/root/init" "$dir/root/lib/kernels/devices"
	for file in "$built/aiostall" "$built/tools/aioload"; do
		[ ! -x "$file" ] || cp -L "$file" "$dir/root/job/"
	done
	for file in "${given[@]}"; do
		cp -rL "$file" "$dir/root/job/" || die "cannot read --file $file"
	done
	printf 'exec' > "$dir/root/job/cmd"
	printf " '%s'" "${@//\'/\'\\\'\'}" >> "$dir/root/job/cmd"
	echo >> "$dir/root/job/cmd"
	pack "$dir/root" "$dir/job.cpio" || die "cannot write $dir/job.cpio"
}
