/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording, written: events go on to a ledger, and once a second its slice
 * is one transaction, made by a thread of its own: a slow disk makes
 * slices longer but never keeps events waiting.
 */
#ifndef AIOSTALL_STORE_WRITER_H
#define AIOSTALL_STORE_WRITER_H

#include "base/base.h"
#include "model/ledger.h"

#define STORE_SLICE_NS NSEC_PER_SEC

struct store_writer;

struct store_write_opts {
	const char *path;
	/* Where events are added up; not owned, lives as long as the writer. One writer to a ledger. */
	struct ledger *ledger;
	const struct capture_info *capture; /* as of the beginning; copied */
	uint64_t started_mono_ns;
	uint64_t slow_ns;
	uint64_t keep_ns;    /* slices older than this are removed; 0 = none */
	uint64_t trigger_ns; /* only slices around a stall at least this long stay; 0 = all */
	bool events;	     /* keep every stall and submit */
	const char *kernel_build, *boot_id; /* NULL = not known */
};

/*
 * Check that the file can be made: nothing is done to one that exists. The strings of opts are
 * copied. 0, or -errno with e set.
 */
int store_writer__new(const struct store_write_opts *opts, struct store_writer **w, struct err *e);
/*
 * Make the file, if that has not been done yet; one that exists becomes PATH.old. Does not wait for it:
 * what goes wrong is said by what comes next. Without it the first commit does it.
 */
int store_writer__begin(struct store_writer *w, struct err *e);
/* A fact of the host, see docs/recording.md; written with the first slice. */
void store_writer__add_fact(struct store_writer *w, const char *what, const char *of,
			    const char *value);
/* What the host says of a cause (its id) of a filesystem, a line each; nothing for "". */
void store_writer__add_here(struct store_writer *w, const struct fs_info *fs, const char *cause,
			    const char *text);
/* Events and cumulative counters go here, and to the ledger; valid as long as the writer. Never waits for the disk. */
const struct sink *store_writer__sink(struct store_writer *w);
/* True if a second has passed, so that counters should be delivered and the slice be ended. */
bool store_writer__is_due(const struct store_writer *w, uint64_t now_mono_ns);
/*
 * End the slice and hand it to the disk. If the last one is still being
 * written, nothing happens and the slice goes on. 0, or -errno with e set if
 * writing has failed: nothing more is written then, what was before is there.
 */
int store_writer__commit(struct store_writer *w, uint64_t now_mono_ns, struct err *e);
/*
 * End the file and go on in that of opts, whose started_mono_ns is now; path, capture and started_mono_ns
 * may differ from before, and facts are to be added anew. Waits for the disk only if it has not ended the file before the last.
 * To be called where a commit would be. 0, or -errno with e set: as with a commit.
 */
int store_writer__rotate(struct store_writer *w, const struct store_write_opts *opts,
			 struct err *e);
/*
 * Write the last slice and how it ended, wait for the disk. 0, or -errno with
 * e set; the writer must be freed in any case.
 */
int store_writer__finish(struct store_writer *w, const struct capture_info *capture,
			 uint64_t now_mono_ns, struct err *e);
/* Single events left out because the disk did not keep up; the sums have them. */
uint64_t store_writer__left_out(const struct store_writer *w);
/* Bytes of the file as of the last transaction; 0 = it was never made. */
uint64_t store_writer__size(const struct store_writer *w);
void store_writer__free(struct store_writer *w); /* free(NULL) works */

#endif
