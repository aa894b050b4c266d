/* SPDX-License-Identifier: GPL-2.0 */
/* The stack frames that stand on one line, whatever printed them and whatever stands around them. */
#ifndef AIOSTALL_PASTE_FRAMES_H
#define AIOSTALL_PASTE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>

/* A line that mail software glued together holds some; more are no stack's. */
#define FRAMES_LINE_MAX 64

/* Points into the line. */
struct found_frame {
	const char *name;
	size_t len;
	const char *module; /* NULL = not said */
	size_t module_len;
	bool guess; /* the kernel's "? " or "(unreliable)": a word on the stack that may be stale */
	bool user;  /* of a program or a library, not of the kernel */
	bool caller;   /* "NAME from CALLER": said once more if the next line is its own */
	bool tree;     /* of a tree as perf report draws it */
	bool branch;   /* it starts a branch there */
	size_t column; /* of the name; of the "--" where a branch starts */
};

struct found {
	struct found_frame v[FRAMES_LINE_MAX];
	size_t nr;
	bool lost; /* it looks like a frame and was not understood */
};

/*
 * What is certain: "NAME+0x12/0x34" anywhere on the line. Registers ("RIP: ..."), lists of held
 * locks and the like are not frames.
 */
void frames__find(const char *line, struct found *found);
/*
 * What only its place on the line makes a frame: "addr NAME", "NAME+12", "#3 NAME (...)", "=> NAME",
 * "NAME (file.c:12)", and a name alone. within: the line before was a frame.
 */
void frames__find_weak(const char *line, bool within, struct found *found);

/* "1d33 main+0x720 (/usr/bin/fio)": a frame of a program, which no cause is told from. */
bool frames__is_user(const char *line);

/* Behind quotes, "<6>", "[ts]", "[T25]", syslog's date and host, console and CPU prefixes. */
const char *frames__skip_prefix(const char *line);

#endif
