// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* reallocarray */
#include "store/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/pseudo.h"
#include "store/load_state.h"

/* ---- what is left out ---- */

static bool is_listed(uint32_t v, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == v)
			return true;
	return !n;
}

static bool is_named(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return !n;
}

static const char *without(const char *s, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(s, prefix, len) ? s : s + len;
}

static bool has_device(const struct load_filter *f, const struct fs_info *fs)
{
	for (size_t i = 0; i < f->nr_devices; i++)
		if (!strcmp(without(f->devices[i], "/dev/"), fs->device_name))
			return true;
	return !f->nr_devices;
}

static bool is_below(const char *cgroup, const char *top)
{
	const char *rest;

	top = without(top, "/sys/fs/cgroup");
	top += strspn(top, "/");
	cgroup += strspn(cgroup, "/");
	rest = without(cgroup, top);
	return !*top || (rest != cgroup && (!*rest || *rest == '/'));
}

static bool filter_wants_fs(const struct load_filter *f, const struct fs_info *fs)
{
	return is_named(fs->fstype, f->fstypes, f->nr_fstypes) &&
	       is_named(fs->mount, f->mounts, f->nr_mounts) && has_device(f, fs);
}

static bool wants_fs(const struct load *l, const struct fs_info *fs)
{
	return filter_wants_fs(&l->opts->filter, fs);
}

static bool wants_key(const struct load *l, const struct store_key *k)
{
	const struct load_filter *f = &l->opts->filter;

	return wants_fs(l, k->fs) && is_listed(k->pid, f->pids, f->nr_pids) &&
	       is_named(k->comm, f->comms, f->nr_comms) &&
	       (!f->cgroup || is_below(k->cgroup, f->cgroup));
}

bool load_filter__wants(const struct load_filter *f, const struct fs_info *fs,
			const struct who *who)
{
	return filter_wants_fs(f, fs ? fs : &pseudo_fs_unknown) &&
	       is_listed(who->pid, f->pids, f->nr_pids) &&
	       is_listed(who->tid, f->tids, f->nr_tids) &&
	       is_named(who->comm, f->comms, f->nr_comms) &&
	       (!f->cgroup || is_below(who->cgroup, f->cgroup));
}

static bool wants_event(const struct load *l, const struct fs_info *fs, const struct who *who)
{
	return load_filter__wants(&l->opts->filter, fs, who);
}

static bool filters_fs(const struct load_filter *f)
{
	return f->nr_fstypes || f->nr_mounts || f->nr_devices;
}

/* By what the counters of a filesystem do not tell apart. */
bool load__filters_threads(const struct load *l)
{
	const struct load_filter *f = &l->opts->filter;

	return f->nr_pids || f->nr_tids || f->nr_comms || f->cgroup;
}

/* By what sums do not tell apart either. */
static bool filters_events(const struct load_filter *f)
{
	return f->nr_tids || f->min_ns;
}

/* ---- one recording ---- */

static struct sum_row *sum_of(struct load *l, const struct store_key *k)
{
	return &l->sums[k->no];
}

static int on_slice(void *ctx, const struct store_slice *slice)
{
	struct load *l = ctx;

	l->duration_ns += slice->end_ns - slice->start_ns;
	if (!load__filters_threads(l) && !filters_fs(&l->opts->filter))
		l->slow_submits += slice->slow_submits;
	return 0;
}

static int on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *delta)
{
	struct load *l = ctx;
	const struct load_filter *f = &l->opts->filter;
	struct fs_counts *to;

	if (load__filters_threads(l) || (fs && !wants_fs(l, fs)))
		return 0;
	/* with a choice of filesystems their sum stands for the totals */
	if (!fs && filters_fs(f))
		return 0;
	to = fs ? load__counts(l, fs) : &l->totals;
	if (!to)
		return -ENOMEM;
	store_counts__add(to, delta);
	if (fs && filters_fs(f))
		store_counts__add(&l->totals, delta);
	return fs ? load__group_fs(l, fs, delta) : 0;
}

static int on_stalls(void *ctx, const struct store_key *k, const struct store_sum *sum)
{
	struct load *l = ctx;
	struct sum_row *row = sum_of(l, k);

	if (row->wanted)
		store_sum__add(&row->sum, sum);
	return 0;
}

