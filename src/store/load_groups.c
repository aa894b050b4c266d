// SPDX-License-Identifier: GPL-2.0
/* Stalls by any of their properties. */
#define _GNU_SOURCE /* qsort_r */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/load_state.h"

/* Beyond these the rest is "(other)". */
#define GROUPS_MAX 4096

struct group_row {
	UT_hash_handle hh;
	struct group group;
	const char *values[BYS];
	char key[];
};

/* What a dimension looks at; key is NULL where only the filesystem is known. */
struct subject {
	const struct load *l;
	const struct fs_info *fs;
	const struct store_key *key;
	const struct cause *cause;
};

static void put_fstype(FILE *to, const struct subject *s)
{
	fputs(s->fs->fstype, to);
}

static void put_mount(FILE *to, const struct subject *s)
{
	fputs(s->fs->mount, to);
}

static void put_device(FILE *to, const struct subject *s)
{
	fputs(s->fs->device_name, to);
}

static void put_file(FILE *to, const struct subject *s)
{
	fputs(s->key->path, to);
}

static void put_comm(FILE *to, const struct subject *s)
{
	fputs(s->key->comm, to);
}

static void put_pid(FILE *to, const struct subject *s)
{
	fprintf(to, "%u", s->key->pid);
}

static void put_cgroup(FILE *to, const struct subject *s)
{
	fputs(s->key->cgroup, to);
}

static void put_cause(FILE *to, const struct subject *s)
{
	fputs(s->cause->id, to);
}

static void put_stack(FILE *to, const struct subject *s)
{
	const struct stack *st = s->key->stack;

	for (uint32_t i = 0; st && i < st->depth; i++)
		fprintf(to, "%s%s", i ? "\n" : "", st->frames[i]);
}

static void put_kernel(FILE *to, const struct subject *s)
{
	fputs(store__capture(s->l->store)->host.kernel, to);
}

static void put_host(FILE *to, const struct subject *s)
{
	fputs(store__capture(s->l->store)->host.hostname, to);
}

static const struct dimension {
	const char *name;
	void (*put)(FILE *to, const struct subject *s);
	bool of_fs; /* submits that did not sleep have it too */
} dimensions[BYS] = {
	[BY_FS] = {"fs", put_fstype, true},	     [BY_MOUNT] = {"mount", put_mount, true},
	[BY_DEVICE] = {"device", put_device, true},  [BY_FILE] = {"file", put_file, false},
	[BY_COMM] = {"comm", put_comm, false},	     [BY_PID] = {"pid", put_pid, false},
	[BY_CGROUP] = {"cgroup", put_cgroup, false}, [BY_CAUSE] = {"cause", put_cause, false},
	[BY_STACK] = {"stack", put_stack, false},    [BY_KERNEL] = {"kernel", put_kernel, true},
	[BY_HOST] = {"host", put_host, true},
};

const char *load_by__name(enum load_by by)
{
	return dimensions[by].name;
}

const char *load_by__names(void)
{
	return "fs, mount, device, file, comm, pid, cgroup, cause, stack, kernel, host";
}

static int find_dimension(const char *name, size_t len)
{
	for (int i = 0; i < BYS; i++)
		if (strlen(dimensions[i].name) == len && !strncmp(dimensions[i].name, name, len))
			return i;
	return -EINVAL;
}

int load_by__parse(const char *list, enum load_by by[BYS], struct err *e)
{
	int n = 0;

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		int found = find_dimension(at, len);

		for (int i = 0; i < n && found >= 0; i++)
			if (by[i] == (enum load_by)found)
				return err__set(e, -EINVAL, "--by names \"%.*s\" twice", (int)len,
						at);
		if (found < 0) {
			err__set(e, -EINVAL, "--by \"%.*s\": there is no such thing to group by",
				 (int)len, at);
			err__hint(e, "There are %s.", load_by__names());
			return -EINVAL;
		}
		by[n++] = (enum load_by)found;
		at += len;
		if (!*at)
			return n;
	}
}

static bool is_by_fs(const struct load *l)
{
	for (size_t i = 0; i < l->opts->nr_by; i++)
		if (!dimensions[l->opts->by[i]].of_fs)
			return false;
	return !load__filters_threads(l);
}

/* ---- adding ---- */

/* All values, a NUL after each. NULL on lack of memory. */
static char *values_of(const struct load *l, const struct subject *s, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	if (!to)
		return NULL;
	for (size_t i = 0; i < l->opts->nr_by; i++) {
		dimensions[l->opts->by[i]].put(to, s);
		fputc('\0', to);
	}
	if (fclose(to)) {
		free(text);
		return NULL;
	}
	return text;
}

static char *other_values(const struct load *l, size_t *size)
{
	size_t each = sizeof(TALLY_OTHER);
	char *text = malloc(l->opts->nr_by * each);

	for (size_t i = 0; text && i < l->opts->nr_by; i++)
		memcpy(text + i * each, TALLY_OTHER, each);
	*size = l->opts->nr_by * each;
	return text;
}

