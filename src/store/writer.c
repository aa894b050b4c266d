// SPDX-License-Identifier: GPL-2.0
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/tally.h"
#include "store/disk.h"
#include "store/names.h"

/* As many long submits as the model lists. */
#define SLOW_MAX 20
/* Rows that wait for the disk. */
#define BATCH_MAX_BYTES (16 << 20)
/* What is kept around a stall that triggers, if --keep does not say it. */
#define TRIGGER_KEEP_NS (10 * NSEC_PER_SEC)

/* A cause's worst stall of a slice. */
struct worst_row {
	UT_hash_handle hh;
	uint32_t id[2]; /* fs, cause */
	struct key_row *key;
};

struct store_writer {
	struct sink sink;
	struct names *names;
	struct disk *disk;
	struct batch batch;
	uint64_t started_ns, slice_start_ns, now_ns;
	uint64_t slow_ns, trigger_ns;
	uint32_t slice, keep_slices; /* keep 0 = all */
	uint32_t last_trigger;	     /* slice, 0 = none yet */
	bool events, triggered, begun;
	/* of this slice */
	struct key_row *touched;
	struct worst_row *worst;
	uint32_t next_no; /* of stalls and submits */
	uint64_t slow_submits;
	struct ev_submit longest; /* its pointers are not valid any more */
	uint32_t longest_fs, longest_comm, longest_cgroup, longest_no;
	bool has_longest;
	/* since the beginning */
	uint64_t slow_wall_ns[SLOW_MAX];
	size_t nr_slow;
	struct fs_row totals;
	struct fs_row *counted; /* filesystems whose counters this slice delivered */
	struct loss loss, loss_written;
	uint64_t spilled; /* stalls that came in sums only */
	uint64_t expired_at;
};

/* ---- rows ---- */

static void put_info_int(struct store_writer *w, const char *name, uint64_t v)
{
	batch__row(&w->batch, BATCH_INSERT, TABLE_INFO, 2);
	batch__text(&w->batch, name);
	batch__int(&w->batch, v);
}

static void put_info_text(struct store_writer *w, const char *name, const char *text)
{
	batch__row(&w->batch, BATCH_INSERT, TABLE_INFO, 2);
	batch__text(&w->batch, name);
	batch__text(&w->batch, text);
}

void store_writer__add_fact(struct store_writer *w, const char *what, const char *of,
			    const char *value)
{
	static const uint8_t nothing;

	batch__row(&w->batch, BATCH_INSERT, TABLE_FACT, 4);
	batch__blob(&w->batch, &nothing, 0); /* the next id */
	batch__text(&w->batch, what);
	batch__text(&w->batch, of);
	batch__text(&w->batch, value);
}

void store_writer__add_here(struct store_writer *w, const struct fs_info *fs, const char *cause,
			    const char *text)
{
	struct fs_row *row = *text ? names__fs(w->names, fs) : NULL;
	static const uint8_t nothing;

	if (!row)
		return;
	batch__row(&w->batch, BATCH_INSERT, TABLE_HERE, 4);
	batch__blob(&w->batch, &nothing, 0); /* the next id */
	batch__int(&w->batch, row->no);
	batch__text(&w->batch, cause);
	batch__text(&w->batch, text);
}

static void put_stall(struct store_writer *w, const struct ev_stall *ev, uint32_t key,
		      uint32_t waker, uint32_t no)
{
	batch__row(&w->batch, BATCH_INSERT, TABLE_STALL, (uint8_t)(4 + schema_stall.nr));
	batch__int(&w->batch, w->slice);
	batch__int(&w->batch, no);
	batch__int(&w->batch, key);
	batch__int(&w->batch, waker);
	batch__columns(&w->batch, &schema_stall, ev);
}

