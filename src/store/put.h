/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Rows of a recording on their way into a batch. What they refer to by number
 * (strings, stacks, causes, filesystems, keys of the ledger) is written when
 * it is referred to first, and gets its number then.
 */
#ifndef AIOSTALL_STORE_PUT_H
#define AIOSTALL_STORE_PUT_H

#include "model/state.h"
#include "store/batch.h"

struct put {
	struct batch batch;
	struct ledger *ledger;
	uint32_t slice;
	uint32_t last_name, last_stack, last_cause, last_fs, last_key;
};

void put__info_int(struct put *p, const char *name, uint64_t v);
void put__info_text(struct put *p, const char *name, const char *text);
void put__fact(struct put *p, const char *what, const char *of, const char *value);
void put__here(struct put *p, const struct fs_info *fs, const char *cause, const char *text);

/* The number of a row of the ledger. */
uint32_t put__key(struct put *p, struct ledger_row *row);
/* waker NULL = none, or not known for lack of memory. */
void put__stall(struct put *p, const struct ev_stall *ev, struct ledger_row *row,
		struct ledger_name *waker, uint32_t no);
void put__unfinished(struct put *p, const struct ev_unfinished *ev);
void put__sample(struct put *p, const struct ev_sample *ev);
void put__process(struct put *p, const struct ev_process *ev);
void put__failed(struct put *p, const struct ev_failed *ev);

/* A submit whose names have numbers already: the event's pointers are not followed. */
struct put_submit {
	struct ev_submit ev;
	uint32_t fs, comm, cgroup, no;
};
struct put_submit put__submit_of(struct put *p, const struct ev_submit *ev, uint32_t no);
void put__submit(struct put *p, const struct put_submit *s);

/* fs NULL = the totals. */
void put__counters(struct put *p, struct ledger_fs *fs, const struct fs_counts *delta);
void put__sleeps(struct put *p, struct ledger_cell *cell);
void put__loss(struct put *p, const struct loss *delta);
/* Remove what has that number. */
void put__gone(struct put *p, enum ledger_table table, uint32_t no);
void put__delete_slice(struct put *p, uint32_t slice);

#endif
