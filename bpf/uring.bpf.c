// SPDX-License-Identifier: GPL-2.0
/* A call of io_uring_enter(2), from its entry to its exit, and its requests. */
#include "lifecycle.bpf.h"
#include "kiocb.bpf.h"
#include "punt.bpf.h"
#include "sleeper.bpf.h"
#include "sqpoll.bpf.h"

/* ---- entry ---- */

static __always_inline int uring_enter(__u32 fd, __u32 to_submit)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = (__u32)id;
	struct task_struct *task;
	struct wire_slot *slot;
	struct call *c;

	if (!tracing() || !caller_wanted(pid, tid))
		return 0;
	task = (void *)bpf_get_current_task();
	c = call_of(tid, task, false);
	if (!c)
		return 0;
	if (c->state != WIRE_CALL_IDLE) {
		slot = slot_here();
		if (slot->tid == tid)
			tally_keep(slot, c);
		call_supersede(slot, c, WIRE_LOSS_UNMATCHED_ENTRY);
	}
	call_clear(c);
	c->pid = pid;
	c->tid = tid;
	c->api = WIRE_API_URING;
	c->ctx_id = fd;
	c->iocbpp = 0;
	c->compat = 0;
	c->nr = to_submit;
	c->beyond = 0;
	call_start(c, task);
	return 0;
}

/* ---- requests ---- */

/* Index of the row of a request; WIRE_FS_PER_CALL if it has none. */
static __always_inline __u32 uring_row(struct call *c, struct file *file, __u32 op)
{
	struct target t = {};
	__u32 i;

	if (!uring_target_of(file, op, &t)) {
		c->skipped++;
		return WIRE_FS_PER_CALL;
	}
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		c->fs_overflow++;
	return i;
}

static __always_inline void uring_count(struct call *c, struct wire_slot *slot, void *req,
					__u32 flags)
{
	__u32 op = READ(io_kiocb___any, req, opcode), aio = aio_opcode_of(op);
	struct file *file = uring_file(req, flags, op);
	struct wire_call_fs *f;
	__u32 row;

	*(volatile __u64 *)&c->sockets = sockets_of(file);
	row = uring_row(c, file, op);
	if (row >= WIRE_FS_PER_CALL)
		return;
	tally_learns(&slot->tally, c, op, row);
	f = &c->fs[BOUNDED(row, WIRE_FS_PER_CALL)];
	f->requests++;
	f->ops[BOUNDED(fold_op(aio), WIRE_OPS)]++;
	if (aio <= 1)
		f->bytes += READ(io_rw___any, req, len);
	else if (aio == 7 || aio == 8)
		f->bytes_unknown++;
}

/* It counts in the record of its call. */
__noinline int uring_record(__u64 req, __u32 flags)
{
	struct wire_slot *slot = slot_here();
	struct wire_tally *tally = &slot->tally;
	struct call *c = call_of_tid(slot->tid);

	if (!c || c->api != WIRE_API_URING)
		return 0;
	c->last_index = tally_head(c, tally);
	tally->head = 0;
	if (!tally->in_chain) {
		slot->req_iocb = req;
		c->last_index = c->requests + tally->on_sockets + tally->of_op;
	}
	tally->in_chain = flags & (REQ_F_LINK_ | REQ_F_HARDLINK_);
	c->requests++;
	uring_count(c, slot, (void *)req, flags);
	return 0;
}

/*
 * A request is prepared and about to begin. Of requests that are linked only the
 * first begins in the call, and only when the last has been prepared; the others
 * follow it when it is done, as work that was put off.
 */
static __always_inline int uring_request(void *req)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid(), flags;
	struct wire_slot *slot = slot_here();

	/* it may have come back from a sleep without that being shown to us */
	if (slot->tid != tid && may_be_away(tid) && tracing())
		came_back(tid);
	if (slot->tid != tid) {
		if (opt_io_threads)
			sqpoll_request(as_number(slot, req));
		return 0;
	}
	flags = READ(io_kiocb___any, req, flags);
	if (!tally_counts(slot, req, flags))
		uring_record(as_number(slot, req), flags);
	return 0;
}

/* ---- sleeps ---- */

