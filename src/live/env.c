// SPDX-License-Identifier: GPL-2.0
/* What the kernel is like, as far as choosing probes depends on it. */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/procfile.h"
#include "host/tracefs.h"
#include "live/kernelbtf.h"
#include "live/probe.h"
#include "live/require.h"

static bool has_prev_state(const struct btf *btf)
{
	int id = btf__find_by_name_kind(btf, "btf_trace_sched_switch", BTF_KIND_TYPEDEF);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);

	t = t ? btf__type_by_id(btf, t->type) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	/* __data, preempt, prev, next; prev_state from 5.18 on */
	return t && btf_is_func_proto(t) && btf_vlen(t) >= 5;
}

/* The arguments of a tracepoint, without the data that it is registered with; 0 = there is no such. */
static unsigned int tracepoint_args(const struct btf *btf, const char *tracepoint)
{
	const struct btf_type *t;
	char name[64];
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	t = t ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_func_proto(t) && btf_vlen(t) ? btf_vlen(t) - 1u : 0;
}

/* The flag whose bit has this name among the kernel's constants; 0 = there is none. */
static uint64_t flag_of_bit(const struct btf *btf, const char *name)
{
	for (uint32_t id = 1; id < btf__type_cnt(btf); id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		for (uint16_t i = 0; btf_is_enum(t) && !t->name_off && i < btf_vlen(t); i++) {
			const struct btf_enum *e = &btf_enum(t)[i];

			if (e->val >= 0 && e->val < 64 &&
			    !strcmp(btf__name_by_offset(btf, e->name_off), name))
				return 1ull << e->val;
		}
	}
	return 0;
}

/*
 * io_uring_submit_req(req) from 6.4 on. Before that io_uring_submit_sqe, which
 * has two arguments from 5.19 on, the first being the request, and seven from
 * 5.14 on, of which it is the second; in between it has others that do not help.
 * io_uring_queue_async_work(req, hashed) from 5.19 on, before that (ctx, hashed, req, work, flags).
 */
static void find_sqe_tracepoint(struct probe_env *env, const struct btf *btf)
{
	unsigned int args = tracepoint_args(btf, "io_uring_submit_sqe");

	if (tracepoint_args(btf, "io_uring_submit_req") == 1) {
		env->sqe.tracepoint = "io_uring_submit_req";
	} else if (args == 2 || args == 7) {
		env->sqe.tracepoint = "io_uring_submit_sqe";
		env->sqe.arg = args == 7;
	}
	args = tracepoint_args(btf, "io_uring_queue_async_work");
	env->sqe.punts = args == 2 || args == 5;
	env->sqe.punt_arg = args == 5 ? 2 : 0;
	env->sqe.can_nowait = flag_of_bit(btf, "REQ_F_SUPPORT_NOWAIT_BIT");
	env->sqe.came_back = flag_of_bit(btf, "REQ_F_BL_NO_RECYCLE_BIT");
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

/* Has this type, or a structure or union within it, a member of that name? */
static bool has_member(const struct btf *btf, uint32_t id, const char *name, int depth)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	if (!t || !btf_is_composite(t) || depth > 4)
		return false;
	for (uint16_t i = 0; i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];

		if (!strcmp(btf__name_by_offset(btf, m->name_off), name) ||
		    has_member(btf, m->type, name, depth + 1))
			return true;
	}
	return false;
}

static bool struct_has(const struct btf *btf, const char *name, const char *member)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 && has_member(btf, (uint32_t)id, member, 0);
}

/*
 * Skipped runs of kprobe and tracepoint programs are counted since the change
 * that gave links their number of missed hits (6.7).
 */
static bool counts_plain_skips(const struct btf *btf)
{
	return struct_has(btf, "bpf_link_info", "missed");
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

/*
 * Whether a thread can be preempted inside the kernel: uname -v says what it was built for, and
 * where that is chosen at boot or later, debugfs says what is in force. Yes if that cannot be read.
 */
static bool is_preemptible(void)
{
	struct utsname u;
	bool is = true;
	size_t len;
	char *text;

	if (uname(&u) || !strstr(u.version, "PREEMPT"))
		return false;
	if (!strstr(u.version, "PREEMPT_DYNAMIC") ||
	    procfile__read("/sys/kernel/debug/sched/preempt", 256, &text, &len))
		return true;
	is = !strstr(text, "(none)") && !strstr(text, "(voluntary)");
	free(text);
	return is;
}

int probe_env__init(struct probe_env *env, const struct live_opts *opts, struct err *e)
{
	struct btf *types;
	char why[128];
	bool refused;
	int unreadable;

	memset(env, 0, sizeof(*env));
	env->tracefs_fd = tracefs__open(env->tracefs_why, sizeof(env->tracefs_why));
	if (env->tracefs_fd == -EMFILE)
		return err__set(e, -EMFILE, "cannot open tracefs: %s", strerror(EMFILE));
	env->btf = kernelbtf__read();
	unreadable = env->btf || errno == ENOENT ? 0 : errno;
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
	if (!types && unreadable) {
		err__set(e, -unreadable, "cannot read /sys/kernel/btf/vmlinux: %s",
			 strerror(unreadable));
		probe_env__close(env);
		return -unreadable;
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
	env->preemptible = is_preemptible();
	env->counts_skips = struct_has(types, "bpf_prog_info", "recursion_misses");
	env->counts_plain_skips = counts_plain_skips(types);
	find_sqe_tracepoint(env, types);
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
