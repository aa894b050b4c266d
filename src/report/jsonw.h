/* SPDX-License-Identifier: GPL-2.0 */
/* JSON values built with errors kept, so that a builder reads as a list of its keys. */
#ifndef AIOSTALL_REPORT_JSONW_H
#define AIOSTALL_REPORT_JSONW_H

#include <jansson.h>
#include <stdio.h>

#include "model/report.h"

struct jsonw {
	int err; /* -ENOMEM once something could not be built */
};

/* The new child belongs to its parent. A NULL parent is tolerated: the error is kept already. */
json_t *jsonw__object(struct jsonw *w, json_t *parent, const char *key);
json_t *jsonw__array(struct jsonw *w, json_t *parent, const char *key);
json_t *jsonw__item(struct jsonw *w, json_t *array); /* an object at the array's end */

/* Values above INT64_MAX become INT64_MAX: readers have signed 64-bit integers. */
void jsonw__u64(struct jsonw *w, json_t *o, const char *key, uint64_t v);
void jsonw__int(struct jsonw *w, json_t *o, const char *key, int64_t v);
void jsonw__real(struct jsonw *w, json_t *o, const char *key, double v);
void jsonw__bool(struct jsonw *w, json_t *o, const char *key, bool v);
/* null where it is not known. */
void jsonw__u64_if(struct jsonw *w, json_t *o, const char *key, bool known, uint64_t v);
void jsonw__real_if(struct jsonw *w, json_t *o, const char *key, bool known, double v);
void jsonw__null(struct jsonw *w, json_t *o, const char *key);
/* Any bytes; NULL reads as "". */
void jsonw__str(struct jsonw *w, json_t *o, const char *key, const char *s);
void jsonw__add_str(struct jsonw *w, json_t *array, const char *s);
void jsonw__add_u64(struct jsonw *w, json_t *array, uint64_t v);

/* "fstype", "device" (major:minor), "device_name", "mount", "mount_options", and "generation" from the second on. fs may be NULL. */
void jsonw__fs(struct jsonw *w, json_t *o, const struct fs_info *fs);
/* "pid", "tid", "comm", "cgroup_id", "cgroup" */
void jsonw__who(struct jsonw *w, json_t *o, const struct who *who);
/* Array of function names, innermost first; empty without a stack. */
void jsonw__frames(struct jsonw *w, json_t *o, const char *key, const struct stack *s);
/* "shape": the properties' names; "memory_alignment": of the buffer in bytes, 65536 = that or more, null = not known */
void jsonw__shape(struct jsonw *w, json_t *o, uint32_t shape);
/* "index" counted from 0, null where the request is not known; "nr" */
void jsonw__index(struct jsonw *w, json_t *o, enum request_how how, uint32_t index, uint32_t nr);

/* "submitter_tid": of what a thread of the kernel's runs, null where that is not known; no key in other planes */
void jsonw__submitter(struct jsonw *w, json_t *o, enum plane plane, uint32_t tid);

/* "loss": a key for each kind, and "any" */
void jsonw__loss(struct jsonw *w, json_t *root, const struct report *r, bool any);
/* "errors": of the calls that failed, an object for each errno */
void jsonw__errors(struct jsonw *w, json_t *o, const struct report *r);
/*
 * "processes": who submitted; "processes_only_slept": why that are only those that slept, null if it is
 * all of them
 */
void jsonw__processes(struct jsonw *w, json_t *root, const struct report *r,
		      const char *no_submits);
/* Of a cause, see causes__say_doubt; name NULL = it is certain. */
void jsonw__doubt(struct jsonw *w, json_t *o, const char *name, bool advice);
/* A sleep that had not ended. */
void jsonw__unfinished(struct jsonw *w, json_t *o, const struct report_unfinished *u);

/* Write, end the line, flush, free the root. 0 or -errno. */
int jsonw__finish(struct jsonw *w, json_t *root, FILE *out, size_t flags);

/* "queue_delay_ops": how long punted requests waited for a worker, by operation; null if that is not known. */
void jsonw__queued(struct jsonw *w, json_t *o, bool known, const struct counters *c);

#endif