static void put_submit(struct store_writer *w, const struct ev_submit *ev, uint32_t fs,
		       uint32_t comm, uint32_t cgroup, uint32_t no)
{
	batch__row(&w->batch, BATCH_INSERT, TABLE_SUBMIT, (uint8_t)(5 + schema_submit.nr));
	batch__int(&w->batch, w->slice);
	batch__int(&w->batch, no);
	batch__int(&w->batch, fs);
	batch__int(&w->batch, comm);
	batch__int(&w->batch, cgroup);
	batch__columns(&w->batch, &schema_submit, ev);
}

/* ---- events ---- */

static void touch(struct store_writer *w, struct key_row *row)
{
	if (row->last_slice == w->slice)
		return;
	row->last_slice = w->slice;
	row->next = w->touched;
	w->touched = row;
}

static void note_worst_of_slice(struct store_writer *w, struct key_row *row,
				const struct ev_stall *ev)
{
	if (row->sum.sleeps && ev->blocked_ns <= row->sum.max_ns)
		return;
	row->worst = *ev;
	row->worst_no = w->next_no;
	row->worst_waker_comm = names__string(w->names, ev->waker_comm);
}

static void add_to_hist(struct store_writer *w, struct key_row *row, uint32_t bucket,
			uint64_t count)
{
	if (sparse__add(&row->hist, bucket, count))
		w->loss.model_evicted = sat_add(w->loss.model_evicted, count);
}

static void sum_up(struct store_writer *w, struct key_row *row, const struct ev_stall *ev)
{
	const struct store_sum one = {
		.sleeps = 1,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait,
		.nowait_sleeps = (ev->req.shape & SHAPE_NOWAIT) != 0,
		.how = {ev->req.how == HOW_UNKNOWN, ev->req.how == HOW_EXACT,
			ev->req.how == HOW_SCANNED, ev->req.how == HOW_BATCH},
	};

	note_worst_of_slice(w, row, ev);
	store_sum__add(&row->sum, &one);
	add_to_hist(w, row, hist__bucket(ev->blocked_ns), 1);
}

/* With a disk that does not keep up, single events are the first to go: the sums have them still. */
static bool has_room(struct store_writer *w)
{
	if (w->batch.used < BATCH_MAX_BYTES)
		return true;
	w->loss.model_evicted = sat_add(w->loss.model_evicted, 1);
	return false;
}

/* Where the kernel's table of filesystems was full, stalls are all there is. As in the model. */
static void count_without_counters(struct fs_row *row, const struct ev_stall *ev)
{
	const struct fs_counts one = {
		.c =
			{
				.sleeps = 1,
				.blocked_ns = ev->blocked_ns,
				.runqueue_ns = ev->runqueue_ns,
				.held_up_requests = ev->held_up_requests,
				.max_sleep_ns = ev->blocked_ns,
			},
	};

	store_counts__add(&row->now, &one);
	hist__add(&row->now.sleep, ev->blocked_ns, 1);
}

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	struct store_writer *w = ctx;
	struct key_row *row = names__key(w->names, ev);

	if (!row) {
		w->loss.model_evicted = sat_add(w->loss.model_evicted, 1);
		return;
	}
	touch(w, row);
	sum_up(w, row, ev);
	if (!row->fs->has_counts)
		count_without_counters(row->fs, ev);
	if (w->events && has_room(w))
		put_stall(w, ev, row->no, names__string(w->names, ev->waker_comm), w->next_no);
	w->next_no++;
	if (w->trigger_ns && ev->blocked_ns >= w->trigger_ns)
		w->triggered = true;
}

static void sum_up_stalls(struct store_writer *w, struct key_row *row, const struct ev_stalls *ev)
{
	const enum request_how how = ev->longest.req.how;
	const struct store_sum sum = {
		.sleeps = ev->sleeps,
		.blocked_ns = ev->blocked_ns,
		.runqueue_ns = ev->runqueue_ns,
		.max_ns = ev->longest.blocked_ns,
		.held_up_requests = ev->held_up_requests,
		.iowait_sleeps = ev->iowait_sleeps,
		.nowait_sleeps = ev->nowait_sleeps,
		.how = {how == HOW_UNKNOWN ? ev->sleeps : 0, how == HOW_EXACT ? ev->sleeps : 0,
			how == HOW_SCANNED ? ev->sleeps : 0, how == HOW_BATCH ? ev->sleeps : 0},
	};

	note_worst_of_slice(w, row, &ev->longest);
	store_sum__add(&row->sum, &sum);
	for (uint32_t b = 0; b < HIST_BUCKETS; b++)
		if (ev->hist.n[b])
			add_to_hist(w, row, b, ev->hist.n[b]);
}