/* What the request is, from the kernel's own copy: the program may use its own again by now. */
static __always_inline void read_kiocb(struct wire_req *r, __u64 req)
{
	__u32 op = READ(io_kiocb___any, req, opcode), aio = aio_opcode_of(op);
	struct file *file = READ(io_kiocb___any, req, file);
	struct io_rw___any *rw = (void *)req;

	r->iocb = kiocb_user_data((void *)req);
	if (aio < 2 || aio == 7 || aio == 8) {
		r->offset = READ(io_rw___any, rw, kiocb.ki_pos);
		if (aio < 2)
			r->len = READ(io_rw___any, rw, len);
		if (bpf_core_field_exists(rw->flags))
			r->rw_flags = READ(io_rw___any, rw, flags);
	}
	r->opcode = aio;
	if (uring_has_file(op) && file) {
		describe_file(r, file);
	} else if (!uring_has_file(op)) {
		r->fs.kind = WIRE_FS_OP;
		r->fs.dev = op;
	}
	r->opcode = WIRE_URING_OP | op;
	r->fs.api = WIRE_API_URING;
}

/*
 * In work that was put off no tracepoint tells the request; the thread's stack
 * holds it, as the innermost of those that are its own: its callers may hold
 * others that are done. Slab objects of requests are aligned to a cache line.
 */
#define SCAN_CHUNK 32
__noinline __u64 uring_scan_words(__u32 from, __u64 kernel)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	for (__u32 i = 0; i < SCAN_CHUNK; i++) {
		__u64 p = s->raw[BOUNDED(from + i, RAW_WORDS)];

		if (from + i >= s->raw_words)
			return 0;
		if (p < kernel || (p & 63) || p - s->base < KERNEL_STACK_BYTES)
			continue;
		if (kiocb_owner((void *)p) == s->owner)
			return p;
	}
	return 0;
}

static __always_inline __u64 uring_scan(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct scratch *s = scratch_here();
	__u64 kernel, p;

	if (!s)
		return 0;
	s->owner = owner_of_task(task);
	if (!s->owner)
		return 0;
	kernel = lowest_kernel_address(*(volatile __u64 *)&s->base);
	for (__u32 from = 0; from < RAW_WORDS; from += SCAN_CHUNK) {
		if (from >= s->raw_words)
			break;
		p = uring_scan_words(from, kernel);
		if (p)
			return p;
	}
	return 0;
}

/* Requests that the thread which submits has yet to take. */
static __always_inline __u32 queued_behind(void *req)
{
	struct io_ring_ctx___any *ring = READ(io_kiocb___any, req, ctx);
	__u32 tail = READ(io_rings___any, READ(io_ring_ctx___any, ring, rings), sq.tail);
	__u32 left = tail - READ(io_ring_ctx___any, ring, cached_sq_head);

	return left < 1u << 16 ? left : 0;
}

__noinline int uring_find_request(__u32 number)
{
	struct call *c = call_numbered(number);
	struct wire_req *r;
	__u64 req;

	if (!c)
		return 0;
	r = &c->req;
	__builtin_memset(r, 0, sizeof(*r));
	r->nr = c->nr;
	r->fd = (__u32)-1;
	r->opcode = WIRE_URING_OP | 0xff;
	if (c->place == WIRE_PLACE_REQUEST && c->req_iocb) {
		r->how = WIRE_HOW_EXACT;
		r->index = tally_head(c, &c->tally);
		read_kiocb(r, c->req_iocb);
		if (c->thread == WIRE_THREAD_SQPOLL)
			r->nr = 1 + queued_behind((void *)c->req_iocb);
	} else if (c->place == WIRE_PLACE_TASKWORK) {
		/* maybe an earlier call's, so that there is no number in this one */
		r->nr = 0;
		req = uring_scan();
		if (req) {
			r->how = WIRE_HOW_SCANNED;
			read_kiocb(r, req);
		}
	} else if (c->place == WIRE_PLACE_FLUSH) {
		r->how = WIRE_HOW_BATCH;
	} else if (c->place == WIRE_PLACE_RING) {
		r->fs.kind = WIRE_FS_RING;
		r->fs.api = WIRE_API_URING;
	}
	return 0;
}

/* ---- exit ---- */

/* A call that began no request: it waited, or woke the thread that submits for it. */
static __always_inline void count_wait_call(struct wire_fs *total, const struct call *c, __u64 wall)
{
	total->wait_calls++;
	total->waits += c->waits;
	total->waited_ns += c->cq_wait_ns;
	total->wall_ns += wall;
	total->on_cpu_ns += c->on_cpu_ns;
	total->runqueue_ns += c->runqueue_ns;
	total->preempted_ns += c->preempted_ns;
	total->blocked_elsewhere_ns += c->blocked_ns - c->counted_ns;
}

