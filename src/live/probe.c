// SPDX-License-Identifier: GPL-2.0
#include "live/probe.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/ksyms.h"
#include "host/procfile.h"
#include "host/tracefs.h"

/* The syscall entry points: arch/x86/include/asm/syscall_wrapper.h, arch/arm64/include/asm/syscall_wrapper.h. */
#if defined(__x86_64__)
#define SUBMIT_FN "__x64_sys_io_submit"
#define COMPAT_FN "__ia32_compat_sys_io_submit"
#define ENTER_FN "__x64_sys_io_uring_enter"
#define ENTER32_FN "__ia32_sys_io_uring_enter"
#elif defined(__aarch64__)
#define SUBMIT_FN "__arm64_sys_io_submit"
#define COMPAT_FN "__arm64_compat_sys_io_submit"
#define ENTER_FN "__arm64_sys_io_uring_enter"
#else
#error "no entry point is known for this architecture"
#endif

#define REQUEST_FN "io_submit_one"

/* ---- trying ---- */

static int fail(int rc, char *why, size_t size, const char *what)
{
	snprintf(why, size, "%s: %s", what, strerror(-rc));
	return rc;
}

/* Load an empty program for that function or tracepoint: its descriptor, or < 0 with the reason. */
static int load_nothing(struct probe_env *env, const char *name, uint32_t kind,
			enum bpf_attach_type type, char *why, size_t size)
{
	static const struct bpf_insn nothing[] = {
		{.code = 0xb7, .dst_reg = 0, .imm = 0}, /* r0 = 0 */
		{.code = 0x95},				/* exit */
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);
	int prog, id;

	if (!env->btf) {
		snprintf(why, size, "the kernel has no BTF of its own");
		return -ENOENT;
	}
	id = btf__find_by_name_kind(env->btf, name, kind);
	if (id < 0) {
		snprintf(why, size, "the kernel's BTF has no %s", name);
		return -ENOENT;
	}
	opts.attach_btf_id = (uint32_t)id;
	prog = bpf_prog_load(BPF_PROG_TYPE_TRACING, "aiostall_try", "GPL", nothing,
			     ARRAY_SIZE(nothing), &opts);
	return prog < 0 ? fail(-errno, why, size, "load refused") : prog;
}

/*
 * Load and attach an empty program; what attaches now will attach again. A
 * tracepoint takes what could be loaded for it, and each attaching and detaching
 * takes the host some 50 ms, so that is left to those who want to know for sure.
 */
static int try_tracing(struct probe_env *env, const char *name, uint32_t kind,
		       enum bpf_attach_type type, char *why, size_t size)
{
	int prog = load_nothing(env, name, kind, type, why, size), link;

	if (prog < 0)
		return prog;
	if (type == BPF_TRACE_RAW_TP && !env->thorough) {
		close(prog);
		return 0;
	}
	link = bpf_raw_tracepoint_open(NULL, prog);
	if (link < 0)
		link = fail(-errno, why, size, "attach refused");
	else
		close(link);
	close(prog);
	return link < 0 ? link : 0;
}

/*
 * Entry and exit of a function. The program is loaded for it but attached to
 * one that exists to be tried (net/bpf/test_run.c): a change of a function's
 * trampoline skips the exit programs of the calls that are in it, those of
 * other tracers too (bpf_tramp_image_put(), kernel/bpf/trampoline.c, 5.12 on).
 * Before that change reached a kernel its trampolines were freed under the
 * threads that slept in them, so without it fexit is not for us.
 */
static int try_function(struct probe_env *env, const char *name, char *why, size_t size)
{
	static const char harmless[] = "bpf_fentry_test1";
	int prog = load_nothing(env, name, BTF_KIND_FUNC, BPF_TRACE_FENTRY, why, size), rc;

	if (prog < 0)
		return prog;
	close(prog);
	if (btf__find_by_name_kind(env->btf, "bpf_tramp_image", BTF_KIND_STRUCT) < 0) {
		snprintf(why, size,
			 "this kernel's fexit is not safe where functions sleep (before 5.12)");
		return -ENOTSUP;
	}
	/* a kernel that has attached one attaches the others */
	if (env->fentry_works && !env->thorough)
		return 0;
	if (btf__find_by_name_kind(env->btf, harmless, BTF_KIND_FUNC) >= 0)
		name = harmless;
	rc = try_tracing(env, name, BTF_KIND_FUNC, BPF_TRACE_FENTRY, why, size);
	env->fentry_works = !rc;
	return rc;
}

