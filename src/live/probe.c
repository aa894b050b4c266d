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
#elif defined(__aarch64__)
#define SUBMIT_FN "__arm64_sys_io_submit"
#define COMPAT_FN "__arm64_compat_sys_io_submit"
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
		return -ENOENT;
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

static int try_submit_fentry(struct probe_env *env, char *why, size_t size)
{
	return try_function(env, env->submit_fn, why, size);
}

static int try_submit_kprobe(struct probe_env *env, char *why, size_t size)
{
	return try_kprobe(env->submit_fn, why, size);
}

static int try_submit_tracepoint(struct probe_env *env, char *why, size_t size)
{
	static const char *const events[] = {"syscalls/sys_enter_io_submit",
					     "syscalls/sys_exit_io_submit"};
	int id, fd;

	if (env->tracefs_fd < 0) {
		snprintf(why, size, "%s", env->tracefs_why);
		return -ENOENT;
	}
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		id = tracefs__id(env->tracefs_fd, events[i], why, size);
		if (id < 0)
			return id;
		if (!env->thorough)
			continue;
		fd = probe__open_tracepoint(id);
		if (fd < 0)
			return fail(fd, why, size, events[i]);
		close(fd);
	}
	return 0;
}

static int try_compat_fentry(struct probe_env *env, char *why, size_t size)
{
	return try_function(env, env->compat_fn, why, size);
}

static int try_compat_kprobe(struct probe_env *env, char *why, size_t size)
{
	return try_kprobe(env->compat_fn, why, size);
}

static int try_request_fentry(struct probe_env *env, char *why, size_t size)
{
	return try_function(env, REQUEST_FN, why, size);
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

static int try_request_kprobe(struct probe_env *env, char *why, size_t size)
{
	int rc = try_kprobe(REQUEST_FN, why, size);

	snprintf(env->request_fn, sizeof(env->request_fn), REQUEST_FN);
	if (rc == -ENOENT && !find_copy(env, REQUEST_FN))
		rc = try_kprobe(env->request_fn, why, size);
	return rc;
}

static int try_always(struct probe_env *env, char *why, size_t size)
{
	(void)env;
	(void)why;
	(void)size;
	return 0;
}

static int try_none(struct probe_env *env, char *why, size_t size)
{
	(void)env;
	snprintf(why, size, "sees sleeps alone, so it is used only if asked for");
	return 0;
}

static int try_switch_tp_btf(struct probe_env *env, char *why, size_t size)
{
	int rc = try_tracing(env, "btf_trace_sched_switch", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP, why,
			     size);

	return rc ? rc
		  : try_tracing(env, "btf_trace_sched_waking", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP,
				why, size);
}

static int try_lock_tp_btf(struct probe_env *env, char *why, size_t size)
{
	int rc = try_tracing(env, "btf_trace_contention_begin", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP,
			     why, size);

	return rc ? rc
		  : try_tracing(env, "btf_trace_contention_end", BTF_KIND_TYPEDEF, BPF_TRACE_RAW_TP,
				why, size);
}

static int try_complete_fentry(struct probe_env *env, char *why, size_t size)
{
	return try_function(env, "aio_complete_rw", why, size);
}

static int try_complete_kprobe(struct probe_env *env, char *why, size_t size)
{
	(void)env;
	return try_kprobe("aio_complete_rw", why, size);
}

/* ---- the table: one row an alternative, best first within its need ---- */

struct alternative {
	enum probe_need need;
	const char *name;
	int (*try)(struct probe_env *env, char *why, size_t size);
	const char *programs[5];
	const char *lost;   /* when this one is chosen */
	bool of_calls;	    /* it tells something of a call whose entry was seen */
	bool only_if_asked; /* it does so much less that it is not taken for want of others */
};

static const struct alternative table[] = {
	{NEED_SUBMIT,
	 "fentry",
	 try_submit_fentry,
	 {"enter_fentry", "exit_fentry"},
	 "",
	 false,
	 false},
	{NEED_SUBMIT,
	 "kprobe",
	 try_submit_kprobe,
	 {"enter_kprobe", "exit_kprobe"},
	 "ends of calls beyond about two asleep a CPU are missed, and counted",
	 false,
	 false},
	{NEED_SUBMIT,
	 "tracepoint",
	 try_submit_tracepoint,
	 {"enter_tp", "exit_tp"},
	 "every syscall of the host takes the slow path (about 50 ns each)",
	 false,
	 false},
	{NEED_SUBMIT,
	 "none",
	 try_none,
	 {NULL},
	 "submits, requests and their times: only sleeps are seen",
	 false,
	 true},
	{NEED_COMPAT,
	 "fentry",
	 try_compat_fentry,
	 {"compat_enter_fentry", "compat_exit_fentry"},
	 "",
	 true,
	 false},
	{NEED_COMPAT,
	 "kprobe",
	 try_compat_kprobe,
	 {"compat_enter_kprobe", "compat_exit_kprobe"},
	 "",
	 true,
	 false},
	{NEED_COMPAT,
	 "none",
	 try_always,
	 {NULL},
	 "submits of 32-bit programs are not seen",
	 false,
	 false},
	{NEED_REQUEST, "fentry", try_request_fentry, {"request_fentry"}, "", true, false},
	{NEED_REQUEST, "kprobe", try_request_kprobe, {"request_kprobe"}, "", true, false},
	{NEED_REQUEST,
	 "scan",
	 try_always,
	 {NULL},
	 "the request that slept is found on the thread's stack, and marked as scanned",
	 false,
	 false},
	{NEED_SWITCH,
	 "tp_btf",
	 try_switch_tp_btf,
	 {"switch_task", "waking_task"},
	 "",
	 false,
	 false},
	{NEED_SWITCH,
	 "raw_tp",
	 try_always,
	 {"switch_task", "waking_task"},
	 "a little more cost per switch",
	 false,
	 false},
	{NEED_LOCK,
	 "tp_btf",
	 try_lock_tp_btf,
	 {"lock_begin_tp_btf", "lock_end_tp_btf"},
	 "",
	 true,
	 false},
	{NEED_LOCK,
	 "none",
	 try_always,
	 {NULL},
	 "who holds the lock that is waited for",
	 false,
	 false},
	{NEED_COMPLETE, "fentry", try_complete_fentry, {"complete_fentry"}, "", true, false},
	{NEED_COMPLETE, "kprobe", try_complete_kprobe, {"complete_kprobe"}, "", true, false},
	{NEED_COMPLETE,
	 "none",
	 try_always,
	 {NULL},
	 "requests done inside io_submit, and RWF_NOWAIT refusals",
	 false,
	 false},
};

static const struct {
	const char *name, *what;
} needs[NEED_MAX] = {
	[NEED_SUBMIT] = {"submit", "entry and exit of io_submit"},
	[NEED_COMPAT] = {"compat", "entry and exit of a 32-bit program's io_submit"},
	[NEED_REQUEST] = {"request", "which request of a call sleeps"},
	[NEED_SWITCH] = {"switch", "sleep and wake-up"},
	[NEED_LOCK] = {"lock", "who holds a lock that is waited for"},
	[NEED_COMPLETE] = {"complete", "requests that are done inside io_submit"},
};

const char *const *probe__programs(enum probe_need need, const char *alternative)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (table[i].need == need && alternative && !strcmp(table[i].name, alternative))
			return table[i].programs;
	return NULL;
}

