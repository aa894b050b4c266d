/* SPDX-License-Identifier: GPL-2.0 */
/* What this host says that bears on a cause: settings of the queue, mount options, extents. */
#ifndef AIOSTALL_HOST_FACTS_H
#define AIOSTALL_HOST_FACTS_H

#include <stddef.h>

#include "model/report.h"

struct facts;

/* NULL on lack of memory. sysfs_root NULL = /sys. */
struct facts *facts__new(const char *sysfs_root);
void facts__free(struct facts *f);
/*
 * The facts for a cause of one filesystem, a line each, into buf, "" = none.
 * Reads sysfs and, of at most a few files in all, the extents; what does not
 * answer in time is left out. ctx is a struct facts: the signature is that of
 * model_opts.facts.
 */
void facts__write(void *ctx, const struct fs_info *fs, const struct report_cause *cause, char *buf,
		  size_t size);
/* Which device makes requests of io_uring go to worker threads, see nowait.h; the same of view.punts. */
void facts__punts(void *ctx, const struct fs_info *fs, char *buf, size_t size);

#endif
