/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What people paste: a stack from any tool, a hung-task message, a whole
 * dmesg, a row of /proc/PID/stack, a crash dump, quoted in a mail. Taken apart
 * into stacks, each with its task; never merged.
 */
#ifndef AIOSTALL_PASTE_PASTE_H
#define AIOSTALL_PASTE_PASTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "paste/heads.h"

/* What is longer is not read to its end, and paste.cut says so. */
#define PASTE_SIZE_MAX (64U << 20)
/* Frames beyond are the outermost and tell nothing. */
#define PASTE_DEPTH_MAX 256
#define PASTE_LOST_MAX 64
#define PASTE_TROUBLE_MAX 16
/* The name of a frame whose line was not understood. */
#define PASTE_NOT_READ "(not read)"

enum paste_sleep {
	PASTE_ASLEEP,
	PASTE_PREEMPTED, /* it could run and had to leave the CPU to another task */
	PASTE_RUNNING,	 /* it had the CPU */
	PASTE_RECORD,	 /* of something that happened before */
};

struct paste_frame {
	const char *name;   /* without suffix, offset, module */
	const char *module; /* NULL = not said */
	bool guess;	    /* the kernel marked it with "?" */
};

struct paste_stack {
	struct task task;
	unsigned int line; /* of its first frame, from 1 */
	enum paste_sleep sleep;
	bool interrupted; /* frames of an interrupt were left out */
	bool mixed;	  /* frames of two tasks are among each other */
	bool cut;	  /* the log begins within it: where the task waits is not there */
	size_t first, nr; /* paste.frames, innermost first */
};

/* A line worth a look, and its number. */
struct paste_line {
	unsigned int number;
	const char *text;
	const char *what; /* of a line of trouble: what it means */
};

struct paste {
	struct paste_frame *frames;
	size_t nr_frames, cap_frames;
	struct paste_stack *stacks;
	size_t nr_stacks, cap_stacks;
	size_t nr_lines, nr_frame_lines; /* lines that are not empty, and those with a frame */
	/* Lines that look like a frame and were not understood; nr_lost counts all. */
	struct paste_line lost[PASTE_LOST_MAX];
	size_t nr_lost;
	/* What the kernel says about devices, servers and filesystems that do not answer. */
	struct paste_line trouble[PASTE_TROUBLE_MAX];
	size_t nr_trouble;
	uint32_t hung_s;    /* the longest "blocked for more than N seconds" */
	bool cut;	    /* longer than PASTE_SIZE_MAX, or of more lines than LINES_MAX */
	char *text, *names; /* what the strings point into */
};

/* A copy of text is made. NULL when memory is short. */
struct paste *paste__read(const char *text, size_t len);
void paste__free(struct paste *p);
/*
 * The names of a stack for matching, innermost first, without what the kernel
 * only guessed unless it knew nothing else. Returns how many, at most PASTE_DEPTH_MAX.
 */
size_t paste__names(const struct paste *p, const struct paste_stack *s, const char **names);

#endif
