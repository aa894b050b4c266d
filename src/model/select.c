// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* qsort_r */
#include "model/select.h"

#include <stdlib.h>
#include <string.h>

#define PATH_LONGEST 4096

/* ---- filters ---- */

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

static bool has_device(const struct view_filter *f, const struct fs_info *fs)
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

bool view_filter__wants_fs(const struct view_filter *f, const struct fs_info *fs)
{
	fs = fs ? fs : &pseudo_fs_unknown;
	return (!f->apis || (f->apis & API_BIT(fs->api))) &&
	       is_named(fs->fstype, f->fstypes, f->nr_fstypes) &&
	       is_named(fs->mount, f->mounts, f->nr_mounts) && has_device(f, fs);
}

static bool wants_process(const struct view_filter *f, uint32_t pid, const char *comm,
			  const char *cgroup)
{
	return is_listed(pid, f->pids, f->nr_pids) && is_named(comm, f->comms, f->nr_comms) &&
	       (!f->cgroup || is_below(cgroup, f->cgroup)) &&
	       (!f->container || container__is(cgroup, f->container, f->containers));
}

bool view_filter__wants(const struct view_filter *f, const struct fs_info *fs,
			const struct who *who)
{
	return view_filter__wants_fs(f, fs) && is_listed(who->tid, f->tids, f->nr_tids) &&
	       wants_process(f, who->pid, who->comm, who->cgroup);
}

bool view_filter__is_of_fs(const struct view_filter *f)
{
	return f->nr_fstypes || f->nr_mounts || f->nr_devices || (f->apis && f->apis != API_ALL);
}

bool view_filter__is_of_threads(const struct view_filter *f)
{
	return f->nr_pids || f->nr_tids || f->nr_comms || f->cgroup || f->container;
}

/* ---- what is looked at ---- */

static bool wants_row(const struct view_filter *f, const struct ledger_row *row)
{
	const struct ledger_key *k = &row->key;

	return row->sum.sleeps &&
	       (!f || (view_filter__wants_fs(f, &k->fs->info) &&
		       wants_process(f, k->pid, k->comm->text, k->cgroup->text)));
}

/* What is told of a filesystem: its calls, or its stalls. */
static bool wants_fs(const struct selection *s, const struct ledger_fs *fs)
{
	const struct view_filter *f = s->view->filter;

	bool has_calls = fs->has_counts || fs->has_folded;

	return (has_calls && !s->by_rows && (!f || view_filter__wants_fs(f, &fs->info))) ||
	       fs->view;
}

bool selection__make(struct selection *s, struct ledger *l, const struct view *v, struct pool *pool)
{
	size_t nr_rows = HASH_COUNT(l->rows);

	*s = (struct selection){.ledger = l, .view = v, .pool = pool};
	s->by_rows = v->filter && view_filter__is_of_threads(v->filter);
	s->rows = pool__array(pool, nr_rows, sizeof(const struct ledger_row *));
	s->filesystems = pool__array(pool, l->nr_filesystems, sizeof(struct ledger_fs *));
	if (pool->failed)
		return false;
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next)
		fs->view = 0;
	for (const struct ledger_row *row = l->rows; row; row = row->hh.next) {
		if (!wants_row(v->filter, row))
			continue;
		row->key.fs->view = 1;
		s->rows[s->nr_rows++] = row;
	}
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next)
		if (wants_fs(s, fs))
			s->filesystems[s->nr_filesystems++] = fs;
	return true;
}

/* ---- alike ---- */

static const struct ledger_key *key_at(const void *a)
{
	return &(*(const struct ledger_row *const *)a)->key;
}

static int by_name(const struct ledger_name *a, const struct ledger_name *b)
{
	return a == b ? 0 : strcmp(a->text, b->text);
}

const char *row__path(const struct ledger_row *row)
{
	const char *path = row->key.path->text;
	size_t len = strlen(path);

	return len > PATH_LONGEST ? path + len - PATH_LONGEST : path;
}

int row__by_path(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;

	return x->key.path == y->key.path ? 0 : strcmp(row__path(x), row__path(y));
}

int row__by_comm(const void *a, const void *b)
{
	return by_name(key_at(a)->comm, key_at(b)->comm);
}

const char *row__waker(const struct ledger_row *row)
{
	if (row->key.waker_kind == WAKER_IRQ)
		return "(interrupt)";
	return row->key.waker_kind == WAKER_TASK ? row->key.waker->text : "(unknown)";
}

int row__by_waker(const void *a, const void *b)
{
	const struct ledger_row *x = *(const struct ledger_row *const *)a;
	const struct ledger_row *y = *(const struct ledger_row *const *)b;
	int d = strcmp(row__waker(x), row__waker(y));

	return d ? d : descending(y->key.waker_kind, x->key.waker_kind);
}

int row__by_holder(const void *a, const void *b)
{
	const struct ledger_key *x = key_at(a), *y = key_at(b);

	return x->holder_pid != y->holder_pid ? descending(y->holder_pid, x->holder_pid)
					      : by_name(x->holder, y->holder);
}

int row__by_behind(const void *a, const void *b)
{
	const struct ledger_cause *x = key_at(a)->behind, *y = key_at(b)->behind;

	if (x == y)
		return 0;
	return strcmp(x ? x->cause->id : "", y ? y->cause->id : "");
}

int stack__compare(const struct ledger_stack *a, const struct ledger_stack *b)
{
	size_t n;
	int d;

	if (a == b || !a || !b)
		return (a > b) - (a < b);
	n = a->key_len < b->key_len ? a->key_len : b->key_len;
	d = memcmp(a->key, b->key, n);
	return d ? d : descending(b->key_len, a->key_len);
}

int row__by_stack(const void *a, const void *b)
{
	return stack__compare(key_at(a)->stack, key_at(b)->stack);
}

int row__by_user_stack(const void *a, const void *b)
{
	return stack__compare(key_at(a)->user_stack, key_at(b)->user_stack);
}

struct by {
	row_order like;
	enum part_order order;
};

static int part_order(const void *a, const void *b, void *ctx)
{
	const struct part *x = a, *y = b;
	const struct by *by = ctx;
	int d = 0;

	if (by->order == PARTS_BY_BLOCKED)
		d = descending(x->sum.blocked_ns, y->sum.blocked_ns);
	if (!d)
		d = descending(x->sum.sleeps, y->sum.sleeps);
	return d ? d : by->like(&x->rows[0], &y->rows[0]);
}

static size_t nr_different(const struct ledger_row **rows, size_t nr, row_order like)
{
	size_t n = nr != 0;

	for (size_t i = 1; i < nr; i++)
		n += like(&rows[i - 1], &rows[i]) != 0;
	return n;
}

struct part *parts__of(struct pool *p, const struct ledger_row **rows, size_t nr, row_order like,
		       enum part_order order, size_t *n)
{
	struct by by = {like, order};
	struct part *parts, *part = NULL;

	*n = 0;
	if (!nr)
		return NULL;
	qsort(rows, nr, sizeof(const struct ledger_row *), like);
	parts = pool__array(p, nr_different(rows, nr, like), sizeof(*parts));
	if (!parts)
		return NULL;
	for (size_t i = 0; i < nr; i++) {
		if (!part || like(&part->rows[0], &rows[i]) != 0) {
			part = &parts[(*n)++];
			part->rows = &rows[i];
		}
		part->nr++;
		sleep_sum__add(&part->sum, &rows[i]->sum);
	}
	qsort_r(parts, *n, sizeof(*parts), part_order, &by);
	return parts;
}
