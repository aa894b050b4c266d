// SPDX-License-Identifier: GPL-2.0
/*
 * What libbpf finds of BTF, in the static binary (ld --wrap).
 *
 * The kernel's types have been read and parsed already, to choose the probes by, and a second time
 * would be a tenth of the start.
 *
 * A kernel without BTF. The programs refer to
 * one kernel function that such a kernel cannot offer and that they do without
 * there, a weak reference; libbpf (1.1) all the same gives up if there is no
 * kernel BTF to look for it in, even where --btf has brought the types.
 *
 * Types that this kernel has not (struct io_fixed_file, gone in 6.13): libbpf looks for them
 * in the BTF of every module, which takes CAP_SYS_ADMIN, and gives up without it. All types of
 * the programs are the kernel's own, so there are no modules.
 */
#include <errno.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdint.h>

#include "live/kernelbtf.h"

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	struct btf *btf = kernelbtf__take();

	if (btf)
		return btf;
	btf = __real_btf__load_vmlinux_btf();

	return libbpf_get_error(btf) ? btf__new_empty() : btf;
}

int __wrap_bpf_btf_get_next_id(uint32_t start_id, uint32_t *next_id);

int __wrap_bpf_btf_get_next_id(uint32_t start_id, uint32_t *next_id)
{
	(void)start_id;
	(void)next_id;
	errno = ENOENT;
	return -ENOENT;
}
