// SPDX-License-Identifier: GPL-2.0
/*
 * The programs that watch io_submit(2).
 *
 * Fast path: sched_switch fires for every context switch of the host. A
 * per-CPU slot names the thread that is inside io_submit on that CPU, so that
 * "is prev one of ours" is one load; a global count of our threads that are
 * off the CPU guards the look-up of next and the whole of sched_waking.
 *
 * Each need has several alternatives; user space loads exactly one of them.
 * They are thin wrappers around one inline body.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#include "wire.h"
#include "compat.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* Set by user space before loading. */
const volatile __u64 opt_min_ns = 0;
const volatile __u64 opt_slow_ns = 0;
const volatile __u32 opt_all_submits = 0;
const volatile __u32 opt_user_stacks = 0;
const volatile __u32 opt_tree_only = 0;
const volatile __u32 opt_own_pid = 0;
const volatile __u32 opt_exact_requests = 0; /* the request probe is attached */
const volatile __u32 opt_has_prev_state = 0; /* sched_switch has its fourth argument (5.18) */
const volatile __u32 filter_pids = 0, filter_tids = 0, filter_cgroup = 0;
const volatile __u32 filter_nr_comms = 0, filter_nr_fstypes = 0, filter_wants = 0;
const volatile char filter_comm[8][WIRE_COMM_LEN] = {};
const volatile char filter_fstype[8][WIRE_FSTYPE_LEN] = {};

#define S_IFMT  00170000
#define S_IFBLK 0060000
#define S_IFCHR 0020000
/* Addresses above are the kernel's, on x86-64 and arm64 alike. */
#define KERNEL_HALF 0xffff000000000000ULL

struct wire_slot slots[WIRE_MAX_CPUS] = {};
/* Our threads that are inside io_submit but off the CPU. */
__u64 off_cpu_calls = 0;
__u64 losses[WIRE_LOSS_MAX] = {};
struct wire_fs zero_fs = {};
struct wire_call zero_call = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wire_call);
} calls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 512);
	__type(key, struct wire_fs_key);
	__type(value, struct wire_fs);
} filesystems SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_file);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} want_pids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} want_tids SEC(".maps");

/* Processes of the traced command. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} tree SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} want_cgroup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct wire_want_key);
	__type(value, __u8);
} wants SEC(".maps");

/* Used with interrupts off (sched_switch) only: nothing can come between. */
#define SCAN_WORDS 256
struct scratch {
	struct wire_stack stack;
	struct wire_file names;
	__u64 words[SCAN_WORDS];
	/* where the scan begins, what it found */
	__u64 top, obj, file;
	__u32 nr_events;
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct scratch *scratch_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

static __always_inline void lose(__u32 which, __u64 n)
{
	if (which < WIRE_LOSS_MAX)
		__sync_fetch_and_add(&losses[which], n);
}

static __always_inline struct wire_slot *slot_here(void)
{
	return &slots[bpf_get_smp_processor_id() & (WIRE_MAX_CPUS - 1)];
}

/* ---- filters ---- */

static __always_inline bool same_name(const volatile char *a, const char *b, int len)
{
	for (int i = 0; i < len; i++) {
		if (a[i] != b[i])
			return false;
		if (!a[i])
			return true;
	}
	return true;
}

static __always_inline bool comm_wanted(void)
{
	char comm[WIRE_COMM_LEN] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (__u32 i = 0; i < 8; i++) {
		if (i >= filter_nr_comms)
			break;
		if (same_name(filter_comm[i], comm, WIRE_COMM_LEN))
			return true;
	}
	return false;
}

static __always_inline bool caller_wanted(__u32 pid, __u32 tid)
{
	if (pid == opt_own_pid)
		return false;
	if (opt_tree_only && !bpf_map_lookup_elem(&tree, &pid))
		return false;
	if (filter_pids && !bpf_map_lookup_elem(&want_pids, &pid))
		return false;
	if (filter_tids && !bpf_map_lookup_elem(&want_tids, &tid))
		return false;
	if (filter_cgroup && bpf_current_task_under_cgroup(&want_cgroup, 0) != 1)
		return false;
	if (filter_nr_comms && !comm_wanted())
		return false;
	return true;
}

/* The file behind a request, as far as rows and filters need it. */
struct target {
	struct wire_fs_key key;
	__u32 mnt_id;
	__u32 sb_dev;
	__u32 i_mode;
	char fstype[WIRE_FSTYPE_LEN];
};

static __always_inline bool want_has(__u32 kind, __u32 value)
{
	struct wire_want_key key = {.kind = kind, .value = value};

	return bpf_map_lookup_elem(&wants, &key) != NULL;
}

static __always_inline bool target_wanted(const struct target *t)
{
	bool found = filter_nr_fstypes == 0;

	for (__u32 i = 0; i < 8 && !found; i++) {
		if (i >= filter_nr_fstypes)
			break;
		found = same_name(filter_fstype[i], t->fstype, WIRE_FSTYPE_LEN);
	}
	if (!found)
		return false;
	if (!filter_wants)
		return true;
	return want_has(WIRE_WANT_DEV, t->key.dev) || want_has(WIRE_WANT_MOUNT, t->mnt_id);
}

#define FILTERING_FS (filter_nr_fstypes || filter_wants)

/* ---- from a file to its row ---- */

static __always_inline void target_of_file(struct file *file, struct target *t)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct super_block *sb = BPF_CORE_READ(inode, i_sb);
	struct vfsmount *mnt = BPF_CORE_READ(file, f_path.mnt);
	struct mount *m = (void *)mnt - bpf_core_field_offset(struct mount, mnt);

