// SPDX-License-Identifier: GPL-2.0
#include "live/before.h"

#include <errno.h>
#include <string.h>

#include "host/inflight.h"
#include "live/calls.h"
#include "live/names.h"
#include "live/stacks.h"

/* How long /proc waits for a process in execve, and how long a screen leaves it alone then. */
#define TIMEOUT_MS 300
#define REST_NS (30 * NSEC_PER_SEC)

struct since_before {
	struct live *lv;
	const struct sink *to;
	uint64_t age_ns;
	bool found;
};

static bool caller_filtered(const struct live *lv, uint32_t pid, uint32_t tid, const char *comm)
{
	const struct live_filter *f = &lv->opts.filter;
	bool ok = f->nr_pids == 0;

	for (size_t i = 0; i < f->nr_pids; i++)
		ok |= f->pids[i] == pid;
	if (ok && f->nr_tids) {
		ok = false;
		for (size_t i = 0; i < f->nr_tids; i++)
			ok |= f->tids[i] == tid;
	}
	if (ok && f->nr_comms) {
		ok = false;
		for (size_t i = 0; i < f->nr_comms; i++)
			ok |= !strncmp(f->comms[i], comm, WIRE_COMM_LEN - 1);
	}
	return !ok;
}

static void on_inflight(void *ctx, const struct inflight *in)
{
	struct since_before *b = ctx;
	struct stack stack = {.id = 0, .depth = in->depth, .frames = (const char **)in->frames};
	struct ev_unfinished ev = {
		.age_ns = b->age_ns,
		.before_tracing = true,
		.who = {in->pid, in->tid, in->comm, 0, ""},
		.req = {.how = HOW_UNKNOWN, .nr = in->nr, .fd = -1, .path = ""},
	};
	struct wire_fs_key none = {0};
	struct wire_call c;

	if (calls__of(b->lv, in->tid, &c))
		return; /* it has come in since */
	b->found = true;
	if (caller_filtered(b->lv, in->pid, in->tid, in->comm))
		return;
	ev.fs = live_names__fs(b->lv, none, 0, "", 0);
	ev.stack = live_stacks__keep(b->lv, &stack);
	if (ev.fs)
		b->to->unfinished(b->to->ctx, &ev);
}

static int scan(struct since_before *before)
{
	struct aside *a = aside__new(TIMEOUT_MS, 0);
	int rc = a ? inflight__scan(a, NULL, on_inflight, before) : -ENOMEM;

	aside__free(a);
	return rc;
}

/* With the probes still on: who has come in since they are has a record. */
void before__deliver(struct live *lv, const struct sink *to)
{
	const struct live_filter *f = &lv->opts.filter;
	uint64_t now = clock__mono_ns();
	struct since_before before = {lv, to, now - lv->started_ns, false};
	int rc;

	/* whose files these calls are on is not known, and of a new command none is that old */
	if (lv->opts.tree_only || f->nr_fstypes || f->nr_mounts || f->nr_devices || f->cgroup)
		return;
	rc = scan(&before);
	lv->none_from_before = !rc && !before.found;
	if (rc && !lv->before_rests_ns)
		log__print(LOG_WARN,
			   "calls that were asleep before tracing began are not all known: %s",
			   rc == -ETIMEDOUT ? "/proc does not answer for some processes"
					    : strerror(-rc));
	lv->before_rests_ns = rc ? clock__mono_ns() + REST_NS : 0;
}

void before__deliver_left(struct live *lv, const struct sink *to)
{
	if (!lv->none_from_before && clock__mono_ns() >= lv->before_rests_ns)
		before__deliver(lv, to);
}