static void count_stalls_without_counters(struct fs_row *row, const struct ev_stalls *ev)
{
	const struct fs_counts sum = {
		.c =
			{
				.sleeps = ev->sleeps,
				.blocked_ns = ev->blocked_ns,
				.runqueue_ns = ev->runqueue_ns,
				.held_up_requests = ev->held_up_requests,
				.max_sleep_ns = ev->longest.blocked_ns,
			},
		.sleep = ev->hist,
	};

	store_counts__add(&row->now, &sum);
}

/* In sums they are as complete as others; with --events the longest alone is there by itself. */
static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	struct store_writer *w = ctx;
	struct key_row *row = names__key(w->names, &ev->longest);

	w->spilled = sat_add(w->spilled, ev->sleeps);
	if (!row) {
		w->loss.model_evicted = sat_add(w->loss.model_evicted, ev->sleeps);
		return;
	}
	touch(w, row);
	sum_up_stalls(w, row, ev);
	if (!row->fs->has_counts)
		count_stalls_without_counters(row->fs, ev);
	if (w->events && has_room(w))
		put_stall(w, &ev->longest, row->no, names__string(w->names, ev->longest.waker_comm),
			  w->next_no);
	w->next_no++;
	if (w->trigger_ns && ev->longest.blocked_ns >= w->trigger_ns)
		w->triggered = true;
}

/* Whether a long submit is among the longest so far; takes the place of the shortest then. */
static bool is_among_longest(struct store_writer *w, uint64_t wall_ns)
{
	uint64_t *least = &w->slow_wall_ns[0];

	if (w->nr_slow < SLOW_MAX) {
		w->slow_wall_ns[w->nr_slow++] = wall_ns;
		return true;
	}
	for (size_t i = 1; i < SLOW_MAX; i++)
		if (w->slow_wall_ns[i] < *least)
			least = &w->slow_wall_ns[i];
	if (wall_ns <= *least)
		return false;
	*least = wall_ns;
	return true;
}

static void note_longest(struct store_writer *w, const struct ev_submit *ev, uint32_t fs)
{
	if (w->has_longest && ev->wall_ns <= w->longest.wall_ns)
		return;
	w->has_longest = true;
	w->longest = *ev;
	w->longest_fs = fs;
	w->longest_comm = names__string(w->names, ev->who.comm);
	w->longest_cgroup = names__string(w->names, ev->who.cgroup);
	w->longest_no = w->next_no;
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct store_writer *w = ctx;
	bool slow = !ev->sleeps && w->slow_ns && ev->wall_ns >= w->slow_ns;
	bool keep = w->events && (slow || has_room(w));
	struct fs_row *fs;

	if (!slow && !keep)
		return;
	fs = names__fs(w->names, ev->fs);
	if (slow) {
		w->slow_submits++;
		keep |= is_among_longest(w, ev->wall_ns);
	}
	if (keep)
		put_submit(w, ev, fs ? fs->no : 0, names__string(w->names, ev->who.comm),
			   names__string(w->names, ev->who.cgroup), w->next_no);
	else
		note_longest(w, ev, fs ? fs->no : 0);
	w->next_no++;
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	struct store_writer *w = ctx;
	struct fs_row *fs = names__fs(w->names, ev->fs);
	static const uint8_t nothing;
	/* names that are new become rows themselves: not within this one */
	const uint32_t refs[] = {
		fs ? fs->no : 0,
		names__cause(w->names, ev->stack),
		names__stack(w->names, ev->stack),
		names__string(w->names, ev->req.path),
		names__string(w->names, ev->who.comm),
		names__string(w->names, ev->who.cgroup),
	};

	batch__row(&w->batch, BATCH_INSERT, TABLE_UNFINISHED, (uint8_t)(7 + schema_unfinished.nr));
	batch__blob(&w->batch, &nothing, 0);
	for (size_t i = 0; i < ARRAY_SIZE(refs); i++)
		batch__int(&w->batch, refs[i]);
	batch__columns(&w->batch, &schema_unfinished, ev);
	if (w->trigger_ns && ev->age_ns >= w->trigger_ns)
		w->triggered = true;
}

