/* SPDX-License-Identifier: GPL-2.0 */
/* What all programs share: tables of threads and calls, losses, room to work in. */
#ifndef AIOSTALL_SHARED_BPF_H
#define AIOSTALL_SHARED_BPF_H

#include "call.bpf.h"
#include "compat.bpf.h"

#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT_ 00200000
#else
#define O_DIRECT_ 00040000
#endif
#define S_IFMT 00170000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFCHR 0020000
#define S_IFSOCK 0140000
/* Addresses above are the kernel's, on arm64 and on x86-64 with four and five levels of pages. */
#define KERNEL_HALF 0xff00000000000000ULL
/*
 * With four levels the rest of x86-64's upper half starts here, and reading
 * below it is no page fault but a protection fault, of which kernels warn
 * (ex_handler_uaccess(), arch/x86/mm/extable.c) if the CPU could do five.
 */
#define KERNEL_HALF_4_LEVELS 0xffff800000000000ULL

/* The lowest address that may be the kernel's, given one that is. */
static __always_inline __u64 lowest_kernel_address(__u64 known)
{
#if defined(__TARGET_ARCH_x86)
	if (known >= KERNEL_HALF_4_LEVELS)
		return KERNEL_HALF_4_LEVELS;
#endif
	return KERNEL_HALF;
}

/*
 * Our threads that are inside io_submit but off the CPU, counted by the low bits
 * of their ids. Each switch and each wake-up of the host asks here, so that only
 * few of the other threads pay for a look-up, however many are asleep.
 */
#define AWAY_CELLS 65536
extern __u32 away[AWAY_CELLS];

extern struct wire_slot slots[WIRE_MAX_CPUS];

/*
 * Set by user space when all probes are attached, and cleared before it takes
 * them off: both take a tenth of a second, one probe after the other, in which
 * exits without their entries, and switches without their exits, would count.
 */
extern __u32 tracing_on;

extern __u64 losses[WIRE_LOSS_MAX];

/*
 * Where io_submit_one lies, set once the kernel's symbols are read; 0 = not
 * known. A sleep without it among its frames is the whole call's.
 */
extern __u64 submit_one_start, submit_one_end;
/* The same of io_submit's own function, for 64-bit and for 32-bit callers. */
extern __u64 submit_start, submit_end;
extern __u64 compat_start, compat_end;

/*
 * Its lowest bit says to which of its two sets of values a row is added, and in which of the two
 * tables stalls are summed up. User space counts it up, waits until no program runs that has seen
 * it as it was, and then the others hold still: counters and records of one moment (src/live/turn.c).
 */
extern __u32 epoch;

/* Records of threads, by number. */
#define MAX_CALLS 16384
struct calls_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u32);
	__type(value, struct call);
};
extern struct calls_map calls SEC(".maps");

/* Numbers of records whose threads are gone. */
struct free_calls_map {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, MAX_CALLS);
	__type(value, __u32);
};
extern struct free_calls_map free_calls SEC(".maps");

/* Numbers that were ever given: who adds one has it for sure. */
struct given_calls_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u32);
	__type(value, __u8);
};
extern struct given_calls_map given_calls SEC(".maps");

/* The number of a thread's record, by tid. */
struct call_numbers_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CALLS);
	__type(key, __u32);
	__type(value, __u32);
};
extern struct call_numbers_map call_numbers SEC(".maps");

struct ring_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
};
extern struct ring_map ring SEC(".maps");

/* Used with interrupts off (sched_switch) only: nothing can come between. */
#define SCAN_WORDS 256
#define RAW_WORDS 1024
#define KNOWN_STACKS 8
#define KNOWN_WORDS 64
/* A stack by some of its words, see stack.bpf.h; n = 0 if there is none. */
struct known_stack {
	__u64 id;
	__u64 submit_one; /* submit_one_start when it was learnt */
	__u32 n, place, hits;
	__u32 words; /* of the raw stack it was learnt from */
	__u32 tail;  /* words from this one on lie beyond the system call's function */
	__u32 pad;
	__u32 at[KNOWN_WORDS]; /* place in the raw stack */
	__u64 ip[KNOWN_WORDS]; /* what is there */
};
struct scratch {
	struct wire_stack stack;
	__u64 raw[RAW_WORDS]; /* of which raw_words are of this stack */
	struct known_stack known[KNOWN_STACKS];
	__u32 raw_words;
	__u32 latest;		 /* known stack that matched last */
	__u32 learning;		 /* the one that is being learnt, or was last */
	__u32 found;		 /* words of it so far */
	__u32 next_frame;	 /* number + 1 of the frame that is to come */
	__u32 submit_frame;	 /* number + 1 of the system call's function */
	__u32 enter_frame;	 /* the same, of io_uring_enter; 0 = it is another call */
	__u64 owner;		 /* whose requests the scan looks for */
	__u32 pause, pause_left; /* stacks not to be learnt */
	__u64 base;
	struct wire_file names;
	__u64 words[SCAN_WORDS];
	__u64 top; /* where the scan begins */
};
struct scratches_map {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
};
extern struct scratches_map scratches SEC(".maps");

static __always_inline struct scratch *scratch_here(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&scratches, &zero);
}

/* Read once for all that is to count together. */
static __always_inline __u32 epoch_now(void)
{
	return *(volatile __u32 *)&epoch;
}

static __always_inline void lose(__u32 which, __u64 n)
{
	if (which < WIRE_LOSS_MAX)
		__sync_fetch_and_add(&losses[which], n);
}

static __always_inline bool tracing(void)
{
	return *(volatile __u32 *)&tracing_on;
}

static __always_inline bool may_be_away(__u32 tid)
{
	return *(volatile __u32 *)&away[tid & (AWAY_CELLS - 1)];
}

static __always_inline void set_away(struct call *c, bool is)
{
	*(volatile __u32 *)&c->away = is;
	__sync_fetch_and_add(&away[c->tid & (AWAY_CELLS - 1)], is ? 1 : -1);
}

static __always_inline struct wire_slot *slot_here(void)
{
	return &slots[bpf_get_smp_processor_id() & (WIRE_MAX_CPUS - 1)];
}

/* With a pointer the verifier does not let one calculate. */
static __always_inline __u64 as_number(struct wire_slot *slot, const void *pointer)
{
	*(const void *volatile *)&slot->word = pointer;
	return *(volatile __u64 *)&slot->word;
}

/* An array's element is found without a call of the kernel's. */
static __always_inline struct call *call_numbered(__u32 number)
{
	return bpf_map_lookup_elem(&calls, &number);
}

/*
 * The record of a thread, NULL if it has none. Who was inside last on this CPU is who comes in again,
 * goes out and comes back to it, mostly, and spares the look-up in a hash.
 */
static __always_inline struct call *call_of_tid(__u32 tid)
{
	struct call *c = call_numbered(*(volatile __u32 *)&slot_here()->call);
	__u32 *number;

	if (c && c->tid == tid && tid)
		return c;
	number = bpf_map_lookup_elem(&call_numbers, &tid);
	return number ? call_numbered(*number) : NULL;
}

static __always_inline bool may_be_inside(const struct wire_slot *slot)
{
	return *(volatile __u64 *)&slot->tid;
}

/* Keep an index below a power of two in a way that the compiler cannot reason away. */
#define BOUNDED(i, size)                                                                           \
	({                                                                                         \
		__u64 __i = (i);                                                                   \
		asm volatile("%0 &= %1" : "+r"(__i) : "i"((size)-1));                              \
		__i;                                                                               \
	})

#endif