	t->sb_dev = BPF_CORE_READ(sb, s_dev);
	t->i_mode = BPF_CORE_READ(inode, i_mode);
	t->mnt_id = BPF_CORE_READ(m, mnt_id);
	if ((t->i_mode & S_IFMT) == S_IFBLK || (t->i_mode & S_IFMT) == S_IFCHR) {
		bool blk = (t->i_mode & S_IFMT) == S_IFBLK;

		t->key.kind = blk ? WIRE_FS_BLKDEV : WIRE_FS_CHRDEV;
		t->key.dev = BPF_CORE_READ(inode, i_rdev);
		__builtin_memcpy(t->fstype, blk ? "blockdev" : "chardev\0", 9);
		return;
	}
	t->key.kind = WIRE_FS_SUPER;
	t->key.dev = t->sb_dev;
	bpf_probe_read_kernel_str(t->fstype, sizeof(t->fstype), BPF_CORE_READ(sb, s_type, name));
}

static __always_inline struct file *file_of_fd(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file **table;
	struct file *file = NULL;

	if (fd >= BPF_CORE_READ(fdt, max_fds))
		return NULL;
	table = BPF_CORE_READ(fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), table + fd);
	return file;
}

/* Index of the row in the call, new if need be; WIRE_FS_PER_CALL if there is no place. */
static __always_inline __u32 call_fs(struct wire_call *c, const struct target *t)
{
	struct wire_call_fs *f;
	__u32 i;

	for (i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		if (c->fs[i].key.dev == t->key.dev && c->fs[i].key.kind == t->key.kind)
			return i;
	}
	if (i >= WIRE_FS_PER_CALL)
		return WIRE_FS_PER_CALL;
	f = &c->fs[i];
	__builtin_memset(f, 0, sizeof(*f));
	f->key = t->key;
	f->mnt_id = t->mnt_id;
	__builtin_memcpy(f->fstype, t->fstype, sizeof(f->fstype));
	c->nr_fs = i + 1;
	return i;
}

/* ---- the requests of a call ---- */

static __always_inline __u32 fold_op(__u32 opcode)
{
	switch (opcode) {
	case 0: return WIRE_OP_PREAD;
	case 1: return WIRE_OP_PWRITE;
	case 2: return WIRE_OP_FSYNC;
	case 3: return WIRE_OP_FDSYNC;
	case 5: return WIRE_OP_POLL;
	case 7: return WIRE_OP_PREADV;
	case 8: return WIRE_OP_PWRITEV;
	}
	return WIRE_OP_OTHER;
}

/* Keep an index below a power of two in a way that the compiler cannot reason away. */
#define BOUNDED(i, size)                                                                           \
	({                                                                                         \
		__u64 __i = (i);                                                                   \
		asm volatile("%0 &= %1" : "+r"(__i) : "i"((size) - 1));                            \
		__i;                                                                               \
	})

/*
 * Sum of an iovec array, BYTES_UNKNOWN if it cannot be read in full. A global
 * function, so that the verifier looks at its loop once and not at each call.
 */
#define IOVECS_READ 64
#define BYTES_UNKNOWN (~0ULL)
__noinline __u64 iovec_bytes(__u64 buf, __u64 count, __u32 compat)
{
	__u64 sum = 0, entry[2] = {};
	__u32 entry32[2] = {};

	for (__u32 i = 0; i < IOVECS_READ; i++) {
		if (i >= count)
			return sum;
		if (compat) {
			if (bpf_probe_read_user(entry32, sizeof(entry32), (void *)(buf + i * 8ULL)))
				return BYTES_UNKNOWN;
			sum += entry32[1];
		} else {
			if (bpf_probe_read_user(entry, sizeof(entry), (void *)(buf + i * 16ULL)))
				return BYTES_UNKNOWN;
			sum += entry[1];
		}
	}
	return count <= IOVECS_READ ? sum : BYTES_UNKNOWN;
}

/* The user's iocb for request i of a call, 0 if it cannot be read. */
static __always_inline __u64 iocb_at(__u64 iocbpp, __u32 i, bool compat)
{
	__u64 p = 0;

	if (compat) {
		__u32 p32 = 0;

		bpf_probe_read_user(&p32, sizeof(p32), (void *)(iocbpp + i * 4ULL));
		return p32;
	}
	bpf_probe_read_user(&p, sizeof(p), (void *)(iocbpp + i * 8ULL));
	return p;
}

/* Which row of the call a descriptor belongs to, through a small cache: index + 1, or WIRE_FD_SKIP. */
static __always_inline __u32 row_of_fd(struct wire_call *c, __u32 fd)
{
	__u32 way = fd & (WIRE_FD_CACHE - 1), i;
	struct target t = {};
	struct file *file;

	if (c->fds[way].fs && c->fds[way].fd == fd)
		return c->fds[way].fs;
	file = file_of_fd(fd);
	if (file)
		target_of_file(file, &t);
	c->fds[way].fd = fd;
	if (FILTERING_FS && !target_wanted(&t)) {
		c->fds[way].fs = WIRE_FD_SKIP;
		return WIRE_FD_SKIP;
	}
	i = call_fs(c, &t);
	if (i >= WIRE_FS_PER_CALL)
		return 0;
	c->fds[way].fs = i + 1;
	return i + 1;
}

/* Count request i in its row, or take it back (undo). */
static __always_inline void count_request(struct wire_call *c, __u32 i, bool undo)
{
	struct iocb iocb;
	__u64 addr = iocb_at(c->iocbpp, i, c->compat), bytes;
	struct wire_call_fs *f;
	__u32 row, op;

	if (!addr || bpf_probe_read_user(&iocb, sizeof(iocb), (void *)addr)) {
		c->unreadable += undo ? -1 : 1;
		return;
	}
	row = row_of_fd(c, iocb.aio_fildes);
	if (row == WIRE_FD_SKIP)
		return;
	if (row == 0 || row > WIRE_FS_PER_CALL) {
		c->fs_overflow += undo ? -1 : 1;
		return;
	}
	f = &c->fs[BOUNDED(row - 1, WIRE_FS_PER_CALL)];
	op = fold_op(iocb.aio_lio_opcode);
	bytes = iocb.aio_nbytes;
	if (op == WIRE_OP_PREADV || op == WIRE_OP_PWRITEV)
		bytes = iovec_bytes(iocb.aio_buf, iocb.aio_nbytes, c->compat);
	else if (op != WIRE_OP_PREAD && op != WIRE_OP_PWRITE)
		bytes = 0;
	f->requests += undo ? -1 : 1;
	f->ops[BOUNDED(op, WIRE_OPS)] += undo ? -1 : 1;
	if (bytes == BYTES_UNKNOWN)
		f->bytes_unknown += undo ? -1 : 1;
	else
		f->bytes += undo ? -bytes : bytes;
}

