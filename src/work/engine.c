// SPDX-License-Identifier: GPL-2.0
#include "work/engine.h"

#include <string.h>

#include "base/base.h"

static const struct engine_ops *const engines[] = {
	&engine_aio,	&engine_uring,	   &engine_uring_async, &engine_uring_sqpoll,
	&engine_nowait, &engine_posix_aio, &engine_threads,
};

const struct engine_ops *engine__at(size_t i)
{
	return i < ARRAY_SIZE(engines) ? engines[i] : NULL;
}

const struct engine_ops *engine__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	return NULL;
}
