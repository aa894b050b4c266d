// SPDX-License-Identifier: GPL-2.0
#include "request.bpf.h"

#define IOVECS_READ 64
__noinline __u64 iovec_bytes(__u64 buf, __u64 count, __u32 compat)
{
	__u64 sum = 0, entry[2] = {};

	for (__u32 i = 0; i < IOVECS_READ; i++) {
		if (i >= count)
			return sum;
		if (compat) {
			/* two words of 32 bits, the length being the second, on little-endian machines */
			if (bpf_probe_read_user(entry, 8, (void *)(buf + i * 8ULL)))
				return BYTES_UNKNOWN;
			sum += entry[0] >> 32;
		} else {
			if (bpf_probe_read_user(entry, sizeof(entry), (void *)(buf + i * 16ULL)))
				return BYTES_UNKNOWN;
			sum += entry[1];
		}
	}
	return count <= IOVECS_READ ? sum : BYTES_UNKNOWN;
}

__noinline int count_request(__u32 number, __u64 addr, __u32 undo)
{
	struct call *c = call_numbered(number);

	if (c)
		count_one(c, &c->part, addr, undo);
	return 0;
}

/*
 * Count a plain read or write whose descriptor the call has already shown;
 * false if it is another. Small enough for the verifier to look at in each
 * round of a loop, and most requests of a large batch are such.
 */
static __always_inline bool count_known(struct call *c, __u64 addr)
{
	struct iocb_part part, *iocb = &part;
	struct wire_call_fs *f;
	__u32 way, row, nowait;

	if (!read_part(iocb, addr) || iocb->opcode > 1)
		return false;
	way = iocb->fd & (FD_CACHE - 1);
	row = c->fds[way].fs - 1;
	if (c->fds[way].fd != iocb->fd || row >= WIRE_FS_PER_CALL)
		return false;
	f = &c->fs[BOUNDED(row, WIRE_FS_PER_CALL)];
	nowait = iocb->rw_flags / RWF_NOWAIT_ &
		 1; /* numbers: each branch is another way to verify */
	f->requests++;
	f->ops[BOUNDED(iocb->opcode, WIRE_OPS)]++;
	f->nowait += nowait;
	f->inside_buffered += (c->buffered >> way & 1) & (nowait ^ 1);
	f->bytes += iocb->nbytes;
	return true;
}
_Static_assert(WIRE_OP_PREAD == 0 && WIRE_OP_PWRITE == 1, "the opcodes of plain reads and writes");

_Static_assert(sizeof(((struct call *)0)->list) == COUNT_CHUNK * 8, "as many addresses");
/* One by one: those of 32-bit programs, and what lies before a page that is not there. */
static __always_inline void read_list(struct call *c, __u64 iocbpp, __u32 n, bool compat)
{
	for (__u32 i = 0; i < COUNT_CHUNK; i++) {
		if (i >= n)
			break;
		read_iocb_at(&c->list[i], iocbpp, i, compat);
	}
}

__noinline int count_requests(__u32 number, __u64 iocbpp, __u32 n, __u32 compat, __u32 undo)
{
	struct call *c = call_numbered(number);

	if (!c || n == 0)
		return 0;
	if (n > COUNT_CHUNK)
		n = COUNT_CHUNK;
	if (compat ||
	    bpf_probe_read_user(c->list, BOUNDED(n * 8 - 1, sizeof(c->list)) + 1, (void *)iocbpp))
		read_list(c, iocbpp, n, compat);
	for (__u32 i = 0; i < COUNT_CHUNK; i++) {
		__u64 addr = c->list[i];

		if (i >= n)
			break;
		if (undo || !count_known(c, addr))
			count_request(number, addr, undo);
	}
	return 0;
}

static __always_inline void forget_row(struct wire_call_fs *f)
{
	f->requests = 0;
	f->bytes = 0;
	f->bytes_unknown = 0;
	f->nowait = 0;
	if (opt_count_buffered)
		f->inside_buffered = 0;
	for (__u32 op = 0; op < WIRE_OPS; op++)
		f->ops[op] = 0;
}

__noinline int forget_requests(__u32 number)
{
	struct call *c = call_numbered(number);

	if (!c)
		return 0;
	for (__u32 i = 0; i < WIRE_FS_PER_CALL; i++)
		forget_row(&c->fs[i]);
	c->unreadable = 0;
	c->fs_overflow = 0;
	c->skipped = 0;
	return 0;
}

__noinline int count_many(__u32 number, __u64 iocbpp, __u32 n, __u32 compat, __u32 undo)
{
	for (__u32 i = 0; i < COUNT_MANY; i += COUNT_CHUNK) {
		if (i >= n)
			break;
		count_requests(number, iocbpp + i * iocb_step(compat), n - i, compat, undo);
	}
	return 0;
}
