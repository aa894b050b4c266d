// SPDX-License-Identifier: GPL-2.0
/* Several recordings as one: what is the same in them, and the report. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/load_state.h"

struct merged_host {
	UT_hash_handle hh;
	uint32_t no; /* from 1 */
	char name[];
};

struct merged_fs {
	UT_hash_handle hh;
	struct fs_info info; /* strings are of a store, or the pool's */
	struct merged_host *host;
	struct fs_counts counts;
	bool counted;
	size_t key_len;
	char key[];
};

struct merged_stack {
	UT_hash_handle hh;
	struct stack stack;
	char key[];
};

struct merged_cause {
	UT_hash_handle hh; /* by id */
	const struct cause *cause;
	const char *id;
};

struct load *load__new(const struct load_opts *opts, struct err *e)
{
	struct load *l = calloc(1, sizeof(*l));

	if (!l)
		err__set(e, -ENOMEM, "out of memory");
	else
		l->opts = opts;
	return l;
}

/* ---- hosts ---- */

static struct merged_host *host_of(struct load *l, const char *name)
{
	size_t len = strlen(name);
	struct merged_host *h;

	HASH_FIND(hh, l->hosts, name, len, h);
	if (h)
		return h;
	h = calloc(1, sizeof(*h) + len + 1);
	if (!h)
		return NULL;
	memcpy(h->name, name, len);
	h->no = HASH_COUNT(l->hosts) + 1;
	HASH_ADD(hh, l->hosts, name[0], len, h);
	if (!h->hh.tbl) {
		free(h);
		return NULL;
	}
	return h;
}

/* "a", then "a, b": as far as there is room. */
static void append_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);
	const char *at = strstr(list, word);

	if (at && (at == list || at[-1] == ' ') && (at[strlen(word)] == ',' || !at[strlen(word)]))
		return;
	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

/* Where a part has no calls counted, neither has the whole. */
static const char *either_submit(const char *a, const char *b)
{
	if (!strcmp(a, "none") || !strcmp(b, "none"))
		return "none";
	return !strcmp(a, b) ? a : "several";
}

static const char *either(const char *a, const char *b)
{
	return !strcmp(a, b) ? a : "several";
}

static uint64_t duration_of(const struct load *l)
{
	const struct store_info *info = store__info(l->store);
	const struct store_range *range = &l->opts->range;
	bool whole = !range->since_ns && !range->until_ns && !info->keep_ns && !info->trigger_ns;

	return whole ? store__capture(l->store)->duration_ns : l->duration_ns;
}

static void merge_capture(struct load *l)
{
	const struct capture_info *from = store__capture(l->store);
	struct capture_info *c = &l->capture;

	if (l->nr_stores == 1) {
		*c = *from;
		c->duration_ns = duration_of(l);
		c->started_unix_ns += (int64_t)l->opts->range.since_ns;
		return;
	}
	append_word(c->host.hostname, sizeof(c->host.hostname), from->host.hostname);
	append_word(c->host.kernel, sizeof(c->host.kernel), from->host.kernel);
	append_word(c->host.arch, sizeof(c->host.arch), from->host.arch);
	c->host.cpus = from->host.cpus > c->host.cpus ? from->host.cpus : c->host.cpus;
	if (from->started_unix_ns < c->started_unix_ns)
		c->started_unix_ns = from->started_unix_ns;
	c->duration_ns = sat_add(c->duration_ns, duration_of(l));
	c->command = l->opts->command ? l->opts->command : "";
	c->filters = either(c->filters, from->filters);
	c->probe[NEED_SUBMIT] = either_submit(c->probe[NEED_SUBMIT], from->probe[NEED_SUBMIT]);
	for (size_t i = NEED_SUBMIT + 1; i < NEED_MAX; i++)
		c->probe[i] = either(c->probe[i], from->probe[i]);
	c->spilled = sat_add(c->spilled, from->spilled);
	c->sample_hz = from->sample_hz > c->sample_hz ? from->sample_hz : c->sample_hz;
	c->child_ran = false;
	c->user_stacks |= from->user_stacks;
	if (from->min_ns > c->min_ns)
		c->min_ns = from->min_ns;
}

