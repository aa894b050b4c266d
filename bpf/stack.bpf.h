/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Stacks of sleeps, each kept once.
 *
 * Unwinding is by far the dearest part of a sleep, and most sleeps of a host
 * have one of a few stacks. Each CPU therefore knows its latest ones by the
 * words of the raw stack that are their return addresses. Whoever has the same
 * addresses in all these places has the same stack: the unwinder starts from
 * the same frame and is led on by nothing else. Words that merely look like one
 * of the addresses, left over from earlier calls, are compared too; they can
 * only make a known stack be missed.
 *
 * Between the system call's function and the code that enters the kernel lies a
 * gap of random size (CONFIG_RANDOMIZE_KSTACK_OFFSET, 5.13), so the places
 * beyond, which are the same in every system call, may count from the end.
 */
#ifndef AIOSTALL_STACK_BPF_H
#define AIOSTALL_STACK_BPF_H

#include "place.bpf.h"

/*
 * Stacks and names, once each. The reader copies what it has not seen within
 * its polling interval, so on a host that runs for days the oldest may go.
 */
struct stacks_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_stack);
};
extern struct stacks_map stacks SEC(".maps");

/* ---- stacks in full ---- */

/*
 * Number + 1 of the first frame of the stack just taken that lies in a function;
 * 0 if none. These are return addresses, which lie behind the call: the end may
 * be one, the start never.
 */
__u32 frame_of(__u64 start, __u64 end, __u32 depth);

/* Is io_submit_one in the stack just taken? What is not known counts as yes. */
static __always_inline bool request_in_stack(__u32 depth)
{
	__u64 start = submit_one_start;

	return !start || depth >= WIRE_STACK_DEPTH || frame_of(start, submit_one_end, depth);
}

/* Is a function of io_submit itself in the stack just taken? The same. */
static __always_inline bool call_in_stack(__u32 depth)
{
	__u64 native = submit_start, compat = compat_start;

	return !native || depth >= WIRE_STACK_DEPTH || frame_of(native, submit_end, depth) ||
	       (compat && frame_of(compat, compat_end, depth));
}

__u64 stack_hash(__u32 depth);

/* Keep a stack once; returns its id, 0 if lost. *again tells that it was there. */
static __always_inline __u64 save_stack(void *ctx, struct scratch *s, __u64 flags, __u32 pid,
					bool *again)
{
	struct wire_stack *st = &s->stack;
	long bytes = bpf_get_stack(ctx, st->ip, sizeof(st->ip), flags);
	__u64 id;

	*again = false;
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
	if (bpf_map_lookup_elem(&stacks, &id)) {
		*again = true;
		return id;
	}
	if (bpf_map_update_elem(&stacks, &id, st, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&stacks, &id)) {
		lose(WIRE_LOSS_STACKS, 1);
		return 0;
	}
	return id;
}

/* ---- known stacks ---- */

/*
 * The known stack that the thread has, which lies from `from` to `end`: its
 * number + 1. 0 if it is none, or is longer than what can be compared.
 */
__u32 find_known_stack(__u64 from, __u64 end);

#define LEARN_CHUNK 16
int learn_words(__u32 from, __u32 depth);

/*
 * Is it worth while to learn a stack? Where known ones are replaced before they
 * were of use there are more than can be known: learn ever more seldom then.
 */
static __always_inline bool may_learn(struct scratch *s)
{
	struct known_stack *k = &s->known[BOUNDED(s->learning + 1, KNOWN_STACKS)];

	if (s->pause_left) {
		s->pause_left--;
		return false;
	}
	s->pause = k->n && !k->hits ? (s->pause * 2 + 1) & 63 : 0;
	s->pause_left = s->pause;
	return s->raw_words != 0;
}

/* Know the stack just taken from now on, unless some frame of it is not in the raw one. */
static __always_inline void learn_stack(struct scratch *s, __u64 id, __u32 place)
{
	__u32 depth = s->stack.depth;
	struct known_stack *k;

	if (depth >= WIRE_STACK_DEPTH || !may_learn(s))
		return;
	s->learning++;
	k = &s->known[BOUNDED(s->learning, KNOWN_STACKS)];
	k->n = 0;
	s->found = 0;
	s->next_frame = 0;
	s->submit_frame = s->enter_frame ? s->enter_frame
			  : submit_start ? frame_of(submit_start, submit_end, depth)
					 : 0;
	if (!s->submit_frame)
		s->submit_frame = depth;
	k->tail = 0;
	for (__u32 from = 0; from < RAW_WORDS; from += LEARN_CHUNK)
		learn_words(from, depth);
	if (s->next_frame != depth + 1 || s->found >= KNOWN_WORDS)
		return;
	k->id = id;
	k->submit_one = submit_one_start;
	k->place = place;
	k->hits = 0;
	k->words = s->raw_words;
	k->n = s->found;
}

/*
 * The kernel stack of the current thread: its id, 0 if lost, and where in the
 * call it sleeps: of io_uring an enum wire_place, of io_submit whether
 * io_submit_one is in it; and whether io_submit itself is. Known stacks all are in it.
 */
static __always_inline __u64 kernel_stack(void *ctx, struct scratch *s, const struct call *c,
					  struct task_struct *task, __u32 *place, bool *in_call)
{
	__u64 id, base = (__u64)READ(task_struct, task, stack);
	struct known_stack *k;
	__u32 known;
	bool again;

	*in_call = true;
	/* Through memory: the verifier takes a pointer for no scalar argument. */
	*(volatile __u64 *)&s->top = (__u64)ctx;
	*(volatile __u64 *)&s->base = base;
	known = find_known_stack(*(volatile __u64 *)&s->top,
				 *(volatile __u64 *)&s->base + KERNEL_STACK_BYTES);
	if (known) {
		k = &s->known[BOUNDED(known - 1, KNOWN_STACKS)];
		/* the table drops its oldest */
		if (bpf_map_lookup_elem(&stacks, &k->id)) {
			k->hits++;
			*place = k->place;
			return k->id;
		}
	}
	id = save_stack(ctx, s, 0, 0, &again);
	s->enter_frame = 0;
	if (c->api == WIRE_API_URING)
		*place = id ? uring_place(s->stack.depth) : WIRE_PLACE_UNKNOWN;
	else
		*place = id ? request_in_stack(s->stack.depth) : true;
	if (c->unwatched && c->thread == WIRE_THREAD_OWN && id)
		*in_call = call_in_stack(s->stack.depth);
	if (again && !known && *in_call)
		learn_stack(s, id, *place);
	return id;
}

#endif
