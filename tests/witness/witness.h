/* SPDX-License-Identifier: GPL-2.0 */
/* What the witness of switches and its program share. */
#ifndef AIOSTALL_TESTS_WITNESS_H
#define AIOSTALL_TESTS_WITNESS_H

#define WITNESS_COMM 16

enum witness_kind {
	WITNESS_OTHER = 1, /* another thread left than the one that came last */
	WITNESS_AGAIN = 2, /* the same one left, but it had left and come back meanwhile */
};

struct witness_thread {
	__u32 tid;
	__u32 pad;
	char comm[WITNESS_COMM];
};

/* At least one switch that was not shown. */
struct witness_hidden {
	__u64 time_ns; /* when the next shown one told */
	__u32 cpu;
	__u32 kind;
	struct witness_thread came, left; /* last seen to come; now seen to leave */
	__u64 times;			  /* that came left unseen; 0 = not known */
};

struct witness_counts {
	__u64 switches, hidden, lost;
};

#endif
