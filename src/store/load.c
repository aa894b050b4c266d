// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* reallocarray */
#include "store/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause/causes.h"
#include "model/state.h"

struct load {
	const struct load_opts *opts;
	struct ledger *ledger;
	struct store **stores; /* what is its own */
	size_t nr_stores;
	uint64_t nr_recordings;
	/* of the recording that is being added */
	struct store *store;
	struct ledger_row **rows; /* by store_key.no */
	uint64_t duration_ns, slow_submits, slow_fed, slow_ns;
	bool in_slice;
	uint64_t nr_slices;  /* of all */
	uint64_t whole_ns;   /* the longest of them, whatever the range */
	uint64_t trigger_ns; /* 0 = one of them had no trigger */
	bool has_rolling,
		has_older; /* one with --keep or --trigger; one that tells of no process */
	/* of all */
	struct capture_info capture;
	struct container_names containers;
};

static const char *container_of(void *ctx, const char *id)
{
	const struct load *l = ctx;
	const char *name = NULL;

	for (size_t i = 0; !name && i < l->nr_stores; i++)
		name = store__container(l->stores[i], id);
	return name;
}

struct load *load__new(const struct load_opts *opts, struct err *e)
{
	struct load *l = calloc(1, sizeof(*l));

	if (!l)
		err__set(e, -ENOMEM, "out of memory");
	else
		*l = (struct load){.opts = opts, .containers = {container_of, l}};
	return l;
}

const struct container_names *load__containers(const struct load *l)
{
	return &l->containers;
}

static int out_of_memory(struct err *e)
{
	return err__set(e, -ENOMEM, "out of memory");
}

/* ---- one recording ---- */

/* Whether sums do not tell apart what is asked for; shorter stalls than its -m a recording has none. */
static bool needs_events(const struct load *l)
{
	const struct view_filter *f = &l->opts->filter;

	return f->nr_tids || f->min_ns > store__capture(l->store)->min_ns;
}

static const struct cause *cause_of(const struct load *l, const struct stack *s,
				    const struct cause *recorded)
{
	if (l->opts->rematch && s)
		return causes__match(l->opts->causes, s->frames, s->depth);
	return recorded;
}

/* What a key says of its stalls. */
static struct ev_stall stall_of(const struct store_key *k)
{
	return (struct ev_stall){
		.who = {.pid = k->pid,
			.comm = k->comm,
			.cgroup_id = k->cgroup_id,
			.cgroup = k->cgroup},
		.fs = k->fs,
		.plane = k->plane,
		.req = {.opcode = k->opcode, .fd = -1, .path = k->path},
		.waker_kind = k->waker_kind,
		.waker_comm = k->waker,
		.holder_pid = k->holder_pid,
		.holder_comm = k->holder,
		.behind = k->behind,
		.stack = k->stack,
		.user_stack = k->user_stack,
	};
}

static struct ledger_row *row_of(struct load *l, const struct store_key *k)
{
	struct ev_stall like;

	if (!l->rows[k->no]) {
		like = stall_of(k);
		l->rows[k->no] = ledger__row(l->ledger, &like, cause_of(l, k->stack, k->cause));
	}
	return l->rows[k->no];
}

/* What was read so far is a slice. */
static void end_slice(struct load *l)
{
	const struct load_slices *to = l->opts->slices;

	if (to && l->in_slice)
		to->slice(to->ctx, l->ledger);
	l->in_slice = false;
}

static int on_slice(void *ctx, const struct store_slice *slice)
{
	struct load *l = ctx;
	const struct view_filter *f = &l->opts->filter;

	end_slice(l);
	l->in_slice = true;
	l->nr_slices++;
	l->duration_ns += slice->end_ns - slice->start_ns;
	if (!view_filter__is_of_threads(f) && !view_filter__is_of_fs(f))
		l->slow_submits += slice->slow_submits;
	return 0;
}

