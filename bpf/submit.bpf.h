/* SPDX-License-Identifier: GPL-2.0 */
/* A call of io_submit from its entry to its exit. */
#ifndef AIOSTALL_SUBMIT_BPF_H
#define AIOSTALL_SUBMIT_BPF_H

#include "process.bpf.h"
#include "request.bpf.h"

/* ---- accounting ---- */

/* Global functions are verified once, by themselves: what loops or branches much is one. */

/*
 * The number of a new row, from 1; 0 if all are taken. Whoever comes second with a key gets the
 * first one's.
 */
__noinline __u32 new_row(__u32 dev, __u32 kind, __u64 super)
{
	struct wire_fs_key key = {.dev = dev, .kind = kind, .api = kind >> 16, .super = super};
	__u32 n = 0, *known;
	struct wire_row *row;

	if (bpf_map_pop_elem(&free_rows, &n))
		return 0;
	if (!bpf_map_update_elem(&row_of, &key, &n, BPF_NOEXIST)) {
		row = &rows[BOUNDED(n, WIRE_MAX_ROWS)];
		row->key = key;
		*(volatile __u32 *)&row->used = 1;
		return n + 1;
	}
	bpf_map_push_elem(&free_rows, &n, BPF_ANY);
	known = bpf_map_lookup_elem(&row_of, &key);
	return known ? *known + 1 : 0;
}

static __always_inline struct wire_fs *fs_row(const struct wire_fs_key *key, bool again,
					      __u32 epoch)
{
	__u32 *known = bpf_map_lookup_elem(&row_of, key), n;

	n = known ? *known + 1 : new_row(key->dev, key->kind | (__u32)key->api << 16, key->super);
	if (!n) {
		lose(WIRE_LOSS_FS_FULL, 1);
		return NULL;
	}
	n = value_of(n - 1, again, epoch);
	return bpf_map_lookup_elem(&filesystems, &n);
}

__noinline __u32 hist_bucket(__u64 v)
{
	__u32 e = 0;
	__u64 x = v;

	if (v < 8)
		return v;
	if (x >> 32) {
		e += 32;
		x >>= 32;
	}
	if (x >> 16) {
		e += 16;
		x >>= 16;
	}
	if (x >> 8) {
		e += 8;
		x >>= 8;
	}
	if (x >> 4) {
		e += 4;
		x >>= 4;
	}
	if (x >> 2) {
		e += 2;
		x >>= 2;
	}
	if (x >> 1)
		e += 1;
	e = (e - 2) * 8 + ((v >> (e - 3)) & 7);
	return e < WIRE_HIST_BUCKETS ? e : WIRE_HIST_BUCKETS - 1;
}

static __always_inline void hist_add(__u32 *hist, __u64 v)
{
	__u32 b = hist_bucket(v);

	if (b < WIRE_HIST_BUCKETS)
		hist[b]++;
}

/* What is the same for every row of the call, and for the totals. */
static __always_inline void row_add_call(struct wire_fs *row, const struct wire_call *c, __u64 wall,
					 __s64 ret, __u64 own_blocked, __u32 own_sleeps)
{
	row->submits++;
	if (own_sleeps)
		row->submits_blocked++;
	row->wall_ns += wall;
	row->on_cpu_ns += c->on_cpu_ns;
	row->runqueue_ns += c->runqueue_ns;
	row->preempted_ns += c->preempted_ns;
	row->blocked_elsewhere_ns += c->blocked_ns - own_blocked;
	row->waits += c->waits;
	row->waited_ns += c->cq_wait_ns;
	if (ret < 0)
		row->submit_errors++;
	else if (ret < c->nr)
		row->short_submits++;
	wall -= c->cq_wait_ns; /* what was asked for makes no submit long */
	if (wall > row->max_submit_ns)
		row->max_submit_ns = wall;
	hist_add(row->submit_hist, wall);
	if (!row->pid)
		row->pid = c->pid;
}

static __always_inline void row_add_sync(struct wire_fs *row, const struct wire_call_fs *f)
{
	row->inside_buffered += f->inside_buffered;
	row->inside_direct += f->inside_direct;
	row->nowait += f->nowait;
	row->nowait_refused += f->nowait_refused;
}

