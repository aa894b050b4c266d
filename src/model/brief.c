// SPDX-License-Identifier: GPL-2.0
#include "model/brief.h"

#include <stdlib.h>
#include <string.h>

#include "model/state.h"

static const char *text(const char *s)
{
	return s ? s : "";
}

static bool is_same(const struct brief_fs *f, const struct fs_info *info)
{
	return f->api == info->api && !strcmp(f->fstype, text(info->fstype)) &&
	       !strcmp(f->device, text(info->device_name));
}

struct brief_fs *brief__want_fs(struct brief *b, const struct fs_info *info)
{
	struct brief_fs *grown;

	for (size_t i = 0; i < b->nr_fs; i++)
		if (is_same(&b->fs[i], info))
			return &b->fs[i];
	if (b->nr_fs == b->max_fs) {
		size_t max = b->max_fs ? 2 * b->max_fs : 16;

		grown = realloc(b->fs, max * sizeof(*grown));
		if (!grown) {
			b->failed = true;
			return NULL;
		}
		b->fs = grown;
		b->max_fs = max;
	}
	b->fs[b->nr_fs] = (struct brief_fs){
		.api = info->api,
		.fstype = text(info->fstype),
		.device = text(info->device_name),
		.mount = text(info->mount),
		.options = text(info->mount_options),
	};
	return &b->fs[b->nr_fs++];
}

static struct brief_cause *cause_of(struct brief *b, struct brief_fs *f, const char *id,
				    enum plane plane)
{
	struct brief_cause *grown;

	for (size_t i = 0; i < f->nr_causes; i++)
		if (f->causes[i].plane == plane && !strcmp(f->causes[i].id, id))
			return &f->causes[i];
	grown = realloc(f->causes, (f->nr_causes + 1) * sizeof(*grown));
	if (!grown) {
		b->failed = true;
		return NULL;
	}
	f->causes = grown;
	grown[f->nr_causes] = (struct brief_cause){.id = id, .plane = plane};
	return &grown[f->nr_causes++];
}

void brief__want_cause(struct brief *b, struct brief_fs *fs, const char *id)
{
	cause_of(b, fs, id, PLANE_SUBMIT);
}

static void add_cause(struct brief *b, struct brief_fs *f, const char *id, enum plane plane,
		      uint64_t sleeps, uint64_t blocked_ns)
{
	struct brief_cause *c = cause_of(b, f, id, plane);

	if (!c)
		return;
	c->sleeps = sat_add(c->sleeps, sleeps);
	c->blocked_ns = sat_add(c->blocked_ns, blocked_ns);
}

/* Each filesystem of the ledger is told its row, by number: rows may move. */
static void take_filesystems(struct brief *b, struct ledger *l)
{
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next) {
		struct brief_fs *f = brief__want_fs(b, &fs->info);
		const struct counters *c = &fs->counts.c;

		fs->view = f ? (uint32_t)(f - b->fs) : 0;
		if (!f)
			return;
		f->mount = text(fs->info.mount);
		f->options = text(fs->info.mount_options);
		fs_counts__add(&f->counts, &fs->counts);
		if (c->below_min_sleeps)
			add_cause(b, f, pseudo__cause(PSEUDO_BELOW_MIN)->id, PLANE_SUBMIT,
				  c->below_min_sleeps, c->below_min_ns);
	}
}

static void take_asleep(struct brief *b, const struct ledger *l)
{
	for (size_t i = 0; i < l->nr_unfinished && !b->failed; i++) {
		const struct ev_unfinished *ev = &l->unfinished[i].ev;
		struct brief_fs *f = brief__want_fs(b, ev->fs ? ev->fs : &pseudo_fs_unknown);

		if (!f)
			return;
		f->unfinished++;
		/* its series begins with 0, so that the end of this sleep is an increase */
		if (l->unfinished[i].cause_id)
			cause_of(b, f, l->unfinished[i].cause_id, ev->plane);
		if (ev->age_ns > f->oldest_ns)
			f->oldest_ns = ev->age_ns;
	}
}

bool brief__make(struct brief *b, struct ledger *l)
{
	*b = (struct brief){.loss = l->loss, .slow_submits = l->slow_total};
	b->loss.model_evicted = sat_add(b->loss.model_evicted, l->evicted);
	take_filesystems(b, l);
	for (const struct ledger_row *row = l->rows; row && !b->failed; row = row->hh.next)
		add_cause(b, &b->fs[row->key.fs->view], row->key.cause->cause->id, row->key.plane,
			  row->sum.sleeps, row->sum.blocked_ns);
	take_asleep(b, l);
	return !b->failed;
}

static int by_id(const void *a, const void *b)
{
	const struct brief_cause *x = a, *y = b;
	int d = strcmp(x->id, y->id);

	return d ? d : (int)x->plane - (int)y->plane;
}

static int by_labels(const void *a, const void *b)
{
	const struct brief_fs *x = a, *y = b;
	int d = strcmp(api__name(x->api), api__name(y->api));

	d = d ? d : strcmp(x->fstype, y->fstype);
	return d ? d : strcmp(x->device, y->device);
}

void brief__sort(struct brief *b)
{
	for (size_t i = 0; i < b->nr_fs; i++)
		if (b->fs[i].nr_causes)
			qsort(b->fs[i].causes, b->fs[i].nr_causes, sizeof(*b->fs[i].causes), by_id);
	if (b->nr_fs)
		qsort(b->fs, b->nr_fs, sizeof(*b->fs), by_labels);
}

void brief__free(struct brief *b)
{
	for (size_t i = 0; i < b->nr_fs; i++)
		free(b->fs[i].causes);
	free(b->fs);
	*b = (struct brief){0};
}