static int on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *delta)
{
	struct load *l = ctx;

	return ledger__add_counts(l->ledger, fs, delta);
}

static int on_stalls_hist(void *ctx, const struct store_key *k, const struct sleep_sum *sum,
			  const struct hist *hist)
{
	struct load *l = ctx;
	struct ledger_row *row = row_of(l, k);

	if (!row)
		return -ENOMEM;
	ledger__add_sum(l->ledger, row, sum, hist);
	return 0;
}

static int on_stalls(void *ctx, const struct store_key *k, const struct sleep_sum *sum)
{
	return on_stalls_hist(ctx, k, sum, NULL);
}

/* What -m leaves out is in the counters still, as it is while tracing. */
static int leave_out(struct load *l, const struct ev_stall *ev)
{
	const struct fs_counts below = {
		.c = {.below_min_sleeps = 1, .below_min_ns = ev->blocked_ns}};
	int rc = ledger__add_counts(l->ledger, ev->fs, &below);

	return rc ? rc : ledger__add_counts(l->ledger, NULL, &below);
}

static int on_stall(void *ctx, const struct ev_stall *ev, const struct store_key *k)
{
	struct load *l = ctx;
	const struct view_filter *f = &l->opts->filter;
	bool alone = needs_events(l);
	struct sleep_sum one;
	struct ledger_row *row;

	if (!view_filter__wants(f, ev->fs, &ev->who))
		return 0;
	if (alone && ev->blocked_ns < f->min_ns)
		return leave_out(l, ev);
	row = row_of(l, k);
	if (!row)
		return -ENOMEM;
	ledger__note_stall(l->ledger, row, ev);
	/* with filters that need them, sums are made of single stalls */
	if (alone) {
		one = ledger__sum_of(l->ledger, row, ev);
		ledger__add_sum(l->ledger, row, &one, NULL);
	}
	return 0;
}

static int on_submit(void *ctx, const struct ev_submit *ev)
{
	struct load *l = ctx;

	if (!view_filter__wants(&l->opts->filter, ev->fs, &ev->who))
		return 0;
	if (!ev->sleeps && l->slow_ns && ev->wall_ns >= l->slow_ns)
		l->slow_fed++;
	ledger__add_submit(l->ledger, ev);
	return 0;
}

static int on_loss(void *ctx, const struct loss *delta)
{
	struct load *l = ctx;

	ledger__add_loss(l->ledger, delta);
	return 0;
}

static int on_unfinished(void *ctx, const struct ev_unfinished *ev, const struct cause *cause)
{
	struct load *l = ctx;

	if (view_filter__wants(&l->opts->filter, ev->fs, &ev->who))
		ledger__add_unfinished(l->ledger, ev, cause_of(l, ev->stack, cause));
	return 0;
}

/* Whose they are is not known. */
static int on_sample(void *ctx, const struct ev_sample *ev)
{
	struct load *l = ctx;
	const struct view_filter *f = &l->opts->filter;

	if (!view_filter__is_of_threads(f) && view_filter__wants_fs(f, ev->fs))
		ledger__add_sample(l->ledger, ev);
	return 0;
}

/* They are told by what they are, and a choice of them is the view's. */
static int on_process(void *ctx, const struct ev_process *ev)
{
	ledger__add_process(((struct load *)ctx)->ledger, ev);
	return 0;
}

static int on_failed(void *ctx, const struct ev_failed *ev)
{
	ledger__add_failed(((struct load *)ctx)->ledger, ev);
	return 0;
}