/* `fast`: with more stack, and less time. */
static __always_inline void uring_flush_call(struct call *c, __u64 wall, __s64 ret, bool fast)
{
	struct wire_fs *total;
	__u32 requests;

	c->epoch = epoch_now();
	tally_ends(c);
	if (!opt_uring_requests && ret > 0 && c->nr)
		c->requests = ret;
	if (FILTERING_FS && !c->nr_fs)
		return;
	if (!c->requests) {
		total = totals_here(TOTAL_MORE, false, c->epoch);
		if (total)
			count_wait_call(total, c, wall);
		return;
	}
	if (!has_all(c, &c->fs[0], c->requests))
		requests = flush_rows(c, wall, ret);
	else
		requests = fast ? flush_only_row(c, &c->fs[0], wall, ret)
				: flush_only(c->number, wall, ret);
	submitted(c, requests, ret);
	if (c->fs_overflow)
		lose(WIRE_LOSS_FS_PER_CALL, c->fs_overflow);
}

__noinline int uring_flush(__u32 number, __u64 wall, __s64 ret)
{
	struct call *c = call_numbered(number);

	if (c)
		uring_flush_call(c, wall, ret, false);
	return 0;
}

static __always_inline int uring_exit(__s64 ret)
{
	struct wire_slot *slot = slot_here();
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = (__u32)id;
	struct call *c;
	__u64 now, wall;

	if (!tracing())
		return 0;
	c = call_of_tid(tid);
	if (c && slot->tid == tid)
		tally_keep(slot, c);
	now = leave_call(slot, c, tid);
	if (!now) {
		if (lone_exit(c, pid, tid, ret) && !FILTERING_FS)
			lose(WIRE_LOSS_NO_URING_ENTRY, 1);
		return 0;
	}
	if (!c || c->state != WIRE_CALL_RUNNING)
		return 0;
	wall = end_call(c, now, PROGRAM_NONE);
	uring_flush_call(c, wall, ret, true);
	if (c->requests && (opt_all_submits || (opt_slow_ns && c->sleeps == c->waits &&
						wall - c->cq_wait_ns >= opt_slow_ns)))
		send_submit(c, now, wall, ret);
	return 0;
}

/* ---- the programs: io_uring ---- */

SEC("?tp/syscalls/sys_enter_io_uring_enter")
int uring_enter_tp(struct syscall_entered *ctx)
{
	return uring_enter(ctx->args[0], ctx->args[1]);
}
SEC("?tp/syscalls/sys_exit_io_uring_enter")
int uring_exit_tp(struct syscall_left *ctx)
{
	return uring_exit(ctx->ret);
}
SEC("?fentry/io_uring_enter")
int uring_enter_fentry(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return uring_enter(SYSCALL_ARG1(regs), SYSCALL_ARG2(regs));
}
SEC("?fexit/io_uring_enter")
int BPF_PROG(uring_exit_fentry, struct pt_regs *regs, long ret)
{
	return uring_exit(ret);
}
/* The arguments as the kernel has them from the 32-bit table, by which 64-bit programs come too (int $0x80). */
#if defined(__TARGET_ARCH_x86)
SEC("?fentry/io_uring_enter32")
int uring_enter32_fentry(void *ctx)
{
	struct pt_regs *regs = user_regs();

	return uring_enter((__u32)READ(pt_regs, regs, bx), (__u32)READ(pt_regs, regs, cx));
}
SEC("?fexit/io_uring_enter32")
int BPF_PROG(uring_exit32_fentry, struct pt_regs *regs, long ret)
{
	return uring_exit((__s32)ret);
}
#endif
/* io_uring_submit_req(req), 6.4; before that io_uring_submit_sqe, with more arguments the older it is. */
SEC("?tp_btf/io_uring_submit_req")
int uring_request_tp(__u64 *ctx)
{
	volatile __u64 *args = ctx; /* two loads: no place in the context may be computed */
	__u64 req = args[0];

	if (opt_uring_request_arg)
		req = args[1];
	if (opt_punts)
		not_punted_yet(as_number(slot_here(), (void *)req));
	return uring_request((void *)req);
}