/*
 * Requests of a call are counted some at a time by a global function, which
 * the verifier looks at once. It finds the call again by itself: only scalars
 * can be handed to a global function before 5.13.
 */
#define COUNT_CHUNK 4
__noinline int count_requests(__u32 tid, __u32 from, __u32 to, __u32 undo)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (!c)
		return 0;
	for (__u32 i = 0; i < COUNT_CHUNK; i++) {
		if (from + i >= to)
			break;
		count_request(c, from + i, undo);
	}
	return 0;
}

static __always_inline void walk_requests(__u32 tid, __u32 from, __u32 to, bool undo)
{
	if (to > WIRE_MAX_REQUESTS)
		to = WIRE_MAX_REQUESTS;
	for (__u32 i = 0; i < WIRE_MAX_REQUESTS / COUNT_CHUNK; i++) {
		if (from >= to)
			break;
		count_requests(tid, from, to, undo);
		from += COUNT_CHUNK;
	}
}

/* ---- entry ---- */

static __always_inline struct wire_call *call_of(__u32 tid, struct task_struct *task)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (!c) {
		bpf_map_update_elem(&calls, &tid, &zero_call, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&calls, &tid);
	}
	if (!c) {
		lose(WIRE_LOSS_CALLS_FULL, 1);
		return NULL;
	}
	if (c->task != (__u64)task) {
		c->task = (__u64)task;
		c->seq = 0;
		c->state = WIRE_CALL_IDLE;
	}
	return c;
}

static __always_inline void call_reset(struct wire_call *c)
{
	if (c->state != WIRE_CALL_IDLE) {
		lose(WIRE_LOSS_UNMATCHED_ENTRY, 1);
		c->state = WIRE_CALL_IDLE;
	}
	c->seq++;
	c->on_cpu_ns = 0;
	c->blocked_ns = 0;
	c->runqueue_ns = 0;
	c->preempted_ns = 0;
	c->req_iocb = 0;
	c->last_index = 0;
	c->req_count = 0;
	c->sleeps = 0;
	c->preemptions = 0;
	c->nr_fs = 0;
	c->unreadable = 0;
	c->fs_overflow = 0;
	__builtin_memset(c->fds, 0, sizeof(c->fds));
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

	slot_here()->tid = c->tid;
	for (int try = 0; try < 4; try++) {
		*interrupted = 0;
		c->nvcsw = BPF_CORE_READ(task, nvcsw);
		c->start_ns = bpf_ktime_get_ns();
		c->since_ns = c->start_ns;
		*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
		if (!*interrupted)
			break;
		*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	}
	*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
}

static __always_inline int submit_enter(__u64 ctx_id, __s64 nr, __u64 iocbpp, bool compat)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = (__u32)id;
	struct task_struct *task;
	struct wire_call *c;

	if (!caller_wanted(pid, tid))
		return 0;
	task = (void *)bpf_get_current_task();
	c = call_of(tid, task);
	if (!c)
		return 0;
	call_reset(c);
	c->pid = pid;
	c->tid = tid;
	c->ctx_id = ctx_id;
	c->iocbpp = iocbpp;
	c->compat = compat;
	c->nr = nr < 0 ? 0 : nr > 0x7fffffff ? 0x7fffffff : nr;
	c->beyond = c->nr > WIRE_MAX_REQUESTS ? c->nr - WIRE_MAX_REQUESTS : 0;
	walk_requests(tid, 0, c->nr, false);
	if (FILTERING_FS && c->nr_fs == 0)
		return 0;
	call_start(c, task);
	return 0;
}

/* ---- exit ---- */

static __always_inline struct wire_fs *fs_row(const struct wire_fs_key *key)
{
	struct wire_fs *f = bpf_map_lookup_elem(&filesystems, key);

	if (!f) {
		bpf_map_update_elem(&filesystems, key, &zero_fs, BPF_NOEXIST);
		f = bpf_map_lookup_elem(&filesystems, key);
		if (!f)
			lose(WIRE_LOSS_FS_FULL, 1);
	}
	return f;
}

/* Global functions are verified once, by themselves: what loops or branches much is one. */
__noinline __u32 hist_bucket(__u64 v)
{
	__u32 e = 0;
	__u64 x = v;

	if (v < 8)
		return v;
	if (x >> 32) { e += 32; x >>= 32; }
	if (x >> 16) { e += 16; x >>= 16; }
	if (x >> 8) { e += 8; x >>= 8; }
	if (x >> 4) { e += 4; x >>= 4; }
	if (x >> 2) { e += 2; x >>= 2; }
	if (x >> 1) e += 1;
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
	if (ret < 0)
		row->submit_errors++;
	else if (ret < c->nr)
		row->short_submits++;
	if (wall > row->max_submit_ns)
		row->max_submit_ns = wall;
	hist_add(row->submit_hist, wall);
	if (!row->pid)
		row->pid = c->pid;
}

static __always_inline void flush_fs(struct wire_call *c, __u32 i, __u64 wall, __s64 ret,
				     struct wire_fs *total)
{
	struct wire_call_fs *f = &c->fs[i];
	struct wire_fs *row = fs_row(&f->key);