static int try_kprobe(const char *function, char *why, size_t size)
{
	struct perf_event_attr attr = {.size = sizeof(attr)};
	char *text;
	uint64_t type;
	size_t len;
	int fd;

	if (procfile__read("/sys/bus/event_source/devices/kprobe/type", 64, &text, &len)) {
		snprintf(why, size,
			 "kernel without kprobes (CONFIG_KPROBES, CONFIG_KPROBE_EVENTS)");
		return -EOPNOTSUPP;
	}
	text[strcspn(text, "\n")] = '\0';
	fd = parse__u64(text, 0, UINT32_MAX, &type);
	free(text);
	if (fd)
		return fail(fd, why, size, "kprobe event type");
	attr.type = (uint32_t)type;
	attr.config1 = (uint64_t)(uintptr_t)function;
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return fail(-errno, why, size, function);
	close(fd);
	return 0;
}

int probe__open_tracepoint(int id)
{
	struct perf_event_attr attr = {
		.size = sizeof(attr),
		.type = PERF_TYPE_TRACEPOINT,
		.config = (uint64_t)id,
		.sample_period = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A compiler may have made a copy of the function to its liking, and left only that. */
static int find_copy(struct probe_env *env, const char *function)
{
	struct err e = {0};
	struct ksyms *k = ksyms__new(NULL, &e);
	const char *name = k ? ksyms__copy(k, function) : NULL;
	int n = name ? snprintf(env->request_fn, sizeof(env->request_fn), "%s", name) : 0;

	ksyms__free(k);
	return n > 0 && (size_t)n < sizeof(env->request_fn) ? 0 : -ENOENT;
}

/* Entry of a function, by whatever name the compiler left it. */
static int try_any_kprobe(struct probe_env *env, const struct probe_way *way, char *why,
			  size_t size)
{
	int rc = try_kprobe(way->target[0], why, size);

	if (way->need != NEED_REQUEST)
		return rc;
	snprintf(env->request_fn, sizeof(env->request_fn), "%s", way->target[0]);
	/* to look for it takes reading all symbols */
	if (rc == -ENOENT && !find_copy(env, way->target[0]))
		rc = try_kprobe(env->request_fn, why, size);
	return rc;
}

static int try_perf(struct probe_env *env, const char *event, char *why, size_t size)
{
	int id, fd;

	if (env->tracefs_fd < 0) {
		snprintf(why, size, "%s", env->tracefs_why);
		return -ENOENT;
	}
	id = tracefs__id(env->tracefs_fd, event, why, size);
	if (id < 0 || !env->thorough)
		return id < 0 ? id : 0;
	fd = probe__open_tracepoint(id);
	if (fd < 0)
		return fail(fd, why, size, event);
	close(fd);
	return 0;
}

static int try_tp_btf(struct probe_env *env, const char *tracepoint, char *why, size_t size)
{
	char type[64];

	snprintf(type, sizeof(type), "btf_trace_%s", tracepoint);
	return try_tracing(env, type, BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP, why, size);
}

/* Entry and exit of a function are tried as one, tracepoints each. */
static int try_way(struct probe_env *env, const struct probe_way *way, char *why, size_t size)
{
	int rc = 0;

	if (way->how == WAY_FENTRY)
		return try_function(env, way->target[0], why, size);
	if (way->how == WAY_KPROBE)
		return try_any_kprobe(env, way, why, size);
	if (way->how == WAY_TP_BTF && way->need == NEED_SQE && !env->sqe.tracepoint) {
		snprintf(why, size, "the kernel's BTF has no tracepoint that tells the request");
		return -ENOENT;
	}
	if (way->how == WAY_TP_BTF && way->need == NEED_PUNT && !env->sqe.punts) {
		snprintf(why, size, "the kernel's BTF has no tracepoint that tells the request");
		return -ENOENT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(way->target) && way->target[i] && !rc; i++) {
		if (way->how == WAY_PERF)
			rc = try_perf(env, way->target[i], why, size);
		else if (way->how == WAY_TP_BTF)
			rc = try_tp_btf(env, probe__target(env, way, i), why, size);
	}
	if (!rc && (way->flags & WAY_IF_ASKED))
		snprintf(why, size, "sees sleeps alone, so it is used only if asked for");
	return rc;
}

/* ---- the table ---- */

static const struct probe_way table[] = {
#define WAY(need, name, how, target, target2, program, program2, flags, lost)                      \
	{NEED_##need, name, how, {target, target2}, {program, program2}, flags, lost},
#include "model/probes.def"
};

const char *probe__target(const struct probe_env *env, const struct probe_way *way, size_t i)
{
	/* only a kprobe can go by the name that the compiler made */
	if (way->need == NEED_REQUEST && way->how == WAY_KPROBE)
		return env->request_fn;
	if (way->need == NEED_SQE)
		return env->sqe.tracepoint;
	return way->target[i] ? way->target[i] : way->target[0];
}

const char *probe_plan__program(const struct probe_plan *plan, const struct probe_way *way,
				size_t i)
{
	if (way->need == NEED_SWITCH && i == 0 && plan->chosen[NEED_SUBMIT]->how == WAY_NOTHING)
		return "switch_unwatched";
	if (way->need == NEED_SWITCH && i == 0 && plan->again)
		return "switch_again";
	return way->program[i];
}

const char *probe__submit_function(void)
{
	return SUBMIT_FN;
}

const char *probe__compat_function(void)
{
	return COMPAT_FN;
}

/* ---- the plan ---- */

static void try_one(struct probe_plan *plan, struct probe_env *env, const struct probe_way *a,
		    struct live_need *need, const char *force)
{
	struct live_alternative *out = &need->alt[need->nr_alts++];

	bool asked = force && !strcmp(force, a->name);

	out->name = a->name;
	if ((a->flags & WAY_OF_CALLS) && !strcmp(plan->chosen[NEED_SUBMIT]->name, "none"))
		snprintf(out->why, sizeof(out->why), "with submit=none no calls are seen");
	else if (a->need == NEED_ENTER32 && a->how != WAY_NOTHING &&
		 plan->chosen[NEED_ENTER]->how == WAY_NOTHING)
		snprintf(out->why, sizeof(out->why), "without enter io_uring is not seen");
	else if (a->need == NEED_TAKE && strcmp(a->name, "none") != 0 &&
		 plan->chosen[NEED_PUNT]->how == WAY_NOTHING)
		snprintf(out->why, sizeof(out->why), "without punt it is not known since when");
	else if (a->need == NEED_PUNT && a->how != WAY_NOTHING &&
		 plan->chosen[NEED_SQE]->how == WAY_NOTHING)
		snprintf(out->why, sizeof(out->why),
			 "without sqe one request is not told from "
			 "the next");
	else
		out->works = try_way(env, a, out->why, sizeof(out->why)) == 0;
	if (!out->works || plan->chosen[a->need] || (force && !asked) ||
	    ((a->flags & WAY_IF_ASKED) && !asked))
		return;
	out->chosen = true;
	if (asked)
		out->why[0] = '\0';
	plan->chosen[a->need] = a;
	/* the registers of a sleeping thread tell of 32-bit programs too */
	if (a->need != NEED_COMPAT || strcmp(plan->chosen[NEED_SUBMIT]->name, "none") != 0)
		need->lost = a->lost;
}

/* Who does not want an api's calls has none of its probes. */
static bool is_unwanted(enum probe_need need, unsigned int apis)
{
	return apis && !(apis & probe_need__apis(need));
}

static const struct probe_way off[NEED_MAX] = {
#define NEED(id, word, api, words)                                                                 \
	{.need = NEED_##id, .name = "off", .how = WAY_NOTHING, .lost = ""},
#include "model/probes.def"
};

/* The alternative to name when none could be taken: the forced one, else the last that does not work. */
static const struct live_alternative *failed(const struct live_need *need, const char *force)
{
	for (size_t i = 0; force && i < need->nr_alts; i++)
		if (!strcmp(need->alt[i].name, force))
			return &need->alt[i];
	for (size_t i = need->nr_alts; i-- > 0;)
		if (!need->alt[i].works)
			return &need->alt[i];
	return &need->alt[0];
}

int probe_plan__make(struct probe_plan *plan, struct probe_env *env, const struct live_opts *opts,
		     bool all, struct err *e)
{
	memset(plan, 0, sizeof(*plan));
	env->thorough = all;
	for (int n = 0; n < NEED_MAX; n++) {
		struct live_need *need = &plan->need[n];
		const char *force = opts->probe[n];

		need->name = probe_need__name((size_t)n);
		need->what = probe_need__what(n);
		need->lost = "";
		if (is_unwanted((enum probe_need)n, opts->filter.apis))
			plan->chosen[n] = &off[n];
		for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
			if (table[i].need != (enum probe_need)n || plan->chosen[n] == &off[n])
				continue;
			if (!all && (plan->chosen[n] || (force && strcmp(force, table[i].name))))
				continue;
			try_one(plan, env, &table[i], need, force);
		}
		if (plan->chosen[n])
			continue;
		err__set(e, -ENOTSUP, "no probe works for %s: %s: %s", need->what,
			 failed(need, force)->name, failed(need, force)->why);
		err__hint(e, "`aiostall check` shows what this kernel offers");
		return -ENOTSUP;
	}
	return 0;
}
