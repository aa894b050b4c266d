// SPDX-License-Identifier: GPL-2.0
#include "model/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/processes.h"
#include "model/state.h"

#define DEFAULT_MAX_KEYS 19000

static char *copy(struct ledger *l, const char *s)
{
	char *new = strdup(s ? s : "");

	if (!new)
		l->evicted = sat_add(l->evicted, 1);
	return new;
}

static void who__release(struct who *who)
{
	free((char *)who->comm);
	free((char *)who->cgroup);
}

static void who__own(struct ledger *l, struct who *to, const struct who *from)
{
	*to = *from;
	to->comm = copy(l, from->comm);
	to->cgroup = copy(l, from->cgroup);
}

/* It stays until it is let go of. Where no row can be had, the filesystem is not known. */
static const struct fs_info *hold_fs(struct ledger *l, const struct fs_info *fs)
{
	struct ledger_fs *row = ledger__fs(l, fs);

	if (!row)
		return &pseudo_fs_unknown;
	row->pins++;
	return &row->info;
}

static void let_go_of_fs(const struct fs_info *held)
{
	if (held && held != &pseudo_fs_unknown)
		((struct ledger_fs *)((char *)held - offsetof(struct ledger_fs, info)))->pins--;
}

/* ---- submits ---- */

/* Where a slow submit goes: a free place, or that of the shortest kept if it is longer. */
static struct report_slow *slow_place(struct ledger *l, uint64_t wall_ns)
{
	struct report_slow *least = &l->slow[0];

	if (l->nr_slow < LEDGER_SLOW_MAX)
		return &l->slow[l->nr_slow++];
	for (size_t i = 1; i < LEDGER_SLOW_MAX; i++) {
		if (l->slow[i].wall_ns < least->wall_ns)
			least = &l->slow[i];
	}
	return wall_ns > least->wall_ns ? least : NULL;
}

/* A source may send every submit; only long ones that did not sleep belong here. */
enum ledger_slow ledger__add_submit(struct ledger *l, const struct ev_submit *ev)
{
	struct report_slow *slow;

	l->slice.events++;
	if (ev->sleeps || !l->opts.slow_threshold_ns || ev->wall_ns < l->opts.slow_threshold_ns)
		return SUBMIT_QUICK;
	ledger__add_slow(l, 1);
	slow = slow_place(l, ev->wall_ns);
	if (!slow)
		return SUBMIT_SLOW;
	who__release(&slow->who);
	let_go_of_fs(slow->fs);
	*slow = (struct report_slow){
		.fs = hold_fs(l, ev->fs),
		.wall_ns = ev->wall_ns,
		.on_cpu_ns = ev->on_cpu_ns,
		.runqueue_ns = ev->runqueue_ns,
		.preempted_ns = ev->preempted_ns,
		.nr = ev->nr,
		.ret = ev->ret,
	};
	who__own(l, &slow->who, &ev->who);
	return SUBMIT_AMONG_LONGEST;
}

void ledger__add_slow(struct ledger *l, uint64_t n)
{
	l->slow_total = sat_add(l->slow_total, n);
	l->slice.slow_submits = sat_add(l->slice.slow_submits, n);
}

/* ---- what sleeps, what is on a CPU ---- */

static void unfinished__release(struct ledger *l, struct report_unfinished *u)
{
	who__release(&u->ev.who);
	let_go_of_fs(u->ev.fs);
	free((char *)u->ev.req.path);
	ledger__put_stack(l, ledger_stack__of(u->ev.stack));
}

/* A thread sleeps once at a time: what is said last of it holds. */
static struct report_unfinished *unfinished_place(struct ledger *l, uint32_t tid)
{
	struct report_unfinished *grown;
	uint32_t host = l->origin ? l->origin->host : 0;