static int on_stalls_hist(void *ctx, const struct store_key *k, const struct store_sum *sum,
			  const struct hist *hist)
{
	struct load *l = ctx;
	struct sum_row *row = sum_of(l, k);
	struct fs_counts delta = {
		.c =
			{
				.sleeps = sum->sleeps,
				.blocked_ns = sum->blocked_ns,
				.runqueue_ns = sum->runqueue_ns,
				.held_up_requests = sum->held_up_requests,
				.max_sleep_ns = sum->max_ns,
			},
	};
	struct fs_counts *to;
	int rc = on_stalls(ctx, k, sum);

	if (rc || !row->wanted)
		return rc;
	delta.sleep = *hist;
	if (load__filters_threads(l)) {
		to = load__counts(l, k->fs);
		if (!to)
			return -ENOMEM;
		store_counts__add(to, &delta);
		store_counts__add(&l->totals, &delta);
	}
	return load__group_key(l, k, &delta);
}

/* What -m leaves out is in the counters still, as it is while tracing. */
static int leave_out(struct load *l, const struct ev_stall *ev)
{
	struct fs_counts below = {.c = {.below_min_sleeps = 1, .below_min_ns = ev->blocked_ns}};
	struct fs_counts *to = load__counts(l, ev->fs);

	if (!to)
		return -ENOMEM;
	if (load__filters_threads(l))
		return 0;
	store_counts__add(to, &below);
	store_counts__add(&l->totals, &below);
	return 0;
}

/* With filters that need them, sums are made of single stalls. */
static int sum_event(struct load *l, const struct ev_stall *ev, const struct store_key *k)
{
	const struct load_filter *f = &l->opts->filter;
	struct store_sum one = {
		.sleeps = 1,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait,
		.nowait_sleeps = (ev->req.shape & SHAPE_NOWAIT) != 0,
	};
	struct hist hist = {0};

	if (ev->blocked_ns < f->min_ns)
		return leave_out(l, ev);
	one.how[ev->req.how] = 1;
	hist__add(&hist, ev->blocked_ns, 1);
	return on_stalls_hist(l, k, &one, &hist);
}

static int on_stall(void *ctx, const struct ev_stall *ev, const struct store_key *k)
{
	struct load *l = ctx;
	const struct load_filter *f = &l->opts->filter;
	struct sum_row *row = sum_of(l, k);

	if (!row->wanted || !is_listed(ev->who.tid, f->tids, f->nr_tids))
		return 0;
	if (!row->has_worst || ev->blocked_ns > row->worst.blocked_ns)
		row->worst = *ev;
	row->has_worst = true;
	return filters_events(f) ? sum_event(l, ev, k) : 0;
}

static int on_submit(void *ctx, const struct ev_submit *ev)
{
	struct load *l = ctx;
	struct ev_submit of = *ev;

	if (!wants_event(l, ev->fs, &ev->who))
		return 0;
	of.fs = load__fs(l, ev->fs);
	if (!ev->sleeps && l->slow_ns && ev->wall_ns >= l->slow_ns)
		l->slow_fed++;
	model__sink(l->model)->submit(l->model, &of);
	return 0;
}

static int on_loss(void *ctx, const struct loss *delta)
{
	struct load *l = ctx;

	for (size_t i = 0; i < sizeof(*delta) / sizeof(uint64_t); i++)
		((uint64_t *)&l->loss)[i] =
			sat_add(((uint64_t *)&l->loss)[i], ((const uint64_t *)delta)[i]);
	return 0;
}

static int on_unfinished(void *ctx, const struct ev_unfinished *ev, const struct cause *cause)
{
	struct load *l = ctx;
	struct ev_unfinished of = *ev;

	if (!wants_event(l, ev->fs, &ev->who))
		return 0;
	of.fs = load__fs(l, ev->fs);
	of.stack = load__stack(l, ev->stack);
	model__add_unfinished(l->model, &of, load__cause(l, ev->stack, cause));
	return 0;
}

/* Whose they are is not known. */
static int on_sample(void *ctx, const struct ev_sample *ev)
{
	struct load *l = ctx;
	struct ev_sample of = *ev;

	if (load__filters_threads(l) || !wants_fs(l, ev->fs ? ev->fs : &pseudo_fs_unknown))
		return 0;
	of.fs = load__fs(l, ev->fs);
	of.stack = load__stack(l, ev->stack);
	model__sink(l->model)->sample(l->model, &of);
	return 0;
}

