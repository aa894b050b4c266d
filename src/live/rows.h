/* SPDX-License-Identifier: GPL-2.0 */
/* The counters of the programs, which are mapped: reading them is no system call. */
#ifndef AIOSTALL_LIVE_ROWS_H
#define AIOSTALL_LIVE_ROWS_H

#include "live/state.h"

/* How many rows there are, of how many values: before loading. */
void live_rows__size(struct live *lv);
/* With the maps created, and before attaching. 0 or -errno with e set. */
int live_rows__open(struct live *lv, struct err *e);
void live_rows__close(struct live *lv);

/* Add what the n-th row counts; n = ROWS_TOTAL: of all calls. As of now; while lv->holding, as of the latest turn. */
#define ROWS_TOTAL UINT32_MAX
void live_rows__add(const struct live *lv, uint32_t n, struct fs_counts *to);
/* Out of the set that no program adds to any more: 0 or 1. */
void live_rows__take(struct live *lv, uint32_t set);
/* Grows with each call, request and sleep that the row counts. */
uint64_t live_rows__activity(const struct live *lv, uint32_t n);
/* The value of the CPU that says what its filesystem is called, else the first one. */
struct wire_fs live_rows__named(const struct live *lv, uint32_t n);
/* Whose counters the n-th row of lv->nr_rows has; false if nobody's. */
bool live_rows__key(const struct live *lv, uint32_t n, struct wire_fs_key *key);
/* Its key has just been forgotten: calls that know its number are to look the key up again. */
void live_rows__leaves(struct live *lv, uint32_t n);
/* To whom comes next: no program has its key any more, nor uses it still. */
void live_rows__give_back(struct live *lv, uint32_t n);

#endif