/* ---- the environment ---- */

static bool has_prev_state(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	t = t ? btf__type_by_id(btf, t->type) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	/* __data, preempt, prev, next; prev_state from 5.18 on */
	return t && btf_is_func_proto(t) && btf_vlen(t) >= 5;
}

/* Name of the type of a structure's member, without resolving typedefs; "" if there is none. */
static const char *member_type(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	for (uint16_t i = 0; t && i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const struct btf_type *of = btf__type_by_id(btf, m->type);

		if (of && !strcmp(btf__name_by_offset(btf, m->name_off), member))
			return btf__name_by_offset(btf, of->name_off);
	}
	return "";
}

/*
 * Ring buffers took a spinlock_t until 6.12, and with PREEMPT_RT that is a
 * mutex: a program in sched_switch would sleep in the scheduler.
 */
static bool ring_may_sleep(const struct btf *btf)
{
	return !strcmp(member_type(btf, "bpf_ringbuf", "spinlock"), "spinlock_t") &&
	       !strcmp(member_type(btf, "spinlock", "lock"), "rt_mutex_base");
}

int probe_env__init(struct probe_env *env, const struct live_opts *opts, struct err *e)
{
	struct btf *types;
	char why[128];
	bool refused;

	memset(env, 0, sizeof(*env));
	env->submit_fn = SUBMIT_FN;
	env->compat_fn = COMPAT_FN;
	snprintf(env->request_fn, sizeof(env->request_fn), REQUEST_FN);
	env->tracefs_fd = tracefs__open(env->tracefs_why, sizeof(env->tracefs_why));
	if (access("/sys/kernel/btf/vmlinux", R_OK) == 0)
		env->btf = btf__parse_raw("/sys/kernel/btf/vmlinux");
	types = env->btf;
	if (opts->btf_path) {
		types = btf__parse(opts->btf_path, NULL);
		if (!types) {
			/* libbpf has error numbers of its own */
			libbpf_strerror(errno, why, sizeof(why));
			err__set(e, -EINVAL, "cannot read BTF from %s: %s", opts->btf_path, why);
			err__hint(
				e,
				"it must be the BTF of the running kernel, raw or in an ELF file");
			probe_env__close(env);
			return -EINVAL;
		}
	}
	if (!types) {
		err__set(e, -ENOENT, "this kernel has no BTF (/sys/kernel/btf/vmlinux)");
		err__hint(e, "boot a kernel with CONFIG_DEBUG_INFO_BTF=y, or give the BTF of this "
			     "one with "
			     "--btf FILE (pahole -J on its vmlinux, or BTFHub)");
		probe_env__close(env);
		return -ENOENT;
	}
	env->has_prev_state = has_prev_state(types);
	env->has_run_delay = *member_type(types, "sched_info", "run_delay") != '\0';
	env->has_typed_reads =
		env->btf && btf__find_by_name_kind(env->btf, "bpf_rdonly_cast", BTF_KIND_FUNC) >= 0;
	refused = ring_may_sleep(types);
	if (types != env->btf)
		btf__free(types);
	if (!refused)
		return 0;
	err__set(e, -ENOTSUP, "this PREEMPT_RT kernel has BPF ring buffers that sleep");
	err__hint(e, "tracing the scheduler with them can stop the host; 6.12 and newer are safe");
	probe_env__close(env);
	return -ENOTSUP;
}

