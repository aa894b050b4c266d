/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What rows refer to by number: strings, stacks, causes, filesystems, keys.
 * Each is written once, when it first appears, into the batch given.
 */
#ifndef AIOSTALL_STORE_NAMES_H
#define AIOSTALL_STORE_NAMES_H

#include "cause/causes.h"
#include "model/event.h"
#include "model/tally.h" /* uthash, set up for lack of memory */
#include "store/batch.h"
#include "store/codec.h"

#define NAMES_OTHER TALLY_OTHER

/* Numbers of rows; 0 = none, but for the strings, where it is never used. */
struct key_id {
	uint32_t fs, cause, stack, user_stack, path, comm, cgroup, waker, holder;
	uint32_t pid, opcode, holder_pid;
	uint64_t cgroup_id;
};

/* A filesystem and its cumulative counters as of the last slice. */
struct fs_row {
	UT_hash_handle hh;
	struct {
		uint32_t major, minor;
		char fstype[32];
	} key;
	uint32_t no, last_slice;
	bool in_file;	 /* there is a row of its counters */
	bool has_counts; /* the kernel has them; until then they are what the stalls add up to */
	struct fs_counts written, now;
	struct fs_row *next; /* of those counted in this slice */
};

/* A key and what came for it in the present slice. */
struct key_row {
	UT_hash_handle hh;
	struct key_id id;
	struct fs_row *fs;
	uint32_t no;
	uint32_t last_slice;
	uint64_t max_ns;      /* of all slices before */
	struct store_sum sum; /* of this slice */
	struct sparse hist;
	struct ev_stall worst; /* of this slice; its pointers are not valid any more */
	uint32_t worst_no, worst_waker_comm;
	struct key_row *next; /* of those that the slice touched */
};

struct names;

/* NULL on lack of memory. causes may be NULL. */
struct names *names__new(const struct causes *causes, size_t max_keys, struct batch *out);
void names__free(struct names *n);
/* From now on rows go there, and what is looked up is in use in that slice. */
void names__begin_slice(struct names *n, uint32_t slice);

/* The row of a stall's key; NULL on lack of memory. */
struct key_row *names__key(struct names *n, const struct ev_stall *ev);
struct fs_row *names__fs(struct names *n, const struct fs_info *fs);
/* The first of all, the others by hh.next. */
struct fs_row *names__filesystems(struct names *n);
uint32_t names__string(struct names *n, const char *s);
uint32_t names__stack(struct names *n, const struct stack *s);
uint32_t names__cause(struct names *n, const struct stack *s);
/* Stalls whose key was folded for want of room, and what memory was short for. */
uint64_t names__evicted(const struct names *n);
/* Remove what was last in use in a slice before that one. */
void names__expire(struct names *n, uint32_t before_slice);

#endif
