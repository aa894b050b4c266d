// SPDX-License-Identifier: GPL-2.0
#include "live/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpf/wire.h"
#include "aiostall.skel.h"
#include "host/hostfacts.h"
#include "live/attach.h"
#include "live/calls.h"
#include "live/filter.h"
#include "live/load.h"
#include "live/names.h"
#include "live/require.h"
#include "live/recycle.h"
#include "live/rows.h"
#include "live/sample.h"
#include "live/self.h"
#include "live/skipped.h"
#include "live/source.h"
#include "live/state.h"
#include "live/symbols.h"

static void describe_capture(struct live *lv)
{
	struct capture_info *c = &lv->capture;

	hostfacts__describe(&c->host);
	c->command = lv->opts.command ? lv->opts.command : "";
	c->filters = lv->opts.filters_text ? lv->opts.filters_text : "";
	for (size_t i = 0; i < NEED_MAX; i++)
		c->probe[i] = lv->plan.chosen[i]->name;
	c->user_stacks = lv->opts.user_stacks;
	c->min_ns = lv->opts.filter.min_ns;
	c->sample_hz = lv->opts.sample_hz;
	c->started_unix_ns = clock__wall_ns();
	lv->started_ns = clock__mono_ns();
	c->started_mono_ns = lv->started_ns;
}

static int open_all(struct live *lv, struct probe_env *env, struct err *e)
{
	int rc = probe_plan__make(&lv->plan, env, &lv->opts, false, e);

	lv->counts_plain_skips = env->counts_plain_skips;
	if (!rc)
		symbols__begin(lv);
	if (!rc)
		rc = live_names__open(lv, e);
	if (!rc)
		rc = load__programs(lv, env, e);
	if (!rc)
		rc = calls__open(lv, e);
	if (!rc)
		rc = live_rows__open(lv, e);
	if (!rc && recycle__open(lv))
		rc = err__set(e, -ENOMEM, "out of memory");
	if (!rc)
		rc = filter__fill(lv, e);
	if (rc)
		return rc;
	rc = attach__all(lv, env, e);
	return rc ? rc : sample__attach(lv, e);
}

/* All probes at once, when all is known that they are to know. */
static void begin(struct live *lv)
{
	describe_capture(lv);
	skipped__begin(lv);
	lv->skel->bss->tracing_on = 1;
	self__started(lv);
}

int live__open(const struct live_opts *opts, struct source **src, struct err *e)
{
	struct probe_env env;
	struct live *lv;
	int rc = require__all(e);

	if (rc)
		return rc;
	lv = calloc(1, sizeof(*lv));
	if (!lv)
		return err__set(e, -ENOMEM, "out of memory");
	lv->src.ops = &live_ops;
	lv->opts = *opts;
	lv->cgroup_fd = -1;
	self__begin(lv);
	lv->cpus = libbpf_num_possible_cpus();
	rc = load__open(lv, e);
	if (!rc)
		rc = probe_env__init(&env, opts, e);
	if (!rc) {
		rc = open_all(lv, &env, e);
		probe_env__close(&env);
	}
	if (!rc && source__ring_new(lv))
		rc = err__set(e, -errno, "cannot map the ring buffer: %s", strerror(errno));
	if (!rc)
		rc = symbols__open(lv, e);
	if (rc) {
		live_ops.free(&lv->src);
		return rc;
	}
	begin(lv);
	*src = &lv->src;
	return 0;
}

int live__add_tree(struct source *src, pid_t pid, struct err *e)
{
	struct live *lv = (struct live *)src;
	uint32_t key = (uint32_t)pid;
	uint8_t one = 1;

	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.tree), &key, &one, BPF_ANY))
		return err__set(e, -errno, "cannot trace process %d: %s", (int)pid,
				strerror(errno));
	return 0;
}