static void note_counted(struct store_writer *w, struct fs_row *row)
{
	if (row->last_slice == w->slice)
		return;
	row->last_slice = w->slice;
	row->next = w->counted;
	w->counted = row;
}

static void on_fs_counts(void *ctx, const struct fs_info *fs, const struct fs_counts *counts)
{
	struct store_writer *w = ctx;
	struct fs_row *row = names__fs(w->names, fs);

	if (!row) {
		w->loss.model_evicted = sat_add(w->loss.model_evicted, 1);
		return;
	}
	row->now = *counts;
	row->has_counts = true;
	note_counted(w, row);
}

static void on_totals(void *ctx, const struct fs_counts *counts)
{
	struct store_writer *w = ctx;

	w->totals.now = *counts;
}

static void on_loss(void *ctx, const struct loss *loss)
{
	struct store_writer *w = ctx;
	uint64_t own = w->loss.model_evicted;

	w->loss = *loss;
	w->loss.model_evicted = own;
}

static void on_sample(void *ctx, const struct ev_sample *ev)
{
	struct store_writer *w = ctx;
	struct fs_row *fs = names__fs(w->names, ev->fs);
	uint32_t stack = names__stack(w->names, ev->stack);
	static const uint8_t nothing;

	batch__row(&w->batch, BATCH_INSERT, TABLE_SAMPLE, 4);
	batch__blob(&w->batch, &nothing, 0);
	batch__int(&w->batch, fs ? fs->no : 0);
	batch__int(&w->batch, stack);
	batch__int(&w->batch, ev->count);
}

/* ---- the end of a slice ---- */

/* to = now - written, written = now; what went down (a reset) adds nothing. True if anything was added. */
static bool take_delta(uint64_t *to, const uint64_t *now, uint64_t *written, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		to[i] = sat_sub(now[i], written[i]);
		if (now[i] > written[i])
			written[i] = now[i];
		any |= to[i] != 0;
	}
	return any;
}

#define NUMBERS(of) (sizeof(of) / sizeof(uint64_t))

static void put_counters(struct store_writer *w, struct fs_row *row)
{
	uint64_t max_sleep = row->written.c.max_sleep_ns, max_submit = row->written.c.max_submit_ns;
	uint8_t blob[CODEC_HIST_MAX];
	struct fs_counts delta;
	bool any;

	any = take_delta((uint64_t *)&delta.c, (const uint64_t *)&row->now.c,
			 (uint64_t *)&row->written.c, NUMBERS(delta.c));
	any |= take_delta(delta.sleep.n, row->now.sleep.n, row->written.sleep.n, HIST_BUCKETS);
	any |= take_delta(delta.submit.n, row->now.submit.n, row->written.submit.n, HIST_BUCKETS);
	/* a maximum is no sum */
	delta.c.max_sleep_ns = row->now.c.max_sleep_ns > max_sleep ? row->now.c.max_sleep_ns : 0;
	delta.c.max_submit_ns =
		row->now.c.max_submit_ns > max_submit ? row->now.c.max_submit_ns : 0;
	if (!any && row->in_file)
		return;
	row->in_file = true;
	batch__row(&w->batch, BATCH_INSERT, TABLE_COUNTERS, (uint8_t)(4 + schema_counters.nr));
	batch__int(&w->batch, w->slice);
	batch__int(&w->batch, row->no);
	batch__columns(&w->batch, &schema_counters, &delta.c);
	batch__blob(&w->batch, blob, codec__put_hist(&delta.sleep, blob));
	batch__blob(&w->batch, blob, codec__put_hist(&delta.submit, blob));
}

