// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "qualify/run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "work/sides.h"
#include "work/worker.h"

#define CALLS 400
#define CALLS_MORE 1600
#define CALLS_WARM_UP 8
/* Overwrites and reads are scattered over so much at least. */
#define SPREAD_BYTES (4ULL << 20)
/* Short: how often they meet must not be chance. */
#define SIDE_US 100

static uint64_t size_bytes(const struct site *p, const struct row *r)
{
	switch (r->size) {
	case SIZE_LBA:
		return p->lba_bytes;
	case SIZE_64K:
		return 64 << 10;
	case SIZE_1M:
		return 1 << 20;
	default:
		return p->block_bytes;
	}
}

static void set_up(struct work_opts *o, const struct site *p, const struct plan_cell *pc,
		   uint64_t calls)
{
	const struct row *r = &pc->row;

	work_opts__init(o);
	o->engine = pc->engine;
	o->pattern = r->kind->pattern;
	o->state = r->kind->state;
	o->files[o->nfiles++] = p->path;
	if (r->kind->side)
		o->sides[o->nsides++] = r->kind->side;
	o->bs = size_bytes(p, r);
	o->qd = r->depth;
	o->buffered = r->buffered;
	o->dsync = r->dsync;
	o->nowait = r->nowait;
	o->side_us = SIDE_US;
	o->feed_delay_us = 0;
	o->calls = calls < p->cap_bytes / o->bs ? calls : p->cap_bytes / o->bs;
	o->size = o->calls * o->bs > SPREAD_BYTES ? o->calls * o->bs : SPREAD_BYTES;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank, of what is sorted. */
static uint64_t percentile(const uint64_t *v, uint64_t n, unsigned int percent)
{
	return n ? v[(n * percent + 99) / 100 - 1] : 0;
}

static void take_held(struct figures *f, const struct worker *w)
{
	uint64_t *held = calloc(w->submits + 1, sizeof(*held));

	for (uint64_t i = 0; i < w->submits; i++) {
		f->sleeps += w->calls[i].nvcsw;
		f->submits_blocked += w->calls[i].nvcsw > 0;
		if (held)
			held[i] = w->calls[i].wall_ns;
	}
	if (held && w->submits) {
		qsort(held, w->submits, sizeof(*held), compare);
		f->held_p50_ns = percentile(held, w->submits, 50);
		f->held_p99_ns = percentile(held, w->submits, 99);
		f->held_max_ns = held[w->submits - 1];
	}
	free(held);
}

static void take_results(struct figures *f, const struct worker *w)
{
	f->refused = w->results[EAGAIN];
	for (int e = 0; e < WORK_MAX_ERRNO; e++) {
		if (e == EAGAIN || !w->results[e])
			continue;
		f->failed += w->results[e];
		f->failed_errno = e;
	}
}

static void take_figures(struct figures *f, struct worker *w)
{
	f->requests = w->requests;
	f->submits = w->submits;
	f->inside = w->inside;
	f->bytes = w->bytes;
	f->request_bytes = w->opts->bs;
	f->wall_ns = w->last_ns > w->first_ns ? w->last_ns - w->first_ns : 0;
	take_held(f, w);
	take_results(f, w);
	qsort(w->request_ns, w->completed, sizeof(*w->request_ns), compare);
	f->done_p50_ns = percentile(w->request_ns, w->completed, 50);
	f->done_p99_ns = percentile(w->request_ns, w->completed, 99);
}

/* What of the file is in the page cache now. */
static void take_residue(struct figures *f, const struct target *t)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	off_t size = t->fd < 0 || t->is_device ? 0 : lseek(t->fd, 0, SEEK_END);
	size_t pages = size > 0 ? ((size_t)size + page - 1) / page : 0;
	unsigned char *in = pages ? malloc(pages) : NULL;
	void *map = in ? mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, t->fd, 0) : MAP_FAILED;

	if (map != MAP_FAILED && !mincore(map, (size_t)size, in)) {
		f->file_bytes = pages * page;
		for (size_t i = 0; i < pages; i++)
			f->residue_bytes += in[i] & 1 ? page : 0;
	}
	if (map != MAP_FAILED)
		munmap(map, (size_t)size);
	free(in);
}

