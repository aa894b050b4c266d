// SPDX-License-Identifier: GPL-2.0
/* Stalls by any of their properties. */
#define _GNU_SOURCE /* qsort_r */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/select.h"

/* Beyond these the rest is "(other)". */
#define GROUPS_MAX 4096

/* What a dimension looks at; row is NULL where only the filesystem is looked at. */
struct subject {
	const struct ledger_fs *fs;
	const struct ledger_row *row;
};

static const char *api_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return api__name(s->fs->info.api);
}

static const char *plane_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return plane__name((enum plane)s->row->key.plane);
}

static const char *opcode_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return op__name(s->row->key.opcode);
}

static const char *fstype_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->fs->info.fstype;
}

static const char *mount_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->fs->info.mount;
}

static const char *device_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->fs->info.device_name;
}

static const char *kernel_of(const struct subject *s, const struct selection *of)
{
	return s->fs->origin ? s->fs->origin->kernel : of->ledger->capture.host.kernel;
}

static const char *host_of(const struct subject *s, const struct selection *of)
{
	return s->fs->origin ? s->fs->origin->hostname : of->ledger->capture.host.hostname;
}

static const char *file_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->row->key.path->text;
}

static const char *comm_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->row->key.comm->text;
}

static const char *cgroup_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->row->key.cgroup->text;
}

static const char *container_of(const struct subject *s, const struct selection *of)
{
	char name[512];

	return pool__str(of->pool, container__name(s->row->key.cgroup->text, of->view->containers,
						   name, sizeof(name)));
}

static const char *cause_of(const struct subject *s, const struct selection *of)
{
	(void)of;
	return s->row->key.cause->cause->id;
}

static const char *pid_of(const struct subject *s, const struct selection *of)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", s->row->key.pid);
	return pool__str(of->pool, text);
}

static const char *stack_of(const struct subject *s, const struct selection *of)
{
	const struct ledger_stack *st = s->row->key.stack;
	char *text = st ? pool__array(of->pool, st->key_len, 1) : NULL;

	if (!text)
		return "";
	memcpy(text, st->key, st->key_len);
	for (size_t i = 0; i + 1 < st->key_len; i++)
		if (!text[i])
			text[i] = '\n';
	return text;
}

static int compare_pids(const struct subject *a, const struct subject *b)
{
	return descending(b->row->key.pid, a->row->key.pid);
}

static int compare_stacks(const struct subject *a, const struct subject *b)
{
	return stack__compare(a->row->key.stack, b->row->key.stack);
}

/* What has one id has one name. */
static int compare_containers(const struct subject *a, const struct subject *b)
{
	char x[512], y[512];

	return strcmp(container__name(a->row->key.cgroup->text, NULL, x, sizeof(x)),
		      container__name(b->row->key.cgroup->text, NULL, y, sizeof(y)));
}

static const struct dimension {
	const char *name;
	const char *(*text)(const struct subject *s, const struct selection *of);
	int (*compare)(const struct subject *a, const struct subject *b); /* NULL = by the text */
	bool of_fs; /* submits that did not sleep have it too */
} dimensions[BYS] = {
	[BY_API] = {"api", api_of, NULL, true},
	[BY_PLANE] = {"plane", plane_of, NULL, false},
	[BY_OPCODE] = {"opcode", opcode_of, NULL, false},
	[BY_FS] = {"fs", fstype_of, NULL, true},
	[BY_MOUNT] = {"mount", mount_of, NULL, true},
	[BY_DEVICE] = {"device", device_of, NULL, true},
	[BY_FILE] = {"file", file_of, NULL, false},
	[BY_COMM] = {"comm", comm_of, NULL, false},
	[BY_PID] = {"pid", pid_of, compare_pids, false},
	[BY_CGROUP] = {"cgroup", cgroup_of, NULL, false},
	[BY_CONTAINER] = {"container", container_of, compare_containers, false},
	[BY_CAUSE] = {"cause", cause_of, NULL, false},
	[BY_STACK] = {"stack", stack_of, compare_stacks, false},
	[BY_KERNEL] = {"kernel", kernel_of, NULL, true},
	[BY_HOST] = {"host", host_of, NULL, true},
};

const char *view_by__name(enum view_by by)
{
	return dimensions[by].name;
}

const char *view_by__names(char *buf, size_t size)
{
	size_t used = 0;

	for (int i = 0; i < BYS && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "",
					 dimensions[i].name);
	return buf;
}

static int find_dimension(const char *name, size_t len)
{
	for (int i = 0; i < BYS; i++)
		if (strlen(dimensions[i].name) == len && !strncmp(dimensions[i].name, name, len))
			return i;
	return -EINVAL;
}

int view_by__parse(const char *list, enum view_by by[BYS], struct err *e)
{
	char names[160];
	int n = 0;

	for (const char *at = list;; at++) {
		size_t len = strcspn(at, ",");
		int found = find_dimension(at, len);

		for (int i = 0; i < n && found >= 0; i++)
			if (by[i] == (enum view_by)found)
				return err__set(e, -EINVAL, "--by names \"%.*s\" twice", (int)len,
						at);
		if (found < 0) {
			err__set(e, -EINVAL, "--by \"%.*s\": there is no such thing to group by",
				 (int)len, at);
			err__hint(e, "There are %s.", view_by__names(names, sizeof(names)));
			return -EINVAL;
		}
		by[n++] = (enum view_by)found;
		at += len;
		if (!*at)
			return n;
	}
}

/* ---- adding ---- */

static bool is_by_fs(const struct selection *s)
{
	for (size_t i = 0; i < s->view->nr_by; i++)
		if (!dimensions[s->view->by[i]].of_fs)
			return false;
	return !s->by_rows;
}

