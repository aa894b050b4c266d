// SPDX-License-Identifier: GPL-2.0
/* Tables that have a bound: what was used longest ago makes room, what is in use stays, no sum is lost. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/filenames.h"
#include "host/mounts.h"
#include "live/gone.h"
#include "model/state.h"
#include "model/view.h"

/* ---- paths of files ---- */

#define FILES 65536u
#define MORE 1000u

static const char *path_of(uint64_t id)
{
	static char path[32];

	snprintf(path, sizeof(path), "/data/%llu", (unsigned long long)id);
	return path;
}

static void test_paths_of_files(void **state)
{
	struct filenames f = {0};

	(void)state;
	for (uint64_t id = 1; id <= FILES + MORE; id++) {
		assert_null(filenames__get(&f, id));
		assert_string_equal(filenames__add(&f, id, path_of(id)), path_of(id));
		/* one that is in use all the time */
		assert_string_equal(filenames__get(&f, 1), path_of(1));
	}
	assert_int_equal(f.recycled, MORE);
	for (uint64_t id = 2; id <= MORE + 1; id++)
		assert_null(filenames__get(&f, id));
	for (uint64_t id = MORE + 2; id <= FILES + MORE; id++)
		assert_string_equal(filenames__get(&f, id), path_of(id));
	/* it comes back, perhaps with another name */
	assert_string_equal(filenames__add(&f, 2, "/data/two"), "/data/two");
	assert_string_equal(filenames__get(&f, 2), "/data/two");
	filenames__release(&f);
}

/* ---- processes that are gone ---- */

#define PROCESSES 8192u

static void is_gone(struct gone *g, uint32_t pid, const char *comm, uint64_t submits)
{
	struct wire_process row = {.sum = {.submits = submits, .requests = 2 * submits}};

	snprintf(row.comm, sizeof(row.comm), "%s", comm);
	gone__add(g, pid, &row, "/a.slice");
}

static struct gone_process *find_gone(const struct gone *g, uint32_t pid)
{
	struct gone_process *p;

	HASH_FIND(hh, g->processes, &pid, sizeof(pid), p);
	return p;
}

static void test_processes_that_are_gone(void **state)
{
	struct gone g = {0};
	uint64_t told = 0;

	(void)state;
	for (uint32_t pid = 1; pid <= PROCESSES + MORE; pid++)
		is_gone(&g, pid, "db", pid);
	assert_int_equal(HASH_COUNT(g.processes), PROCESSES);
	assert_int_equal(g.recycled, MORE);
	assert_null(find_gone(&g, MORE));
	assert_string_equal(find_gone(&g, MORE + 1)->cgroup, "/a.slice");
	for (struct gone_process *p = g.processes; p; p = p->hh.next)
		told += p->sum.submits;
	assert_int_equal(g.left.submits, (uint64_t)MORE * (MORE + 1) / 2);
	assert_int_equal(told + g.left.submits,
			 (uint64_t)(PROCESSES + MORE) * (PROCESSES + MORE + 1) / 2);
	assert_int_equal(g.left.requests, 2 * g.left.submits);
	gone__release(&g);
	assert_null(g.processes);
}

static void test_process_number_of_another(void **state)
{
	struct gone g = {0};

	(void)state;
	is_gone(&g, 7, "db", 3);
	is_gone(&g, 7, "db", 4);
	/* its name was not seen */
	is_gone(&g, 7, "", 5);
	assert_int_equal(find_gone(&g, 7)->sum.submits, 12);
	is_gone(&g, 7, "cp", 1);
	assert_string_equal(find_gone(&g, 7)->comm, "cp");
	assert_int_equal(find_gone(&g, 7)->sum.submits, 1);
	assert_int_equal(g.left.submits, 12);
	gone__release(&g);
}

/* ---- beside the ledger's rows ---- */

static struct ledger *new_ledger(void)
{
	struct ledger *l = ledger__new(&(struct ledger_opts){0});

	assert_non_null(l);
	return l;
}

static uint64_t evicted(struct ledger *l)
{
	const struct report *r = ledger__report(l, NULL, NULL);

	assert_non_null(r);
	assert_true(r->any_loss);
	return r->loss.model_evicted;
}

static void test_processes_of_the_ledger(void **state)
{
	struct ledger *l = new_ledger();
	const uint32_t nr = LEDGER_PROCESSES_MAX + MORE;
	uint64_t submits = 0, other = 0;
	struct ledger_process *p;

	(void)state;
	for (uint32_t pid = 1; pid <= nr; pid++)
		ledger__add_process(
			l, &(struct ev_process){
				   .pid = pid, .comm = "db", .cgroup = "", .submits = pid});
	assert_int_equal(evicted(l), MORE);
	assert_int_equal(HASH_COUNT(l->processes), LEDGER_PROCESSES_MAX + 1);
	for (p = l->processes; p; p = p->hh.next) {
		submits += p->sum.submits;
		other += p->key.pid ? 0 : p->sum.submits;
	}
	assert_int_equal(submits, (uint64_t)nr * (nr + 1) / 2);
	assert_int_equal(other,
			 submits - (uint64_t)LEDGER_PROCESSES_MAX * (LEDGER_PROCESSES_MAX + 1) / 2);
	ledger__free(l);
}

