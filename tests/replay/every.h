/* SPDX-License-Identifier: GPL-2.0 */
/* A ledger in every format that there is, as a report and by each key: what is added is tested with them. */
#ifndef AIOSTALL_TESTS_EVERY_H
#define AIOSTALL_TESTS_EVERY_H

#include <errno.h>
#include <string.h>

#include "model/view.h"
#include "report/format.h"

static int every__print_as(const char *name, struct ledger *l, const struct capture_info *capture)
{
	const struct format *format = format__find(name);
	const struct format_opts opts = {.width = 80};
	struct view v = {.nr_by = 0};
	int rc = 0;

	for (int by = -1; !rc && by < BYS; by++) {
		const struct report *r;

		v.nr_by = by >= 0;
		v.by[0] = (enum view_by)by;
		r = ledger__report(l, &v, capture);
		printf("\n== %s by %s\n", name, by < 0 ? "nothing" : view_by__name(v.by[0]));
		rc = r ? format__print(format, stdout, r, &opts) : -ENOMEM;
	}
	return rc;
}

/* 0 or -errno. */
static int every__print(struct ledger *l, const struct capture_info *capture)
{
	char names[128], *rest = format__names(VIEW_GROUPS, names, sizeof(names)) ? names : NULL;
	const char *name;
	int rc = 0;

	while (!rc && (name = strsep(&rest, ", ")))
		if (*name)
			rc = every__print_as(name, l, capture);
	return rc;
}

#endif
