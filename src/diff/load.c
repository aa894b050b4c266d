// SPDX-License-Identifier: GPL-2.0
#include "diff/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/loss.h"
#include "store/store.h"

/* Of one key over the whole recording: its stack is looked up once. */
struct key_sum {
	double sleeps, blocked_ns;
};

struct load {
	struct sample *sample;
	struct key_sum *keys;
	uint64_t slices; /* begun so far */
	size_t at;	 /* slice of the sample that is being filled */
};

static int on_slice(void *ctx, const struct store_slice *slice)
{
	struct load *l = ctx;

	(void)slice;
	l->at = sample__slice(l->sample, l->slices++);
	return 0;
}

static void scope__max(struct scope *sc, uint64_t max_ns)
{
	if (max_ns > sc->max_ns)
		sc->max_ns = max_ns;
}

static int on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *delta)
{
	struct load *l = ctx;
	struct scope *sc = sample__scope(l->sample, fs, "");
	const struct counters *c = &delta->c;

	if (!sc)
		return l->sample->err;
	scope__add(sc, l->at, SLICE_SUBMITS, (double)c->submits);
	scope__add(sc, l->at, SLICE_SUBMITS_BLOCKED, (double)c->submits_blocked);
	scope__add(sc, l->at, SLICE_REQUESTS, (double)c->requests);
	scope__add(sc, l->at, SLICE_SLEEPS, (double)c->sleeps);
	scope__add(sc, l->at, SLICE_BLOCKED_NS, (double)c->blocked_ns);
	scope__add(sc, l->at, SLICE_HELD_UP, (double)c->held_up_requests);
	scope__add_hist(sc, l->at, &delta->sleep);
	scope__max(sc, c->max_sleep_ns);
	sc->bytes += (double)c->bytes;
	for (size_t i = 0; i < SAMPLE_OPS; i++)
		sc->ops[i] += (double)c->ops[i];
	return 0;
}

static int on_stalls(void *ctx, const struct store_key *key, const struct sleep_sum *sum,
		     const struct hist *hist)
{
	struct load *l = ctx;
	struct scope *sc;

	l->keys[key->no].sleeps += (double)sum->sleeps;
	l->keys[key->no].blocked_ns += (double)sum->blocked_ns;
	/* a cause is measured by the submits of its filesystem, which has a scope even without any */
	if (!sample__scope(l->sample, key->fs, ""))
		return l->sample->err;
	sc = sample__scope(l->sample, key->fs, key->cause->id);
	if (!sc)
		return l->sample->err;
	scope__add(sc, l->at, SLICE_SLEEPS, (double)sum->sleeps);
	scope__add(sc, l->at, SLICE_BLOCKED_NS, (double)sum->blocked_ns);
	scope__add(sc, l->at, SLICE_HELD_UP, (double)sum->held_up_requests);
	scope__add_hist(sc, l->at, hist);
	scope__max(sc, sum->max_ns);
	return 0;
}

static int on_loss(void *ctx, const struct loss *d)
{
	struct load *l = ctx;

	if (loss__any(d))
		l->sample->any_loss = true;
	return 0;
}

static void add_stacks(struct load *l, const struct store *store)
{
	for (size_t i = 0; i < store__nr_keys(store); i++) {
		const struct store_key *key = store__key(store, i);

		if (key->stack && l->keys[i].sleeps > 0)
			sample__add_stack(l->sample, key->cause->id, key->stack->frames,
					  key->stack->depth, l->keys[i].sleeps,
					  l->keys[i].blocked_ns);
	}
}

static void add_number(struct sample *s, const char *what, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	sample__add_fact(s, what, "", text);
}

static void add_capture_facts(struct sample *s, const struct store *store)
{
	const struct capture_info *c = store__capture(store);
	const struct store_info *info = store__info(store);

	sample__add_fact(s, "kernel", "", c->host.kernel);
	sample__add_fact(s, "kernel build", "", info->kernel_build);
	sample__add_fact(s, "host", "", c->host.hostname);
	sample__add_fact(s, "architecture", "", c->host.arch);
	add_number(s, "CPUs", c->host.cpus);
	sample__add_fact(s, "aiostall", "", info->tool_version);
	sample__add_fact(s, "filters", "", c->filters);
	add_number(s, "shortest stall kept, ns", c->min_ns);
	for (size_t i = 0; i < NEED_MAX; i++)
		sample__add_fact(s, "probe", probe_need__name(i),
				 *c->probe[i] ? c->probe[i] : "unknown");
}

static bool is_stacked(const char *device)
{
	return !strncmp(device, "dm-", 3) || !strncmp(device, "md", 2);
}

/* The device requests went to, the disk it is a part of, or maybe one below it. */
static bool is_used(const struct store *store, const char *device)
{
	for (size_t i = 0; i < store__nr_fs(store); i++) {
		const char *used = store__fs(store, i)->device_name;

		if (!strncmp(used, device, strlen(device)) || is_stacked(used))
			return true;
	}
	return false;
}

/* Mounts and devices that no request went to say nothing; mounts are compared by filesystem. */
static void add_host_facts(struct sample *s, const struct store *store)
{
	const struct store_fact *f;

	for (size_t i = 0; (f = store__fact(store, i)); i++)
		if (!strcmp(f->what, "sysctl") ||
		    (strcmp(f->what, "mount") && is_used(store, f->of)))
			sample__add_fact(s, f->what, f->of, f->value);
}

static int fill(struct load *l, struct store *store, struct err *e)
{
	const struct store_visitor v = {
		.ctx = l,
		.slice = on_slice,
		.fs_counts = on_fs_counts,
		.stalls_hist = on_stalls,
		.loss = on_loss,
	};
	int rc = store__read(store, NULL, &v, e);

	if (rc == -ENOMEM)
		return err__set(e, rc, "out of memory");
	if (rc)
		return rc;
	add_stacks(l, store);
	add_capture_facts(l->sample, store);
	add_host_facts(l->sample, store);
	l->sample->duration_ns = store__capture(store)->duration_ns;
	if (l->sample->err)
		return err__set(e, l->sample->err, "out of memory");
	return 0;
}

/* Everything that is compared is per submit or per request. */
static int check_calls(const struct store *store, struct err *e)
{
	if (!capture__sleeps_only(store__capture(store)))
		return 0;
	err__set(e, -EINVAL, "%s has no submits to compare by", store__path(store));
	err__hint(e, "It was recorded with --probe submit=none. `aiostall report` reads it.");
	return -EINVAL;
}

struct sample *load__sample(struct store_input *in, struct err *e)
{
	struct store *store = store__open_input(in, NULL, e);
	struct load l = {0};
	int rc = -ENOMEM;

	if (!store)
		return NULL;
	if (check_calls(store, e)) {
		store__free(store);
		return NULL;
	}
	l.sample = sample__new(store__path(store), store__info(store)->nr_slices);
	l.keys = calloc(store__nr_keys(store) + 1, sizeof(*l.keys));
	if (l.sample && l.keys)
		rc = fill(&l, store, e);
	else
		err__set(e, rc, "out of memory");
	free(l.keys);
	store__free(store);
	if (!rc)
		return l.sample;
	sample__free(l.sample);
	return NULL;
}