/* Count what a call did on one of its filesystems; returns the requests of that row. */
static __always_inline __u32 flush_one_row(struct wire_call *c, struct wire_fs *total, __u32 i,
					   __u64 wall, __s64 ret)
{
	struct wire_call_fs *f = &c->fs[BOUNDED(i, WIRE_FS_PER_CALL)];
	struct wire_fs *row = fs_row(&f->key, c->ended_by == WIRE_AGAIN, c->epoch);

	total->bytes += f->bytes;
	total->bytes_unknown += f->bytes_unknown;
	row_add_sync(total, f);
	for (__u32 op = 0; op < WIRE_OPS; op++)
		total->ops[op] += f->ops[op];
	if (!row)
		return f->requests;
	row_add_call(row, c, wall, ret, f->blocked_ns, f->sleeps);
	row->requests += f->requests;
	row->bytes += f->bytes;
	row->bytes_unknown += f->bytes_unknown;
	row_add_sync(row, f);
	for (__u32 op = 0; op < WIRE_OPS; op++)
		row->ops[op] += f->ops[op];
	row->mnt_id = f->mnt_id;
	__builtin_memcpy(row->fstype, f->fstype, sizeof(row->fstype));
	return f->requests;
}

/* The same, to be called in a loop. */
__noinline __u32 flush_row(__u32 tid, __u32 i, __u64 wall, __s64 ret)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	struct wire_fs *total;

	if (!c)
		return 0;
	total = totals_here(c->ended_by == WIRE_AGAIN, c->epoch);
	return total ? flush_one_row(c, total, i, wall, ret) : 0;
}

/* Requests that the kernel did not take (short or failed call) come off the rows again. */
static __always_inline void take_back(struct wire_call *c, __s64 ret)
{
	__u32 accepted = ret < 0 ? 0 : ret;

	if (accepted >= c->nr)
		return;
	walk_requests(c, accepted, true);
	c->beyond = accepted > WIRE_MAX_REQUESTS ? accepted - WIRE_MAX_REQUESTS : 0;
}