static void write_here(void *ctx, const struct fs_info *fs, const struct report_cause *cause,
		       char *buf, size_t size)
{
	const struct load *l = ctx;

	for (const struct here *h = l->heres; h; h = h->next)
		if (h->fs == fs && !strcmp(h->cause, cause->id)) {
			snprintf(buf, size, "%s", h->text);
			return;
		}
}

static void take_heres(struct load *l)
{
	const struct store_here *from;

	for (size_t i = 0; (from = store__here(l->store, i)); i++) {
		struct here *h = pool__array(&l->pool, 1, sizeof(*h));

		if (!h)
			return;
		*h = (struct here){l->heres, load__fs(l, from->fs), from->cause, from->text};
		l->heres = h;
	}
}

static int open_model(struct load *l, struct err *e)
{
	struct model_opts opts = {.causes = l->opts->causes,
				  .facts = write_here,
				  .facts_ctx = l,
				  .slow_threshold_ns = store__info(l->store)->slow_ns};

	l->slow_ns = opts.slow_threshold_ns;
	if (!l->model)
		l->model = model__new(&opts);
	return l->model ? 0 : err__set(e, -ENOMEM, "out of memory");
}

int load__begin(struct load *l, struct err *e)
{
	size_t n = store__nr_keys(l->store);
	int rc = open_model(l, e);

	if (rc)
		return rc;
	l->duration_ns = l->slow_submits = l->slow_fed = 0;
	l->host = host_of(l, store__capture(l->store)->host.hostname);
	l->sums = calloc(n ? n : 1, sizeof(*l->sums));
	if (!l->host || !l->sums)
		return err__set(e, -ENOMEM, "out of memory");
	model__set_origin(l->model, l->host->no);
	take_heres(l);
	return 0;
}

void load__end(struct load *l)
{
	if (l->sums) {
		merge_capture(l);
		model__add_slow(l->model, sat_sub(l->slow_submits, l->slow_fed));
	}
	free(l->sums);
	l->sums = NULL;
}

/* ---- what is the same ---- */

/* Anonymous devices get other numbers with each mount and boot. */
static int fs_name(const struct load *l, const struct fs_info *fs, char *buf, size_t size)
{
	bool anonymous = !fs->major && *fs->mount;

	return snprintf(buf, size, "%u:%u:%u:%s:%s:%s", l->host->no, fs->major,
			anonymous ? 0 : fs->minor, fs->fstype, fs->device_name, fs->mount);
}

static struct merged_fs *merged_fs(struct load *l, const struct fs_info *fs)
{
	size_t len = (size_t)fs_name(l, fs, NULL, 0);
	struct merged_fs *f = calloc(1, sizeof(*f) + len + 1), *found;

	if (!f)
		return NULL;
	fs_name(l, fs, f->key, len + 1);
	HASH_FIND(hh, l->filesystems, f->key, len, found);
	if (found) {
		free(f);
		return found;
	}
	f->info = *fs;
	f->host = l->host;
	f->key_len = len;
	HASH_ADD(hh, l->filesystems, key[0], len, f);
	if (!f->hh.tbl) {
		free(f);
		return NULL;
	}
	return f;
}

const struct fs_info *load__fs(struct load *l, const struct fs_info *fs)
{
	struct merged_fs *f = fs ? merged_fs(l, fs) : NULL;

	return f ? &f->info : fs;
}

struct fs_counts *load__counts(struct load *l, const struct fs_info *fs)
{
	struct merged_fs *f = merged_fs(l, fs);

	if (!f)
		return NULL;
	f->counted = true;
	return &f->counts;
}

/* Its frames, a NUL after each. NULL on lack of memory. */
static struct merged_stack *frames_of(const struct stack *s, size_t *size)
{
	struct merged_stack *m;
	size_t used = 0;

