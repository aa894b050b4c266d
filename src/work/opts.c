// SPDX-License-Identifier: GPL-2.0
#include "work/opts.h"

#include <stdbool.h>
#include <string.h>

#include "base/base.h"
#include "work/engine.h"
#include "work/target.h"

volatile sig_atomic_t work_stop;

void work_opts__init(struct work_opts *o)
{
	*o = (struct work_opts){.engine = "aio",
				.pattern = "overwrite",
				.buffers = "ready",
				.size = 16 << 20,
				.bs = 4096,
				.batch = 1,
				.calls = 101,
				.threads = 1,
				.seed = 1,
				.pin = WORK_NO_PIN,
				.uffd_delay_us = 5000,
				.feed_delay_us = 2000,
				.side_us = 1000,
				.freeze_us = 50000};
}

static bool is_dir(const char *name)
{
	static const char *const dirs[] = {"read", "write", "mixed"};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (!strcmp(name, dirs[i]))
			return true;
	return false;
}

const char *work_opts__complete(struct work_opts *o)
{
	const struct pattern *p = pattern__find(o->pattern);

	if (!p)
		return "no such --pattern";
	if (!engine__find(o->engine))
		return "no such --engine";
	if (o->dir && !is_dir(o->dir))
		return "--dir is read, write or mixed";
	if (o->direct && o->buffered)
		return "--direct and --buffered contradict each other";
	if (o->prepare && o->no_prepare)
		return "--prepare and --no-prepare contradict each other";
	if (!o->nfiles && !(p->flags & P_FED))
		return "--file is missing";
	if (!o->nfiles)
		o->files[o->nfiles++] = p->name;
	if (o->size < o->bs)
		return "--size is smaller than --bs";
	o->qd = work__max(o->qd, o->batch);
	return NULL;
}
