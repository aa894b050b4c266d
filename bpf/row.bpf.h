/* SPDX-License-Identifier: GPL-2.0 */
/* The counters of a filesystem, and of all calls. */
#ifndef AIOSTALL_ROW_BPF_H
#define AIOSTALL_ROW_BPF_H

#include "target.bpf.h"

/* By number, as in row_of. */
extern struct wire_row rows[WIRE_MAX_ROWS];

/*
 * Counters: rows of two sets of one value a CPU, which the reader maps. Were they per-CPU maps, it would read
 * them by system calls, in which a preemptible kernel skips kprobe programs (src/live/skipped.c).
 */
struct filesystems_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(key, __u32);
	__type(value, struct wire_fs);
};
extern struct filesystems_map filesystems SEC(".maps");

/* The number of a filesystem's row. */
struct row_of_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(key, struct wire_fs_key);
	__type(value, __u32);
};
extern struct row_of_map row_of SEC(".maps");

/* Numbers of rows that nobody has, put there by user space. Before 5.12 no counter tells its value. */
struct free_rows_map {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(value, __u32);
};
extern struct free_rows_map free_rows SEC(".maps");

/*
 * All calls, each once. Nearly all have one row, and count there alone: user space adds up the rows.
 * Here is what that sum lacks, and what it has too much: calls of several filesystems, of none, or
 * of one that has no row.
 */
enum total { TOTAL_MORE, TOTAL_LESS, TOTALS };
struct totals_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * TOTALS);
	__type(key, __u32);
	__type(value, struct wire_fs);
};
extern struct totals_map totals SEC(".maps");

/*
 * Of the n-th row. Adding to a value is not atomic, and the second program of the exit runs where
 * the first was preempted: it has values of its own.
 */
static __always_inline __u32 value_of(__u32 n, bool again, __u32 epoch)
{
	return (2 * n + (epoch & 1)) * opt_row_values + (again ? opt_cpus : 0) +
	       bpf_get_smp_processor_id();
}

static __always_inline struct wire_fs *totals_here(enum total which, bool again, __u32 epoch)
{
	__u32 at = value_of(which, again, epoch);

	return bpf_map_lookup_elem(&totals, &at);
}

/* Global functions are verified once, by themselves: what loops or branches much is one. */

/*
 * The number of a new row, from 1; 0 if all are taken. Whoever comes second with a key gets the
 * first one's.
 */
__u32 new_row(__u32 dev, __u32 kind, __u64 super);

/* The number + 1 of the key's row; 0 if all rows are taken. */
static __always_inline __u32 row_number(const struct wire_fs_key *key)
{
	__u32 *known = bpf_map_lookup_elem(&row_of, key);

	return known ? *known + 1
		     : new_row(key->dev, key->kind | (__u32)key->api << 16, key->super);
}

/* Has the n-th row this key, now? */
static __always_inline bool is_row_of(__u32 n, const struct wire_fs_key *key)
{
	const struct wire_row *row = &rows[BOUNDED(n, WIRE_MAX_ROWS)];

	return n < WIRE_MAX_ROWS && *(volatile __u32 *)&row->used == WIRE_ROW_USED &&
	       same_fs(&row->key, key) && row->key.api == key->api;
}

/* As row_number(); n: a number + 1 that may be right, which spares the look-up then. */
__u32 known_row(__u32 n, __u32 dev, __u32 kind, __u64 super);

/* The row of number + 1; 0 is counted as a loss. */
static __always_inline struct wire_fs *numbered_row(__u32 n, bool again, __u32 epoch)
{
	if (!n) {
		lose(WIRE_LOSS_FS_FULL, 1);
		return NULL;
	}
	n = value_of(n - 1, again, epoch);
	return bpf_map_lookup_elem(&filesystems, &n);
}

static __always_inline struct wire_fs *fs_row(const struct wire_fs_key *key, bool again,
					      __u32 epoch)
{
	return numbered_row(row_number(key), again, epoch);
}

