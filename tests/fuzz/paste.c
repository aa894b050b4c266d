// SPDX-License-Identifier: GPL-2.0
/* libFuzzer: any bytes as what somebody pastes, taken apart and named. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "paste/paste.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void name_stack(const struct causes *causes, const struct paste *p,
		       const struct paste_stack *s)
{
	const char *names[PASTE_DEPTH_MAX];
	size_t nr = paste__names(p, s, names);
	const char *doubt;
	char buf[256];

	if (!nr || nr > PASTE_DEPTH_MAX || !causes__match(causes, names, nr))
		abort();
	for (size_t i = 0; i < nr; i++)
		if (!*names[i])
			abort();
	doubt = causes__doubt(causes, causes__match(causes, names, nr)->id, names, nr);
	if (doubt && !*doubt)
		abort();
	causes__via(causes, names, nr, buf, sizeof(buf));
	causes__telling(causes, names, nr, 3, buf, sizeof(buf));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct causes *causes;
	struct paste *p = paste__read((const char *)data, size);
	char why[256];

	if (!causes)
		causes = causes__new(NULL, why, sizeof(why));
	if (!p || p->nr_frame_lines > p->nr_lines)
		abort();
	for (size_t i = 0; i < p->nr_stacks; i++)
		name_stack(causes, p, &p->stacks[i]);
	paste__free(p);
	return 0;
}
