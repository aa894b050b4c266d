/* SPDX-License-Identifier: GPL-2.0 */
/* Inside of the ledger: what ledger.c and names.c gather, view.c reads and src/store writes. */
#ifndef AIOSTALL_MODEL_STATE_H
#define AIOSTALL_MODEL_STATE_H

#include "base/hash.h"
#include "cause/causes.h"
#include "model/convoy.h"
#include "model/calls.h"
#include "model/ledger.h"
#include "model/pool.h"
#include "model/pseudo.h"
#include "model/report.h"
#include "model/sparse.h"
#include "model/sums.h"

#define LEDGER_UNFINISHED_MAX 1024
#define LEDGER_SAMPLES_MAX 8192
#define LEDGER_PROCESSES_MAX 16384
#define LEDGER_FAILURES_MAX 4096

/* The tables that the writer of a recording has numbers in. */
enum ledger_table { LEDGER_NAMES, LEDGER_STACKS, LEDGER_ROWS, LEDGER_FILESYSTEMS };

/*
 * Members `no`: the number under which the writer of a recording has it, 0 =
 * not (yet). `last_slice`: of the slice that used it last.
 */

/* A string; kept as long as something refers to it. */
struct ledger_name {
	UT_hash_handle hh;
	uint32_t refs, no, last_slice;
	char text[];
};

static inline struct ledger_name *ledger_name__of(const char *text)
{
	return text ? (struct ledger_name *)(text - offsetof(struct ledger_name, text)) : NULL;
}

/* A stack by its frames, whatever ids the sources give it. */
struct ledger_stack {
	UT_hash_handle hh;
	uint32_t refs, no, last_slice, nr_ids;
	struct ledger_stack_id *ids;
	struct stack stack;
	const struct ledger_cause *cause; /* by the rules; NULL = not looked up yet */
	const struct ledger_cause
		*doubted;  /* the cause that doubt is of; NULL = not looked up yet */
	const char *doubt; /* see ledger__doubt */
	size_t key_len;
	char key[]; /* the frames, a NUL after each */
};

/* The same stack as the present source calls it. */
struct ledger_stack_id {
	UT_hash_handle hh;
	uint64_t id;
	struct ledger_stack *stack;
	struct ledger_stack_id *next; /* of the same stack */
};

struct ledger_cause {
	UT_hash_handle hh; /* by its id */
	const struct cause *cause;
	uint32_t no;
};

/* A host with a kernel. */
struct ledger_origin {
	struct ledger_origin *next;
	uint32_t no, host; /* from 1; origins with the same host are of one host */
	char hostname[65], kernel[65];
};

/* What cumulative counters of a device said, which go on from there. */
struct ledger_counted {
	struct ledger_counted *next;
	uint32_t of; /* fs_info.counted */
	struct fs_counts last;
};

/* A superblock, or a device as the kernel numbers it: its counters are cumulative, wherever it is mounted. */
struct ledger_device {
	UT_hash_handle hh;
	struct ledger_device_key {
		uint32_t origin, api, major, minor, generation;
		char fstype[32];
	} key;
	struct ledger_fs *all; /* by next_on_device */
	struct ledger_fs *fs;  /* the one that was spoken of last */
	struct ledger_counted *counted;
};

struct ledger_here {
	struct ledger_here *next;
	const char *cause, *text;
};

/* One filesystem: api, host, type, device and mount point. */
struct ledger_fs {
	struct ledger_fs *prev, *next, *older, *newer, *next_on_device;
	struct ledger_device *device;
	struct ledger_row *rows; /* by prev_of_fs, next_of_fs */
	uint64_t id;		 /* no other one has, nor had it */
	uint32_t pins;		 /* events that are kept in full point to it */
	uint32_t last_slice;
	const struct ledger_origin *origin;
	struct fs_info info; /* the ledger's strings */
	struct ledger_name *names[4];
	/* What the counters say; until they come, what the stalls add up to. */
	struct fs_counts counts;
	bool has_counts;
	bool has_folded; /* "(other)": counts of those that made room are in its own */
	struct ledger_here *heres;
	uint32_t view; /* which row of the report it is a part of, while one is made */
	uint32_t no;
	bool renamed, in_file;		/* since the writer saw it; its counters are in the file */
	struct fs_counts *slice;	/* what the present one added; NULL = nothing so far */
	struct ledger_fs *next_counted; /* of those that this slice counted */
};

