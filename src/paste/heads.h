/* SPDX-License-Identifier: GPL-2.0 */
/* Lines that say whose stack follows, or whose it was. */
#ifndef AIOSTALL_PASTE_HEADS_H
#define AIOSTALL_PASTE_HEADS_H

#include <stdbool.h>
#include <stdint.h>

#define HEADS_COMM_MAX 32

struct task {
	char comm[HEADS_COMM_MAX]; /* "" = not said */
	uint32_t pid;		   /* 0 = not said */
	char state;		   /* 'D', 'S', 'R', ...; 0 = not said */
	bool running;		   /* it had the CPU: a lockup, an oops, a running task */
	bool record; /* no task's stack now: where something was allocated, or a lock was taken */
	uint32_t hung_s;	    /* "blocked for more than N seconds", 0 = not said */
	char queue[HEADS_COMM_MAX]; /* of a worker: "Workqueue: xfs-conv/dm-0 ..." */
	/* "is blocked on a mutex likely owned by task NAME:PID" */
	char blocker_comm[HEADS_COMM_MAX], lock[HEADS_COMM_MAX];
	uint32_t blocker_pid;
};

enum head_kind {
	HEAD_NONE,
	HEAD_TASK,    /* the stack of this task follows */
	HEAD_MAYBE,   /* it follows if a frame does */
	HEAD_TRACE,   /* a stack follows, of the task that was named last before it */
	HEAD_FOOT,    /* the stack before was of this task */
	HEAD_DETAIL,  /* more about the task of the stack: its work queue */
	HEAD_BLOCKER, /* what the task of this pid waits for, and whom */
	HEAD_END,     /* no stack goes on behind it */
};

/* What the line says; *task is set for kinds that have one. */
enum head_kind heads__read(const char *line, struct task *task);
/* The same, of a line that mail software may have broken: it goes on in next, which may be NULL. */
enum head_kind heads__read_wrapped(const char *line, const char *next, struct task *task);
/* HEAD_MAYBE for a line that holds a pid, a comm or both and nothing else; for lines that are no frames. */
enum head_kind heads__read_loosely(const char *line, struct task *task);
/* Behind "<IRQ>" are frames of an interrupt, behind "</IRQ>" and "<EOI>" those of its victim; in: before this line. */
bool heads__in_interrupt(const char *line, bool in);

#endif