	*size = 0;
	for (uint32_t i = 0; i < s->depth; i++)
		*size += strlen(s->frames[i]) + 1;
	m = calloc(1, sizeof(*m) + *size);
	for (uint32_t i = 0; m && i < s->depth; i++) {
		size_t len = strlen(s->frames[i]) + 1;

		memcpy(m->key + used, s->frames[i], len);
		used += len;
	}
	return m;
}

const struct stack *load__stack(struct load *l, const struct stack *s)
{
	struct merged_stack *m, *found;
	size_t size;

	if (!s)
		return NULL;
	m = frames_of(s, &size);
	if (!m)
		return NULL;
	HASH_FIND(hh, l->stacks, m->key, size, found);
	if (found) {
		free(m);
		return &found->stack;
	}
	m->stack = *s;
	m->stack.id = HASH_COUNT(l->stacks) + 1;
	HASH_ADD(hh, l->stacks, key[0], size, m);
	if (!m->hh.tbl) {
		free(m);
		return NULL;
	}
	return &m->stack;
}

const struct cause *load__cause(struct load *l, const struct stack *s, const struct cause *recorded)
{
	struct merged_cause *c;

	if (l->opts->rematch && s)
		return causes__match(l->opts->causes, s->frames, s->depth);
	HASH_FIND(hh, l->causes, recorded->id, strlen(recorded->id), c);
	if (c)
		return c->cause;
	c = calloc(1, sizeof(*c));
	if (!c)
		return recorded;
	c->cause = recorded;
	c->id = recorded->id;
	HASH_ADD_KEYPTR(hh, l->causes, c->id, strlen(c->id), c);
	if (!c->hh.tbl)
		free(c);
	return recorded;
}

/* ---- the report ---- */

/* With several hosts a mount point alone does not say where. */
static void name_hosts(struct load *l)
{
	struct merged_fs *f, *next;

	HASH_ITER(hh, l->filesystems, f, next)
	{
		size_t size = strlen(f->host->name) + strlen(f->info.mount) + 2;
		char *name = pool__array(&l->pool, size, 1);

		if (!name)
			continue;
		snprintf(name, size, "%s:%s", f->host->name, f->info.mount);
		f->info.mount = name;
	}
}

static void feed_counts(struct load *l)
{
	const struct sink *to = model__sink(l->model);
	struct merged_fs *f, *next;

	HASH_ITER(hh, l->filesystems, f, next)
	{
		if (!f->counted)
			continue;
		store_counts__fix_max(&f->counts);
		model__set_origin(l->model, f->host->no);
		to->fs_counts(to->ctx, &f->info, &f->counts);
	}
	store_counts__fix_max(&l->totals);
	to->totals(to->ctx, &l->totals);
	to->loss(to->ctx, &l->loss);
}

const struct report *load__report(struct load *l, struct err *e)
{
	const struct report *r;

	if (HASH_COUNT(l->hosts) > 1)
		name_hosts(l);
	feed_counts(l);
	r = model__report(l->model, &l->capture);
	if (!r || l->pool.failed)
		err__set(e, -ENOMEM, "out of memory while building the report");
	return l->pool.failed ? NULL : r;
}

static void free_tables(struct load *l)
{
	struct merged_host *h, *next_h;
	struct merged_fs *f, *next_f;
	struct merged_stack *s, *next_s;
	struct merged_cause *c, *next_c;

	HASH_ITER(hh, l->hosts, h, next_h)
	{
		HASH_DEL(l->hosts, h);
		free(h);
	}
	HASH_ITER(hh, l->filesystems, f, next_f)
	{
		HASH_DEL(l->filesystems, f);
		free(f);
	}
	HASH_ITER(hh, l->stacks, s, next_s)
	{
		HASH_DEL(l->stacks, s);
		free(s);
	}
	HASH_ITER(hh, l->causes, c, next_c)
	{
		HASH_DEL(l->causes, c);
		free(c);
	}
}

void load__free(struct load *l)
{
	if (!l)
		return;
	model__free(l->model);
	load__free_groups(l);
	free_tables(l);
	for (size_t i = 0; i < l->nr_stores; i++)
		store__free(l->stores[i]);
	free(l->stores);
	pool__clear(&l->pool);
	free(l);
}