static int read_store(struct load *l, struct err *e)
{
	bool by_event = needs_events(l);
	bool sums = l->opts->slices && !l->opts->slices->whole;
	bool hists = l->opts->slices || l->opts->distributions ||
		     view_filter__is_of_threads(&l->opts->filter);
	const struct store_visitor v = {
		.ctx = l,
		.slice = on_slice,
		.fs_counts = on_fs_counts,
		.stalls = by_event || hists ? NULL : on_stalls,
		.stalls_hist = by_event || !hists ? NULL : on_stalls_hist,
		.stall = sums ? NULL : on_stall,
		.submit = sums ? NULL : on_submit,
		.loss = on_loss,
		.unfinished = sums ? NULL : on_unfinished,
		.sample = sums ? NULL : on_sample,
		.process = sums ? NULL : on_process,
		.failed = sums ? NULL : on_failed,
	};
	int rc = store__read(l->store, &l->opts->range, &v, e);

	end_slice(l);
	return rc == -ENOMEM && !e->text[0] ? out_of_memory(e) : rc;
}

static int check_filter(const struct load *l, struct err *e)
{
	const char *what = l->opts->filter.nr_tids ? "tid" : "min";

	if (!needs_events(l) || store__info(l->store)->events)
		return 0;
	err__set(
		e, -EINVAL,
		"%s has sums and the worst stalls, for it was recorded without --events: what --%s "
		"would leave of the sums is not known",
		store__path(l->store), what);
	err__hint(
		e,
		"It can tell apart by --pid, --comm, --cgroup, --fs, --mount and --device. Record "
		"with --events, or with --%s itself.",
		what);
	return -EINVAL;
}

static void add_heres(struct load *l)
{
	const struct store_here *h;

	for (size_t i = 0; (h = store__here(l->store, i)); i++)
		if (ledger__add_here(l->ledger, h->fs, h->cause, h->text))
			return;
}

/* ---- what they were captures of ---- */

/* "a", then "a, b": as far as there is room. */
static void append_word(char *list, size_t size, const char *word)
{
	size_t len = strlen(list);
	const char *at = strstr(list, word);

	if (at && (at == list || at[-1] == ' ') && (at[strlen(word)] == ',' || !at[strlen(word)]))
		return;
	snprintf(list + len, size - len, "%s%s", len ? ", " : "", word);
}

static const char *either(const char *a, const char *b)
{
	return !strcmp(a, b) ? a : "several";
}

/* Where a part has no calls counted, neither has the whole. */
static const char *either_submit(const char *a, const char *b)
{
	return !strcmp(a, "none") || !strcmp(b, "none") ? "none" : either(a, b);
}

static uint64_t duration_of(const struct load *l)
{
	const struct store_info *info = store__info(l->store);
	const struct store_range *range = &l->opts->range;
	bool whole = !range->since_ns && !range->until_ns && !info->keep_ns && !info->trigger_ns;

	return whole ? store__capture(l->store)->duration_ns : l->duration_ns;
}

/* What is needed to say why there is nothing. */
static void note_size(struct load *l)
{
	const struct store_info *info = store__info(l->store);
	uint64_t whole_ns = store__capture(l->store)->duration_ns;

	l->whole_ns = whole_ns > l->whole_ns ? whole_ns : l->whole_ns;
	l->trigger_ns = l->nr_recordings && !l->trigger_ns ? 0 : info->trigger_ns;
	l->has_rolling |= info->keep_ns || info->trigger_ns;
	l->has_older |= !store__tells_who(l->store);
}

const char *load__nothing(const struct load *l, char *buf, size_t size)
{
	char time[16];

	if (l->nr_slices)
		return NULL;
	if (l->trigger_ns) {
		snprintf(buf, size,
			 "no stall of %s came while it was recorded: the trigger has kept nothing",
			 fmt__duration(l->trigger_ns, time, sizeof(time)));
		return buf;
	}
	if (!l->opts->range.since_ns && !l->opts->range.until_ns)
		return NULL;
	snprintf(buf, size,
		 "nothing was recorded between --since and --until: all of it is %s long",
		 fmt__duration(l->whole_ns, time, sizeof(time)));
	return buf;
}