static void put_sleeps(struct store_writer *w, struct key_row *row)
{
	uint8_t blob[CODEC_HIST_MAX];

	batch__row(&w->batch, BATCH_INSERT, TABLE_SLEEPS, (uint8_t)(3 + schema_sleeps.nr));
	batch__int(&w->batch, w->slice);
	batch__int(&w->batch, row->no);
	batch__columns(&w->batch, &schema_sleeps, &row->sum);
	batch__blob(&w->batch, blob, sparse__put(&row->hist, blob));
}

static bool is_worse(const struct key_row *a, const struct key_row *b)
{
	if (a->sum.max_ns != b->sum.max_ns)
		return a->sum.max_ns > b->sum.max_ns;
	return a->worst_no < b->worst_no;
}

static void note_worst(struct store_writer *w, struct key_row *row)
{
	const uint32_t id[2] = {row->id.fs, row->id.cause};
	struct worst_row *worst;

	HASH_FIND(hh, w->worst, id, sizeof(id), worst);
	if (worst) {
		if (is_worse(row, worst->key))
			worst->key = row;
		return;
	}
	worst = calloc(1, sizeof(*worst));
	if (!worst)
		return;
	memcpy(worst->id, id, sizeof(id));
	worst->key = row;
	HASH_ADD(hh, w->worst, id, sizeof(worst->id), worst);
	if (!worst->hh.tbl)
		free(worst);
}

static void put_worst(struct store_writer *w, const struct key_row *row)
{
	if (!w->events)
		put_stall(w, &row->worst, row->no, row->worst_waker_comm, row->worst_no);
}

/* Of each filesystem and cause the worst one, if it is not there already as the worst of its key. */
static void flush_worst(struct store_writer *w)
{
	struct worst_row *worst, *next;

	HASH_ITER(hh, w->worst, worst, next)
	{
		if (worst->key->sum.max_ns <= worst->key->max_ns)
			put_worst(w, worst->key);
		HASH_DEL(w->worst, worst);
		free(worst);
	}
}

static int by_no(const struct key_row *a, const struct key_row *b)
{
	return (a->no > b->no) - (a->no < b->no);
}

static void flush_keys(struct store_writer *w)
{
	/* in the order of the table, so that its pages become full */
	LL_SORT(w->touched, by_no);
	for (struct key_row *row = w->touched; row; row = row->next) {
		put_sleeps(w, row);
		note_worst(w, row);
		if (row->sum.max_ns > row->max_ns)
			put_worst(w, row);
	}
	flush_worst(w);
	for (struct key_row *row = w->touched; row; row = row->next) {
		if (row->sum.max_ns > row->max_ns)
			row->max_ns = row->sum.max_ns;
		row->sum = (struct store_sum){0};
		row->hist.nr = 0;
	}
	w->touched = NULL;
}

static void flush_counters(struct store_writer *w)
{
	struct loss delta;
	uint64_t evicted = w->loss.model_evicted;

	put_counters(w, &w->totals);
	for (struct fs_row *row = w->counted; row; row = row->next)
		put_counters(w, row);
	w->counted = NULL;
	w->loss.model_evicted = sat_add(evicted, names__evicted(w->names));
	if (take_delta((uint64_t *)&delta, (const uint64_t *)&w->loss, (uint64_t *)&w->loss_written,
		       NUMBERS(delta))) {
		batch__row(&w->batch, BATCH_INSERT, TABLE_LOSS, (uint8_t)(1 + schema_loss.nr));
		batch__int(&w->batch, w->slice);
		batch__columns(&w->batch, &schema_loss, &delta);
	}
	w->loss.model_evicted = evicted;
}

