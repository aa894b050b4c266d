// SPDX-License-Identifier: GPL-2.0
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "model/tally.h"
#include "model/tap.h"
#include "store/disk.h"
#include "store/put.h"

/* Rows that wait for the disk. */
#define BATCH_MAX_BYTES (16 << 20)
/* What is kept around a stall that triggers, if --keep does not say it. */
#define TRIGGER_KEEP_NS (10 * NSEC_PER_SEC)

/* A cause's worst stall of a slice. */
struct worst_row {
	UT_hash_handle hh;
	struct worst_key {
		const struct ledger_fs *fs;
		const struct ledger_cause *cause;
	} key;
	struct ledger_cell *cell;
};

struct store_writer {
	struct tap tap;
	struct ledger *ledger;
	struct disk *disk;
	struct disk *
		ending; /* the file before: it has all, and the disk may take its time; NULL = none */
	struct put put;
	struct tally tally;
	uint64_t started_ns, slice_start_ns, now_ns;
	uint64_t trigger_ns;
	uint32_t keep_slices;  /* 0 = all */
	uint32_t last_trigger; /* slice, 0 = none yet */
	bool events, triggered, begun, rotated;
	/* of this slice */
	struct worst_row *worst;
	struct put_submit longest;
	bool has_longest;
	/* since the beginning */
	uint64_t spilled; /* stalls that came in sums only */
	uint64_t left_out, evicted_written;
	bool totals_written;
	uint64_t expired_at;
};

void store_writer__add_fact(struct store_writer *w, const char *what, const char *of,
			    const char *value)
{
	put__fact(&w->put, what, of, value);
}

void store_writer__add_here(struct store_writer *w, const struct fs_info *fs, const char *cause,
			    const char *text)
{
	put__here(&w->put, fs, cause, text);
}

/* ---- events: the ledger adds them up, and some are written in full ---- */

/* With a disk that does not keep up, single events are the first to go: the sums have them still. */
static bool has_room(struct store_writer *w)
{
	if (w->put.batch.used < BATCH_MAX_BYTES)
		return true;
	w->left_out = sat_add(w->left_out, 1);
	return false;
}

static void put_stall(struct store_writer *w, const struct ev_stall *ev, struct ledger_row *row)
{
	struct ledger_name *waker;

	if (w->trigger_ns && ev->blocked_ns >= w->trigger_ns)
		w->triggered = true;
	if (!row || !w->events || !has_room(w))
		return;
	waker = ledger__name(w->ledger, ev->waker_comm);
	put__stall(&w->put, ev, row, waker, w->ledger->slice.events);
	ledger__put_name(w->ledger, waker);
}

static void on_stall(void *ctx, const struct ev_stall *ev)
{
	struct store_writer *w = ctx;

	put_stall(w, ev, ledger__add_stall(w->ledger, ev));
}

/* In sums they are as complete as others; with --events the longest alone is there by itself. */
static void on_stalls(void *ctx, const struct ev_stalls *ev)
{
	struct store_writer *w = ctx;

	w->spilled = sat_add(w->spilled, ev->sum.sleeps);
	put_stall(w, &ev->longest, ledger__add_stalls(w->ledger, ev));
}

static void on_submit(void *ctx, const struct ev_submit *ev)
{
	struct store_writer *w = ctx;
	enum ledger_slow slow = ledger__add_submit(w->ledger, ev);
	bool keep = slow == SUBMIT_AMONG_LONGEST || (w->events && (slow || has_room(w)));
	struct put_submit submit;

	if (!slow && !keep)
		return;
	if (!keep && w->has_longest && ev->wall_ns <= w->longest.ev.wall_ns)
		return;
	submit = put__submit_of(&w->put, ev, w->ledger->slice.events);
	if (keep) {
		put__submit(&w->put, &submit);
		return;
	}
	w->longest = submit;
	w->has_longest = true;
}

static void on_unfinished(void *ctx, const struct ev_unfinished *ev)
{
	struct store_writer *w = ctx;

	ledger__add_unfinished(w->ledger, ev, NULL);
	put__unfinished(&w->put, ev);
	if (w->trigger_ns && ev->age_ns >= w->trigger_ns)
		w->triggered = true;
}

static void on_sample(void *ctx, const struct ev_sample *ev)
{
	struct store_writer *w = ctx;

	ledger__add_sample(w->ledger, ev);
	put__sample(&w->put, ev);
}