const char *load__no_submits(const struct load *l)
{
	if (l->opts->range.since_ns || l->opts->range.until_ns)
		return "what each process submitted is kept of the whole recording, and not of a "
		       "part between --since and --until";
	if (l->has_rolling)
		return "what each process submitted is not kept with --keep and --trigger";
	return l->has_older
		       ? "what each process submitted is not in a recording of an older version"
		       : NULL;
}

static void merge_capture(struct load *l)
{
	const struct capture_info *from = store__capture(l->store);
	struct capture_info *c = &l->capture;

	note_size(l);
	if (l->nr_recordings++ == 0) {
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
	c->skips = either(c->skips, from->skips);
	c->skips_unknown = either(c->skips_unknown, from->skips_unknown);
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

/* ---- all of them ---- */

/* Rows are pointed to while a recording is read, so that none may be evicted: its own bounds hold. */
static int open_ledger(struct load *l)
{
	const struct ledger_opts opts = {
		.causes = l->opts->causes,
		.slow_threshold_ns = store__info(l->store)->slow_ns,
		.max_keys = SIZE_MAX,
	};

	l->slow_ns = opts.slow_threshold_ns;
	if (l->ledger)
		return 0;
	l->ledger = ledger__new(&opts);
	if (l->ledger && l->opts->slices)
		ledger__take_slices(l->ledger, 0, NULL, NULL);
	return l->ledger ? 0 : -ENOMEM;
}

/* 0 = not known. */
static int64_t clock_of(const struct store *s)
{
	int64_t clock_ns;

	if (__builtin_sub_overflow(store__capture(s)->started_unix_ns,
				   store__info(s)->started_mono_ns, &clock_ns))
		return 0;
	return clock_ns;
}

static int begin(struct load *l, struct err *e)
{
	const struct host_info *host = &store__capture(l->store)->host;
	size_t n = store__nr_keys(l->store);

	l->duration_ns = l->slow_submits = l->slow_fed = 0;
	l->rows = calloc(n ? n : 1, sizeof(struct ledger_row *));
	if (!l->rows || open_ledger(l) ||
	    ledger__set_origin(l->ledger, host->hostname, host->kernel))
		return out_of_memory(e);
	ledger__set_clock(l->ledger, clock_of(l->store));
	add_heres(l);
	return 0;
}

static int add_store(struct load *l, struct store *s, struct err *e)
{
	int rc;

	l->store = s;
	rc = l->opts->slices && l->opts->slices->recording
		     ? l->opts->slices->recording(l->opts->slices->ctx, s, e)
		     : check_filter(l, e);
	if (!rc)
		rc = begin(l, e);
	if (!rc)
		rc = read_store(l, e);
	/* of them only the longest are there as single stalls */
	if (!rc && needs_events(l))
		ledger__add_loss(l->ledger, &(struct loss){.events = store__capture(s)->spilled});
	if (l->rows && l->ledger) {
		merge_capture(l);
		ledger__add_slow(l->ledger, sat_sub(l->slow_submits, l->slow_fed));
	}
	free(l->rows);
	l->rows = NULL;
	store__release(s);
	return rc;
}

int load__add(struct load *l, struct store_input *in, struct err *e)
{
	struct store **grown = reallocarray(l->stores, l->nr_stores + 1, sizeof(*grown));
	struct store *s;

	if (!grown)
		return out_of_memory(e);
	l->stores = grown;
	s = store__open_input(in, NULL, e);
	if (!s)
		return -EBADMSG;
	/* the ledger has its causes, so that it stays whatever comes */
	l->stores[l->nr_stores++] = s;
	return add_store(l, s, e);
}

struct ledger *load__ledger(struct load *l)
{
	return l->ledger;
}

const struct store *load__store(const struct load *l)
{
	return l->store;
}

const struct capture_info *load__capture(const struct load *l)
{
	return &l->capture;
}

void load__free(struct load *l)
{
	if (!l)
		return;
	ledger__free(l->ledger);
	for (size_t i = 0; i < l->nr_stores; i++)
		store__free(l->stores[i]);
	free(l->stores);
	free(l);
}
