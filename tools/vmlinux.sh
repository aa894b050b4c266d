#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# vmlinux.sh [ARCH] [BTF]: write vmlinux/ARCH/vmlinux.h with just the types that bpf/ uses.
#
# Each object is compiled against the whole dump of the given BTF (default: the
# running kernel's), bpftool then keeps the types and members that its CO-RE
# relocations name, and those become the header. Layouts in it do not matter:
# members are found by name when the object is loaded.
set -eu

arch=${1:-x86}
btf=${2:-/sys/kernel/btf/vmlinux}
bpftool=${BPFTOOL:-$(command -v bpftool || echo /usr/sbin/bpftool)}
clang=${CLANG:-clang}
root=$(cd "$(dirname "$0")/.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$bpftool" btf dump file "$btf" format c >"$tmp/vmlinux.h"
for source in "$root"/bpf/*.bpf.c; do
	"$clang" -target bpf -mcpu=v2 -O2 -g -fms-extensions -Wno-microsoft-anon-tag -D__TARGET_ARCH_"$arch" "-Doffsetof(t,m)=__builtin_offsetof(t,m)" -I"$tmp" -I"$root/bpf" \
		-c -o "$tmp/$(basename "$source" .c).o" "$source"
done
# Those that hold nothing but maps or variables have no relocations, which bpftool takes for an error.
grep -lF .BTF.ext "$tmp"/*.bpf.o | xargs "$bpftool" gen min_core_btf "$btf" "$tmp/min.btf"
"$bpftool" btf dump file "$tmp/min.btf" format c >"$tmp/min.h"

# Padding is dropped, so is what linux/bpf.h already brings.
{
	printf '/* SPDX-License-Identifier: GPL-2.0 */\n'
	printf '/* Made by tools/vmlinux.sh: only what bpf/ uses, found by name when loaded. */\n'
	printf '#ifndef __VMLINUX_H__\n#define __VMLINUX_H__\n\n'
	printf '#include <linux/aio_abi.h>\n#include <linux/bpf.h>\n#include <stdbool.h>\n#include <stddef.h>\n'
	sed -e '1,/^#define __VMLINUX_H__/d' "$tmp/min.h" |
		awk '/^(enum bpf_func_id|struct bpf_raw_tracepoint_args|struct io_event|struct iocb) \{/ { skip = 1 }
		     !skip && !/^[ \t]*(long|int|short|char)( unsigned| int)*: [0-9]+;$/
		     skip && /^};/ { skip = 0 }'
} | cat -s >"$tmp/small.h"
mkdir -p "$root/vmlinux/$arch"
cp "$tmp/small.h" "$root/vmlinux/$arch/vmlinux.h"
wc -l "$root/vmlinux/$arch/vmlinux.h"