static uint64_t cpu_ns(void)
{
	struct rusage r;

	getrusage(RUSAGE_SELF, &r);
	return (uint64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * NSEC_PER_SEC +
	       (uint64_t)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * NSEC_PER_USEC;
}

static void say_why(struct cell *c, const char *what, int err)
{
	if (err == -ENOSPC)
		snprintf(c->reason, sizeof(c->reason), "no space left");
	else
		snprintf(c->reason, sizeof(c->reason), "%s: %s", what, strerror(-err));
}

static bool is_unsupported(const struct cell *c, const struct worker *w)
{
	return w->requests ? c->f.failed_errno == EOPNOTSUPP : w->submit_err == -EOPNOTSUPP;
}

/* Of a cell that has no requests, or mostly ones that failed. */
static void explain(struct cell *c, const struct worker *w)
{
	if (w->err == -EINVAL && !strcmp(w->what, "opening the file"))
		snprintf(c->reason, sizeof(c->reason), "no direct I/O here");
	else if (w->err && !strcmp(w->what, "setting up the engine"))
		say_why(c, "not available", w->err);
	else if (w->err)
		say_why(c, w->what, w->err);
	else if (w->opts->nowait && is_unsupported(c, w))
		snprintf(c->reason, sizeof(c->reason), "no RWF_NOWAIT here");
	else if (!w->requests && w->submit_err == -EOPNOTSUPP)
		snprintf(c->reason, sizeof(c->reason), "the engine has no such requests");
	else if (!w->requests)
		say_why(c, "the submit", w->submit_err);
	else if (c->f.failed_errno)
		say_why(c, "the requests", -c->f.failed_errno);
}

static void measure(struct cell *c, struct worker *w, const struct work_opts *o)
{
	struct sides *sides = NULL;
	uint64_t cpu;
	int err = worker__init(w, o, 0);

	if (!err && o->nsides) {
		err = sides__start(&sides, o, &w->targets[0]);
		w->err = err;
		w->what = "the thread beside it";
	}
	if (err)
		return;
	/* best effort: a page fault on our own text would look like a sleep of the submit */
	mlockall(MCL_CURRENT);
	cpu = cpu_ns();
	worker__run(w);
	c->f.cpu_ns = cpu_ns() - cpu;
	sides__stop(sides);
	if (w->err)
		return;
	take_figures(&c->f, w);
	take_residue(&c->f, &w->targets[0]);
}

static void run_once(const struct site *p, const struct plan_cell *pc, uint64_t calls,
		     uint64_t budget_ms, struct cell *c)
{
	struct worker *w = calloc(1, sizeof(*w));
	struct work_opts o;
	const char *wrong;

	memset(&c->f, 0, sizeof(c->f));
	set_up(&o, p, pc, calls);
	o.max_ms = budget_ms;
	wrong = work_opts__complete(&o);
	if (!w || wrong) {
		snprintf(c->reason, sizeof(c->reason), "%s", wrong ? wrong : "out of memory");
		free(w);
		return;
	}
	measure(c, w, &o);
	cell__judge(c);
	if (c->verdict == VERDICT_NA)
		explain(c, w);
	worker__fini(w);
	free(w);
}

static void name(struct cell *c, const struct plan_cell *pc)
{
	row__id(&pc->row, c->row, sizeof(c->row));
	snprintf(c->engine, sizeof(c->engine), "%s", pc->engine);
}

/* What needs not be tried. */
static bool is_out(const struct site *p, const struct plan_cell *pc, struct cell *c)
{
	const struct row *r = &pc->row;

	if (p->is_device && (r->kind->flags & ROW_FILE_ONLY))
		snprintf(c->reason, sizeof(c->reason), "a device has no end and no holes");
	else if (r->size == SIZE_LBA && p->lba_bytes >= p->block_bytes)
		snprintf(c->reason, sizeof(c->reason), "no smaller than the block");
	return *c->reason;
}

void run__cell(const struct site *p, const struct plan_cell *pc, uint64_t budget_ms, struct cell *c)
{
	*c = (struct cell){.verdict = VERDICT_NA};
	name(c, pc);
	if (is_out(p, pc, c))
		return;
	run_once(p, pc, CALLS, budget_ms, c);
	if (c->verdict != VERDICT_NA && verdict__is_close(&c->f))
		run_once(p, pc, CALLS_MORE, 2 * budget_ms, c);
}

void run__warm_up(const struct site *p, const char *engine, struct cell *c)
{
	struct plan_cell pc = {.engine = engine};

	*c = (struct cell){.verdict = VERDICT_NA};
	if (!row__find("overwrite", &pc.row))
		return;
	name(c, &pc);
	run_once(p, &pc, CALLS_WARM_UP, 0, c);
}