static __always_inline void send_submit(const struct wire_call *c, __u64 now, __u64 wall, __s64 ret)
{
	struct wire_submit *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		lose(WIRE_LOSS_EVENTS, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->hdr.kind = WIRE_SUBMIT;
	e->hdr.size = sizeof(*e);
	e->hdr.ts_ns = now;
	e->pid = c->pid;
	e->tid = c->tid;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	e->cgroup_id = bpf_get_current_cgroup_id();
	e->call_seq = c->seq;
	e->start_ns = c->start_ns;
	e->wall_ns = wall;
	e->on_cpu_ns = c->on_cpu_ns;
	e->blocked_ns = c->blocked_ns;
	e->runqueue_ns = c->runqueue_ns;
	e->preempted_ns = c->preempted_ns;
	e->waited_ns = c->cq_wait_ns;
	e->waits = c->waits;
	e->sleeps = c->sleeps;
	e->preemptions = c->preemptions;
	e->ret = ret;
	e->nr = c->nr;
	e->fs_count = c->nr_fs;
	if (c->nr_fs) {
		e->fs = c->fs[0].key;
		__builtin_memcpy(e->fstype, c->fs[0].fstype, sizeof(e->fstype));
		e->mnt_id = c->fs[0].mnt_id;
	}
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/*
 * Count a call that is over in its rows, of which there is mostly one, and in the totals. `fast`:
 * the first row without a call, which takes more stack.
 */
static __always_inline void flush(struct wire_call *c, __u64 wall, __s64 ret, bool fast)
{
	struct wire_fs *total;
	__u32 wanted = 0, tid = c->tid;

	c->epoch = epoch_now();
	total = totals_here(c->ended_by == WIRE_AGAIN, c->epoch);
	if (!total)
		return;
	row_add_call(total, c, wall, ret, c->counted_ns, c->counted_sleeps);
	if (fast && c->nr_fs)
		wanted = flush_one_row(c, total, 0, wall, ret);
	for (__u32 i = fast; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		wanted += flush_row(tid, i, wall, ret);
	}
	if (!FILTERING_FS)
		wanted = ret < 0 ? 0 : ret;
	total->requests += wanted;
	submitted(c, wanted, ret);
	if (c->unreadable)
		lose(WIRE_LOSS_IOCB_UNREADABLE, c->unreadable);
	if (c->fs_overflow)
		lose(WIRE_LOSS_FS_PER_CALL, c->fs_overflow);
	if (c->beyond && !FILTERING_FS) {
		total->requests_beyond += c->beyond;
		lose(WIRE_LOSS_BEYOND, c->beyond);
	}
}

int uring_flush(__u32 tid, __u64 wall, __s64 ret); /* uring.bpf.h */

/* A global function: several ends of a call lead here, and the verifier looks at it once. */
__noinline int flush_call(__u32 tid, __u64 wall, __s64 ret)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (c)
		flush(c, wall, ret, false);
	return 0;
}

static __always_inline void call_forget(struct wire_call *c, __u32 loss)
{
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	if (c->away)
		set_away(c, false);
	lose(loss, 1);
}

/*
 * A call of which an event was missed: its exit, or a switch of its thread. It
 * counts up to the last moment that is known, so that its parts still add up,
 * and as a loss; it must not go on in user mode.
 */
static __always_inline void call_abandon(struct wire_call *c, __u32 loss)
{
	call_forget(c, loss);
	if (c->unwatched)
		return;
	if (c->api == WIRE_API_URING)
		uring_flush(c->tid, c->since_ns - c->start_ns, c->nr);
	else
		flush_call(c->tid, c->since_ns - c->start_ns, c->nr);
}

/* ---- entry ---- */

static __always_inline struct wire_call *call_of(__u32 tid, struct task_struct *task, bool again)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (!c) {
		bpf_map_update_elem(&calls, &tid, &zero_call, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&calls, &tid);
	}
	if (!c) {
		if (!again)
			lose(WIRE_LOSS_CALLS_FULL, 1);
		return NULL;
	}
	if (c->task != (__u64)task) {
		retire(tid);
		c->task = (__u64)task;
		c->seq = 0;
		c->state = WIRE_CALL_IDLE;
	}
	return c;
}

/* Nothing of the thread's last call is left. */
static __always_inline void call_clear(struct wire_call *c)
{
	c->seq++;
	c->unwatched = 0;
	c->on_cpu_ns = 0;
	c->blocked_ns = 0;
	c->runqueue_ns = 0;
	c->preempted_ns = 0;
	c->last_index = 0;
	c->sleeps = 0;
	c->preemptions = 0;
	c->nr_fs = 0;
	c->unreadable = 0;
	c->fs_overflow = 0;
	c->skipped = 0;
	c->counted_ns = 0;
	c->counted_sleeps = 0;
	c->began = ~0u; /* nobody has yet to see it begin */
	c->ended_by = WIRE_NEITHER;
	c->unwanted = 0;
	c->requests = 0;
	c->in_chain = 0;
	c->waits = 0;
	c->thread = WIRE_THREAD_OWN;
	c->submitter_tid = 0;
	c->cq_wait_ns = 0;
	c->lock_kind = WIRE_LOCK_NONE;
	__builtin_memset(c->fds, 0, sizeof(c->fds));
}

static __always_inline void call_set_args(struct wire_call *c, __u64 ctx_id, __s64 nr, __u64 iocbpp,
					  bool compat)
{
	c->api = WIRE_API_AIO;
	c->ctx_id = ctx_id;
	c->iocbpp = iocbpp;
	c->compat = compat;
	c->nr = nr < 0 ? 0 : nr > 0x7fffffff ? 0x7fffffff : nr;
	c->beyond = c->nr > WIRE_MAX_REQUESTS ? c->nr - WIRE_MAX_REQUESTS : 0;
}

/*
 * Take the start time and let sched_switch see the call. A preemptible entry
 * program (fentry) may be switched out between the clock and the last store;
 * sched_switch then marks the call and the start is taken again, so that no
 * interval is missed or counted twice.
 */