/* With --keep the figures would be of more than there is in the file. */
static void on_process(void *ctx, const struct ev_process *ev)
{
	struct store_writer *w = ctx;

	ledger__add_process(w->ledger, ev);
	if (!w->keep_slices && tally__process(&w->tally, ev))
		w->left_out = sat_add(w->left_out, 1);
}

static void on_failed(void *ctx, const struct ev_failed *ev)
{
	struct store_writer *w = ctx;

	ledger__add_failed(w->ledger, ev);
	if (!w->keep_slices && tally__failed(&w->tally, ev))
		w->left_out = sat_add(w->left_out, 1);
}

/* ---- the end of a slice ---- */

static bool is_worse(const struct ledger_cell *a, const struct ledger_cell *b)
{
	if (a->sum.max_ns != b->sum.max_ns)
		return a->sum.max_ns > b->sum.max_ns;
	return a->worst_no < b->worst_no;
}

static void note_worst(struct store_writer *w, struct ledger_cell *cell)
{
	const struct worst_key key = {cell->row->key.fs, cell->row->key.cause};
	struct worst_row *worst;

	HASH_FIND(hh, w->worst, &key, sizeof(key), worst);
	if (worst) {
		if (is_worse(cell, worst->cell))
			worst->cell = cell;
		return;
	}
	worst = calloc(1, sizeof(*worst));
	if (!worst)
		return;
	worst->key = key;
	worst->cell = cell;
	HASH_ADD(hh, w->worst, key, sizeof(worst->key), worst);
	if (!worst->hh.tbl)
		free(worst);
}

static void put_worst(struct store_writer *w, struct ledger_cell *cell)
{
	if (!w->events)
		put__stall(&w->put, &cell->worst, cell->row, cell->worst_waker, cell->worst_no);
}

/* Of each filesystem and cause the worst one, if it is not there already as the worst of its key. */
static void flush_worst(struct store_writer *w)
{
	struct worst_row *worst, *next;

	HASH_ITER(hh, w->worst, worst, next)
	{
		if (worst->cell->sum.max_ns <= worst->cell->row->written_max_ns)
			put_worst(w, worst->cell);
		HASH_DEL(w->worst, worst);
		free(worst);
	}
}

static int by_no(const struct ledger_cell *a, const struct ledger_cell *b)
{
	return (a->row->no > b->row->no) - (a->row->no < b->row->no);
}

static void flush_keys(struct store_writer *w)
{
	struct ledger_slice *s = &w->ledger->slice;
	struct ledger_cell *c;

	LL_FOREACH(s->cells, c)
	put__key(&w->put, c->row);
	/* in the order of the table, so that its pages become full */
	LL_SORT(s->cells, by_no);
	LL_FOREACH(s->cells, c)
	{
		put__sleeps(&w->put, c);
		note_worst(w, c);
		if (c->sum.max_ns > c->row->written_max_ns)
			put_worst(w, c);
	}
	flush_worst(w);
	LL_FOREACH(s->cells, c)
	if (c->sum.max_ns > c->row->written_max_ns)
		c->row->written_max_ns = c->sum.max_ns;
}

static bool is_nothing(const void *of, size_t size)
{
	const uint64_t *v = of;

	for (size_t i = 0; i < size / sizeof(*v); i++)
		if (v[i])
			return false;
	return true;
}

/* What nothing was added to has one row, the first, so that a reader knows of it. */
static void flush_counters(struct store_writer *w)
{
	struct ledger_slice *s = &w->ledger->slice;
	uint64_t evicted = sat_add(w->left_out, ledger__evicted(w->ledger));

	if (!w->totals_written || !is_nothing(&s->totals, sizeof(s->totals)))
		put__counters(&w->put, NULL, &s->totals);
	w->totals_written = true;
	for (struct ledger_fs *fs = s->counted; fs; fs = fs->next_counted) {
		if (!fs->in_file || !is_nothing(fs->slice, sizeof(*fs->slice)))
			put__counters(&w->put, fs, fs->slice);
		fs->in_file = true;
	}
	s->loss.model_evicted = sat_add(s->loss.model_evicted, evicted - w->evicted_written);
	w->evicted_written = evicted;
	if (!is_nothing(&s->loss, sizeof(s->loss)))
		put__loss(&w->put, &s->loss);
}

