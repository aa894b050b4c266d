// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel skips a program where it could recurse, and a preemptible kernel
 * makes that happen without any recursion:
 *
 * - kprobe programs, and tracepoint programs before 7.2, while a system call on
 *   a map is under way on the CPU, whoever made it (bpf_disable_instrumentation()
 *   raises bpf_prog_active and leaves preemption on);
 * - fentry and fexit programs, and those of system call tracepoints from 7.2
 *   on, while another thread was preempted in the same program on that CPU
 *   (bpf_prog::active).
 *
 * Each skip is counted in bpf_prog_info::recursion_misses, from 5.12 on, but
 * those of kprobes and tracepoints from 6.7 on (trace_call_bpf()). Asking for
 * it is no system call on a map, so it makes no skips itself.
 */
#include "live/skipped.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "aiostall.skel.h"

/* False if this kernel does not tell. */
static bool misses_of(const struct bpf_program *p, uint64_t *misses)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof(info);

	*misses = 0;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len) ||
	    len < offsetof(struct bpf_prog_info, recursion_misses) + sizeof(info.recursion_misses))
		return false;
	*misses = info.recursion_misses;
	return true;
}

/* The program of the entry, or of the exit; NULL if the need is met without one. */
enum end { ENTRY, EXIT };
static const struct bpf_program *program_of(const struct live *lv, enum probe_need need,
					    enum end end)
{
	const char *name = lv->plan.chosen[need]->program[end];

	return name ? bpf_object__find_program_by_name(lv->skel->obj, name) : NULL;
}

static uint64_t skips_of(const struct bpf_program *p)
{
	uint64_t n;

	return p && misses_of(p, &n) ? n : 0;
}

static uint64_t descriptor_of(const struct bpf_program *p)
{
	return p ? (uint64_t)bpf_program__fd(p) : UINT64_MAX;
}

/* The programs learn where the kernel counts who is in them. */
static bool find_active(struct live *lv)
{
	uint64_t files[WIRE_HELD_MAX + 1] = {
		[WIRE_HELD_ENTER] = descriptor_of(program_of(lv, NEED_SUBMIT, ENTRY)),
		[WIRE_HELD_ENTER_AGAIN] = descriptor_of(lv->skel->progs.enter_again),
		[WIRE_HELD_EXIT] = descriptor_of(program_of(lv, NEED_SUBMIT, EXIT)),
		[WIRE_HELD_EXIT_AGAIN] = descriptor_of(lv->skel->progs.exit_again),
		[WIRE_HELD_REQUEST] = descriptor_of(program_of(lv, NEED_REQUEST, ENTRY)),
		[WIRE_HELD_MAX] = (uint64_t)bpf_map__fd(lv->skel->maps.scratches),
	};
	LIBBPF_OPTS(bpf_test_run_opts, run, .ctx_in = files, .ctx_size_in = sizeof(files));

	return !bpf_prog_test_run_opts(bpf_program__fd(lv->skel->progs.find_active), &run) &&
	       lv->skel->bss->scratch_at && lv->skel->bss->active_at[WIRE_HELD_ENTER_AGAIN] &&
	       lv->skel->bss->active_at[WIRE_HELD_EXIT_AGAIN];
}

void skipped__begin(struct live *lv)
{
	const struct bpf_program *p = program_of(lv, NEED_SUBMIT, ENTRY);
	bool fentry = lv->plan.chosen[NEED_SUBMIT]->how == WAY_FENTRY;
	uint64_t n;

	lv->capture.skips_unknown = "";
	lv->capture.skips = "";
	if (p && !misses_of(p, &n))
		lv->capture.skips_unknown = "kernels before 5.12 do not count them";
	else if (p && !fentry && !lv->counts_plain_skips)
		lv->capture.skips_unknown =
			"kernels before 6.7 do not count those of kprobes and tracepoints";
	/* where that is not told, as many as the programs were skipped for may be missing */
	if (lv->plan.again && !find_active(lv))
		lv->skel->bss->blind = 1;
	for (int need = 0; need < NEED_MAX; need++)
		if (probe_need__is_of_entry((enum probe_need)need))
			lv->skipped_before[need] =
				skips_of(program_of(lv, (enum probe_need)need, ENTRY));
}

/* Since tracing began. */
static uint64_t skipped_entries(const struct live *lv, enum probe_need need)
{
	return skips_of(program_of(lv, need, ENTRY)) - lv->skipped_before[need];
}

static uint64_t counted(const __u64 *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * Calls that no program saw, where there are two pairs. A call is seen by either program of its
 * entry, by either of its exit, or where it sleeps (bpf/unwatched.bpf.h). While threads are
 * preempted in all four on a CPU none sees it, nor one that is preempted between an entry and an exit
 * that nobody saw. Whether one of ours ran there then is known (bpf/held.bpf.h): if not, none is missing;
 * else so many at most, since calls that are not wanted are among these.
 */
static uint64_t missed_by_all(const struct live *lv)
{
	uint64_t enters = least(skipped_entries(lv, NEED_SUBMIT),
				skips_of(lv->skel->progs.enter_again)),
		 exits = skips_of(program_of(lv, NEED_SUBMIT, EXIT));

	if (!counted(&lv->skel->bss->blind))
		return 0;
	/* both were skipped for these, which count all the same */
	enters -= least(enters, counted(&lv->skel->bss->losses[WIRE_LOSS_NO_ENTRY]));
	return least(enters, least(exits, skips_of(lv->skel->progs.exit_again)));
}

void skipped__read(struct live *lv)
{
	uint64_t skips = skipped_entries(lv, NEED_SUBMIT), others = 0;

	for (int need = 0; need < NEED_MAX; need++)
		if (need != NEED_SUBMIT && probe_need__is_of_entry((enum probe_need)need))
			others += skipped_entries(lv, (enum probe_need)need);
	/* an exit without its entry is that of a call whose entry was skipped, and counted all the same */
	skips -= least(skips, counted(&lv->skel->bss->losses[WIRE_LOSS_NO_ENTRY]));
	lv->skipped = (lv->plan.again ? missed_by_all(lv) : skips) + others;
}

void skipped__end(struct live *lv)
{
	char text[512] = "";
	size_t used = 0;
	struct bpf_program *p;
	uint64_t n;

	bpf_object__for_each_program(p, lv->skel->obj)
	{
		if (bpf_program__fd(p) < 0 || !misses_of(p, &n) || !n || used >= sizeof(text))
			continue;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s %llu",
					 used ? ", " : "", bpf_program__name(p),
					 (unsigned long long)n);
	}
	snprintf(lv->skips, sizeof(lv->skips), "%s", text);
	lv->capture.skips = lv->skips;
}
