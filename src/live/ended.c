// SPDX-License-Identifier: GPL-2.0
#include "live/ended.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "aiostall.skel.h"
#include "base/base.h"

#define PROCESSES_MAX 8192
/* Some thousand rows are full soon; where many stay, to look at them is a twentieth of the time at most. */
#define REAP_NS (NSEC_PER_SEC / 5)
#define REAP_PART 20

void submitted__add(struct wire_submitted *to, const struct wire_submitted *from)
{
	to->submits += from->submits;
	to->submits_blocked += from->submits_blocked;
	to->requests += from->requests;
	to->sleeps += from->sleeps;
	to->blocked_ns += from->blocked_ns;
}

/* Then no thread of it adds to its row any more. */
bool ended__is_gone(uint32_t pid)
{
	return kill((pid_t)pid, 0) && errno == ESRCH;
}

static void drop(struct live *lv, struct ended_process *p)
{
	HASH_DEL(lv->ended, p);
	free(p->cgroup);
	free(p);
}

void ended__fold(struct live *lv, struct ended_process *p)
{
	submitted__add(&lv->ended_left, &p->sum);
	lv->recycled++;
	drop(lv, p);
}

static bool is_same(const struct ended_process *p, const struct wire_process *row)
{
	return !*row->comm || !strncmp(p->comm, row->comm, WIRE_COMM_LEN);
}

/* NULL on lack of memory. */
static struct ended_process *add_process(struct live *lv, uint32_t pid,
					 const struct wire_process *row)
{
	struct ended_process *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->pid = pid;
	memcpy(p->comm, row->comm, WIRE_COMM_LEN);
	/* its cgroup may be gone soon, too */
	p->cgroup = strdup(row->cgroup_id ? cgroups__path(lv->cgroups, row->cgroup_id) : "");
	if (p->cgroup)
		HASH_ADD(hh, lv->ended, pid, sizeof(p->pid), p);
	if (p->hh.tbl)
		return p;
	free(p->cgroup);
	free(p);
	return NULL;
}

static void take(struct live *lv, uint32_t pid, const struct wire_process *row)
{
	struct ended_process *p;

	HASH_FIND(hh, lv->ended, &pid, sizeof(pid), p);
	/* the number was another one's before */
	if (p && !is_same(p, row)) {
		ended__fold(lv, p);
		p = NULL;
	}
	if (!p && HASH_COUNT(lv->ended) >= PROCESSES_MAX)
		ended__fold(lv, lv->ended);
	p = p ? p : add_process(lv, pid, row);
	submitted__add(p ? &p->sum : &lv->ended_left, &row->sum);
}

static void take_failure(struct live *lv, uint32_t err, uint64_t calls)
{
	struct ended_failure *f;

	HASH_FIND(hh, lv->ended_failures, &err, sizeof(err), f);
	if (!f) {
		f = calloc(1, sizeof(*f));
		if (!f)
			return;
		f->err = err;
		HASH_ADD(hh, lv->ended_failures, err, sizeof(f->err), f);
		if (!f->hh.tbl) {
			free(f);
			return;
		}
	}
	f->calls += calls;
}

/* The next key is asked for before this one goes: without it the kernel would begin anew. */
static void reap_processes(struct live *lv)
{
	int map = bpf_map__fd(lv->skel->maps.processes);
	struct wire_process row;
	uint32_t pid, next;
	int rc = bpf_map_get_next_key(map, NULL, &pid);

	for (; !rc; pid = next) {
		rc = bpf_map_get_next_key(map, &pid, &next);
		if (!ended__is_gone(pid) || bpf_map_lookup_elem(map, &pid, &row))
			continue;
		if (!bpf_map_delete_elem(map, &pid))
			take(lv, pid, &row);
	}
}

static void reap_failures(struct live *lv)
{
	int map = bpf_map__fd(lv->skel->maps.failures);
	struct wire_failure_key key, next;
	__u64 calls;
	int rc = bpf_map_get_next_key(map, NULL, &key);

	for (; !rc; key = next) {
		rc = bpf_map_get_next_key(map, &key, &next);
		if (!ended__is_gone(key.pid) || bpf_map_lookup_elem(map, &key, &calls))
			continue;
		if (!bpf_map_delete_elem(map, &key))
			take_failure(lv, key.err, calls);
	}
}

void ended__reap(struct live *lv)
{
	uint64_t now = clock__mono_ns();

	if (now < lv->next_reap_ns)
		return;
	reap_processes(lv);
	reap_failures(lv);
	lv->next_reap_ns = now + REAP_NS + REAP_PART * (clock__mono_ns() - now);
}

void ended__free(struct live *lv)
{
	struct ended_failure *f, *next_f;
	struct ended_process *p, *next;

	HASH_ITER(hh, lv->ended, p, next)
	{
		drop(lv, p);
	}
	HASH_ITER(hh, lv->ended_failures, f, next_f)
	{
		HASH_DEL(lv->ended_failures, f);
		free(f);
	}
}