static __always_inline void call_start(struct wire_call *c, struct task_struct *task)
{
	volatile __u32 *interrupted = &c->interrupted;
	struct wire_slot *slot = slot_here();

	/* in this order: from here on switches save and restore the slot */
	*(volatile __u32 *)&slot->tid = c->tid;
	*(volatile __u32 *)&slot->req_count = 0;
	*(volatile __u64 *)&slot->req_iocb = 0;
	*(volatile __u32 *)&slot->began = c->began;
	for (int try = 0; try < 4; try++) {
		*interrupted = 0;
		c->on_cpu_ns = 0;
		c->preempted_ns = 0;
		c->preemptions = 0;
		c->nvcsw = READ(task_struct, task, nvcsw);
		c->nvcsw_start = c->nvcsw;
		c->start_ns = bpf_ktime_get_ns();
		c->since_ns = c->start_ns;
		*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
		if (!*interrupted)
			break;
		*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	}
	*interrupted = 0;
	*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
}

/*
 * Whether the call that its thread is in began with the entry's other program, which is to be told
 * from the next call of a thread whose end no program saw: that one has been seen by this program.
 */
static __always_inline bool other_has_begun(__u32 *began, __u32 bit)
{
	if (*began & bit)
		return false;
	*began |= bit;
	return true;
}

static __always_inline void begin_call(__u32 pid, __u32 tid, __u64 ctx_id, __s64 nr, __u64 iocbpp,
				       bool compat, bool again)
{
	__u32 bit = 1u << (again ? WIRE_AGAIN : WIRE_FIRST);
	struct wire_slot *slot = slot_here();
	struct task_struct *task;
	struct wire_call *c;

	if (slot->tid == tid && other_has_begun(&slot->began, bit))
		return;
	if (!caller_wanted(pid, tid))
		return;
	task = (void *)bpf_get_current_task();
	c = call_of(tid, task, again);
	if (!c)
		return;
	if (c->state != WIRE_CALL_IDLE) {
		if (slot->tid != tid && other_has_begun(&c->began, bit))
			return;
		call_abandon(c, WIRE_LOSS_UNMATCHED_ENTRY);
	}
	call_clear(c);
	c->began = bit;
	c->pid = pid;
	c->tid = tid;
	call_set_args(c, ctx_id, nr, iocbpp, compat);
	if (c->nr == 1) /* most calls are, so they are spared two look-ups */
		count_one(c, iocb_at(iocbpp, 0, compat), false);
	else
		walk_requests(c, 0, false);
	if (FILTERING_FS && c->nr_fs == 0) {
		c->unwanted = 1 << WIRE_FIRST | 1 << WIRE_AGAIN;
		return;
	}
	call_start(c, task);
}

/*
 * `again`: the second program of the entry, for what the kernel made the first one miss. Which of
 * the two comes first is the kernel's choice. 32-bit calls have one, which nobody asks about.
 */
static __always_inline int submit_enter(__u64 ctx_id, __s64 nr, __u64 iocbpp, bool compat,
					bool again)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (!tracing())
		return 0;
	if (!compat)
		set_inside(again ? IN_ENTER_AGAIN : IN_ENTER, (__u32)id);
	begin_call(id >> 32, (__u32)id, ctx_id, nr, iocbpp, compat, again);
	if (!compat)
		set_inside(again ? IN_ENTER_AGAIN : IN_ENTER, 0);
	return 0;
}

/* ---- exit ---- */

__u64 came_back_by_exit(__u32 tid); /* sleep.bpf.h */

/*
 * The thread leaves the call: when, as far as its switches are seen. 0 if it is
 * not in one that is traced.
 */
static __always_inline __u64 leave_call(struct wire_slot *slot, struct wire_call *c, __u32 tid)
{
	__u64 now = c && c->away ? came_back_by_exit(tid) : 0;

	if (now)
		return now;
	if (slot->tid != tid)
		return 0;
	/* The slot first: a preemption behind it is not seen, one before it is complete. */
	*(volatile __u32 *)&slot->tid = 0;
	return bpf_ktime_get_ns();
}

