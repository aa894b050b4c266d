// SPDX-License-Identifier: GPL-2.0
#include "diff/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause/frame.h"
#include "model/select.h"
#include "store/load.h"

#define DEPTH_MAX 128

/* ---- stacks ---- */

static uint32_t depth_of(const struct ledger_stack *s)
{
	return !s ? 0 : s->stack.depth < DEPTH_MAX ? s->stack.depth : DEPTH_MAX;
}

/* Compilers call a frame differently on kernels that do the same. */
static int by_names(const struct ledger_stack *a, const struct ledger_stack *b)
{
	int d = descending(depth_of(b), depth_of(a));

	for (uint32_t i = 0; !d && i < depth_of(a); i++) {
		struct name x = frame__name(a->stack.frames[i]),
			    y = frame__name(b->stack.frames[i]);

		d = memcmp(x.s, y.s, x.len < y.len ? x.len : y.len);
		d = d ? d : descending(y.len, x.len);
	}
	return d;
}

static int by_cause_and_names(const void *a, const void *b)
{
	const struct ledger_key *x = &(*(const struct ledger_row *const *)a)->key;
	const struct ledger_key *y = &(*(const struct ledger_row *const *)b)->key;
	int d = strcmp(x->cause->cause->id, y->cause->cause->id);

	return d ? d : by_names(x->stack, y->stack);
}

static int add_stacks(struct sample *s, struct ledger *l)
{
	const struct view_filter filter = {.apis = s->series->apis};
	const struct view view = {.filter = &filter};
	struct pool pool = {0};
	struct selection rows;
	struct part *parts;
	size_t n = 0;

	if (selection__make(&rows, l, &view, &pool)) {
		parts = parts__of(&pool, rows.rows, rows.nr_rows, by_cause_and_names,
				  PARTS_BY_BLOCKED, &n);
		for (size_t i = 0; i < n; i++) {
			const struct ledger_key *k = &parts[i].rows[0]->key;

			if (k->stack)
				sample__add_stack(s, k->cause->cause->id, k->stack->stack.frames,
						  depth_of(k->stack), &parts[i].sum);
		}
	}
	n = pool.failed;
	pool__clear(&pool);
	return n ? -ENOMEM : s->err;
}

/* ---- facts ---- */

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

/* Everything that is compared is per submit or per request. */
static int check_calls(const struct store *store, struct err *e)
{
	if (!capture__sleeps_only(store__capture(store)))
		return 0;
	err__set(e, -EINVAL, "%s has no submits to compare by", store__path(store));
	err__hint(e, "It was recorded with --probe submit=none. `aiostall report` reads it.");
	return -EINVAL;
}

static int fill(struct sample *s, struct load *l, struct err *e)
{
	const struct store *store = load__store(l);

	s->duration_ns = store__capture(store)->duration_ns;
	series__finish(s->series);
	add_capture_facts(s, store);
	add_host_facts(s, store);
	if (ledger__evicted(load__ledger(l)) || s->series->err || add_stacks(s, load__ledger(l)))
		return err__set(e, -ENOMEM, "out of memory");
	return 0;
}

struct sample_load {
	struct sample *sample;
	unsigned int apis;
};

static int on_recording(void *ctx, const struct store *store, struct err *e)
{
	struct sample_load *l = ctx;
	int rc = check_calls(store, e);

	if (rc)
		return rc;
	l->sample = sample__new(store__path(store), store__info(store)->nr_slices, l->apis);
	return l->sample ? 0 : err__set(e, -ENOMEM, "out of memory");
}

static void on_slice(void *ctx, struct ledger *l)
{
	struct sample_load *load = ctx;

	series__take(load->sample->series, l);
}

struct sample *load__sample(struct store_input *in, unsigned int apis, struct err *e)
{
	struct sample_load into = {NULL, apis};
	const struct load_slices slices = {
		.ctx = &into, .recording = on_recording, .slice = on_slice};
	const struct load_opts opts = {.slices = &slices};
	struct load *l = load__new(&opts, e);
	int rc = l ? load__add(l, in, e) : -ENOMEM;

	if (!rc)
		rc = fill(into.sample, l, e);
	load__free(l);
	if (!rc)
		return into.sample;
	sample__free(into.sample);
	return NULL;
}