/* Filesystems or rows, as the dimensions have it. NULL if there are none, or no memory. */
static struct subject *subjects_of(const struct selection *s, bool by_fs, size_t *n)
{
	struct subject *list;

	*n = by_fs ? s->nr_filesystems : s->nr_rows;
	list = pool__array(s->pool, *n, sizeof(*list));
	if (!list)
		*n = 0;
	for (size_t i = 0; i < *n; i++)
		list[i] = by_fs ? (struct subject){.fs = s->filesystems[i]}
				: (struct subject){s->rows[i]->key.fs, s->rows[i]};
	return list;
}

static int compare(const void *a, const void *b, void *ctx)
{
	const struct selection *s = ctx;
	int d = 0;

	for (size_t i = 0; !d && i < s->view->nr_by; i++) {
		const struct dimension *by = &dimensions[s->view->by[i]];

		d = by->compare ? by->compare(a, b) : strcmp(by->text(a, s), by->text(b, s));
	}
	return d;
}

static bool is_by(const struct selection *s, enum view_by by)
{
	for (size_t i = 0; i < s->view->nr_by; i++)
		if (s->view->by[i] == by)
			return true;
	return false;
}

/* The figures of a group are those of one plane: the submitter's own, if planes are not told apart. */
static void add(struct fs_counts *to, const struct subject *s, const struct selection *of)
{
	struct hist hist = {0};

	if (!s->row) {
		fs_counts__add(to, &s->fs->counts);
		return;
	}
	hist__add_sparse(&hist, &s->row->hist);
	fs_counts__add_sleeps(to, is_by(of, BY_PLANE) ? PLANE_SUBMIT : s->row->key.plane,
			      &s->row->sum, &hist);
}

static void figure(const struct selection *s, struct report_group *g, struct fs_counts *sum,
		   const struct subject *of)
{
	const char **values = pool__array(s->pool, s->view->nr_by, sizeof(*values));

	for (size_t i = 0; values && i < s->view->nr_by; i++)
		values[i] = of ? dimensions[s->view->by[i]].text(of, s) : LEDGER_OTHER;
	fs_counts__fix_max(sum);
	*g = (struct report_group){
		.values = values,
		.has_submits = is_by_fs(s) && !capture__sleeps_only(&s->ledger->capture),
		.c = sum->c,
		.ctxsw_per_io = ratio(sum->c.sleeps, sum->c.requests),
		.blocked_share = ratio(sum->c.submits_blocked, sum->c.submits),
		.p50 = hist__quantile(&sum->sleep, 0.5, sum->c.max_sleep_ns),
		.p90 = hist__quantile(&sum->sleep, 0.9, sum->c.max_sleep_ns),
		.p99 = hist__quantile(&sum->sleep, 0.99, sum->c.max_sleep_ns),
	};
}

static size_t nr_different(const struct selection *s, const struct subject *list, size_t n)
{
	size_t different = n != 0;

	for (size_t i = 1; i < n; i++)
		different += compare(&list[i - 1], &list[i], (void *)s) != 0;
	return different;
}

static int group_order(const void *a, const void *b, void *ctx)
{
	const struct report_group *x = a, *y = b;
	const struct view *v = ctx;
	int d = descending(x->c.blocked_ns, y->c.blocked_ns);

	if (!d)
		d = descending(x->c.submits, y->c.submits);
	for (size_t i = 0; !d && i < v->nr_by; i++)
		d = strcmp(x->values[i], y->values[i]);
	return d;
}

/* What is in the list from there on is one group. Returns how many would have been others. */
static uint64_t fold(const struct selection *s, struct report *r, const struct subject *list,
		     size_t n)
{
	struct fs_counts sum = {0};
	size_t folded = nr_different(s, list, n);

	for (size_t i = 0; i < n; i++)
		add(&sum, &list[i], s);
	if (n)
		figure(s, &r->groups[r->nr_groups++], &sum, NULL);
	return folded;
}

static uint64_t add_groups(struct selection *s, struct report *r, const struct subject *list,
			   size_t n)
{
	size_t i = 0;

	while (i < n && r->nr_groups < GROUPS_MAX) {
		struct fs_counts sum = {0};
		size_t first = i;

		while (i < n && !compare(&list[first], &list[i], s))
			add(&sum, &list[i++], s);
		figure(s, &r->groups[r->nr_groups++], &sum, &list[first]);
	}
	return fold(s, r, list + i, n - i);
}

uint64_t groups__build(struct selection *s, struct report *r)
{
	const char **names = pool__array(s->pool, s->view->nr_by, sizeof(*names));
	struct subject *list;
	uint64_t evicted, blocked_ns = 0;
	size_t n, different;

	if (!names)
		return 0;
	for (size_t i = 0; i < s->view->nr_by; i++)
		names[i] = view_by__name(s->view->by[i]);
	r->by = names;
	r->nr_by = s->view->nr_by;
	list = subjects_of(s, is_by_fs(s), &n);
	if (!list)
		return 0;
	qsort_r(list, n, sizeof(*list), compare, s);
	different = nr_different(s, list, n);
	r->groups = pool__array(s->pool, different < GROUPS_MAX ? different : GROUPS_MAX + 1,
				sizeof(*r->groups));
	if (!r->groups)
		return 0;
	evicted = add_groups(s, r, list, n);
	if (s->pool->failed)
		return evicted;
	for (size_t i = 0; i < r->nr_groups; i++)
		blocked_ns = sat_add(blocked_ns, r->groups[i].c.blocked_ns);
	for (size_t i = 0; i < r->nr_groups; i++)
		r->groups[i].share = ratio(r->groups[i].c.blocked_ns, blocked_ns);
	qsort_r(r->groups, r->nr_groups, sizeof(*r->groups), group_order, (void *)s->view);
	return evicted;
}