/* The call of its thread is over at `now`: how long it took. */
static __always_inline __u64 end_call(struct wire_call *c, __u64 now, enum wire_program by)
{
	struct task_struct *task = (void *)c->task;

	if (now < c->since_ns) /* the clock may step back a little between CPUs */
		now = c->since_ns;
	/* our sleeps against the kernel's own count of them */
	if (READ(task_struct, task, nvcsw) - c->nvcsw_start != c->sleeps)
		lose(WIRE_LOSS_MISJUDGED, 1);
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	c->ended_by = by;
	c->on_cpu_ns += now - c->since_ns;
	return now - c->start_ns;
}

/*
 * An exit that belongs to no call whose entry was seen: that of a call which is
 * not wanted, or was refused, or began before tracing. The latter is its thread's
 * first, and a command that was started for tracing has none. True if the entry was missed.
 */
static __always_inline bool lone_exit(struct wire_call *c, __u32 pid, __u32 tid, __s64 ret)
{
	if (c && c->state != WIRE_CALL_IDLE) {
		call_abandon(c, WIRE_LOSS_UNMATCHED_EXIT);
		return false;
	}
	if (!caller_wanted(pid, tid))
		return false;
	if (opt_refused_exit && may_be_refused((void *)bpf_get_current_task(), ret)) {
		if (!FILTERING_FS)
			lose(WIRE_LOSS_REFUSED, 1);
		return false;
	}
	if (c || opt_tree_only)
		return true;
	if (!FILTERING_FS)
		lose(WIRE_LOSS_BEFORE_TRACING, 1);
	return false;
}

/* The call as the registers tell it with which its thread entered the kernel. */
static __always_inline void call_from_regs(struct wire_call *c, struct pt_regs *regs, bool compat)
{
	call_clear(c);
	if (compat)
		call_set_args(c, COMPAT_ARGS(regs), true);
	else
		call_set_args(c, NATIVE_ARGS(regs), false);
}

/* A call that no program saw begin, of the current thread. A function, for its stack. */
static __noinline struct wire_call *call_unseen(__u32 pid, __u32 compat, __u32 by)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct wire_call *c = call_of(tid, task, by == WIRE_AGAIN);

	if (!c)
		return NULL;
	call_from_regs(c, (void *)stack_top(task), compat);
	c->pid = pid;
	c->tid = tid;
	c->ended_by = by;
	return c;
}

/*
 * `by`: which of the exit's two programs. Whichever comes first ends the call. One that no program
 * saw begin counts now, with its requests and no time, since nobody knows when that was.
 */
static __always_inline void submit_ends(__u32 pid, __u32 tid, __s64 ret, bool compat,
					enum wire_program by)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	__u64 now, wall = 0;

	if (c && c->ended_by && c->ended_by != by && c->state == WIRE_CALL_IDLE) {
		c->ended_by = WIRE_NEITHER;
		return;
	}
	if (c && c->unwanted & 1 << by) {
		c->unwanted &= ~(1 << by);
		return;
	}
	now = leave_call(slot_here(), c, tid);
	if (!now) {
		if (by == WIRE_AGAIN && !c && !opt_tree_only)
			return;
		if (!lone_exit(c, pid, tid, ret))
			return;
		c = call_unseen(pid, compat, by);
		if (!c)
			return;
		walk_requests(c, 0, false);
		if (FILTERING_FS && !c->nr_fs)
			return;
		lose(WIRE_LOSS_NO_ENTRY, 1);
	} else {
		if (!c || c->state != WIRE_CALL_RUNNING)
			return;
		wall = end_call(c, now, by);
	}
	take_back(c, ret);
	flush(c, wall, ret, true);
	if (opt_all_submits || (opt_slow_ns && !c->sleeps && wall >= opt_slow_ns))
		send_submit(c, now, wall, ret);
}

static __always_inline int submit_exit(__s64 ret, bool compat, bool again)
{
	__u64 id = bpf_get_current_pid_tgid();

	if (!tracing())
		return 0;
	if (!compat)
		set_inside(again ? IN_EXIT_AGAIN : IN_EXIT, (__u32)id);
	submit_ends(id >> 32, (__u32)id, ret, compat, again ? WIRE_AGAIN : WIRE_FIRST);
	if (!compat)
		set_inside(again ? IN_EXIT_AGAIN : IN_EXIT, 0);
	return 0;
}

#endif