static void put_slice(struct store_writer *w)
{
	batch__row(&w->batch, BATCH_INSERT, TABLE_SLICE, 4);
	batch__int(&w->batch, w->slice);
	batch__int(&w->batch, w->slice_start_ns);
	batch__int(&w->batch, w->now_ns);
	batch__int(&w->batch, w->slow_submits);
	put_info_int(w, "duration_ns", w->now_ns);
	if (w->spilled)
		put_info_int(w, "spilled", w->spilled);
	if (w->has_longest)
		put_submit(w, &w->longest, w->longest_fs, w->longest_comm, w->longest_cgroup,
			   w->longest_no);
}

/* ---- --keep and --trigger ---- */

static bool is_kept(const struct store_writer *w, uint32_t slice)
{
	return w->trigger_ns && w->last_trigger && w->last_trigger + w->keep_slices >= slice &&
	       slice + w->keep_slices >= w->last_trigger;
}

static void delete_slice(struct store_writer *w, uint32_t slice)
{
	if (is_kept(w, slice))
		return;
	batch__row(&w->batch, BATCH_DELETE_SLICE, TABLE_SLICE, 1);
	batch__int(&w->batch, slice);
}

/* The oldest slice leaves, but for what a trigger keeps: this slice's own, too. */
static void expire(struct store_writer *w)
{
	uint32_t oldest;

	if (!w->keep_slices)
		return;
	if (w->triggered)
		w->last_trigger = w->slice;
	w->triggered = false;
	oldest = w->slice > w->keep_slices ? w->slice - w->keep_slices : 0;
	if (oldest)
		delete_slice(w, oldest);
	/* what a trigger keeps refers to names of any age */
	if (w->trigger_ns || w->slice < w->expired_at + w->keep_slices)
		return;
	w->expired_at = w->slice;
	names__expire(w->names, oldest + 1);
}

/* What follows the last slice cannot trigger any more. */
static void expire_all(struct store_writer *w)
{
	uint32_t oldest = w->slice > w->keep_slices ? w->slice - w->keep_slices + 1 : 1;

	for (uint32_t s = oldest; w->trigger_ns && s <= w->slice; s++)
		delete_slice(w, s);
}

static void end_slice(struct store_writer *w, uint64_t now_mono_ns)
{
	w->now_ns = sat_sub(now_mono_ns, w->started_ns);
	flush_keys(w);
	flush_counters(w);
	put_slice(w);
	expire(w);
}

static void begin_slice(struct store_writer *w)
{
	w->slice++;
	w->slice_start_ns = w->now_ns;
	w->next_no = 1;
	w->slow_submits = 0;
	w->has_longest = false;
	names__begin_slice(w->names, w->slice);
}

bool store_writer__is_due(const struct store_writer *w, uint64_t now_mono_ns)
{
	return sat_sub(now_mono_ns, w->started_ns + w->slice_start_ns) >= STORE_SLICE_NS &&
	       !disk__is_busy(w->disk);
}

int store_writer__begin(struct store_writer *w, struct err *e)
{
	if (w->begun)
		return 0;
	w->begun = true;
	return disk__write(w->disk, &w->batch, e);
}

int store_writer__commit(struct store_writer *w, uint64_t now_mono_ns, struct err *e)
{
	int rc;

	if (disk__is_busy(w->disk))
		return 0;
	end_slice(w, now_mono_ns);
	rc = disk__write(w->disk, &w->batch, e);
	begin_slice(w);
	return rc;
}

int store_writer__finish(struct store_writer *w, const struct capture_info *c, uint64_t now_mono_ns,
			 struct err *e)
{
	int rc;

	for (struct fs_row *row = names__filesystems(w->names); row; row = row->hh.next)
		if (!row->has_counts && row->now.c.sleeps)
			note_counted(w, row);
	end_slice(w, now_mono_ns);
	expire_all(w);
	put_info_int(w, "duration_ns", c->duration_ns);
	put_info_int(w, "child_ran", c->child_ran);
	put_info_int(w, "child_status", (uint64_t)(int64_t)c->child_status);
	put_info_int(w, "complete", 1);
	rc = disk__write(w->disk, &w->batch, e);
	return rc ? rc : disk__close(w->disk, e);
}

