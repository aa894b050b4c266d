// SPDX-License-Identifier: GPL-2.0
#include "model/failures.h"

#include <errno.h>
#include <stdlib.h>

#include "model/sums.h"

int failures__add(struct failure **all, int err, uint64_t calls)
{
	struct failure *f;

	HASH_FIND(hh, *all, &err, sizeof(err), f);
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return -ENOMEM;
		f->err = err;
		HASH_ADD(hh, *all, err, sizeof(f->err), f);
		if (!f->hh.tbl) {
			free(f);
			return -ENOMEM;
		}
	}
	f->now = sat_add(f->now, calls);
	return 0;
}

void failures__release(struct failure **all)
{
	while (*all) {
		struct failure *f = *all;

		HASH_DEL(*all, f);
		free(f);
	}
}
