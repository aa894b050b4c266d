// SPDX-License-Identifier: GPL-2.0
/* The programs that the plan has chosen, with their constants, into the kernel. */
#include "live/load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aiostall.skel.h"
#include "host/procfile.h"
#include "live/filter.h"
#include "live/kernelbtf.h"
#include "live/memory.h"
#include "live/object.h"
#include "live/progload.h"
#include "live/require.h"
#include "live/rows.h"
#include "live/spill.h"
#include "live/tables.h"

/*
 * A stall's record is 280 bytes, and no CPU makes more than 100,000 of them a
 * second, so this holds what a reader misses that does not get a CPU for 30 ms
 * on a big machine, and much longer on a small one.
 */
static uint32_t ring_for(int cpus, uint64_t wanted)
{
	static const uint32_t least = 8u << 20, most = 64u << 20;
	uint32_t bytes = wanted ? 64u << 10 : least;

	while (bytes < (wanted ? wanted : (uint64_t)cpus << 20) && (wanted || bytes < most))
		bytes *= 2;
	return bytes;
}

/* Each CPU has entries of its own. */
static uint32_t spills_for(int cpus)
{
	uint32_t entries = 64u * (uint32_t)cpus;

	return entries < 1024 ? 1024 : entries > 8192 ? 8192 : entries;
}

static void set_sizes(struct live *lv)
{
	uint32_t ring_bytes = ring_for(lv->cpus, lv->opts.ring_bytes);

	lv->skel->rodata->opt_spill_bytes = ring_bytes - ring_bytes / 8;
	bpf_map__set_max_entries(lv->skel->maps.ring, ring_bytes);
	bpf_map__set_max_entries(lv->skel->maps.spill_a, spills_for(lv->cpus));
	bpf_map__set_max_entries(lv->skel->maps.spill_b, spills_for(lv->cpus));
	live_rows__size(lv);
}

static int set_constants(struct live *lv, const struct probe_env *env, struct err *e)
{
	struct aiostall_bpf__rodata *ro = lv->skel->rodata;
	const struct live_filter *f = &lv->opts.filter;
	int rc;

	ro->opt_min_ns = f->min_ns;
	ro->opt_slow_ns = lv->opts.slow_ns;
	ro->opt_all_submits = lv->opts.all_submits;
	ro->opt_user_stacks = lv->opts.user_stacks;
	ro->opt_tree_only = lv->opts.tree_only;
	ro->opt_own_pid = (uint32_t)getpid();
	ro->opt_exact_requests = lv->plan.chosen[NEED_REQUEST]->how != WAY_NOTHING;
	ro->opt_refused_exit = lv->plan.chosen[NEED_SUBMIT]->how == WAY_PERF ||
			       lv->plan.chosen[NEED_ENTER]->how == WAY_PERF;
	ro->opt_fentry = lv->plan.chosen[NEED_SUBMIT]->how == WAY_FENTRY;
	ro->opt_compat_sleeps = !strcmp(lv->plan.chosen[NEED_COMPAT]->name, "none");
	ro->opt_uring_requests = lv->plan.chosen[NEED_SQE]->how != WAY_NOTHING;
	ro->opt_uring_request_arg = env->sqe.arg;
	ro->opt_punts = lv->plan.chosen[NEED_PUNT]->how != WAY_NOTHING;
	ro->opt_punt_arg = env->sqe.punt_arg;
	ro->opt_can_nowait = env->sqe.can_nowait;
	ro->opt_came_back = env->sqe.came_back;
	ro->opt_takes = strcmp(lv->plan.chosen[NEED_TAKE]->name, "none") != 0;
	ro->opt_takes_by_sleep = !strcmp(lv->plan.chosen[NEED_TAKE]->name, "sleep");
	ro->opt_io_threads = lv->plan.chosen[NEED_ENTER]->how != WAY_NOTHING;
	ro->opt_count_buffered = lv->plan.chosen[NEED_COMPLETE]->how == WAY_NOTHING;
	ro->opt_typed_args = lv->plan.chosen[NEED_SWITCH]->how == WAY_TP_BTF;
	ro->opt_has_prev_state = ro->opt_typed_args && env->has_prev_state;
	ro->opt_typed_reads = env->has_typed_reads;
	ro->filter_pids = f->nr_pids != 0;
	ro->filter_tids = f->nr_tids != 0;
	ro->filter_cgroup = f->cgroup != NULL;
	ro->filter_nr_comms = (uint32_t)f->nr_comms;
	ro->filter_nr_fstypes = (uint32_t)f->nr_fstypes;
	ro->filter_wants = f->nr_mounts || f->nr_devices;
	rc = filter__set_names("--comm", ro->filter_comm, f->comms, f->nr_comms, e);
	if (!rc)
		rc = filter__set_names("--fs", ro->filter_fstype, f->fstypes, f->nr_fstypes, e);
	live_rows__size(lv);
	return rc;
}

