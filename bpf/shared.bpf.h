/* SPDX-License-Identifier: GPL-2.0 */
/* Options, maps and small helpers of all programs. */
#ifndef AIOSTALL_SHARED_BPF_H
#define AIOSTALL_SHARED_BPF_H

/* Set by user space before loading. */
const volatile __u64 opt_min_ns = 0;
const volatile __u64 opt_slow_ns = 0;
const volatile __u64 opt_spill_bytes = 0; /* with so much in the ring, stalls are summed up */
const volatile __u32 opt_all_submits = 0;
const volatile __u32 opt_user_stacks = 0;
const volatile __u32 opt_tree_only = 0;
const volatile __u32 opt_own_pid = 0;
const volatile __u32 opt_cpus = 1;	     /* each has a value in a row */
const volatile __u32 opt_row_values = 1;     /* twice as many with the second pair of programs */
const volatile __u32 opt_exact_requests = 0; /* the request probe is attached */
const volatile __u32 opt_refused_exit = 0;   /* calls that are refused have an exit, too */
const volatile __u32 opt_count_buffered = 0; /* no probe tells what is done inside the call */
const volatile __u32 opt_compat_sleeps = 0;  /* of 32-bit calls only the sleeps can be seen */
const volatile __u32 opt_fentry = 0;	     /* io_submit's first programs are fentry and fexit */
const volatile __u32 opt_sleeps_only = 0;    /* calls are not watched, see unwatched.bpf.h */
const volatile __u32 opt_has_prev_state =
	0; /* tp_btf, and sched_switch has its fourth argument (5.18) */
const volatile __u32 filter_pids = 0, filter_tids = 0, filter_cgroup = 0;
const volatile __u32 filter_nr_comms = 0, filter_nr_fstypes = 0, filter_wants = 0;
const volatile char filter_comm[8][WIRE_COMM_LEN] = {};
const volatile char filter_fstype[8][WIRE_FSTYPE_LEN] = {};

#if defined(__TARGET_ARCH_arm64)
#define O_DIRECT_ 00200000
#else
#define O_DIRECT_ 00040000
#endif
#define S_IFMT 00170000
#define S_IFBLK 0060000
#define S_IFREG 0100000
#define S_IFCHR 0020000
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

struct wire_slot slots[WIRE_MAX_CPUS] = {};
/*
 * Our threads that are inside io_submit but off the CPU, counted by the low bits
 * of their ids. Each switch and each wake-up of the host asks here, so that only
 * few of the other threads pay for a look-up, however many are asleep.
 */
#define AWAY_CELLS 65536
__u32 away[AWAY_CELLS] = {};
/*
 * Set by user space when all probes are attached, and cleared before it takes
 * them off: both take a tenth of a second, one probe after the other, in which
 * exits without their entries, and switches without their exits, would count.
 */
__u32 tracing_on = 0;
/*
 * Where io_submit_one lies, set once the kernel's symbols are read; 0 = not
 * known. A sleep without it among its frames is the whole call's.
 */
__u64 submit_one_start = 0, submit_one_end = 0;
/* The same of io_submit's own function, for 64-bit and for 32-bit callers. */
__u64 submit_start = 0, submit_end = 0;
__u64 compat_start = 0, compat_end = 0;
__u64 losses[WIRE_LOSS_MAX] = {};
/*
 * Its lowest bit says to which of its two sets of values a row is added, and in which of the two
 * tables stalls are summed up. User space counts it up, waits until no program runs that has seen
 * it as it was, and then the others hold still: counters and records of one moment (src/live/turn.c).
 */
__u32 epoch = 0;
/* Stalls that are in `spilled` and not in the ring buffer. */
__u64 spills = 0;
/* Times that a thread was on a CPU where all programs of entry and exit were skipped. */
__u64 blind = 0;
/* By number, as in row_of. */
struct wire_row rows[WIRE_MAX_ROWS] = {};
struct wire_call zero_call = {};
struct wire_spill zero_spill = {};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wire_call);
} calls SEC(".maps");

/*
 * Counters: rows of two sets of one value a CPU, which the reader maps. Were they per-CPU maps, it would read
 * them by system calls, in which a preemptible kernel skips kprobe programs (src/live/skipped.c).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(key, __u32);
	__type(value, struct wire_fs);
} filesystems SEC(".maps");

/* The number of a filesystem's row. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(key, struct wire_fs_key);
	__type(value, __u32);
} row_of SEC(".maps");

/* Numbers of rows that nobody has, put there by user space. Before 5.12 no counter tells its value. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, WIRE_MAX_ROWS);
	__type(value, __u32);
} free_rows SEC(".maps");

/* All calls, each once: one row. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct wire_fs);
} totals SEC(".maps");

/*
 * Stacks and names, once each. The reader copies what it has not seen within
 * its polling interval, so on a host that runs for days the oldest may go.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_stack);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct wire_file);
} files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

/*
 * Stalls that the ring buffer had no room for, in one table or the other by the epoch. To put one
 * in its place once more returns when no program runs that did before, and that is how the reader
 * can wait for them (src/live/turn.c).
 */
struct spill_table {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct wire_spill_key);
	__type(value, struct wire_spill);
} spill_a SEC(".maps"), spill_b SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct spill_table);
} spilled SEC(".maps") = {.values = {[0] = &spill_a, [1] = &spill_b}};

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

/*
 * Of the n-th row. Adding to a value is not atomic, and the second program of the exit runs where
 * the first was preempted: it has values of its own.
 */
static __always_inline __u32 value_of(__u32 n, bool again, __u32 epoch)
{
	return (2 * n + (epoch & 1)) * opt_row_values + (again ? opt_cpus : 0) +
	       bpf_get_smp_processor_id();
}

/* Read once for all that is to count together. */
static __always_inline __u32 epoch_now(void)
{
	return *(volatile __u32 *)&epoch;
}

static __always_inline struct wire_fs *totals_here(bool again, __u32 epoch)
{
	__u32 at = value_of(0, again, epoch);

	return bpf_map_lookup_elem(&totals, &at);
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

static __always_inline void set_away(struct wire_call *c, bool is)
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

static __always_inline bool may_be_inside(const struct wire_slot *slot)
{
	return *(volatile __u64 *)&slot->tid;
}

/* Who is in a program of io_submit's entry or exit here. Preempted or not, it is one thread at a time. */
enum inside { IN_ENTER, IN_ENTER_AGAIN, IN_EXIT, IN_EXIT_AGAIN };
static __always_inline void set_inside(enum inside program, __u32 tid)
{
	struct wire_slot *slot = slot_here();

	*(volatile __u32 *)(program == IN_ENTER		? &slot->in_enter
			    : program == IN_ENTER_AGAIN ? &slot->in_enter_again
			    : program == IN_EXIT	? &slot->in_exit
							: &slot->in_exit_again) = tid;
}

/* Keep an index below a power of two in a way that the compiler cannot reason away. */
#define BOUNDED(i, size)                                                                           \
	({                                                                                         \
		__u64 __i = (i);                                                                   \
		asm volatile("%0 &= %1" : "+r"(__i) : "i"((size)-1));                              \
		__i;                                                                               \
	})

#endif
