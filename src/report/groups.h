/* SPDX-License-Identifier: GPL-2.0 */
/* Stalls grouped by their properties; the GROUPS printers of formats.def print them. */
#ifndef AIOSTALL_REPORT_GROUPS_H
#define AIOSTALL_REPORT_GROUPS_H

#include "report/format.h"

/* The figures of one group. */
struct report_group {
	const char *const
		*values;  /* one for each dimension; frames of a stack are separated by newlines */
	bool has_submits; /* submits, requests and what follows from them are known */
	const struct counters *c;
	double share, ctxsw_per_io, blocked_share;
	uint64_t p50, p90, p99;
};

struct report_groups {
	const char *const *names; /* of the dimensions */
	size_t nr_names;
	const struct report_group *group;
	size_t nr;
	const struct report *report; /* of the same recordings: capture, loss */
};

#endif