/* The same, without a look-up where an earlier call of the thread had it and it is still there. */
static __always_inline struct wire_fs *row_of_call(struct wire_call_fs *f, bool again, __u32 epoch)
{
	if (!is_row_of(f->row - 1, &f->key))
		f->row = row_number(&f->key);
	return numbered_row(f->row, again, epoch);
}

/* It touches no memory, which spares its callers some reading. */
__attribute__((const)) __u32 hist_bucket(__u64 v);

static __always_inline void hist_add(__u32 *hist, __u64 v)
{
	__u32 b = hist_bucket(v);

	if (b < WIRE_HIST_BUCKETS)
		hist[b]++;
}

/* What is the same for every row of the call, and for the totals. */
static __always_inline void row_add_call(struct wire_fs *row, const struct call *c, __u64 wall,
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

/* Are the four counters of 16 bits all 0? */
static __always_inline bool all_zero(const __u16 *four)
{
	return !*(const __u64 *)four;
}

/* Few calls have more than plain reads and writes. */
static __always_inline void row_add_ops(struct wire_fs *row, const struct wire_call_fs *f)
{
	row->ops[WIRE_OP_PREAD] += f->ops[WIRE_OP_PREAD];
	row->ops[WIRE_OP_PWRITE] += f->ops[WIRE_OP_PWRITE];
	if (*(const __u32 *)&f->ops[2] || !all_zero(&f->ops[4]))
		for (__u32 op = 2; op < WIRE_OPS; op++)
			row->ops[op] += f->ops[op];
}

static __always_inline void row_add_sync(struct wire_fs *row, const struct wire_call_fs *f)
{
	if (all_zero(&f->inside_buffered))
		return;
	row->inside_buffered += f->inside_buffered;
	row->inside_direct += f->inside_direct;
	row->nowait += f->nowait;
	row->nowait_refused += f->nowait_refused;
}

/* What a call did on one of its filesystems. */
static __always_inline void row_add_fs(struct wire_fs *row, const struct call *c,
				       const struct wire_call_fs *f, __u64 wall, __s64 ret)
{
	row_add_call(row, c, wall, ret, f->blocked_ns, f->sleeps);
	row->requests += f->requests;
	row->bytes += f->bytes;
	row->bytes_unknown += f->bytes_unknown;
	row_add_sync(row, f);
	row_add_ops(row, f);
}

static __always_inline void flush_one_row(struct wire_fs *row, const struct call *c,
					  const struct wire_call_fs *f, __u64 wall, __s64 ret)
{
	row_add_fs(row, c, f, wall, ret);
	row->mnt_id = f->mnt_id;
	__builtin_memcpy(row->fstype, f->fstype, sizeof(row->fstype));
}

/* Has the row of the call's only filesystem all that the call, of so many requests, adds to the totals? */
static __always_inline bool has_all(const struct call *c, const struct wire_call_fs *f,
				    __u32 requests)
{
	return c->nr_fs == 1 && f->blocked_ns == c->counted_ns &&
	       !f->sleeps == !c->counted_sleeps && (FILTERING_FS || f->requests == requests);
}

/* A call whose only row has all of it: there, or in the totals if there is no room for the row. */
static __always_inline __u32 flush_only_row(struct call *c, struct wire_call_fs *f, __u64 wall,
					    __s64 ret)
{
	bool again = c->ended_by == PROGRAM_AGAIN;
	struct wire_fs *row = row_of_call(f, again, c->epoch);

	if (!row)
		row = totals_here(TOTAL_MORE, again, c->epoch);
	if (row)
		flush_one_row(row, c, f, wall, ret);
	return f->requests;
}

/* The same, for who has no stack for it. */
__u32 flush_only(__u32 number, __u64 wall, __s64 ret);

/*
 * Count one of the call's filesystems in its row and, as too much, in the totals, which have the call
 * as a whole: to be called in a loop. Returns its requests.
 */
__u32 flush_row(__u32 number, __u32 i, __u64 wall, __s64 ret);

static __always_inline void name_row(struct wire_fs *row, const struct target *t, __u32 pid)
{
	row->mnt_id = t->mnt_id;
	if (!row->pid)
		row->pid = pid;
	if (!row->fstype[0])
		read_fstype(t, row->fstype);
}

#endif