	for (size_t i = 0; i < l->nr_unfinished; i++) {
		if (l->unfinished[i].ev.who.tid == tid && l->unfinished[i].host == host) {
			unfinished__release(l, &l->unfinished[i]);
			return &l->unfinished[i];
		}
	}
	if (l->nr_unfinished == LEDGER_UNFINISHED_MAX)
		return NULL;
	grown = realloc(l->unfinished, (l->nr_unfinished + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	l->unfinished = grown;
	return &l->unfinished[l->nr_unfinished++];
}

void ledger__add_unfinished(struct ledger *l, const struct ev_unfinished *ev,
			    const struct cause *cause)
{
	struct report_unfinished *u = unfinished_place(l, ev->who.tid);
	const struct ledger_cause *by;
	struct ledger_stack *stack;

	if (!u) {
		l->evicted = sat_add(l->evicted, 1);
		return;
	}
	stack = ledger__stack(l, ev->stack);
	by = cause ? ledger__cause(l, cause) : ledger__cause_of(l, stack);
	if (!cause)
		cause = by ? by->cause : pseudo__cause(PSEUDO_UNKNOWN);
	*u = (struct report_unfinished){
		.ev = *ev,
		.cause_id = cause->id,
		.cause_name = cause->name,
		.doubt = by ? ledger__doubt(l, stack, by) : NULL,
		.host = l->origin ? l->origin->host : 0,
	};
	who__own(l, &u->ev.who, &ev->who);
	u->ev.req.path = copy(l, ev->req.path);
	u->ev.stack = stack ? &stack->stack : NULL;
	u->ev.fs = hold_fs(l, ev->fs);
}

void ledger__add_sample(struct ledger *l, const struct ev_sample *ev)
{
	struct ledger_stack *stack = ledger__stack(l, ev->stack);
	struct ev_sample *grown;

	l->samples_total = sat_add(l->samples_total, ev->count);
	grown = l->nr_samples < LEDGER_SAMPLES_MAX
			? realloc(l->samples, (l->nr_samples + 1) * sizeof(*grown))
			: NULL;
	if (!grown) {
		l->evicted = sat_add(l->evicted, 1);
		ledger__put_stack(l, stack);
		return;
	}
	l->samples = grown;
	grown[l->nr_samples++] =
		(struct ev_sample){hold_fs(l, ev->fs), stack ? &stack->stack : NULL, ev->count};
}

void ledger__forget_unfinished(struct ledger *l)
{
	for (size_t i = 0; i < l->nr_unfinished; i++)
		unfinished__release(l, &l->unfinished[i]);
	l->nr_unfinished = 0;
}

void ledger__forget_asleep(struct ledger *l)
{
	ledger__forget_unfinished(l);
	for (size_t i = 0; i < l->nr_samples; i++) {
		ledger__put_stack(l, ledger_stack__of(l->samples[i].stack));
		let_go_of_fs(l->samples[i].fs);
	}
	l->nr_samples = 0;
	l->samples_total = 0;
	processes__forget(l);
}

/* ---- counters ---- */

static struct fs_counts *slice_of(struct ledger *l, struct ledger_fs *fs)
{
	if (!l->slice.taken || fs->slice)
		return fs->slice;
	fs->slice = calloc(1, sizeof(*fs->slice));
	if (!fs->slice) {
		l->evicted = sat_add(l->evicted, 1);
		return NULL;
	}
	fs->next_counted = l->slice.counted;
	l->slice.counted = fs;
	return fs->slice;
}

void ledger__count_uncounted(struct ledger *l)
{
	for (struct ledger_fs *fs = l->filesystems; fs; fs = fs->next) {
		struct fs_counts *slice = NULL;

		/* what those have slept that made room is in the file under their own names */
		if (!fs->has_counts && !fs->has_folded && counters__any_sleeps(&fs->counts.c))
			slice = slice_of(l, fs);
		if (slice)
			*slice = fs->counts;
	}
}

static void add_delta(struct ledger *l, struct ledger_fs *fs, const struct fs_counts *delta)
{
	struct fs_counts *slice = slice_of(l, fs);

	/* until now they were what the stalls add up to */
	if (!fs->has_counts)
		memset(&fs->counts, 0, sizeof(fs->counts));
	fs->has_counts = true;
	fs_counts__add(&fs->counts, delta);
	if (slice)
		fs_counts__add(slice, delta);
}

int ledger__add_counts(struct ledger *l, const struct fs_info *info, const struct fs_counts *delta)
{
	struct ledger_fs *fs;

	if (!info) {
		fs_counts__add(&l->totals, delta);
		fs_counts__add(&l->slice.totals, delta);
		return 0;
	}
	fs = ledger__fs(l, info);
	if (!fs)
		return -ENOMEM;
	add_delta(l, fs, delta);
	return 0;
}

void ledger__add_loss(struct ledger *l, const struct loss *delta)
{
	loss__add(&l->loss, delta);
	loss__add(&l->slice.loss, delta);
}

int ledger__add_here(struct ledger *l, const struct fs_info *info, const char *cause,
		     const char *text)
{
	struct ledger_fs *fs = ledger__fs(l, info);
	size_t cause_size = strlen(cause) + 1, text_size = strlen(text) + 1;
	struct ledger_here *here = fs ? malloc(sizeof(*here) + cause_size + text_size) : NULL;
	char *strings = (char *)(here + 1);

	if (!here)
		return -ENOMEM;
	here->cause = memcpy(strings, cause, cause_size);
	here->text = memcpy(strings + cause_size, text, text_size);
	here->next = fs->heres;
	fs->heres = here;
	return 0;
}

/* ---- the sink ---- */

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	ledger__add_stall(ctx, ev);
}

static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	ledger__add_stalls(ctx, ev);
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	ledger__add_submit(ctx, ev);
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	ledger__add_unfinished(ctx, ev, NULL);
}

