// SPDX-License-Identifier: GPL-2.0
#include "sleeper.bpf.h"

__noinline int save_names(__u64 dentry, __u64 file_id)
{
	struct dentry *d = (void *)dentry, *up;
	struct scratch *s = scratch_here();
	struct wire_file *f;
	__u32 at = 0;

	if (!s || bpf_map_lookup_elem(&files, &file_id))
		return 0;
	f = &s->names;
	f->parts = 0;
	f->complete = 0;
	f->deleted = BPF_CORE_READ(d, d_hash.pprev) == NULL;
	for (int i = 0; i < WIRE_PATH_PARTS; i++) {
		long n;

		up = BPF_CORE_READ(d, d_parent);
		if (!d || up == d) {
			f->complete = 1;
			break;
		}
		if (at > WIRE_NAMES_LEN - WIRE_NAME_MAX)
			break;
		n = bpf_probe_read_kernel_str(&f->names[at], WIRE_NAME_MAX,
					      BPF_CORE_READ(d, d_name.name));
		if (n <= 0 || n > WIRE_NAME_MAX)
			break;
		at += n;
		f->parts++;
		d = up;
	}
	f->len = at;
	if (bpf_map_update_elem(&files, &file_id, f, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&files, &file_id))
		lose(WIRE_LOSS_FILES_FULL, 1);
	return 0;
}

__noinline __u32 index_in_chunk(__u64 iocbpp, __u32 at, __u32 nr, __u64 iocb, __u32 compat)
{
	for (__u32 k = 0; k < INDEX_CHUNK; k++) {
		if (at + k >= nr)
			break;
		if (iocb_at(iocbpp, at + k, compat) == iocb)
			return at + k;
	}
	return INDEX_NONE;
}

/* Is this one of the context's requests whose submission runs? */
__noinline int is_submitted_now(__u64 p, __u64 ctx_id, __u64 kernel)
{
	__u64 ctx = (__u64)READ(aio_kiocb, p, ki_ctx), obj;

	if (ctx < kernel || READ(kioctx, ctx, user_id) != ctx_id)
		return 0;
	obj = READ(aio_kiocb, p, ki_res.obj);
	return READ(aio_kiocb, p, ki_refcnt.refs.counter) == 2 && obj && obj < KERNEL_HALF;
}

/* The scan's words from number from on downward. A loop in a loop, for the verifier. */
#define SCAN_PART 32
__noinline __u64 scan_part(__u32 from, __u64 ctx_id, __u64 base, __u64 kernel)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	for (__u32 i = 0; i < SCAN_PART; i++) {
		__u64 p = s->words[BOUNDED(from - i, SCAN_WORDS)];

		if (p < kernel || (p & 31) || p - base < KERNEL_STACK_BYTES)
			continue;
		if (is_submitted_now(p, ctx_id, kernel))
			return p;
	}
	return 0;
}

__noinline __u64 scan_stack(__u64 ctx_id, __u64 top, __u64 base)
{
	struct scratch *s = scratch_here();
	__u64 kernel = lowest_kernel_address(base), p;

	if (!s || !top)
		return 0;
	if (bpf_probe_read_kernel(s->words, sizeof(s->words), (void *)(top - sizeof(s->words))))
		return 0;
	for (__u32 i = 0; i < SCAN_WORDS; i += SCAN_PART) {
		p = scan_part(SCAN_WORDS - 1 - i, ctx_id, base, kernel);
		if (p)
			return p;
	}
	return 0;
}
