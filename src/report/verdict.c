// SPDX-License-Identifier: GPL-2.0
#include "report/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "report/print.h"

typedef unsigned long long ull;

/* A share as people say it: "1 of 3" when that is right to a few percent of all. */
#define FRACTION_MAX 10
#define FRACTION_ERROR 0.02

/* Above it one cause is as good as all. */
#define NEARLY_ALL 0.99

static bool as_fraction(double share, char *buf, size_t size)
{
	for (int of = 2; of <= FRACTION_MAX; of++) {
		int n = (int)lround(share * of);

		if (n < 1 || n >= of || fabs((double)n / of - share) > FRACTION_ERROR)
			continue;
		snprintf(buf, size, "%d of %d submits %s", n, of, n == 1 ? "blocks" : "block");
		return true;
	}
	return false;
}

static void how_many(const struct report_fs *f, char *buf, size_t size)
{
	const struct counters *c = &f->c;
	char share[16];

	if (c->submits == 1)
		snprintf(buf, size, "the only submit blocked");
	else if (c->submits_blocked >= c->submits)
		snprintf(buf, size, "all %llu submits block", (ull)c->submits);
	else if (!as_fraction(f->blocked_share, buf, size))
		snprintf(buf, size, "%s of %llu submits block",
			 fmt__percent(f->blocked_share, share, sizeof(share)), (ull)c->submits);
}

/* Sleeps of calls that have not ended, or of no single filesystem, have no submits to be a share
 * of.
 */
static void how_bad(const struct report_fs *f, char *buf, size_t size)
{
	const struct counters *c = &f->c;
	char many[64], time[16], sleeps[16];

	if (!c->submits || !c->submits_blocked) {
		snprintf(buf, size, "%s sleep%s, %s in total",
			 fmt__count(c->sleeps, sleeps, sizeof(sleeps)), plural(c->sleeps),
			 fmt__duration(c->blocked_ns, time, sizeof(time)));
		return;
	}
	how_many(f, many, sizeof(many));
	fmt__duration(c->blocked_ns / c->submits_blocked, time, sizeof(time));
	snprintf(buf, size, "%s, %s%s", many, time, c->submits == 1 ? "" : " each");
}

static void add(char *buf, size_t size, const char *before, const char *text, const char *after)
{
	size_t used = strlen(buf);

	if (text && *text)
		snprintf(buf + used, size - used, "%s%s%s", before, text, after);
}

char *verdict__sentence(const struct report_fs *f, char *buf, size_t size)
{
	const struct report_cause *top = f->nr_causes ? &f->causes[0] : NULL;
	char part[16];

	if (!f->c.sleeps && !f->c.submits) {
		snprintf(buf, size, "no submit ended while tracing");
		return buf;
	}
	if (!f->c.sleeps) {
		snprintf(buf, size, "none of %llu submits blocked", (ull)f->c.submits);
		return buf;
	}
	how_bad(f, buf, size);
	if (!top)
		return buf;
	add(buf, size, ", because ", top->name, "");
	if (!strcmp(top->id, "unknown"))
		add(buf, size, " (", top->telling_frames, ")");
	if (top->share < NEARLY_ALL)
		add(buf, size, " (", fmt__percent(top->share, part, sizeof(part)),
		    " of the blocked time)");
	add(buf, size, ": ", top->todo, "");
	return buf;
}
