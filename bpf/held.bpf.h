/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Programs that are held: a thread was preempted in them, and the kernel skips them for every other
 * thread on that CPU until it has come back to it, which no other can (bpf_prog::active). The kernel's
 * own count says so, from before a program's first instruction to behind its last; it is asked where
 * a thread is preempted in io_submit, so that calls need not note anything. Programs of kprobes, and of
 * tracepoints before 7.2, are never held.
 */
#ifndef AIOSTALL_HELD_BPF_H
#define AIOSTALL_HELD_BPF_H

#include "shared.bpf.h"

/* Times that a call may have been seen by no program, see ran_blind(); not 0 where the kernel does not tell. */
extern __u64 blind;
/* Threads, by tid, whose calls may be among these, if it shows that they make any. */
#define BLIND_CELLS 4096
extern __u8 blind_threads[BLIND_CELLS];

/* The current thread is preempted in io_submit: it holds what nobody has held here before, a bit for each. */
__u32 hold(__u32 tid);
/* The thread comes back to this CPU, and goes on in what it holds. */
int let_go(__u32 tid);

#endif
