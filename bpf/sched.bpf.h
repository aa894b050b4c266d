/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that are back on a CPU, where the switch that brought them was shown to nobody. */
#ifndef AIOSTALL_SCHED_BPF_H
#define AIOSTALL_SCHED_BPF_H

#include "options.bpf.h"

/* The thread that leaves the CPU is one that we hold away from it. Interrupts are off. */
int came_back(__u32 tid);

/*
 * The same where the thread leaves the call: when, 0 if a switch has told it
 * meanwhile. One that comes later finds the thread outside.
 */
__u64 came_back_by_exit(__u32 number);

#endif