/* A tracepoint's program is written for both ways: as it is, or with the types of the arguments. */
static int give_types(struct bpf_program *p, const char *tracepoint)
{
	bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
	bpf_program__set_expected_attach_type(p, BPF_TRACE_RAW_TP);
	return bpf_program__set_attach_target(p, 0, tracepoint);
}

static int choose_way(struct live *lv, const struct probe_env *env, const struct probe_way *way)
{
	int rc = 0;

	for (size_t i = 0; i < ARRAY_SIZE(way->program) && way->program[i] && !rc; i++) {
		struct bpf_program *p = bpf_object__find_program_by_name(
			lv->skel->obj, probe_plan__program(&lv->plan, way, i));

		if (!p)
			return -ENOENT;
		bpf_program__set_autoload(p, true);
		if (way->how == WAY_TP_BTF)
			rc = give_types(p, probe__target(env, way, i));
		else if (way->how == WAY_FENTRY)
			rc = bpf_program__set_attach_target(p, 0, probe__target(env, way, i));
	}
	return rc;
}

/* The second pair: where programs are skipped, and where it can be had. */
static bool choose_again(struct live *lv, const struct probe_env *env)
{
	struct bpf_program *both[] = {lv->skel->progs.enter_again, lv->skel->progs.exit_again};

	if (!env->preemptible || !env->fentry_works ||
	    lv->plan.chosen[NEED_SUBMIT]->how == WAY_NOTHING)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		if (bpf_program__set_attach_target(both[i], 0, probe__submit_function()))
			return false;
	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		bpf_program__set_autoload(both[i], true);
	bpf_program__set_autoload(lv->skel->progs.find_active, true);
	return true;
}

static int choose_programs(struct live *lv, const struct probe_env *env)
{
	int rc = 0;

	for (int need = 0; need < NEED_MAX && !rc; need++)
		rc = choose_way(lv, env, lv->plan.chosen[need]);
	bpf_program__set_autoload(lv->skel->progs.exit_raw_tp, true);
	bpf_program__set_autoload(lv->skel->progs.sample_perf, lv->opts.sample_hz != 0);
	bpf_program__set_autoload(lv->skel->progs.fork_raw_tp, lv->opts.tree_only);
	return rc;
}

static bool jit_is_off(void)
{
	size_t len;
	char *text;
	bool off;

	if (procfile__read("/proc/sys/net/core/bpf_jit_enable", 16, &text, &len))
		return false;
	off = text[0] == '0';
	free(text);
	return off;
}

static int refused(int rc, struct err *e)
{
	err__set(e, rc, "the kernel refused the BPF programs: %s", strerror(-rc));
	err__hint(e, rc == -EMFILE   ? ERR_FILES_HINT
		     : rc == -ENOMEM ? "the kernel has no memory for the maps, or a memory "
				       "limit of the cgroup leaves too little"
		     : jit_is_off()  ? "the BPF JIT is off: sysctl net.core.bpf_jit_enable=1"
				     : "run again with --verbose for the verifier's words");
	return rc;
}

/*
 * Libbpf finds out by a map of its own whether the kernel knows variables. Where no descriptor is left for it,
 * libbpf goes on without ours, and the verifier misses them.
 */
static bool without_variables(const struct live *lv)
{
	return !bpf_map__autocreate(lv->skel->maps.bss);
}

static int load_beside_each_other(struct live *lv)
{
	struct spill_placing placing = {.lv = lv};
	struct beside beside = {0};
	int rc, rest;

	progload__begin();
	rc = aiostall_bpf__load(lv->skel);
	if (!rc) {
		beside__start(&beside, spill__place, &placing);
		progload__start();
	}
	rest = progload__end();
	beside__wait(&beside);
	if (rc || rest)
		return without_variables(lv) ? -EMFILE : rc ? rc : rest;
	return placing.rc;
}

static int load_chosen(struct live *lv, const struct probe_env *env, struct err *e)
{
	int rc;

	lv->plan.again = choose_again(lv, env);
	rc = set_constants(lv, env, e);
	if (!rc && !lv->has_room)
		rc = memory__fit(lv, e);
	if (rc)
		return rc;
	rc = choose_programs(lv, env);
	if (!rc)
		rc = load_beside_each_other(lv);
	return rc ? refused(rc, e) : 0;
}

int load__open(struct live *lv, struct err *e)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .btf_custom_path = lv->opts.btf_path);

	lv->skel = object__open(&open);
	if (!lv->skel)
		return err__set(e, -errno, "cannot open the BPF object: %s", strerror(errno));
	set_sizes(lv);
	tables__begin(lv);
	return 0;
}

int load__programs(struct live *lv, struct probe_env *env, struct err *e)
{
	int rc;

	tables__end(lv);
	if (env->btf)
		kernelbtf__forget_names(env->btf, bpf_object__btf(lv->skel->obj));
	kernelbtf__lend(&env->btf);
	rc = load_chosen(lv, env, e);
	kernelbtf__lend(NULL);
	return rc;
}