/* Since tracing began; a device that is mounted elsewhere by now goes on counting. */
static void on_fs_counts(void *ctx, const struct fs_info *info, const struct fs_counts *counts)
{
	struct ledger *l = ctx;
	struct ledger_fs *fs = ledger__fs(l, info);
	struct fs_counts delta, *last;

	if (!fs) {
		l->evicted = sat_add(l->evicted, 1);
		return;
	}
	/* cumulative figures of several filesystems cannot be told apart in one row */
	if (!strcmp(fs->info.fstype, LEDGER_OTHER))
		return;
	last = ledger__counted(fs->device, info->counted);
	if (!last) {
		l->evicted = sat_add(l->evicted, 1);
		return;
	}
	fs_counts__take_delta(&delta, counts, last);
	add_delta(l, fs, &delta);
}

static void on_fs_restart(void *ctx, const struct fs_info *info)
{
	struct ledger_fs *fs = ledger__find_fs(ctx, info);

	if (fs)
		ledger__forget_counted(fs->device, info->counted);
}

static void on_totals(void *ctx, const struct fs_counts *counts)
{
	struct ledger *l = ctx;
	struct fs_counts delta;

	fs_counts__take_delta(&delta, counts, &l->totals_last);
	ledger__add_counts(l, NULL, &delta);
}

static void on_loss(void *ctx, const struct loss *loss)
{
	struct ledger *l = ctx;
	struct loss delta;

	loss__take_delta(&delta, loss, &l->loss_last);
	ledger__add_loss(l, &delta);
}

static void on_sample(void *ctx, const struct ev_sample *ev)
{
	ledger__add_sample(ctx, ev);
}

static void on_process(void *ctx, const struct ev_process *ev)
{
	ledger__add_process(ctx, ev);
}

static void on_failed(void *ctx, const struct ev_failed *ev)
{
	ledger__add_failed(ctx, ev);
}

/* ---- beginning and end ---- */

struct ledger *ledger__new(const struct ledger_opts *opts)
{
	struct ledger *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	if (opts)
		l->opts = *opts;
	if (!l->opts.max_keys)
		l->opts.max_keys = DEFAULT_MAX_KEYS;
	l->lru[FOLD_NOTHING].max = l->opts.max_keys;
	l->lru[FOLD_FILE].max = l->opts.max_keys / 4 + 1;
	l->max_filesystems = l->opts.max_keys / 8 + 1;
	l->sink = (struct sink){
		.ctx = l,
		.stall = on_stall,
		.stalls = on_stalls,
		.submit = on_submit,
		.unfinished = on_unfinished,
		.fs_counts = on_fs_counts,
		.fs_restart = on_fs_restart,
		.totals = on_totals,
		.loss = on_loss,
		.sample = on_sample,
		.process = on_process,
		.failed = on_failed,
	};
	return l;
}

void ledger__set_clock(struct ledger *l, int64_t wall_minus_mono_ns)
{
	l->clock_ns = wall_minus_mono_ns;
}

int ledger__set_origin(struct ledger *l, const char *hostname, const char *kernel)
{
	struct ledger_origin *o, *of_host = NULL;

	ledger__forget_stack_ids(l);
	for (o = l->origins; o; o = o->next) {
		if (strcmp(o->hostname, hostname) != 0)
			continue;
		of_host = o;
		if (!strcmp(o->kernel, kernel)) {
			l->origin = o;
			return 0;
		}
	}
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->no = l->origins ? l->origins->no + 1 : 1;
	o->host = of_host ? of_host->host : ++l->nr_hosts;
	snprintf(o->hostname, sizeof(o->hostname), "%s", hostname);
	snprintf(o->kernel, sizeof(o->kernel), "%s", kernel);
	o->next = l->origins;
	l->origins = l->origin = o;
	return 0;
}

void ledger__free(struct ledger *l)
{
	if (!l)
		return;
	ledger__forget_asleep(l);
	ledger__free_rows(l);
	convoy__free(l->convoy);
	for (size_t i = 0; i < l->nr_slow; i++)
		who__release(&l->slow[i].who);
	ledger__free_names(l);
	calls__release(&l->calls);
	free(l->unfinished);
	free(l->samples);
	pool__clear(&l->pool);
	free(l);
}

const struct sink *ledger__sink(struct ledger *l)
{
	return &l->sink;
}

const struct fs_counts *ledger__totals(const struct ledger *l)
{
	return &l->totals;
}

uint64_t ledger__evicted(const struct ledger *l)
{
	return l->evicted;
}