void probe_env__close(struct probe_env *env)
{
	btf__free(env->btf);
	env->btf = NULL;
	if (env->tracefs_fd >= 0)
		close(env->tracefs_fd);
	env->tracefs_fd = -1;
}

/* ---- the plan ---- */

static const char *forced(const struct live_opts *o, enum probe_need need)
{
	switch (need) {
	case NEED_SUBMIT:
		return o->probe_submit;
	case NEED_COMPAT:
		return o->probe_compat;
	case NEED_REQUEST:
		return o->probe_request;
	case NEED_SWITCH:
		return o->probe_switch;
	case NEED_LOCK:
		return o->probe_lock;
	case NEED_COMPLETE:
		return o->probe_complete;
	default:
		return NULL;
	}
}

static void try_one(struct probe_plan *plan, struct probe_env *env, const struct alternative *a,
		    struct live_need *need, const char *force)
{
	struct live_alternative *out = &need->alt[need->nr_alts++];

	bool asked = force && !strcmp(force, a->name);

	out->name = a->name;
	if (a->of_calls && !strcmp(plan->chosen[NEED_SUBMIT], "none"))
		snprintf(out->why, sizeof(out->why), "with submit=none no calls are seen");
	else
		out->works = a->try(env, out->why, sizeof(out->why)) == 0;
	if (!out->works || plan->chosen[a->need] || (force && !asked) ||
	    (a->only_if_asked && !asked))
		return;
	out->chosen = true;
	if (asked)
		out->why[0] = '\0';
	plan->chosen[a->need] = a->name;
	/* the registers of a sleeping thread tell of 32-bit programs too */
	if (a->need != NEED_COMPAT || strcmp(plan->chosen[NEED_SUBMIT], "none") != 0)
		need->lost = a->lost;
}

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
		const char *force = forced(opts, n);

		need->name = needs[n].name;
		need->what = needs[n].what;
		need->lost = "";
		for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
			if (table[i].need != (enum probe_need)n)
				continue;
			if (!all && (plan->chosen[n] || (force && strcmp(force, table[i].name))))
				continue;
			try_one(plan, env, &table[i], need, force);
		}
		if (plan->chosen[n])
			continue;
		if (force && !need->nr_alts) {
			err__set(e, -EINVAL, "there is no probe %s=%s", need->name, force);
			err__hint(e, "`aiostall check` lists the alternatives");
			return -EINVAL;
		}
		err__set(e, -ENOTSUP, "no probe works for %s: %s: %s", need->what,
			 failed(need, force)->name, failed(need, force)->why);
		err__hint(e, "`aiostall check` shows what this kernel offers");
		return -ENOTSUP;
	}
	return 0;
}
