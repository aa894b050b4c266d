// SPDX-License-Identifier: GPL-2.0
/*
 * On each CPU, who leaves must be who came last, and must not have left in between: else switches
 * were hidden from tracers. It shares nothing with aiostall's own programs.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "witness.h"

/* Of its own, so that no header of the tracer's is needed. */
struct task_struct___witness {
	int pid;
	unsigned long nvcsw, nivcsw;
	char comm[WITNESS_COMM];
} __attribute__((preserve_access_index));

/* The running thread of a CPU, as the last switch shown left it. */
struct last {
	__u64 task; /* 0 = no switch was shown yet */
	__u64 left; /* how many times that thread had left a CPU when it came */
	struct witness_thread thread;
	__u32 dark, rounds; /* of blind_rounds */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct last);
} lasts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct witness_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} hidden SEC(".maps");

/*
 * So the witness is tested: switches away from this thread are taken as hidden; with rounds, of
 * every other time that it leaves, all switches of that CPU until it is back there.
 */
const volatile __u32 blind_tid = 0;
const volatile __u32 blind_rounds = 0;

static void describe(struct witness_thread *to, struct task_struct___witness *task)
{
	to->tid = BPF_CORE_READ(task, pid);
	bpf_probe_read_kernel_str(to->comm, sizeof(to->comm), &task->comm);
}

static __u64 left_so_far(struct task_struct___witness *task)
{
	return BPF_CORE_READ(task, nvcsw) + BPF_CORE_READ(task, nivcsw);
}

static void tell(struct witness_counts *c, const struct last *last,
		 struct task_struct___witness *prev, __u32 kind, __u64 times)
{
	struct witness_hidden *h = bpf_ringbuf_reserve(&hidden, sizeof(*h), 0);

	c->hidden++;
	if (!h) {
		c->lost++;
		return;
	}
	__builtin_memset(h, 0, sizeof(*h));
	h->time_ns = bpf_ktime_get_ns();
	h->cpu = bpf_get_smp_processor_id();
	h->kind = kind;
	h->times = times;
	h->came = last->thread;
	describe(&h->left, prev);
	/* a wake-up of the reader would be a switch more */
	bpf_ringbuf_submit(h, BPF_RB_NO_WAKEUP);
}

static bool is_blind(struct last *last, __u32 prev_tid, __u32 next_tid)
{
	bool dark;

	if (!blind_tid || !blind_rounds)
		return blind_tid && prev_tid == blind_tid;
	if (prev_tid == blind_tid)
		last->dark = ++last->rounds & 1;
	dark = last->dark;
	if (next_tid == blind_tid)
		last->dark = 0;
	return dark;
}

SEC("raw_tp/sched_switch")
int witness_switch(__u64 *ctx)
{
	struct task_struct___witness *prev = (void *)ctx[1], *next = (void *)ctx[2];
	__u64 left = left_so_far(prev);
	__u32 zero = 0;
	struct last *last = bpf_map_lookup_elem(&lasts, &zero);
	struct witness_counts *c = bpf_map_lookup_elem(&counts, &zero);

	if (!last || !c || is_blind(last, BPF_CORE_READ(prev, pid), BPF_CORE_READ(next, pid)))
		return 0;
	c->switches++;
	if (last->task && last->task != (__u64)prev)
		tell(c, last, prev, WITNESS_OTHER, 0);
	/* the kernel has counted this switch already */
	else if (last->task && left != last->left + 1)
		tell(c, last, prev, WITNESS_AGAIN, left - last->left - 1);
	last->task = (__u64)next;
	last->left = left_so_far(next);
	describe(&last->thread, next);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