	total->bytes += f->bytes;
	total->bytes_unknown += f->bytes_unknown;
	if (!row)
		return;
	row_add_call(row, c, wall, ret, f->blocked_ns, f->sleeps);
	row->requests += f->requests;
	row->bytes += f->bytes;
	row->bytes_unknown += f->bytes_unknown;
	for (__u32 op = 0; op < WIRE_OPS; op++) {
		row->ops[op] += f->ops[op];
		total->ops[op] += f->ops[op];
	}
	row->mnt_id = f->mnt_id;
	__builtin_memcpy(row->fstype, f->fstype, sizeof(row->fstype));
}

/* Requests that the kernel did not take (short or failed call) come off the rows again. */
static __always_inline void take_back(struct wire_call *c, __s64 ret)
{
	__u32 accepted = ret < 0 ? 0 : ret;

	if (accepted >= c->nr)
		return;
	walk_requests(c->tid, accepted, c->nr, true);
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

/* How many of its sleeps and how much of its blocked time a call spent on rows that are wanted. */
static __always_inline void flush_call(struct wire_call *c, __u64 wall, __s64 ret)
{
	struct wire_fs_key total_key = {.dev = 0, .kind = WIRE_FS_TOTAL};
	struct wire_fs *total = fs_row(&total_key);
	__u32 wanted = 0;

	if (!total)
		return;
	row_add_call(total, c, wall, ret, c->blocked_ns, c->sleeps);
	for (__u32 i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		wanted += c->fs[i].requests;
		flush_fs(c, i, wall, ret, total);
	}
	if (FILTERING_FS)
		total->requests += wanted;
	else
		total->requests += ret < 0 ? 0 : ret;
	if (c->unreadable)
		lose(WIRE_LOSS_IOCB_UNREADABLE, c->unreadable);
	if (c->fs_overflow)
		lose(WIRE_LOSS_FS_PER_CALL, c->fs_overflow);
	if (c->beyond && !FILTERING_FS) {
		total->requests_beyond += c->beyond;
		lose(WIRE_LOSS_BEYOND, c->beyond);
	}
}

static __always_inline int submit_exit(__s64 ret)
{
	struct wire_slot *slot = slot_here();
	__u64 id = bpf_get_current_pid_tgid();
	__u32 pid = id >> 32, tid = (__u32)id;
	struct wire_call *c;
	__u64 now, wall;

	if (slot->tid != tid) {
		/* A call that is not wanted, or one that began before the probes were attached. */
		if (!FILTERING_FS && caller_wanted(pid, tid))
			lose(bpf_map_lookup_elem(&calls, &tid) ? WIRE_LOSS_UNMATCHED_EXIT :
								 WIRE_LOSS_BEFORE_TRACING, 1);
		return 0;
	}
	/* The slot first: a preemption behind it is not seen, one before it is complete. */
	*(volatile __u32 *)&slot->tid = 0;
	now = bpf_ktime_get_ns();
	c = bpf_map_lookup_elem(&calls, &tid);
	if (!c || c->state != WIRE_CALL_RUNNING)
		return 0;
	*(volatile __u32 *)&c->state = WIRE_CALL_IDLE;
	c->on_cpu_ns += now - c->since_ns;
	wall = now - c->start_ns;
	take_back(c, ret);
	flush_call(c, wall, ret);
	if (opt_all_submits || (opt_slow_ns && !c->sleeps && wall >= opt_slow_ns))
		send_submit(c, now, wall, ret);
	return 0;
}

/* ---- what a sleeping request is ---- */

static __always_inline void read_iocb(struct wire_req *r, bool compat)
{
	struct iocb iocb;

	if (!r->iocb || bpf_probe_read_user(&iocb, sizeof(iocb), (void *)r->iocb))
		return;
	r->opcode = iocb.aio_lio_opcode;
	r->fd = iocb.aio_fildes;
	r->offset = iocb.aio_offset;
	r->rw_flags = iocb.aio_rw_flags;
	r->len = iocb.aio_nbytes;
	if (r->opcode == 7 || r->opcode == 8) {
		r->len = iovec_bytes(iocb.aio_buf, iocb.aio_nbytes, compat);
		if (r->len == BYTES_UNKNOWN)
			r->len = 0;
	} else if (r->opcode > 1) {
		r->len = 0;
	}
}

#define O_APPEND_ 00002000
#define O_DSYNC_  00010000
#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT_ 00200000
#else
#define O_DIRECT_ 00040000
#endif
#define RWF_DSYNC_  0x2
#define RWF_SYNC_   0x4
#define RWF_NOWAIT_ 0x8
#define RWF_APPEND_ 0x10

static __always_inline __u32 shape_of(const struct wire_req *r, struct file *file, struct inode *inode)
{
	__u32 flags = BPF_CORE_READ(file, f_flags), shape = 0, lb;
	bool rw = r->opcode == 0 || r->opcode == 1 || r->opcode == 7 || r->opcode == 8;
	bool write = r->opcode == 1 || r->opcode == 8;
	__u64 ends = r->offset | r->len;

	if (flags & O_DIRECT_)
		shape |= WIRE_SHAPE_DIRECT;
	if ((flags & O_DSYNC_) || (r->rw_flags & (RWF_DSYNC_ | RWF_SYNC_)))
		shape |= WIRE_SHAPE_DSYNC;
	if (r->rw_flags & RWF_NOWAIT_)
		shape |= WIRE_SHAPE_NOWAIT;
	if ((flags & O_APPEND_) || (r->rw_flags & RWF_APPEND_))
		shape |= WIRE_SHAPE_APPEND;
	if (!rw || r->fs.kind != WIRE_FS_SUPER)
		goto blocks;
	if (write && r->offset + r->len > (__u64)BPF_CORE_READ(inode, i_size))
		shape |= WIRE_SHAPE_BEYOND_EOF;
blocks:
	if (!rw || (r->i_mode & S_IFMT) == 0010000 || (r->i_mode & S_IFMT) == 0140000 ||
	    (r->i_mode & S_IFMT) == S_IFCHR)
		return shape;
	if (ends & ((1ULL << (BPF_CORE_READ(inode, i_blkbits) & 31)) - 1))
		shape |= WIRE_SHAPE_UNALIGNED;
	lb = r->fs.kind == WIRE_FS_SUPER ? logical_block_size(BPF_CORE_READ(inode, i_sb)) : 512;
	if (lb && (ends & (lb - 1)))
		shape |= WIRE_SHAPE_UNALIGNED_LB;
	return shape;
}

/* Names from the file up to the root of its filesystem, once per file and mount. */
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
		n = bpf_probe_read_kernel_str(&f->names[at], WIRE_NAME_MAX, BPF_CORE_READ(d, d_name.name));
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

static __always_inline void describe_file(struct wire_req *r, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct target t = {};

	target_of_file(file, &t);
	r->fs = t.key;
	r->mnt_id = t.mnt_id;
	r->i_mode = t.i_mode;
	r->sb_dev = t.sb_dev;
	__builtin_memcpy(r->fstype, t.fstype, sizeof(r->fstype));
	r->ino = BPF_CORE_READ(inode, i_ino);
	r->shape = shape_of(r, file, inode);
	r->file_id = (r->ino * 0x9e3779b97f4a7c15ULL) ^ ((__u64)t.sb_dev << 32) ^
		     BPF_CORE_READ(inode, i_generation) ^ ((__u64)t.mnt_id * 0xff51afd7ed558ccdULL);
	if (!r->file_id)
		r->file_id = 1;
	save_names((__u64)BPF_CORE_READ(file, f_path.dentry), r->file_id);
}

/* Which of up to INDEX_CHUNK entries of the array, from number at on, is this iocb? */
#define INDEX_NONE (~0U)
#define INDEX_CHUNK 16
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

/*
 * Where in the call's array the iocb stands, INDEX_NONE if nowhere. Requests
 * are submitted in order, so the search goes on from the last one found.
 */
static __always_inline __u32 index_of(const struct wire_call *c, __u64 iocb)
{
	__u32 at = c->last_index;

	for (__u32 i = 0; i < WIRE_MAX_REQUESTS / INDEX_CHUNK; i++, at += INDEX_CHUNK) {
		__u32 k;

		if (at >= c->nr)
			break;
		k = index_in_chunk(c->iocbpp, at, c->nr, iocb, c->compat);
		if (k != INDEX_NONE)
			return k;
	}
	return INDEX_NONE;
}

/*
 * The request under way from the thread's own kernel stack: io_submit_one and
 * what it calls keep the struct aio_kiocb pointer there. It is one of this
 * context (ki_ctx->user_id), names a user iocb (ki_res.obj) and, while its
 * submission runs, has two references; stale pointers of earlier requests have
 * one or none. Slab objects of this cache are aligned to a cache line. The
 * result goes to the scratch; returns 1 if there is one.
 */
__noinline int scan_stack(__u64 ctx_id, __u64 top, __u64 base)
{
	struct scratch *s = scratch_here();

	if (!s || !top)
		return 0;
	s->obj = 0;
	s->file = 0;
	s->nr_events = 0;
	if (bpf_probe_read_kernel(s->words, sizeof(s->words), (void *)(top - sizeof(s->words))))
		return 0;
	for (__u32 i = 0; i < SCAN_WORDS; i++) {
		struct aio_kiocb *p = (void *)s->words[SCAN_WORDS - 1 - i];
		struct kioctx *ctx;
		__u64 obj;

		if ((__u64)p < KERNEL_HALF || ((__u64)p & 31) ||
		    ((__u64)p >= base && (__u64)p < base + KERNEL_STACK_BYTES))
			continue;
		ctx = BPF_CORE_READ(p, ki_ctx);
		if ((__u64)ctx < KERNEL_HALF || BPF_CORE_READ(ctx, user_id) != ctx_id)
			continue;
		obj = BPF_CORE_READ(p, ki_res.obj);
		if (BPF_CORE_READ(p, ki_refcnt.refs.counter) != 2 || !obj || obj >= KERNEL_HALF)
			continue;
		s->obj = obj;
		s->nr_events = BPF_CORE_READ(ctx, nr_events);
		s->file = (__u64)BPF_CORE_READ(p, ki_filp);
		return 1;
	}
	return 0;
}

/* The request probe knows which one it is; how well does the scan agree? */
static __always_inline void compare_scan(struct wire_call *c, __u64 scanned)
{
	if (scanned)
		lose(scanned == c->req_iocb ? WIRE_LOSS_SCAN_AGREE : WIRE_LOSS_SCAN_DISAGREE, 1);
}

static __always_inline void request_alone(struct wire_call *c, struct wire_req *r)
{
	r->how = WIRE_HOW_EXACT;
	r->iocb = iocb_at(c->iocbpp, 0, c->compat);
}

static __always_inline __u64 request_of_many(struct wire_call *c, struct wire_req *r, struct scratch *s,
					     struct task_struct *task)
{
	bool found;

	/* Through memory: the verifier takes a pointer for no scalar argument. */
	*(volatile __u64 *)&s->top = stack_top(task);
	found = scan_stack(c->ctx_id, *(volatile __u64 *)&s->top, (__u64)BPF_CORE_READ(task, stack));

	if (s->nr_events && s->nr_events < r->nr)
		r->nr = s->nr_events;
	if (opt_exact_requests) {
		compare_scan(c, s->obj);
		if (c->req_iocb) {
			r->how = WIRE_HOW_EXACT;
			r->index = c->req_count - 1;
			r->iocb = c->req_iocb;
			return s->obj == c->req_iocb ? s->file : 0;
		}
	} else if (found) {
		r->index = index_of(c, s->obj);
		r->iocb = s->obj;
		if (r->index == INDEX_NONE)
			return s->file;
		r->how = WIRE_HOW_SCANNED;
		c->last_index = r->index;
		return s->file;
	}
	r->how = WIRE_HOW_BATCH;
	return 0;
}

static __always_inline void find_request(struct wire_call *c, struct scratch *s, struct task_struct *task)
{
	struct wire_req *r = &c->req;
	__u64 file = 0;

	__builtin_memset(r, 0, sizeof(*r));
	r->nr = c->nr;
	r->fd = (__u32)-1;
	if (c->nr == 1)
		request_alone(c, r);
	else
		file = request_of_many(c, r, s, task);
	read_iocb(r, c->compat);
	if (!file && r->iocb)
		file = (__u64)file_of_fd(r->fd);
	if (file)
		describe_file(r, (struct file *)file);
}

/* ---- stacks ---- */

__noinline __u64 stack_hash(__u32 depth)
{
	struct scratch *s = scratch_here();
	__u64 h = 0xcbf29ce484222325ULL ^ depth;

	if (!s)
		return 1;
	for (__u32 i = 0; i < WIRE_STACK_DEPTH; i++) {
		if (i >= depth)
			break;
		h = (h ^ s->stack.ip[i]) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	return h ? h : 1;
}

/* Keep a stack once; returns its id, 0 if lost. */
static __always_inline __u64 save_stack(void *ctx, struct scratch *s, __u64 flags, __u32 pid)
{
	struct wire_stack *st = &s->stack;
	long bytes = bpf_get_stack(ctx, st->ip, sizeof(st->ip), flags);
	__u64 id;

	if (bytes <= 0) {
		lose(WIRE_LOSS_STACKS, 1);
		return 0;
	}
	st->depth = (__u32)bytes / 8;
	if (st->depth > WIRE_STACK_DEPTH)
		st->depth = WIRE_STACK_DEPTH;
	st->user = flags != 0;
	st->pid = pid;
	id = stack_hash(st->depth) ^ ((__u64)pid << 32);
	if (bpf_map_lookup_elem(&stacks, &id))
		return id;
	if (bpf_map_update_elem(&stacks, &id, st, BPF_NOEXIST) && !bpf_map_lookup_elem(&stacks, &id)) {
		lose(WIRE_LOSS_STACKS, 1);
		return 0;
	}
	return id;
}

/* ---- sleep and wake ---- */

static __always_inline void fall_asleep(void *ctx, struct wire_call *c, struct task_struct *task,
					__u32 state)
{
	struct scratch *s = scratch_here();

	c->sleeps++;
	c->task_state = state;
	c->iowait = task_in_iowait(task);
	c->stack_id = 0;
	c->user_stack_id = 0;
	if (!s)
		return;
	c->stack_id = save_stack(ctx, s, 0, 0);
	if (opt_user_stacks)
		c->user_stack_id = save_stack(ctx, s, BPF_F_USER_STACK, c->pid);
	bpf_get_current_comm(c->comm, sizeof(c->comm));
	c->cgroup_id = bpf_get_current_cgroup_id();
	find_request(c, s, task);
}

/* The thread named by the slot is switched out; it still is current. */
static __always_inline void switch_out(void *ctx, struct wire_slot *slot, struct task_struct *prev,
				       __u32 state, __u64 now)
{
	__u32 tid = slot->tid;
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	__u64 nvcsw;

	slot->tid = 0;
	if (!c)
		return;
	if (c->state != WIRE_CALL_RUNNING) {
		/* the entry program itself was preempted: it takes its start again */
		c->interrupted = 1;
		c->state = WIRE_CALL_IDLE;
		__sync_fetch_and_add(&off_cpu_calls, 1);
		return;
	}
	c->on_cpu_ns += now - c->since_ns;
	c->since_ns = now;
	c->wake_ns = 0;
	c->waker_kind = WIRE_WAKER_UNKNOWN;
	c->waker_pid = 0;
	c->waker_tid = 0;
	nvcsw = BPF_CORE_READ(prev, nvcsw);
	/*
	 * __schedule() has just counted this switch: in nvcsw if the thread had
	 * set itself to a sleeping state and was not preempted, else in nivcsw.
	 * That is the definition of a sleep, free of the race that reading the
	 * state here has with a waker (5.10 to 7.x, kernel/sched/core.c).
	 */
	if (nvcsw == c->nvcsw) {
		c->preemptions++;
		*(volatile __u32 *)&c->state = WIRE_CALL_PREEMPTED;
		__sync_fetch_and_add(&off_cpu_calls, 1);
		return;
	}
	c->nvcsw = nvcsw;
	*(volatile __u32 *)&c->state = WIRE_CALL_ASLEEP;
	__sync_fetch_and_add(&off_cpu_calls, 1);
	fall_asleep(ctx, c, prev, state);
}

/* The row that a sleep counts in. */
static __always_inline void sleep_key(struct wire_call *c, struct wire_fs_key *key)
{
	if (c->req.fs.kind) {
		*key = c->req.fs;
	} else if (c->nr_fs == 1) {
		*key = c->fs[0].key;
		c->req.fs = *key;
		c->req.mnt_id = c->fs[0].mnt_id;
		__builtin_memcpy(c->req.fstype, c->fs[0].fstype, sizeof(c->req.fstype));
	} else {
		key->dev = 0;
		key->kind = c->nr_fs ? WIRE_FS_BATCH : WIRE_FS_NONE;
		c->req.fs = *key;
	}
}

static __always_inline void row_add_sleep(struct wire_fs *row, const struct wire_call *c, __u64 blocked,
					  __u32 held)
{
	if (!row)
		return;
	row->sleeps++;
	row->blocked_ns += blocked;
	row->held_up_requests += held;
	row->held_up_ns += held * blocked;
	if (blocked > row->max_sleep_ns)
		row->max_sleep_ns = blocked;
	if (blocked < opt_min_ns) {
		row->below_min_sleeps++;
		row->below_min_ns += blocked;
	}
	hist_add(row->sleep_hist, blocked);
	row->mnt_id = c->req.mnt_id;
	if (!row->pid)
		row->pid = c->pid;
	if (!row->fstype[0])
		__builtin_memcpy(row->fstype, c->req.fstype, sizeof(row->fstype));
}

static __always_inline void send_stall(const struct wire_call *c, __u64 now, __u64 blocked, __u64 runqueue)
{
	struct wire_stall *e = bpf_ringbuf_reserve(&ring, sizeof(*e), 0);

	if (!e) {
		lose(WIRE_LOSS_EVENTS, 1);
		return;
	}
	__builtin_memset(e, 0, sizeof(*e));
	e->hdr.kind = WIRE_STALL;
	e->hdr.size = sizeof(*e);
	e->hdr.ts_ns = now;
	e->pid = c->pid;
	e->tid = c->tid;
	__builtin_memcpy(e->comm, c->comm, sizeof(e->comm));
	e->cgroup_id = c->cgroup_id;
	e->call_seq = c->seq;
	e->out_ns = c->since_ns;
	e->blocked_ns = blocked;
	e->runqueue_ns = runqueue;
	e->stack_id = c->stack_id;
	e->user_stack_id = c->user_stack_id;
	e->state = c->task_state;
	e->iowait = c->iowait;
	e->sleep_no = c->sleeps;
	e->waker_kind = c->waker_kind;
	e->waker_pid = c->waker_pid;
	e->waker_tid = c->waker_tid;
	__builtin_memcpy(e->waker_comm, c->waker_comm, sizeof(e->waker_comm));
	__builtin_memcpy(&e->req, &c->req, sizeof(e->req));
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* Add the sleep to the call's own table, so that the exit knows which rows slept. False if it is filtered out. */
static __always_inline bool call_add_sleep(struct wire_call *c, const struct wire_fs_key *key, __u64 blocked)
{
	__u32 i;

	for (i = 0; i < WIRE_FS_PER_CALL; i++) {
		if (i >= c->nr_fs)
			break;
		if (c->fs[i].key.dev == key->dev && c->fs[i].key.kind == key->kind) {
			c->fs[i].sleeps++;
			c->fs[i].blocked_ns += blocked;
			return true;
		}
	}
	return !FILTERING_FS || key->kind == WIRE_FS_BATCH;
}

static __always_inline void end_sleep(struct wire_call *c, __u64 now)
{
	/* Not seen waking: woken while still being switched out, so it was runnable all the time. */
	__u64 wake = c->wake_ns, blocked, runqueue;
	struct wire_fs_key key, total_key = {.dev = 0, .kind = WIRE_FS_TOTAL};
	__u32 held = 0;

	if (wake < c->since_ns)
		wake = c->since_ns;
	if (wake > now)
		wake = now;
	blocked = wake - c->since_ns;
	runqueue = now - wake;
	c->blocked_ns += blocked;
	c->runqueue_ns += runqueue;
	sleep_key(c, &key);
	if (!call_add_sleep(c, &key, blocked))
		return;
	if ((c->req.how == WIRE_HOW_EXACT || c->req.how == WIRE_HOW_SCANNED) && c->req.index < c->req.nr)
		held = c->req.nr - 1 - c->req.index;
	row_add_sleep(fs_row(&key), c, blocked, held);
	row_add_sleep(fs_row(&total_key), c, blocked, held);
	if (blocked >= opt_min_ns)
		send_stall(c, now, blocked, runqueue);
}

/* next may be one of ours that was off the CPU. */
static __always_inline void switch_in(struct wire_slot *slot, __u32 tid, __u64 now)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (!c)
		return;
	if (c->state == WIRE_CALL_ASLEEP)
		end_sleep(c, now);
	else if (c->state == WIRE_CALL_PREEMPTED)
		c->preempted_ns += now - c->since_ns;
	else if (!c->interrupted)
		return;
	c->since_ns = now;
	if (c->state != WIRE_CALL_IDLE)
		*(volatile __u32 *)&c->state = WIRE_CALL_RUNNING;
	slot->tid = tid;
	__sync_fetch_and_add(&off_cpu_calls, -1);
}

static __always_inline void switched(void *ctx, struct task_struct *prev, __u32 next_tid, __u32 state)
{
	struct wire_slot *slot = slot_here();
	__u64 now;

	if (slot->tid) {
		now = bpf_ktime_get_ns();
		switch_out(ctx, slot, prev, state, now);
	}
	if (*(volatile __u64 *)&off_cpu_calls) {
		now = bpf_ktime_get_ns();
		switch_in(slot, next_tid, now);
	}
}

static __always_inline void waking(void *ctx, __u32 tid)
{
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);
	__u64 id;

	if (!c || c->state != WIRE_CALL_ASLEEP || c->wake_ns)
		return;
	c->wake_ns = bpf_ktime_get_ns();
	if (on_interrupt_stack(ctx)) {
		c->waker_kind = WIRE_WAKER_IRQ;
	} else {
		id = bpf_get_current_pid_tgid();
		c->waker_pid = id >> 32;
		c->waker_tid = (__u32)id;
		bpf_get_current_comm(c->waker_comm, sizeof(c->waker_comm));
		c->waker_kind = WIRE_WAKER_TASK;
	}
}

/* ---- the programs: submit ---- */

SEC("?tp/syscalls/sys_enter_io_submit")
int enter_tp(struct trace_event_raw_sys_enter *ctx)
{
	return submit_enter(ctx->args[0], (long)ctx->args[1], ctx->args[2], false);
}
SEC("?tp/syscalls/sys_exit_io_submit")
int exit_tp(struct trace_event_raw_sys_exit *ctx)
{
	return submit_exit(ctx->ret);
}
SEC("?fentry/io_submit")
int BPF_PROG(enter_fentry, struct pt_regs *regs)
{
	return submit_enter(PT_REGS_PARM1_CORE_SYSCALL(regs),
			    (long)PT_REGS_PARM2_CORE_SYSCALL(regs),
			    PT_REGS_PARM3_CORE_SYSCALL(regs), false);
}
SEC("?fexit/io_submit")
int BPF_PROG(exit_fentry, struct pt_regs *regs, long ret)
{
	return submit_exit(ret);
}
SEC("?kprobe/io_submit")
int enter_kprobe(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return submit_enter(PT_REGS_PARM1_CORE_SYSCALL(regs),
			    (long)PT_REGS_PARM2_CORE_SYSCALL(regs),
			    PT_REGS_PARM3_CORE_SYSCALL(regs), false);
}
SEC("?kretprobe/io_submit")
int exit_kprobe(struct pt_regs *ctx)
{
	return submit_exit((long)PT_REGS_RC(ctx));
}

/* 32-bit callers: i386 passes its arguments in bx, cx, dx; arm in w0 to w2. */
#if defined(__TARGET_ARCH_x86)
#define COMPAT_ENTER(regs)                                                                \
	submit_enter((__u32)BPF_CORE_READ(regs, bx), (__s32)BPF_CORE_READ(regs, cx),               \
		     (__u32)BPF_CORE_READ(regs, dx), true)
#else
#define COMPAT_ENTER(regs)                                                                \
	submit_enter((__u32)PT_REGS_PARM1_CORE_SYSCALL(regs),                                      \
		     (__s32)PT_REGS_PARM2_CORE_SYSCALL(regs),                                      \
		     (__u32)PT_REGS_PARM3_CORE_SYSCALL(regs), true)
#endif

SEC("?fentry/compat_io_submit")
int BPF_PROG(compat_enter_fentry, struct pt_regs *regs)
{
	return COMPAT_ENTER(regs);
}
SEC("?fexit/compat_io_submit")
int BPF_PROG(compat_exit_fentry, struct pt_regs *regs, long ret)
{
	return submit_exit((__s32)ret);
}
SEC("?kprobe/compat_io_submit")
int compat_enter_kprobe(struct pt_regs *ctx)
{
	struct pt_regs *regs = (void *)PT_REGS_PARM1(ctx);

	return COMPAT_ENTER(regs);
}
SEC("?kretprobe/compat_io_submit")
int compat_exit_kprobe(struct pt_regs *ctx)
{
	return submit_exit((__s32)PT_REGS_RC(ctx));
}

/* ---- the programs: request ---- */

static __always_inline int request_begins(__u64 iocb)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct wire_call *c;

	if (slot_here()->tid != tid)
		return 0;
	c = bpf_map_lookup_elem(&calls, &tid);
	if (!c)
		return 0;
	c->req_iocb = iocb;
	c->req_count++;
	return 0;
}