static void test_failures_of_the_ledger(void **state)
{
	struct ledger *l = new_ledger();

	(void)state;
	for (uint32_t pid = 1; pid <= LEDGER_FAILURES_MAX + MORE; pid++)
		ledger__add_failed(l, &(struct ev_failed){.pid = pid, .err = 11, .calls = 1});
	assert_int_equal(l->nr_failures, LEDGER_FAILURES_MAX);
	assert_int_equal(evicted(l), MORE);
	ledger__free(l);
}

static void test_samples_of_the_ledger(void **state)
{
	static const char *const frames[] = {"io_schedule", "aio_write"};
	static const struct fs_info ext4 = {7, 1, "ext4", "loop1", "/data", "rw", API_AIO, 0, 0};
	const struct stack stack = {1, 2, (const char **)frames};
	struct ledger *l = new_ledger();

	(void)state;
	for (uint32_t i = 0; i < LEDGER_SAMPLES_MAX + MORE; i++)
		ledger__add_sample(l, &(struct ev_sample){&ext4, &stack, 2});
	assert_int_equal(l->nr_samples, LEDGER_SAMPLES_MAX);
	/* how many there were is known all the same */
	assert_int_equal(l->samples_total, 2 * (LEDGER_SAMPLES_MAX + MORE));
	assert_int_equal(evicted(l), MORE);
	ledger__free(l);
}

/* ---- mount tables of other namespaces ---- */

#define NAMESPACES 256
#define TOO_MANY (NAMESPACES + 20)
#define ONE_MORE (-1)

/* What is mounted elsewhere meanwhile does not come to it. */
static int unshare_mounts(void)
{
	return unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* Holds all namespaces that it has been in; goes into the one that is asked for, or a new one. */
static void wander(int from, int to)
{
	int held[TOO_MANY], nr = 0, wanted, rc;

	while (read(from, &wanted, sizeof(wanted)) == sizeof(wanted)) {
		if (wanted == ONE_MORE) {
			rc = unshare_mounts();
			if (!rc)
				held[nr++] = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
		} else {
			rc = setns(held[wanted], CLONE_NEWNS);
		}
		if (write(to, &rc, sizeof(rc)) != sizeof(rc))
			break;
	}
	_exit(0);
}

struct wanderer {
	pid_t pid;
	int to, from;
};

/* False if namespaces cannot be made here. */
static bool go(const struct wanderer *w, int wanted)
{
	int rc;

	assert_int_equal(write(w->to, &wanted, sizeof(wanted)), sizeof(wanted));
	assert_int_equal(read(w->from, &rc, sizeof(rc)), sizeof(rc));
	return !rc;
}

static struct wanderer start_wanderer(void)
{
	int to[2], from[2];
	struct wanderer w;

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	w = (struct wanderer){.pid = fork(), .to = to[1], .from = from[0]};
	if (!w.pid) {
		close(to[1]);
		wander(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	return w;
}

/* The first is asked for all the time, the second once, and again when there was no room for it any more. */
static void meet_too_many(struct mounts *m, const struct wanderer *w)
{
	struct mounts *first = mounts__for_pid(m, NULL, w->pid), *other;
	size_t each = mounts__count(first);

	assert_ptr_not_equal(first, m);
	for (int i = 1; i < TOO_MANY; i++) {
		assert_true(go(w, ONE_MORE));
		other = mounts__for_pid(m, NULL, w->pid);
		assert_ptr_not_equal(other, m);
		assert_int_equal(mounts__count(other), each);
		assert_true(go(w, 0));
		assert_ptr_equal(mounts__for_pid(m, NULL, w->pid), first);
	}
	assert_int_equal(mounts__recycled(m), (TOO_MANY - NAMESPACES) * each);
	assert_true(go(w, 1));
	assert_int_equal(mounts__count(mounts__for_pid(m, NULL, w->pid)), each);
	assert_int_equal(mounts__recycled(m), (TOO_MANY - NAMESPACES + 1) * each);
}

static void test_mount_tables_of_namespaces(void **state)
{
	struct mounts *m = mounts__new(NULL, NULL);
	struct wanderer w = start_wanderer();
	bool can = go(&w, ONE_MORE);

	(void)state;
	assert_non_null(m);
	if (can)
		meet_too_many(m, &w);
	close(w.to);
	close(w.from);
	waitpid(w.pid, NULL, 0);
	mounts__free(m);
	if (!can)
		skip();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths_of_files),
		cmocka_unit_test(test_processes_that_are_gone),
		cmocka_unit_test(test_process_number_of_another),
		cmocka_unit_test(test_processes_of_the_ledger),
		cmocka_unit_test(test_failures_of_the_ledger),
		cmocka_unit_test(test_samples_of_the_ledger),
		cmocka_unit_test(test_mount_tables_of_namespaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