struct ledger_key {
	struct ledger_fs *fs;
	const struct ledger_cause *cause;
	const struct ledger_cause *behind;	 /* see convoy.h; NULL = none, or not known */
	struct ledger_stack *stack, *user_stack; /* NULL = none */
	struct ledger_name *path, *comm, *cgroup, *waker, *holder;
	uint64_t cgroup_id;
	uint32_t pid, holder_pid;
	uint16_t opcode, waker_kind;
	uint16_t fold, plane; /* enum ledger_fold, enum plane */
};

/* What a process has submitted, beside the rows that tell of its sleeps. */
struct ledger_process {
	UT_hash_handle hh;
	struct ledger_process_key {
		uint32_t host, pid;
	} key;
	struct ev_process sum; /* its numbers */
	struct ledger_name *comm, *cgroup;
	bool has_row; /* of sleeps, in the report that is being built */
};

struct ledger_failure {
	struct ledger_process_key process;
	int err;
	uint64_t calls;
};

/* How much of a key is told apart no more. */
enum ledger_fold {
	FOLD_NOTHING,
	FOLD_FILE,  /* file, process, user stack */
	FOLD_STACK, /* all but filesystem, plane and cause */
};

/* The longest stall of a row, in full. */
struct ledger_worst {
	uint64_t blocked_ns;
	uint32_t pid, tid;
	struct request req; /* its path is a ledger_name's */
	struct ledger_name *comm;
	uint64_t began_ns, end_ns; /* CLOCK_MONOTONIC; 0 = not known */
	int64_t clock_ns;	   /* ledger.clock_ns then */
};

/* What the requests that slept, as far as they are known one by one, have in common. */
struct ledger_shapes {
	uint32_t all, any; /* bits that each of them has, that one of them has */
	bool known;	   /* there is one */
};

void shapes__add(struct ledger_shapes *s, struct ledger_shapes of);

/* A row's part of the present slice. */
struct ledger_cell {
	struct sleep_sum sum;
	struct sparse hist;
	struct ev_stall worst; /* its pointers are not valid any more */
	uint32_t worst_no;     /* the how-manieth event of the slice */
	struct ledger_name *worst_waker;
	struct ledger_row *row;
	struct ledger_cell *next;
};

/* What there is of a key: it is added up. */
struct ledger_row {
	UT_hash_handle hh;
	struct ledger_key key;
	struct ledger_row *prev, *next; /* in ledger_lru */
	struct ledger_row *prev_of_fs, *next_of_fs;
	uint32_t no, last_slice;
	struct sleep_sum sum;
	struct sparse hist;
	uint64_t written_max_ns; /* of the stalls that the writer has written in full */
	struct ledger_worst worst;
	struct ledger_shapes shapes;
	struct ledger_cell *cell; /* NULL = none in this slice */
};

static inline uint32_t ledger_row__host(const struct ledger_row *row)
{
	return row->key.fs->origin ? row->key.fs->origin->host : 0;
}

/* Rows by their last use. */
struct ledger_lru {
	struct ledger_row *first; /* used longest ago */
	size_t nr, max;
};

/* What came since the last one was taken; only where somebody takes them. */
struct ledger_slice {
	bool taken;
	uint32_t no;	 /* from 1 */
	uint32_t keep;	 /* what the last so many slices used keeps its number; 0 = needs no care */
	uint32_t events; /* so far */
	struct ledger_cell *cells, *spare;
	struct ledger_fs *counted;
	struct fs_counts totals;
	struct loss loss;
	uint64_t slow_submits;
	/* A number that is not in use any more. */
	void (*gone)(void *ctx, enum ledger_table table, uint32_t no);
	void *gone_ctx;
};

