// SPDX-License-Identifier: GPL-2.0
#include "live/processes.h"

#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aiostall.skel.h"
#include "base/hash.h"
#include "host/procwho.h"
#include "live/calls.h"
#include "live/ended.h"

/* The threads of a process together: those that have ended, and those that have a call of theirs. */
struct process {
	UT_hash_handle hh;
	uint32_t pid;
	struct wire_process all;
};

static struct process *process_of(struct process **table, uint32_t pid)
{
	struct process *p;

	HASH_FIND(hh, *table, &pid, sizeof(pid), p);
	if (p)
		return p;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	HASH_ADD(hh, *table, pid, sizeof(p->pid), p);
	if (p->hh.tbl)
		return p;
	free(p);
	return NULL;
}

static void add_threads(struct live *lv, struct process **table)
{
	uint32_t number = 0;
	struct wire_call c;
	struct process *p;

	while (calls__next(lv, &number, &c)) {
		if (c.unwatched)
			continue;
		if (!c.own.submits && !c.own.requests &&
		    (c.state == WIRE_CALL_IDLE || c.thread != WIRE_THREAD_OWN))
			continue;
		p = process_of(table, c.pid);
		if (!p)
			continue;
		submitted__add(&p->all.sum, &c.own);
		if (c.state == WIRE_CALL_IDLE)
			continue;
		p->all.sum.sleeps += c.counted_sleeps;
		p->all.sum.blocked_ns += c.counted_ns;
	}
}

static void add_ended(struct live *lv, struct process **table)
{
	int map = bpf_map__fd(lv->skel->maps.processes);
	struct wire_process ended;
	uint32_t pid, *prev = NULL;
	struct process *p;

	for (; !bpf_map_get_next_key(map, prev, &pid); prev = &pid) {
		if (bpf_map_lookup_elem(map, &pid, &ended))
			continue;
		p = process_of(table, pid);
		if (!p)
			continue;
		submitted__add(&p->all.sum, &ended.sum);
		p->all.cgroup_id = ended.cgroup_id;
		memcpy(p->all.comm, ended.comm, sizeof(p->all.comm));
	}
}

static void deliver_as(const struct sink *to, uint32_t pid, const struct wire_submitted *sum,
		       const char *comm, const char *cgroup)
{
	const struct ev_process ev = {
		.pid = pid,
		.comm = comm,
		.cgroup = cgroup,
		.submits = sum->submits,
		.submits_blocked = sum->submits_blocked,
		.requests = sum->requests,
		.sleeps = sum->sleeps,
		.blocked_ns = sum->blocked_ns,
	};

	to->process(to->ctx, &ev);
}

static void deliver(struct live *lv, const struct sink *to, const struct process *p)
{
	struct procwho who = procwho__of(NULL, p->pid);
	const char *cgroup = who.cgroup;

	/* it is gone */
	if (!*who.comm)
		snprintf(who.comm, sizeof(who.comm), "%.*s", WIRE_COMM_LEN - 1, p->all.comm);
	if (!*who.cgroup && p->all.cgroup_id)
		cgroup = cgroups__path(lv->cgroups, p->all.cgroup_id);
	deliver_as(to, p->pid, &p->all.sum, who.comm, cgroup);
}

/* What is known of a process that is gone: its number may be that of one that lives, which is another. */
static void deliver_ended(struct live *lv, const struct sink *to, struct process *living)
{
	struct gone_process *e, *next;
	struct process *p;

	HASH_ITER(hh, lv->gone.processes, e, next)
	{
		HASH_FIND(hh, living, &e->pid, sizeof(e->pid), p);
		if (p && !ended__is_gone(e->pid))
			gone__fold(&lv->gone, e);
		else
			deliver_as(to, e->pid, &e->sum, e->comm, e->cgroup);
	}
}

/* Those that no table has room for. */
static void deliver_left(struct live *lv, const struct sink *to)
{
	struct wire_submitted left = lv->gone.left;

	left.submits += lv->skel->bss->process_submits_left;
	if (left.submits)
		deliver_as(to, 0, &left, "", "");
}

static void deliver_failures(struct live *lv, const struct sink *to)
{
	int map = bpf_map__fd(lv->skel->maps.failures);
	struct wire_failure_key key, *prev = NULL;
	__u64 calls;

	for (; !bpf_map_get_next_key(map, prev, &key); prev = &key) {
		struct ev_failed ev = {.pid = key.pid, .err = (int)key.err};

		if (bpf_map_lookup_elem(map, &key, &calls) || !calls)
			continue;
		ev.calls = calls;
		to->failed(to->ctx, &ev);
	}
	for (struct failure *f = lv->gone_failures; f; f = f->hh.next)
		to->failed(to->ctx, &(struct ev_failed){.err = f->err, .calls = f->now});
}

void processes__deliver(struct live *lv, const struct sink *to)
{
	struct process *table = NULL, *p, *next;

	if (!to->process || !to->failed)
		return;
	add_threads(lv, &table);
	add_ended(lv, &table);
	deliver_ended(lv, to, table);
	HASH_ITER(hh, table, p, next)
	{
		deliver(lv, to, p);
		HASH_DEL(table, p);
		free(p);
	}
	deliver_left(lv, to);
	deliver_failures(lv, to);
}
