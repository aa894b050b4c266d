// SPDX-License-Identifier: GPL-2.0
#include "live/attach.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "host/tracefs.h"
#include "live/probe.h"
#include "live/require.h"
#include "live/sample.h"

static int attach_perf(struct bpf_program *p, struct probe_env *env, const char *event,
		       struct bpf_link **link)
{
	char why[160];
	int id = tracefs__id(env->tracefs_fd, event, why, sizeof(why));
	int fd = id < 0 ? id : probe__open_tracepoint(id);

	if (fd < 0)
		return fd;
	*link = bpf_program__attach_perf_event(p, fd); /* owns fd from here on */
	if (*link)
		return 0;
	close(fd);
	return -errno;
}

/* The i-th program of a way. */
static int attach_one(struct live *lv, struct probe_env *env, const struct probe_way *way, size_t i)
{
	struct bpf_program *p = bpf_object__find_program_by_name(
		lv->skel->obj, probe_plan__program(&lv->plan, way, i));
	struct bpf_link *link = NULL;
	int rc = 0;

	if (lv->nr_links == LIVE_LINKS_MAX)
		return -E2BIG;
	if (way->how == WAY_PERF)
		rc = attach_perf(p, env, way->target[i], &link);
	else if (way->how == WAY_KPROBE)
		link = bpf_program__attach_kprobe(p, i == 1, probe__target(env, way, i));
	else if (bpf_program__type(p) == BPF_PROG_TYPE_TRACING)
		link = bpf_program__attach_trace(p);
	else
		link = bpf_program__attach(p);
	if (!link)
		return rc ? rc : -errno;
	lv->links[lv->nr_links++] = link;
	return 0;
}

static int attach_plain(struct live *lv, struct bpf_program *p)
{
	struct bpf_link *link = bpf_program__attach(p);

	if (!link)
		return -errno;
	lv->links[lv->nr_links++] = link;
	return 0;
}

/* Before the first pair: fentry programs run in the opposite order. */
static int attach_again(struct live *lv)
{
	struct bpf_program *both[] = {lv->skel->progs.exit_again, lv->skel->progs.enter_again};
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(both) && !rc && lv->plan.again; i++)
		rc = attach_plain(lv, both[i]);
	return rc;
}

static int attach_need(struct live *lv, struct probe_env *env, enum probe_need need, struct err *e)
{
	const struct probe_way *way = lv->plan.chosen[need];
	int rc = need == NEED_SUBMIT ? attach_again(lv) : 0;

	/* rows name entry before exit; attach them the other way round */
	for (size_t n = ARRAY_SIZE(way->program); n-- > 0 && !rc;)
		if (way->program[n])
			rc = attach_one(lv, env, way, n);
	if (rc)
		err__set(e, rc, "cannot attach %s with %s: %s", probe_need__what(need), way->name,
			 strerror(-rc));
	return rc;
}

/*
 * The entries last: a call whose entry is seen has all its switches and its
 * exit seen too.
 */
int attach__all(struct live *lv, struct probe_env *env, struct err *e)
{
	int rc = attach_plain(lv, lv->skel->progs.exit_raw_tp);

	if (!rc && lv->opts.tree_only)
		rc = attach_plain(lv, lv->skel->progs.fork_raw_tp);
	for (int entries = 0; entries < 2; entries++)
		for (int need = 0; need < NEED_MAX && !rc; need++)
			if (probe_need__is_of_entry((enum probe_need)need) == entries)
				rc = attach_need(lv, env, (enum probe_need)need, e);
	return rc;
}

static void detach(void *ctx)
{
	struct live *lv = ctx;

	sample__detach(lv);
	while (lv->nr_links)
		bpf_link__destroy(lv->links[--lv->nr_links]);
}

/*
 * Most of it is waiting for CPUs to have gone by, while the report is made. One link after the other:
 * several threads would wait for the kernel's mutex of tracepoints, and so run into the very call of
 * contention_begin that the kernel is patching away for us. An emulated 7.3 died of that.
 */
void attach__begin_undo(struct live *lv)
{
	if (!lv->detaching.goes_on && lv->nr_links)
		beside__start(&lv->detaching, detach, lv);
}

void attach__undo(struct live *lv)
{
	attach__begin_undo(lv);
	beside__wait(&lv->detaching);
}
