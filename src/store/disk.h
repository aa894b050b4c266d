/* SPDX-License-Identifier: GPL-2.0 */
/* The thread that owns the SQLite file while recording and applies one batch after the other. */
#ifndef AIOSTALL_STORE_DISK_H
#define AIOSTALL_STORE_DISK_H

#include "base/base.h"
#include "store/batch.h"

struct disk;

/*
 * Check that the name can be had. With the first batch the file is made, and one that exists
 * becomes PATH.old. 0, or -errno with e set.
 */
int disk__new(const char *path, struct disk **d, struct err *e);
/* True while a batch is being written. */
bool disk__is_busy(struct disk *d);
/*
 * Hand over a batch: its bytes move, b is empty afterwards. Waits for the one
 * before. 0, or -errno with e set if a batch has failed: nothing more is
 * written, all before that batch is in the file.
 */
int disk__write(struct disk *d, struct batch *b, struct err *e);
/* Wait until all is written, put the file into its final form. 0, or -errno with e set. */
int disk__close(struct disk *d, struct err *e);
/* As of the last transaction. */
uint64_t disk__size(struct disk *d);
void disk__free(struct disk *d); /* free(NULL) works */

#endif
