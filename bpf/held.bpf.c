// SPDX-License-Identifier: GPL-2.0
#include "held.bpf.h"

#include "target.bpf.h"

__u64 blind = 0;
__u8 blind_threads[BLIND_CELLS] = {};

/* Where in the memory of each CPU the kernel counts who is in a program (enum wire_held); 0 = not told. */
__u64 active_at[WIRE_HELD_MAX] = {};
/* Where in it the scratch memory is, of which it is known, too, where this CPU's own lies. */
__u64 scratch_at = 0;

/*
 * Who is in the program, a number since 5.12; on arm64 in 7.x as many bytes for a thread, and for each kind
 * of interrupt (include/linux/bpf.h).
 */
struct bpf_prog___any {
	int *active;
} __attribute__((preserve_access_index));
struct file___any {
	void *private_data;
} __attribute__((preserve_access_index));
struct bpf_array___any {
	void *pptrs[1];
} __attribute__((preserve_access_index));

/* How far this CPU's memory lies behind the places of all; 0 = not known. */
static __always_inline __u64 own_memory(void)
{
	struct scratch *here = scratch_here();

	return here && scratch_at ? as_number(slot_here(), here) - scratch_at : 0;
}

static __always_inline __u32 threads_in(__u64 at, __u64 memory)
{
	__u32 n = 0;

	if (at && memory)
		bpf_probe_read_kernel(&n, sizeof(n), (void *)(memory + at));
	return n;
}

__noinline __u32 hold(__u32 tid)
{
	struct wire_slot *slot = slot_here();
	__u64 memory = own_memory();
	__u32 held = 0, before = slot->held;

	for (__u32 i = 0; i < WIRE_HELD_MAX; i++) {
		if (!threads_in(active_at[i], memory))
			continue;
		held |= 1U << i;
		if (!(before & 1U << i))
			slot->holder[i] = tid;
	}
	slot->held = held;
	return held & ~before;
}

/* One that was preempted while it was told that the program is held holds it, too. */
__noinline int let_go(__u32 tid)
{
	struct wire_slot *slot = slot_here();
	__u64 memory = own_memory();

	for (__u32 i = 0; i < WIRE_HELD_MAX; i++) {
		if (!(slot->held & 1U << i) || slot->holder[i] != tid)
			continue;
		if (threads_in(active_at[i], memory) > 1)
			slot->holder[i] = 0;
		else
			slot->held &= ~(1U << i);
	}
	return 0;
}

/* What the file of a program, or of a map, is of. */
static __always_inline void *object_of(__u64 fd)
{
	return READ(file___any, file_of_fd(fd), private_data);
}

static __always_inline void find_one(enum wire_held which, __u64 fd)
{
	if (bpf_core_field_exists(((struct bpf_prog___any *)0)->active))
		active_at[which] =
			as_number(slot_here(), READ(bpf_prog___any, object_of(fd), active));
}

/*
 * Run once, by who has opened the programs: their descriptors are the arguments, as in enum wire_held, and
 * behind them that of the scratch memory.
 */
SEC("?raw_tp/sched_switch")
int find_active(struct bpf_raw_tracepoint_args *ctx)
{
	find_one(WIRE_HELD_ENTER, ctx->args[WIRE_HELD_ENTER]);
	find_one(WIRE_HELD_ENTER_AGAIN, ctx->args[WIRE_HELD_ENTER_AGAIN]);
	find_one(WIRE_HELD_EXIT, ctx->args[WIRE_HELD_EXIT]);
	find_one(WIRE_HELD_EXIT_AGAIN, ctx->args[WIRE_HELD_EXIT_AGAIN]);
	find_one(WIRE_HELD_REQUEST, ctx->args[WIRE_HELD_REQUEST]);
	if (bpf_core_field_exists(((struct bpf_array___any *)0)->pptrs))
		scratch_at = read_number(object_of(ctx->args[WIRE_HELD_MAX]) +
					 bpf_core_field_offset(struct bpf_array___any, pptrs));
	return 0;
}
