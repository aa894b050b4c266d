// SPDX-License-Identifier: GPL-2.0
#include "stack.bpf.h"

__noinline __u32 frame_of(__u64 start, __u64 end, __u32 depth)
{
	struct scratch *s = scratch_here();

	if (!s)
		return 0;
	for (__u32 i = 0; i < WIRE_STACK_DEPTH; i++) {
		if (i >= depth)
			break;
		if (s->stack.ip[i] - start - 1 < end - start)
			return i + 1;
	}
	return 0;
}

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

/* Is this the word at that place? What lies beyond the raw stack is an earlier one's. */
static __always_inline bool word_at(const struct scratch *s, __u32 at, __u64 ip)
{
	return at < s->raw_words && s->raw[BOUNDED(at, RAW_WORDS)] == ip;
}

/* Are all words of known stack number which in the raw stack that was just read? */
__noinline int stack_matches(__u32 which)
{
	struct scratch *s = scratch_here();
	struct known_stack *k;
	__u32 moved;

	if (!s)
		return 0;
	k = &s->known[BOUNDED(which, KNOWN_STACKS)];
	if (k->n == 0 || k->submit_one != submit_one_start)
		return 0;
	moved = s->raw_words - k->words;
	for (__u32 i = 0; i < KNOWN_WORDS; i++) {
		if (i >= k->n)
			return 1;
		if (!word_at(s, k->at[i], k->ip[i]) &&
		    (i < k->tail || !word_at(s, k->at[i] + moved, k->ip[i])))
			return 0;
	}
	return 1;
}

__noinline __u32 find_known_stack(__u64 from, __u64 end)
{
	struct scratch *s = scratch_here();
	__u64 bytes = end - from;

	if (!s)
		return 0;
	s->raw_words = 0;
	if (bytes - 1 >= sizeof(s->raw) ||
	    bpf_probe_read_kernel(s->raw, BOUNDED(bytes - 1, sizeof(s->raw)) + 1, (void *)from))
		return 0;
	s->raw_words = bytes / 8;
	for (__u32 i = 0; i < KNOWN_STACKS; i++) {
		__u32 which = (s->latest + i) & (KNOWN_STACKS - 1);

		if (stack_matches(which)) {
			s->latest = which;
			return which + 1;
		}
	}
	return 0;
}

/* Frames below the raw stack: the program's own and what calls it. */
#define FRAMES_BELOW 4

__noinline int learn_words(__u32 from, __u32 depth)
{
	struct scratch *s = scratch_here();
	struct known_stack *k;

	if (!s)
		return 0;
	k = &s->known[BOUNDED(s->learning, KNOWN_STACKS)];
	for (__u32 i = 0; i < LEARN_CHUNK; i++) {
		__u64 v = s->raw[BOUNDED(from + i, RAW_WORDS)];
		__u32 frame, n = s->found;

		if (from + i >= s->raw_words || n >= KNOWN_WORDS)
			return 0;
		/* no kernel address */
		if (v < KERNEL_HALF)
			continue;
		frame = frame_of(v - 1, v, depth);
		/* nor what looks like the end of the stack before it is reached */
		if (!frame || (frame > s->submit_frame && s->next_frame <= s->submit_frame))
			continue;
		if (frame <= s->submit_frame)
			k->tail = n + 1;
		if (frame == s->next_frame || (n == 0 && frame <= FRAMES_BELOW))
			s->next_frame = frame + 1;
		k->at[BOUNDED(n, KNOWN_WORDS)] = from + i;
		k->ip[BOUNDED(n, KNOWN_WORDS)] = v;
		s->found = n + 1;
	}
	return 0;
}