struct ledger {
	struct ledger_opts opts;
	struct ledger_slice slice;
	struct sink sink;
	struct convoy *convoy;			/* NULL until a worker of io_uring has slept */
	struct ledger_origin *origins, *origin; /* all, and that of what is fed at present */
	uint32_t nr_hosts;
	int64_t clock_ns; /* see ledger__set_clock; 0 = as the capture says */
	struct ledger_name *names;
	struct ledger_stack *stacks;
	struct ledger_stack_id *stack_ids;
	struct ledger_cause *causes;
	struct ledger_device *devices;
	struct ledger_fs *filesystems; /* in the order of first appearance */
	struct ledger_fs *fs_by_use;   /* used longest ago first */
	size_t nr_filesystems, max_filesystems;
	uint64_t last_fs_id;
	struct ledger_row *rows;
	struct calls calls;
	struct ledger_lru lru[FOLD_STACK]; /* by enum ledger_fold: files do not crowd out stacks */
	struct fs_counts totals, totals_last;
	struct loss loss, loss_last;
	uint64_t evicted;
	struct report_slow slow[LEDGER_SLOW_MAX]; /* who.comm and who.cgroup are owned */
	size_t nr_slow;
	uint64_t slow_total;
	struct report_unfinished *unfinished; /* comm, cgroup and path are owned */
	size_t nr_unfinished;
	struct ev_sample *samples;
	size_t nr_samples;
	uint64_t samples_total;
	struct ledger_process *processes;
	struct ledger_failure *failures;
	size_t nr_failures;
	/* the last report */
	struct pool pool;
	struct report report;
	struct capture_info capture;
};

static inline struct ledger_stack *ledger_stack__of(const struct stack *s)
{
	return s ? (struct ledger_stack *)((char *)s - offsetof(struct ledger_stack, stack)) : NULL;
}

/* Of ledger__forget_asleep the first: processes and samples stay. */
void ledger__forget_unfinished(struct ledger *l);

/* From now on there are slices; see struct ledger_slice. */
void ledger__take_slices(struct ledger *l, uint32_t keep,
			 void (*gone)(void *ctx, enum ledger_table table, uint32_t no), void *ctx);
/* The present slice is done with, the next one begins. */
void ledger__next_slice(struct ledger *l);
/* At the end: of what has no counters the slice says what its stalls add up to. */
void ledger__count_uncounted(struct ledger *l);
/* What no slice from that one on has used loses its number. */
void ledger__expire(struct ledger *l, uint32_t before);
/* Of another source the same numbers are other stacks. */
void ledger__forget_stack_ids(struct ledger *l);
/* Another file is begun: whatever has a number is written anew, and nothing of the old one is removed. */
void ledger__renumber(struct ledger *l);

/*
 * names.c: found or made, with one reference more; NULL on lack of memory.
 * What is found is in use in this slice.
 */
struct ledger_name *ledger__name(struct ledger *l, const char *s);
struct ledger_stack *ledger__stack(struct ledger *l, const struct stack *s);
const struct ledger_cause *ledger__cause(struct ledger *l, const struct cause *cause);
const struct ledger_cause *ledger__cause_of(struct ledger *l, struct ledger_stack *s);
/*
 * The stack's frame that makes doubt of that cause, see causes__doubt, which a recording may have from
 * other rules; NULL = none. The stack may be NULL.
 */
const char *ledger__doubt(const struct ledger *l, struct ledger_stack *s,
			  const struct ledger_cause *cause);
/* One reference less; NULL is allowed. */
void ledger__put_name(struct ledger *l, struct ledger_name *n);
void ledger__put_stack(struct ledger *l, struct ledger_stack *s);
void ledger__free_names(struct ledger *l);
/* The number is not in use any more. */
void ledger__gone(const struct ledger *l, enum ledger_table table, uint32_t no);

/*
 * filesystems.c: found or made, in use in this slice; fs NULL = not known. Beyond a bound the one that
 * was used longest ago makes room and is told as "(other)", with its sums; where none can, the new one
 * is. Valid until the next call. NULL on lack of memory.
 */
struct ledger_fs *ledger__fs(struct ledger *l, const struct fs_info *fs);
/* NULL = it is not there. */
struct ledger_fs *ledger__find_fs(struct ledger *l, const struct fs_info *fs);
/* What these counters said, nothing at first; NULL on lack of memory. */
struct fs_counts *ledger__counted(struct ledger_device *d, uint32_t of);
void ledger__forget_counted(struct ledger_device *d, uint32_t of);
void filesystems__expire(struct ledger *l, uint32_t before);
void filesystems__free(struct ledger *l);
/* rows.c: its rows are the other's, by cause alone. False on lack of memory. */
bool rows__fold_fs(struct ledger *l, struct ledger_fs *fs, struct ledger_fs *other);
void ledger__free_rows(struct ledger *l);
/* Whether what that slice used last must keep its number. */
bool ledger__is_kept(const struct ledger *l, uint32_t last_slice);

#endif
