// SPDX-License-Identifier: GPL-2.0
#include "live/gone.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MAX 8192

void submitted__add(struct wire_submitted *to, const struct wire_submitted *from)
{
	to->submits += from->submits;
	to->submits_blocked += from->submits_blocked;
	to->requests += from->requests;
	to->sleeps += from->sleeps;
	to->blocked_ns += from->blocked_ns;
}

static void drop(struct gone *g, struct gone_process *p)
{
	HASH_DEL(g->processes, p);
	free(p->cgroup);
	free(p);
}

void gone__fold(struct gone *g, struct gone_process *p)
{
	submitted__add(&g->left, &p->sum);
	g->recycled++;
	drop(g, p);
}

static bool is_same(const struct gone_process *p, const struct wire_process *row)
{
	return !*row->comm || !strncmp(p->comm, row->comm, WIRE_COMM_LEN);
}

/* NULL on lack of memory. */
static struct gone_process *append(struct gone *g, uint32_t pid, const char *comm,
				   const char *cgroup)
{
	struct gone_process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	memcpy(p->comm, comm, WIRE_COMM_LEN);
	p->cgroup = strdup(cgroup);
	if (p->cgroup)
		HASH_ADD(hh, g->processes, pid, sizeof(p->pid), p);
	if (p->hh.tbl)
		return p;
	free(p->cgroup);
	free(p);
	return NULL;
}

void gone__add(struct gone *g, uint32_t pid, const struct wire_process *row, const char *cgroup)
{
	struct gone_process *p;

	HASH_FIND(hh, g->processes, &pid, sizeof(pid), p);
	/* the number was another one's before */
	if (p && !is_same(p, row)) {
		gone__fold(g, p);
		p = NULL;
	}
	if (!p && HASH_COUNT(g->processes) >= PROCESSES_MAX)
		gone__fold(g, g->processes);
	p = p ? p : append(g, pid, row->comm, cgroup);
	submitted__add(p ? &p->sum : &g->left, &row->sum);
}

void gone__release(struct gone *g)
{
	while (g->processes)
		drop(g, g->processes);
}