static void put_slice(struct store_writer *w)
{
	struct batch *b = &w->put.batch;

	batch__row(b, BATCH_INSERT, TABLE_SLICE, 4);
	batch__int(b, w->put.slice);
	batch__int(b, w->slice_start_ns);
	batch__int(b, w->now_ns);
	batch__int(b, w->ledger->slice.slow_submits);
	put__info_int(&w->put, "duration_ns", w->now_ns);
	if (w->spilled)
		put__info_int(&w->put, "spilled", w->spilled);
	if (w->has_longest)
		put__submit(&w->put, &w->longest);
}

/* ---- --keep and --trigger ---- */

static bool is_kept(const struct store_writer *w, uint32_t slice)
{
	return w->trigger_ns && w->last_trigger && w->last_trigger + w->keep_slices >= slice &&
	       slice + w->keep_slices >= w->last_trigger;
}

static void delete_slice(struct store_writer *w, uint32_t slice)
{
	if (!is_kept(w, slice))
		put__delete_slice(&w->put, slice);
}

/* The oldest slice leaves, but for what a trigger keeps: this slice's own, too. */
static void expire(struct store_writer *w)
{
	uint32_t oldest, slice = w->put.slice;

	if (!w->keep_slices)
		return;
	if (w->triggered)
		w->last_trigger = slice;
	w->triggered = false;
	oldest = slice > w->keep_slices ? slice - w->keep_slices : 0;
	if (oldest)
		delete_slice(w, oldest);
	/* what a trigger keeps refers to names of any age */
	if (w->trigger_ns || slice < w->expired_at + w->keep_slices)
		return;
	w->expired_at = slice;
	ledger__expire(w->ledger, oldest + 1);
}

/* What follows the last slice cannot trigger any more. */
static void expire_all(struct store_writer *w)
{
	uint32_t slice = w->put.slice;
	uint32_t oldest = slice > w->keep_slices ? slice - w->keep_slices + 1 : 1;

	for (uint32_t s = oldest; w->trigger_ns && s <= slice; s++)
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
	ledger__next_slice(w->ledger);
	w->put.slice = w->ledger->slice.no;
	w->slice_start_ns = w->now_ns;
	w->has_longest = false;
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
	return disk__write(w->disk, &w->put.batch, e);
}

/* Waits for it, if it is not done. */
static int end_former(struct store_writer *w, struct err *e)
{
	int rc = w->ending ? disk__close(w->ending, e) : 0;

	disk__free(w->ending);
	w->ending = NULL;
	return rc;
}

int store_writer__commit(struct store_writer *w, uint64_t now_mono_ns, struct err *e)
{
	int rc = w->ending && !disk__is_busy(w->ending) ? end_former(w, e) : 0;

	if (rc || disk__is_busy(w->disk))
		return rc;
	end_slice(w, now_mono_ns);
	rc = disk__write(w->disk, &w->put.batch, e);
	begin_slice(w);
	return rc;
}

static void put_process(void *ctx, const struct ev_process *ev)
{
	put__process(ctx, ev);
}

static void put_failed(void *ctx, const struct ev_failed *ev)
{
	put__failed(ctx, ev);
}

static void put_end(struct store_writer *w, const struct capture_info *c, uint64_t duration_ns)
{
	const struct sink to_file = {.ctx = &w->put, .process = put_process, .failed = put_failed};

	expire_all(w);
	tally__tell(&w->tally, &to_file);
	put__info_int(&w->put, "duration_ns", duration_ns);
	put__info_int(&w->put, "child_ran", c->child_ran);
	put__info_int(&w->put, "child_stopped", c->child_stopped);
	put__info_int(&w->put, "child_status", (uint64_t)(int64_t)c->child_status);
	put__info_text(&w->put, "skips", c->skips);
	put__info_int(&w->put, "complete", 1);
}

int store_writer__finish(struct store_writer *w, const struct capture_info *c, uint64_t now_mono_ns,
			 struct err *e)
{
	int rc = end_former(w, e);

	/* of what slices are left, or in files of before, a reader adds the stalls up itself */
	if (!w->keep_slices && !w->rotated)
		ledger__count_uncounted(w->ledger);
	end_slice(w, now_mono_ns);
	put_end(w, c, w->rotated ? w->now_ns : c->duration_ns);
	if (!rc)
		rc = disk__write(w->disk, &w->put.batch, e);
	return rc ? rc : disk__close(w->disk, e);
}