/* The longest of a key's stalls; if it is not on record, what the key says of it. */
static struct ev_stall longest(struct load *l, const struct store_key *k, const struct sum_row *row)
{
	struct ev_stall ev = {
		.blocked_ns = row->sum.max_ns,
		.who = {.pid = k->pid,
			.comm = k->comm,
			.cgroup_id = k->cgroup_id,
			.cgroup = k->cgroup},
		.req = {.opcode = k->opcode, .fd = -1, .path = k->path},
	};

	if (row->has_worst && row->worst.blocked_ns >= row->sum.max_ns)
		ev = row->worst;
	ev.fs = load__fs(l, k->fs);
	ev.stack = load__stack(l, k->stack);
	ev.user_stack = load__stack(l, k->user_stack);
	ev.holder_pid = k->holder_pid;
	ev.holder_comm = k->holder;
	ev.waker_comm = k->waker;
	ev.waker_kind = !strcmp(k->waker, "(interrupt)") ? WAKER_IRQ
			: !strcmp(k->waker, "(unknown)") ? WAKER_UNKNOWN
							 : WAKER_TASK;
	return ev;
}

static void feed_keys(struct load *l)
{
	for (size_t i = 0; i < store__nr_keys(l->store); i++) {
		const struct store_key *k = store__key(l->store, i);
		const struct sum_row *row = &l->sums[i];
		struct model_stalls sum = {
			.cause = load__cause(l, k->stack, k->cause),
			.sleeps = row->sum.sleeps,
			.blocked_ns = row->sum.blocked_ns,
			.runqueue_ns = row->sum.runqueue_ns,
			.max_ns = row->sum.max_ns,
			.held_up_requests = row->sum.held_up_requests,
			.iowait_sleeps = row->sum.iowait_sleeps,
			.nowait_sleeps = row->sum.nowait_sleeps,
		};
		struct ev_stall ev;

		if (!row->sum.sleeps)
			continue;
		memcpy(sum.how, row->sum.how, sizeof(sum.how));
		ev = longest(l, k, row);
		model__add_stalls(l->model, &ev, &sum);
	}
}

static int read_store(struct load *l, struct err *e)
{
	bool by_event = filters_events(&l->opts->filter);
	bool hists = l->opts->nr_by || load__filters_threads(l);
	const struct store_visitor v = {
		.ctx = l,
		.slice = on_slice,
		.fs_counts = on_fs_counts,
		.stalls = by_event || hists ? NULL : on_stalls,
		.stalls_hist = by_event || !hists ? NULL : on_stalls_hist,
		.stall = on_stall,
		.submit = on_submit,
		.loss = on_loss,
		.unfinished = on_unfinished,
		.sample = on_sample,
	};
	int rc = store__read(l->store, &l->opts->range, &v, e);

	if (rc == -ENOMEM && !e->text[0])
		err__set(e, rc, "out of memory");
	return rc;
}

static int check_filter(const struct load *l, struct err *e)
{
	const struct load_filter *f = &l->opts->filter;

	if (!filters_events(f) || store__info(l->store)->events)
		return 0;
	err__set(e, -EINVAL, "%s has no single stalls: --%s cannot choose among them",
		 store__path(l->store), f->nr_tids ? "tid" : "min");
	err__hint(e, "Record with --events, or with --%s itself.", f->nr_tids ? "tid" : "min");
	return -EINVAL;
}

int load__add(struct load *l, struct store_input *in, struct err *e)
{
	struct store **grown = reallocarray(l->stores, l->nr_stores + 1, sizeof(*grown));
	int rc;

	if (!grown)
		return err__set(e, -ENOMEM, "out of memory");
	l->stores = grown;
	l->store = store__open_input(in, NULL, e);
	if (!l->store)
		return -EBADMSG;
	/* what was fed points into it, so that it stays whatever comes */
	l->stores[l->nr_stores++] = l->store;
	rc = check_filter(l, e);
	if (!rc)
		rc = load__begin(l, e);
	for (size_t i = 0; !rc && i < store__nr_keys(l->store); i++)
		l->sums[i].wanted = wants_key(l, store__key(l->store, i));
	if (!rc)
		rc = read_store(l, e);
	/* of them only the longest are there as single stalls */
	if (!rc && filters_events(&l->opts->filter))
		l->loss.events = sat_add(l->loss.events, store__capture(l->store)->spilled);
	if (!rc)
		feed_keys(l);
	load__end(l);
	return rc;
}