/* io_submit_one(ctx, user_iocb, compat): the request is over when it returns. */
static __always_inline int request_ends(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct wire_call *c;

	if (slot_here()->tid != tid)
		return 0;
	c = bpf_map_lookup_elem(&calls, &tid);
	if (c)
		c->req_iocb = 0;
	return 0;
}

SEC("?fentry/io_submit_one")
int BPF_PROG(request_fentry, struct kioctx *kioctx, struct iocb *user_iocb)
{
	return request_begins((__u64)user_iocb);
}

SEC("?fexit/io_submit_one")
int BPF_PROG(request_fexit)
{
	return request_ends();
}

SEC("?kprobe/io_submit_one")
int BPF_KPROBE(request_kprobe, struct kioctx *kioctx, void *user_iocb)
{
	return request_begins((__u64)user_iocb);
}

SEC("?kretprobe/io_submit_one")
int request_kretprobe(struct pt_regs *ctx)
{
	return request_ends();
}

/* ---- the programs: switch ---- */

SEC("?tp_btf/sched_switch")
int switch_tp_btf(__u64 *ctx)
{
	struct task_struct *prev = (void *)ctx[1], *next = (void *)ctx[2];

	switched(ctx, prev, next->pid, opt_has_prev_state ? (__u32)ctx[3] : task_state(prev));
	return 0;
}

