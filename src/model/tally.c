// SPDX-License-Identifier: GPL-2.0
#include "model/tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "model/sums.h"

struct tally_process {
	UT_hash_handle hh;
	uint32_t pid;
	struct ev_process last, now; /* without their names */
	char *comm, *cgroup;	     /* NULL = not told of since the last time */
};

/* Member by member. */
static struct ev_process each(const struct ev_process *a, const struct ev_process *b,
			      uint64_t (*f)(uint64_t a, uint64_t b))
{
	return (struct ev_process){
		.submits = f(a->submits, b->submits),
		.submits_blocked = f(a->submits_blocked, b->submits_blocked),
		.requests = f(a->requests, b->requests),
		.sleeps = f(a->sleeps, b->sleeps),
		.blocked_ns = f(a->blocked_ns, b->blocked_ns),
	};
}

/* Its threads may differ: what is said first holds, as in the ledger. */
static int set_name(char **name, const char *to)
{
	if (!*name)
		*name = strdup(to);
	return *name ? 0 : -ENOMEM;
}

static void forget_names(struct tally_process *p)
{
	free(p->comm);
	free(p->cgroup);
	p->comm = p->cgroup = NULL;
}

static bool is_nothing(const struct ev_process *ev)
{
	return !ev->submits && !ev->requests && !ev->sleeps;
}

static void drop(struct tally *t, struct tally_process *p)
{
	HASH_DEL(t->processes, p);
	forget_names(p);
	free(p);
}

static struct tally_process *process_of(struct tally *t, uint32_t pid)
{
	struct tally_process *p;

	HASH_FIND(hh, t->processes, &pid, sizeof(pid), p);
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	HASH_ADD(hh, t->processes, pid, sizeof(p->pid), p);
	if (p->hh.tbl)
		return p;
	free(p);
	return NULL;
}

int tally__process(struct tally *t, const struct ev_process *ev)
{
	struct tally_process *p = process_of(t, ev->pid);

	if (!p)
		return -ENOMEM;
	p->now = each(&p->now, ev, sat_add);
	return set_name(&p->comm, ev->comm) || set_name(&p->cgroup, ev->cgroup) ? -ENOMEM : 0;
}

int tally__failed(struct tally *t, const struct ev_failed *ev)
{
	return failures__add(&t->failures, ev->err, ev->calls);
}

static void tell_delta(const struct sink *to, const struct tally_process *of,
		       struct ev_process delta)
{
	if (is_nothing(&delta))
		return;
	delta.pid = of->pid;
	delta.comm = of->comm ? of->comm : "";
	delta.cgroup = of->cgroup ? of->cgroup : "";
	to->process(to->ctx, &delta);
}

/*
 * Whose figures are lower than they were is not told apart any more, and in the sum of those, which
 * has pid 0, is what an earlier file has under its own name.
 */
static void tell_processes(struct tally *t, const struct sink *to)
{
	struct ev_process moved = {0}, delta;
	struct tally_process *of, *next, *left = NULL;

	HASH_ITER(hh, t->processes, of, next)
	{
		if (!of->pid) {
			left = of;
			continue;
		}
		delta = each(&of->last, &of->now, sat_sub);
		moved = each(&moved, &delta, sat_add);
		tell_delta(to, of, each(&of->now, &of->last, sat_sub));
		of->last = of->now;
		of->now = (struct ev_process){0};
		forget_names(of);
		if (is_nothing(&of->last))
			drop(t, of);
	}
	if (!left)
		return;
	delta = each(&left->now, &left->last, sat_sub);
	tell_delta(to, left, each(&delta, &moved, sat_sub));
	left->last = left->now;
	left->now = (struct ev_process){0};
	forget_names(left);
}

void tally__tell(struct tally *t, const struct sink *to)
{
	tell_processes(t, to);
	for (struct failure *f = t->failures; f; f = f->hh.next) {
		const struct ev_failed ev = {.err = f->err, .calls = sat_sub(f->now, f->last)};

		if (ev.calls)
			to->failed(to->ctx, &ev);
		f->last = f->now;
		f->now = 0;
	}
}

void tally__free(struct tally *t)
{
	struct tally_process *p, *next;

	HASH_ITER(hh, t->processes, p, next)
	{
		drop(t, p);
	}
	failures__release(&t->failures);
}