/* ---- the beginning ---- */

static void put_beginning(struct store_writer *w, const struct store_write_opts *o)
{
	const struct capture_info *c = o->capture;
	const struct {
		const char *name, *text;
	} texts[] = {
		{"hostname", c->host.hostname},	   {"kernel", c->host.kernel},
		{"kernel_build", o->kernel_build}, {"arch", c->host.arch},
		{"boot_id", o->boot_id},	   {"tool_version", AIOSTALL_VERSION},
		{"command", c->command},	   {"filters", c->filters},
#define NEED(id, name, what) {"probe_" name, c->probe[NEED_##id]},
#include "model/probes.def"
	};
	const struct {
		const char *name;
		uint64_t v;
	} numbers[] = {
		{"cpus", c->host.cpus},
		{"started_unix_ns", (uint64_t)c->started_unix_ns},
		{"started_mono_ns", o->started_mono_ns},
		{"duration_ns", 0},
		{"min_ns", c->min_ns},
		{"sample_hz", c->sample_hz},
		{"slow_ns", o->slow_ns},
		{"user_stacks", c->user_stacks},
		{"events", o->events},
		{"keep_ns", o->keep_ns},
		{"trigger_ns", o->trigger_ns},
		{"child_ran", c->child_ran},
		{"child_status", (uint64_t)(int64_t)c->child_status},
		{"complete", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		put_info_text(w, texts[i].name, texts[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		put_info_int(w, numbers[i].name, numbers[i].v);
}

static void set_keep(struct store_writer *w, const struct store_write_opts *o)
{
	uint64_t keep_ns = o->keep_ns;

	if (!keep_ns && o->trigger_ns)
		keep_ns = TRIGGER_KEEP_NS;
	keep_ns = (keep_ns + STORE_SLICE_NS - 1) / STORE_SLICE_NS;
	/* the last slice is cut short by the end: all of --keep is there nevertheless */
	keep_ns += keep_ns && !o->trigger_ns;
	w->keep_slices = keep_ns < UINT32_MAX / 4 ? (uint32_t)keep_ns : UINT32_MAX / 4;
}

int store_writer__new(const struct store_write_opts *o, struct store_writer **out, struct err *e)
{
	struct store_writer *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	if (!w)
		return err__set(e, -ENOMEM, "out of memory");
	w->sink = (struct sink){
		.ctx = w,
		.stall = on_stall,
		.stalls = on_stalls,
		.submit = on_submit,
		.unfinished = on_unfinished,
		.fs_counts = on_fs_counts,
		.totals = on_totals,
		.loss = on_loss,
		.sample = on_sample,
	};
	w->started_ns = o->started_mono_ns;
	w->slow_ns = o->slow_ns;
	w->trigger_ns = o->trigger_ns;
	w->events = o->events;
	set_keep(w, o);
	w->names = names__new(o->causes, o->max_keys, &w->batch);
	if (!w->names)
		err__set(e, rc, "out of memory");
	else
		rc = disk__new(o->path, &w->disk, e);
	if (rc) {
		store_writer__free(w);
		return rc;
	}
	put_beginning(w, o);
	begin_slice(w);
	*out = w;
	return 0;
}

const struct sink *store_writer__sink(struct store_writer *w)
{
	return &w->sink;
}

uint64_t store_writer__evicted(const struct store_writer *w)
{
	return sat_add(w->loss.model_evicted, names__evicted(w->names));
}

uint64_t store_writer__size(const struct store_writer *w)
{
	return disk__size(w->disk);
}

void store_writer__free(struct store_writer *w)
{
	if (!w)
		return;
	disk__free(w->disk);
	names__free(w->names);
	batch__free(&w->batch);
	free(w);
}