/* ---- the beginning ---- */

static void put_beginning(struct store_writer *w, const struct store_write_opts *o)
{
	const struct capture_info *c = o->capture;
	const struct {
		const char *name, *text;
	} texts[] = {
		{"hostname", c->host.hostname},
		{"kernel", c->host.kernel},
		{"kernel_build", o->kernel_build},
		{"arch", c->host.arch},
		{"boot_id", o->boot_id},
		{"tool_version", AIOSTALL_VERSION},
		{"command", c->command},
		{"filters", c->filters},
		{"skips_unknown", c->skips_unknown},
#define NEED(id, name, api, what) {"probe_" name, c->probe[NEED_##id]},
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
		{"child_stopped", c->child_stopped},
		{"child_status", (uint64_t)(int64_t)c->child_status},
		{"complete", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		put__info_text(&w->put, texts[i].name, texts[i].text);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		put__info_int(&w->put, numbers[i].name, numbers[i].v);
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

static void gone(void *ctx, enum ledger_table table, uint32_t no)
{
	struct store_writer *w = ctx;

	put__gone(&w->put, table, no);
}

/* What a trigger keeps refers to names of any age: their rows stay. */
static void take_slices(struct store_writer *w)
{
	bool names_go = w->keep_slices && !w->trigger_ns;

	ledger__take_slices(w->ledger, names_go ? w->keep_slices : 0, names_go ? gone : NULL, w);
	w->put.ledger = w->ledger;
	w->put.slice = w->ledger->slice.no;
}

int store_writer__new(const struct store_write_opts *o, struct store_writer **out, struct err *e)
{
	struct store_writer *w = calloc(1, sizeof(*w));
	const struct sink own = {
		.ctx = w,
		.stall = on_stall,
		.stalls = on_stalls,
		.submit = on_submit,
		.unfinished = on_unfinished,
		.sample = on_sample,
		.process = on_process,
		.failed = on_failed,
	};
	int rc;

	if (!w)
		return err__set(e, -ENOMEM, "out of memory");
	w->ledger = o->ledger;
	tap__init(&w->tap, &own, ledger__sink(o->ledger));
	w->started_ns = o->started_mono_ns;
	w->trigger_ns = o->trigger_ns;
	w->events = o->events;
	set_keep(w, o);
	rc = disk__new(o->path, &w->disk, e);
	if (rc) {
		store_writer__free(w);
		return rc;
	}
	take_slices(w);
	put_beginning(w, o);
	*out = w;
	return 0;
}

/* ---- one file after the other ---- */

static void begin_file(struct store_writer *w, const struct store_write_opts *o)
{
	ledger__renumber(w->ledger);
	w->put = (struct put){.batch = w->put.batch, .ledger = w->ledger};
	begin_slice(w);
	w->rotated = true;
	w->started_ns = o->started_mono_ns;
	w->now_ns = w->slice_start_ns = 0;
	w->spilled = 0;
	w->totals_written = false;
	put_beginning(w, o);
}

int store_writer__rotate(struct store_writer *w, const struct store_write_opts *o, struct err *e)
{
	struct disk *next;
	int rc = end_former(w, e);

	if (!rc)
		rc = disk__new(o->path, &next, e);
	if (rc)
		return rc;
	end_slice(w, o->started_mono_ns);
	put_end(w, o->capture, w->now_ns);
	rc = disk__write(w->disk, &w->put.batch, e);
	w->ending = w->disk;
	w->disk = next;
	begin_file(w, o);
	return rc ? rc : disk__write(w->disk, &w->put.batch, e);
}

const struct sink *store_writer__sink(struct store_writer *w)
{
	return &w->tap.sink;
}

uint64_t store_writer__left_out(const struct store_writer *w)
{
	return w->left_out;
}

uint64_t store_writer__size(const struct store_writer *w)
{
	return disk__size(w->disk);
}

void store_writer__free(struct store_writer *w)
{
	if (!w)
		return;
	if (w->put.ledger)
		w->ledger->slice.gone = NULL;
	disk__free(w->ending);
	disk__free(w->disk);
	batch__free(&w->put.batch);
	tally__free(&w->tally);
	free(w);
}