SEC("?tp_btf/sched_waking")
int waking_tp_btf(__u64 *ctx)
{
	struct task_struct *p = (void *)ctx[0];

	if (*(volatile __u64 *)&off_cpu_calls)
		waking(ctx, p->pid);
	return 0;
}

SEC("?raw_tp/sched_switch")
int switch_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *prev = (void *)ctx->args[1], *next = (void *)ctx->args[2];

	switched(ctx, prev, BPF_CORE_READ(next, pid), task_state(prev));
	return 0;
}

SEC("?raw_tp/sched_waking")
int waking_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *p = (void *)ctx->args[0];

	if (*(volatile __u64 *)&off_cpu_calls)
		waking(ctx, BPF_CORE_READ(p, pid));
	return 0;
}

/* ---- the programs: threads that end, processes that begin ---- */

static __always_inline int thread_ends(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tid = (__u32)id;
	struct wire_slot *slot = slot_here();
	struct wire_call *c = bpf_map_lookup_elem(&calls, &tid);

	if (slot->tid == tid)
		slot->tid = 0;
	if (!c)
		return 0;
	if (c->state != WIRE_CALL_IDLE)
		lose(WIRE_LOSS_DIED, 1);
	bpf_map_delete_elem(&calls, &tid);
	return 0;
}

static __always_inline int process_begins(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = BPF_CORE_READ(parent, tgid), new = BPF_CORE_READ(child, tgid);
	__u8 one = 1;

	if (pid == new || !bpf_map_lookup_elem(&tree, &pid))
		return 0;
	if (bpf_map_update_elem(&tree, &new, &one, BPF_ANY))
		lose(WIRE_LOSS_CALLS_FULL, 1);
	return 0;
}

SEC("?raw_tp/sched_process_exit")
int exit_raw_tp(void *ctx)
{
	return thread_ends();
}

SEC("?raw_tp/sched_process_fork")
int fork_raw_tp(struct bpf_raw_tracepoint_args *ctx)
{
	return process_begins((void *)ctx->args[0], (void *)ctx->args[1]);
}