static struct group_row *add_row(struct load *l, const char *values, size_t size)
{
	struct group_row *row = calloc(1, sizeof(*row) + size);

	if (!row)
		return NULL;
	memcpy(row->key, values, size);
	row->group.values = row->values;
	row->group.has_submits = is_by_fs(l);
	for (size_t i = 0, at = 0; i < l->opts->nr_by; i++) {
		row->values[i] = row->key + at;
		at += strlen(row->key + at) + 1;
	}
	HASH_ADD(hh, l->group_table, key[0], size, row);
	if (!row->hh.tbl) {
		free(row);
		return NULL;
	}
	return row;
}

static struct group_row *row_of(struct load *l, const struct subject *s)
{
	size_t size = 0;
	char *values = values_of(l, s, &size);
	struct group_row *row = NULL;

	if (!values)
		return NULL;
	HASH_FIND(hh, l->group_table, values, size, row);
	if (!row && HASH_COUNT(l->group_table) >= GROUPS_MAX) {
		free(values);
		values = other_values(l, &size);
		if (!values)
			return NULL;
		l->loss.model_evicted = sat_add(l->loss.model_evicted, 1);
		HASH_FIND(hh, l->group_table, values, size, row);
	}
	if (!row)
		row = add_row(l, values, size);
	free(values);
	return row;
}

int load__group_key(struct load *l, const struct store_key *k, const struct fs_counts *delta)
{
	struct sum_row *sum = &l->sums[k->no];

	if (!l->opts->nr_by || is_by_fs(l))
		return 0;
	if (!sum->group) {
		struct subject s = {l, k->fs, k, load__cause(l, k->stack, k->cause)};

		sum->group = row_of(l, &s);
	}
	if (!sum->group)
		return -ENOMEM;
	store_counts__add(&sum->group->group.counts, delta);
	return 0;
}

int load__group_fs(struct load *l, const struct fs_info *fs, const struct fs_counts *delta)
{
	struct subject s = {.l = l, .fs = fs};
	struct group_row *row;

	if (!l->opts->nr_by || !is_by_fs(l))
		return 0;
	row = row_of(l, &s);
	if (!row)
		return -ENOMEM;
	store_counts__add(&row->group.counts, delta);
	return 0;
}

/* ---- the result ---- */

static double ratio(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

static int compare_values(const struct group *x, const struct group *y, size_t n)
{
	int d = 0;

	for (size_t i = 0; !d && i < n; i++)
		d = strcmp(x->values[i], y->values[i]);
	return d;
}

static int by_blocked(const void *a, const void *b, void *load)
{
	const struct group *x = a, *y = b;
	const struct load *l = load;

	if (x->counts.c.blocked_ns != y->counts.c.blocked_ns)
		return x->counts.c.blocked_ns < y->counts.c.blocked_ns ? 1 : -1;
	if (x->counts.c.submits != y->counts.c.submits)
		return x->counts.c.submits < y->counts.c.submits ? 1 : -1;
	return compare_values(x, y, l->opts->nr_by);
}

static void figure(const struct load *l, struct group *g, uint64_t all_blocked_ns)
{
	const struct counters *c = &g->counts.c;

	if (capture__sleeps_only(&l->capture))
		g->has_submits = false;
	store_counts__fix_max(&g->counts);
	g->share = ratio(c->blocked_ns, all_blocked_ns);
	g->ctxsw_per_io = ratio(c->sleeps, c->requests);
	g->blocked_share = ratio(c->submits_blocked, c->submits);
	g->p50 = hist__quantile(&g->counts.sleep, 0.5, c->max_sleep_ns);
	g->p90 = hist__quantile(&g->counts.sleep, 0.9, c->max_sleep_ns);
	g->p99 = hist__quantile(&g->counts.sleep, 0.99, c->max_sleep_ns);
}

const struct group *load__groups(struct load *l, size_t *n, struct err *e)
{
	struct group_row *row, *next;
	uint64_t blocked_ns = 0;

	*n = HASH_COUNT(l->group_table);
	free(l->groups);
	l->groups = calloc(*n ? *n : 1, sizeof(*l->groups));
	if (!l->groups) {
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	l->nr_groups = 0;
	HASH_ITER(hh, l->group_table, row, next)
	{
		l->groups[l->nr_groups++] = row->group;
		blocked_ns = sat_add(blocked_ns, row->group.counts.c.blocked_ns);
	}
	for (size_t i = 0; i < *n; i++)
		figure(l, &l->groups[i], blocked_ns);
	qsort_r(l->groups, *n, sizeof(*l->groups), by_blocked, l);
	return l->groups;
}

void load__free_groups(struct load *l)
{
	struct group_row *row, *next;

	HASH_ITER(hh, l->group_table, row, next)
	{
		HASH_DEL(l->group_table, row);
		free(row);
	}
	free(l->groups);
}
