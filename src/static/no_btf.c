// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel without BTF, in the static binary (ld --wrap). The programs refer to
 * one kernel function that such a kernel cannot offer and that they do without
 * there, a weak reference; libbpf (1.1) all the same gives up if there is no
 * kernel BTF to look for it in, even where --btf has brought the types.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *btf = __real_btf__load_vmlinux_btf();

	return libbpf_get_error(btf) ? btf__new_empty() : btf;
}
