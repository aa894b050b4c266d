// SPDX-License-Identifier: GPL-2.0
#include "cmd/progress.h"

#include <stdio.h>

#include "base/base.h"

void progress__show(uint64_t elapsed_ns, const struct counters *c, bool sleeps_only)
{
	char submits[16], sleeps[16], longest[16];

	fprintf(stderr, "\r\033[K%llus: ", (unsigned long long)(elapsed_ns / NSEC_PER_SEC));
	if (!sleeps_only)
		fprintf(stderr, "%s submit%s, ", fmt__count(c->submits, submits, sizeof(submits)),
			plural(c->submits));
	fprintf(stderr, "%s stall%s, longest %s (Ctrl-C ends)",
		fmt__count(c->sleeps, sleeps, sizeof(sleeps)), plural(c->sleeps),
		fmt__duration(c->max_sleep_ns, longest, sizeof(longest)));
	fflush(stderr);
}

void progress__reading(size_t i, size_t nr, const char *path)
{
	char safe[4 * 4096 + 1], end[64];

	esc__terminal(path, safe, sizeof(safe));
	fprintf(stderr, "\r\033[Kreading %zu of %zu: %s", i + 1, nr,
		esc__tail(safe, 50, end, sizeof(end)));
	fflush(stderr);
}

void progress__clear(void)
{
	fprintf(stderr, "\r\033[K");
	fflush(stderr);
}
