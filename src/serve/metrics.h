/* SPDX-License-Identifier: GPL-2.0 */
/* What is measured, as Prometheus reads it: names and labels are promises, see aiostall(8). */
#ifndef AIOSTALL_SERVE_METRICS_H
#define AIOSTALL_SERVE_METRICS_H

#include <stdio.h>

#include "model/brief.h"
#include "model/labels.h"
#include "model/source.h"

/* What aiostall itself uses, as the kernel tells of its process. */
struct metrics_self {
	uint64_t cpu_ns, resident_bytes, open_fds;
	int64_t start_unix_ns;
};

struct metrics {
	struct brief *brief; /* sorted */
	const struct capture_info *capture;
	struct metrics_self self;
	bool attached;	       /* the probes are on */
	struct labels *labels; /* NULL = not asked for */
};

/* A cause that has a series, with 0, before its first stall on a filesystem of that type. */
bool metrics__expects(const char *fstype, const char *cause);
/* How many samples were written, or -errno. */
int64_t metrics__print(FILE *out, const struct metrics *m, bool openmetrics);
/* As many samples as there can be on so many filesystems, of so many causes each; labels may be NULL. */
uint64_t metrics__most(size_t nr_fs, size_t nr_causes, const struct labels *labels);

#endif
