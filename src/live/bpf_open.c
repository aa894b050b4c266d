// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "live/live.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "live/bpf_live.h"
#include "live/bpf_self.h"
#include "aiostall.skel.h"
#include "host/procfile.h"
#include "host/tracefs.h"

/* ---- what must be there ---- */

static bool has_cap(const struct __user_cap_data_struct *d, int cap)
{
	return d[cap / 32].effective & (1u << (cap % 32));
}

static int check_capabilities(struct err *e)
{
	static const struct {
		int cap;
		const char *name;
	} wanted[] = {
		{CAP_BPF, "CAP_BPF"},
		{CAP_PERFMON, "CAP_PERFMON"},
	};
	struct __user_cap_header_struct hdr = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	char missing[64] = "";

	if (syscall(SYS_capget, &hdr, data))
		return err__set(e, -errno, "cannot read own capabilities: %s", strerror(errno));
	if (has_cap(data, CAP_SYS_ADMIN))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (!has_cap(data, wanted[i].cap))
			snprintf(missing + strlen(missing), sizeof(missing) - strlen(missing),
				 "%s%s", *missing ? " and " : "", wanted[i].name);
	if (!*missing)
		return 0;
	err__set(e, -EPERM, "not permitted: %s missing", missing);
	err__hint(e, "run as root, or with CAP_BPF, CAP_PERFMON, CAP_SYSLOG, CAP_SYS_PTRACE and "
		     "CAP_DAC_READ_SEARCH (CAP_SYS_ADMIN too where tracefs is not mounted)");
	return -EPERM;
}

/*
 * The programs see the process ids of the first namespace; in another one they
 * name other processes, or none. Its inode number is fixed
 * (PROC_PID_INIT_INO, include/linux/proc_ns.h).
 */
static int check_pid_namespace(struct err *e)
{
	static const ino_t first = 0xEFFFFFFC;
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == first)
		return 0;
	err__set(e, -ENOTSUP,
		 "this is a PID namespace of its own: process ids here are not the kernel's");
	err__hint(e,
		  "run on the host, or in a container with the host's PID namespace (--pid=host)");
	return -ENOTSUP;
}

/* A call with an invalid context: EINVAL where there is AIO. */
static int check_io_submit(struct err *e)
{
	if (syscall(SYS_io_submit, 0UL, 0L, NULL) == 0 || errno != ENOSYS)
		return 0;
	err__set(e, -ENOSYS, "this kernel has no io_submit(2)");
	err__hint(e, "it was built without CONFIG_AIO, or a seccomp filter hides the call; "
		     "nothing here can be blocked in it");
	return -ENOSYS;
}

static int check_cpus(struct err *e)
{
	int cpus = libbpf_num_possible_cpus();

	if (cpus < 1)
		return err__set(e, cpus, "cannot count the CPUs: %s", strerror(-cpus));
	if (cpus <= WIRE_MAX_CPUS)
		return 0;
	return err__set(e, -ENOTSUP, "%d possible CPUs; this build watches up to %d", cpus,
			WIRE_MAX_CPUS);
}

/* libbpf's words, which may be a verifier log of many lines, to our log. */
static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char *text, *line, *rest;

	if (vasprintf(&text, fmt, ap) < 0)
		return 0;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log__print(level == LIBBPF_DEBUG ? LOG_DEBUG : LOG_INFO, "%s", line);
	free(text);
	return 0;
}

static void describe_host(struct host_info *h)
{
	struct utsname u;

	if (uname(&u))
		memset(&u, 0, sizeof(u));
	snprintf(h->hostname, sizeof(h->hostname), "%s", u.nodename);
	snprintf(h->kernel, sizeof(h->kernel), "%s", u.release);
	snprintf(h->arch, sizeof(h->arch), "%s", u.machine);
	h->cpus = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
}

/* ---- filters: user space words to keys ---- */

static int add_want(struct live *lv, uint32_t kind, uint32_t value, struct err *e)
{
	struct wire_want_key key = {.kind = kind, .value = value};
	uint8_t one = 1;

	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.wants), &key, &one, BPF_ANY))
		return err__set(e, -errno, "too many mounts or devices to filter by");
	return 0;
}

static int want_mount(struct live *lv, const char *path, struct err *e)
{
	size_t found = 0;
	char clean[4096];
	int rc = 0;

	if (!realpath(path, clean))
		return err__set(e, -errno, "--mount %s: %s", path, strerror(errno));
	for (size_t i = 0; i < mounts__count(lv->mounts) && !rc; i++) {
		const struct mount_entry *m = mounts__at(lv->mounts, i);

		if (m->gone || strcmp(m->mount_point, clean))
			continue;
		found++;
		rc = add_want(lv, WIRE_WANT_MOUNT, m->id, e);
	}
	if (rc || found)
		return rc;
	err__set(e, -ENOENT, "--mount %s: not a mount point", path);
	err__hint(e, "`findmnt -T %s` names the mount that it is on", path);
	return -ENOENT;
}

#define KDEV(major, minor) ((major) << 20 | (minor))

static int want_device(struct live *lv, const char *name, struct err *e)
{
	const struct mount_entry *btrfs[16];
	uint32_t major, minor;
	size_t n;
	int rc = devices__parse(name, &major, &minor, e);

	if (rc)
		return rc;
	rc = add_want(lv, WIRE_WANT_DEV, KDEV(major, minor), e);
	n = devices__btrfs_mounts(lv->devices, lv->mounts, major, minor, btrfs, ARRAY_SIZE(btrfs));
	for (size_t i = 0; i < n && i < ARRAY_SIZE(btrfs) && !rc; i++)
		rc = add_want(lv, WIRE_WANT_DEV, KDEV(btrfs[i]->major, btrfs[i]->minor), e);
	return rc;
}

static int want_cgroup(struct live *lv, const char *path, struct err *e)
{
	uint32_t zero = 0;

	lv->cgroup_fd = cgroups__open(path, e);
	if (lv->cgroup_fd < 0)
		return lv->cgroup_fd;
	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_cgroup), &zero, &lv->cgroup_fd,
				BPF_ANY))
		return err__set(e, -errno, "--cgroup %s: %s", path, strerror(errno));
	return 0;
}

static int fill_filters(struct live *lv, struct err *e)
{
	const struct live_filter *f = &lv->opts.filter;
	uint8_t one = 1;
	int rc = 0;

	for (size_t i = 0; i < f->nr_pids && !rc; i++)
		rc = bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_pids), &f->pids[i], &one,
					 BPF_ANY);
	for (size_t i = 0; i < f->nr_tids && !rc; i++)
		rc = bpf_map_update_elem(bpf_map__fd(lv->skel->maps.want_tids), &f->tids[i], &one,
					 BPF_ANY);
	if (rc)
		return err__set(e, -errno, "cannot set the filter: %s", strerror(errno));
	for (size_t i = 0; i < f->nr_mounts && !rc; i++)
		rc = want_mount(lv, f->mounts[i], e);
	for (size_t i = 0; i < f->nr_devices && !rc; i++)
		rc = want_device(lv, f->devices[i], e);
	if (!rc && f->cgroup)
		rc = want_cgroup(lv, f->cgroup, e);
	return rc;
}

static int set_names(const char *option, char (*to)[16], const char *const *names, size_t nr,
		     struct err *e)
{
	if (nr > 8)
		return err__set(e, -EINVAL, "%s: at most 8 can be given", option);
	for (size_t i = 0; i < nr; i++)
		snprintf(to[i], 16, "%s", names[i]);
	return 0;
}

/* ---- load ---- */

/* Percpu memory is rows x CPUs: fewer rows on big machines. */
static uint32_t rows_for(int cpus)
{
	uint32_t rows = 32768u / (uint32_t)(cpus > 0 ? cpus : 1);

	return rows > 512 ? 512 : rows < 128 ? 128 : rows;
}

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

static int set_constants(struct live *lv, const struct probe_env *env, struct err *e)
{
	struct aiostall_bpf__rodata *ro = lv->skel->rodata;
	const struct live_filter *f = &lv->opts.filter;
	uint32_t ring_bytes = ring_for(lv->cpus, lv->opts.ring_bytes);
	int rc;

	ro->opt_spill_bytes = ring_bytes - ring_bytes / 8;
	ro->opt_min_ns = f->min_ns;
	ro->opt_slow_ns = lv->opts.slow_ns;
	ro->opt_all_submits = lv->opts.all_submits;
	ro->opt_user_stacks = lv->opts.user_stacks;
	ro->opt_tree_only = lv->opts.tree_only;
	ro->opt_own_pid = (uint32_t)getpid();
	ro->opt_exact_requests = strcmp(lv->plan.chosen[NEED_REQUEST], "scan") != 0;
	ro->opt_sleeps_only = !strcmp(lv->plan.chosen[NEED_SUBMIT], "none");
	ro->opt_typed_args = !strcmp(lv->plan.chosen[NEED_SWITCH], "tp_btf");
	ro->opt_has_prev_state = ro->opt_typed_args && env->has_prev_state;
	ro->opt_typed_reads = env->has_typed_reads;
	ro->filter_pids = f->nr_pids != 0;
	ro->filter_tids = f->nr_tids != 0;
	ro->filter_cgroup = f->cgroup != NULL;
	ro->filter_nr_comms = (uint32_t)f->nr_comms;
	ro->filter_nr_fstypes = (uint32_t)f->nr_fstypes;
	ro->filter_wants = f->nr_mounts || f->nr_devices;
	rc = set_names("--comm", ro->filter_comm, f->comms, f->nr_comms, e);
	if (!rc)
		rc = set_names("--fs", ro->filter_fstype, f->fstypes, f->nr_fstypes, e);
	bpf_map__set_max_entries(lv->skel->maps.filesystems, rows_for(lv->cpus));
	bpf_map__set_max_entries(lv->skel->maps.ring, ring_bytes);
	bpf_map__set_max_entries(lv->skel->maps.spill_a, spills_for(lv->cpus));
	bpf_map__set_max_entries(lv->skel->maps.spill_b, spills_for(lv->cpus));
	return rc;
}

static const char *target_of(const struct probe_env *env, enum probe_need need)
{
	switch (need) {
	case NEED_SUBMIT:
		return env->submit_fn;
	case NEED_COMPAT:
		return env->compat_fn;
	case NEED_REQUEST:
		return env->request_fn;
	case NEED_COMPLETE:
		return "aio_complete_rw";
	default:
		return NULL;
	}
}

/* A tracepoint's program, to be loaded with the types of the arguments. */
static int give_types(struct bpf_program *p, const char *tracepoint)
{
	bpf_program__set_type(p, BPF_PROG_TYPE_TRACING);
	bpf_program__set_expected_attach_type(p, BPF_TRACE_RAW_TP);
	return bpf_program__set_attach_target(p, 0, tracepoint);
}

static int type_tracepoints(struct live *lv)
{
	int rc;

	if (!lv->skel->rodata->opt_typed_args)
		return 0;
	rc = give_types(lv->skel->progs.switch_task, "sched_switch");
	return rc ? rc : give_types(lv->skel->progs.waking_task, "sched_waking");
}

static int choose_programs(struct live *lv, const struct probe_env *env)
{
	for (int need = 0; need < NEED_MAX; need++) {
		const char *const *names = probe__programs(need, lv->plan.chosen[need]);
		bool tracing = !strcmp(lv->plan.chosen[need], "fentry");

		for (; names && *names; names++) {
			struct bpf_program *p =
				bpf_object__find_program_by_name(lv->skel->obj, *names);

			if (!p)
				return -ENOENT;
			bpf_program__set_autoload(p, true);
			if (tracing && bpf_program__set_attach_target(p, 0, target_of(env, need)))
				return -errno;
		}
	}
	bpf_program__set_autoload(lv->skel->progs.exit_raw_tp, true);
	bpf_program__set_autoload(lv->skel->progs.sample_perf, lv->opts.sample_hz != 0);
	bpf_program__set_autoload(lv->skel->progs.fork_raw_tp, lv->opts.tree_only);
	return type_tracepoints(lv);
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

static int load(struct live *lv, const struct probe_env *env, struct err *e)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .btf_custom_path = lv->opts.btf_path);
	int rc;

	lv->skel = aiostall_bpf__open_opts(&open);
	if (!lv->skel)
		return err__set(e, -errno, "cannot open the BPF object: %s", strerror(errno));
	rc = set_constants(lv, env, e);
	if (rc)
		return rc;
	rc = choose_programs(lv, env);
	if (!rc)
		rc = aiostall_bpf__load(lv->skel);
	if (rc) {
		err__set(e, rc, "the kernel refused the BPF programs: %s", strerror(-rc));
		err__hint(e, jit_is_off() ? "the BPF JIT is off: sysctl net.core.bpf_jit_enable=1"
					  : "run again with --verbose for the verifier's words");
	}
	return rc;
}

/* ---- attach ---- */

static int attach_perf(struct live *lv, struct bpf_program *p, struct probe_env *env,
		       const char *event, struct bpf_link **link)
{
	char why[160];
	int id = tracefs__id(env->tracefs_fd, event, why, sizeof(why));
	int fd = id < 0 ? id : probe__open_tracepoint(id);

	(void)lv;
	if (fd < 0)
		return fd;
	*link = bpf_program__attach_perf_event(p, fd); /* owns fd from here on */
	if (*link)
		return 0;
	close(fd);
	return -errno;
}

static int attach_one(struct live *lv, struct probe_env *env, enum probe_need need,
		      struct bpf_program *p, bool at_exit)
{
	const char *alt = lv->plan.chosen[need];
	struct bpf_link *link = NULL;
	int rc = 0;

	if (lv->nr_links == LIVE_LINKS_MAX)
		return -E2BIG;
	if (!strcmp(alt, "tracepoint"))
		rc = attach_perf(lv, p, env,
				 at_exit ? "syscalls/sys_exit_io_submit"
					 : "syscalls/sys_enter_io_submit",
				 &link);
	else if (!strcmp(alt, "kprobe"))
		link = bpf_program__attach_kprobe(p, at_exit, target_of(env, need));
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

/*
 * The switch first and the entry last: a call whose entry is seen has all its
 * switches and its exit seen too.
 */
static int attach(struct live *lv, struct probe_env *env, struct err *e)
{
	static const enum probe_need order[] = {NEED_LOCK,    NEED_SWITCH, NEED_COMPLETE,
						NEED_REQUEST, NEED_COMPAT, NEED_SUBMIT};
	int rc = attach_plain(lv, lv->skel->progs.exit_raw_tp);

	if (!rc && lv->opts.tree_only)
		rc = attach_plain(lv, lv->skel->progs.fork_raw_tp);
	for (size_t i = 0; i < ARRAY_SIZE(order) && !rc; i++) {
		const char *const *names = probe__programs(order[i], lv->plan.chosen[order[i]]);

		if (!names || !names[0])
			continue;
		/* rows name entry before exit; attach them the other way round */
		if (names[1])
			rc = attach_one(lv, env, order[i],
					bpf_object__find_program_by_name(lv->skel->obj, names[1]),
					true);
		if (!rc)
			rc = attach_one(lv, env, order[i],
					bpf_object__find_program_by_name(lv->skel->obj, names[0]),
					false);
		if (rc)
			err__set(e, rc, "cannot attach %s with %s: %s",
				 lv->plan.need[order[i]].what, lv->plan.chosen[order[i]],
				 strerror(-rc));
	}
	return rc;
}

void live__detach(struct live *lv)
{
	live__sample_detach(lv);
	while (lv->nr_links)
		bpf_link__destroy(lv->links[--lv->nr_links]);
}

/* ---- open ---- */

static int open_names(struct live *lv, struct err *e)
{
	lv->mounts = mounts__new(NULL, e);
	if (!lv->mounts)
		return -EIO;
	lv->devices = devices__new(NULL);
	lv->cgroups = cgroups__new();
	lv->usyms = usyms__new();
	lv->strings = intern__new(8u << 20);
	if (!lv->devices || !lv->cgroups || !lv->usyms || !lv->strings)
		return err__set(e, -ENOMEM, "out of memory");
	return 0;
}

static void describe_capture(struct live *lv)
{
	struct capture_info *c = &lv->capture;

	describe_host(&c->host);
	c->command = lv->opts.command ? lv->opts.command : "";
	c->filters = lv->opts.filters_text ? lv->opts.filters_text : "";
	c->probe_submit = lv->plan.chosen[NEED_SUBMIT];
	c->probe_request = lv->plan.chosen[NEED_REQUEST];
	c->probe_switch = lv->plan.chosen[NEED_SWITCH];
	c->probe_complete = lv->plan.chosen[NEED_COMPLETE];
	c->user_stacks = lv->opts.user_stacks;
	c->min_ns = lv->opts.filter.min_ns;
	c->sample_hz = lv->opts.sample_hz;
	c->started_unix_ns = clock__wall_ns();
	lv->started_ns = clock__mono_ns();
}

static int open_all(struct live *lv, struct probe_env *env, struct err *e)
{
	int rc = probe_plan__make(&lv->plan, env, &lv->opts, false, e);

	if (!rc)
		rc = open_names(lv, e);
	if (!rc)
		rc = load(lv, env, e);
	if (!rc)
		rc = fill_filters(lv, e);
	if (rc)
		return rc;
	rc = attach(lv, env, e);
	if (!rc)
		rc = live__sample_attach(lv, e);
	if (rc)
		return rc;
	return 0;
}

static int preconditions(struct err *e)
{
	int rc = check_io_submit(e);

	libbpf_set_print(quiet);
	if (!rc)
		rc = check_pid_namespace(e);
	if (!rc)
		rc = check_capabilities(e);
	return rc ? rc : check_cpus(e);
}

int live__ring_new(struct live *lv);

/* The end first: the programs take what has a start for known. */
static void tell_range(const struct ksyms *k, const char *function, __u64 *to_start, __u64 *to_end)
{
	uint64_t start, end;

	if (ksyms__range(k, function, &start, &end))
		return;
	__atomic_store_n(to_end, end, __ATOMIC_RELEASE);
	__atomic_store_n(to_start, start, __ATOMIC_RELEASE);
}

static void tell_ranges(struct live *lv, const char *submit_fn, const char *compat_fn)
{
	struct aiostall_bpf__bss *bss = lv->skel->bss;

	tell_range(lv->ksyms, submit_fn, &bss->submit_start, &bss->submit_end);
	tell_range(lv->ksyms, "io_submit_one", &bss->submit_one_start, &bss->submit_one_end);
	tell_range(lv->ksyms, compat_fn, &bss->compat_start, &bss->compat_end);
}

/* After attaching: before it, own programs would be taken for their neighbours. */
static int open_symbols(struct live *lv, const struct probe_env *env, struct err *e)
{
	lv->ksyms = ksyms__new(NULL, e);
	if (!lv->ksyms)
		return -EIO;
	tell_ranges(lv, env->submit_fn, env->compat_fn);
	if (!lv->skel->rodata->opt_sleeps_only || lv->skel->bss->submit_start)
		return 0;
	return err__set(e, -ENOENT, "--probe submit=none: %s is not among the kernel's symbols",
			env->submit_fn);
}

/* All probes at once, when all is known that they are to know. */
static void begin(struct live *lv)
{
	describe_capture(lv);
	lv->skel->bss->tracing_on = 1;
	self__started(lv);
}

int live__open(const struct live_opts *opts, struct source **src, struct err *e)
{
	struct probe_env env;
	struct live *lv;
	int rc = preconditions(e);

	if (rc)
		return rc;
	lv = calloc(1, sizeof(*lv));
	if (!lv)
		return err__set(e, -ENOMEM, "out of memory");
	lv->src.ops = &live_ops;
	lv->opts = *opts;
	lv->cgroup_fd = -1;
	self__begin(lv);
	lv->cpus = libbpf_num_possible_cpus();
	rc = probe_env__init(&env, opts, e);
	if (!rc) {
		rc = open_all(lv, &env, e);
		probe_env__close(&env);
	}
	if (!rc && live__ring_new(lv))
		rc = err__set(e, -errno, "cannot map the ring buffer: %s", strerror(errno));
	if (!rc)
		rc = open_symbols(lv, &env, e);
	if (rc) {
		live_ops.free(&lv->src);
		return rc;
	}
	begin(lv);
	*src = &lv->src;
	return 0;
}

int live__add_tree(struct source *src, pid_t pid, struct err *e)
{
	struct live *lv = (struct live *)src;
	uint32_t key = (uint32_t)pid;
	uint8_t one = 1;

	if (bpf_map_update_elem(bpf_map__fd(lv->skel->maps.tree), &key, &one, BPF_ANY))
		return err__set(e, -errno, "cannot trace process %d: %s", (int)pid,
				strerror(errno));
	return 0;
}

/* ---- check ---- */

static void add_fact(struct live_check *c, bool ok, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static void add_fact(struct live_check *c, bool ok, const char *name, const char *fmt, ...)
{
	va_list ap;

	if (c->nr_facts == ARRAY_SIZE(c->fact))
		return;
	c->fact[c->nr_facts].ok = ok;
	snprintf(c->fact[c->nr_facts].name, sizeof(c->fact[0].name), "%s", name);
	va_start(ap, fmt);
	vsnprintf(c->fact[c->nr_facts].value, sizeof(c->fact[0].value), fmt, ap);
	va_end(ap);
	c->nr_facts++;
}

static void check_facts(struct live_check *out, const struct probe_env *env,
			const struct live_opts *opts)
{
	struct err why = {0};
	struct ksyms *k;

	add_fact(out, true, "BTF", "%s",
		 opts->btf_path ? opts->btf_path : "/sys/kernel/btf/vmlinux");
	if (env->tracefs_fd >= 0)
		add_fact(out, true, "tracefs", "%s",
			 access("/sys/kernel/tracing/events", F_OK)
				 ? "not mounted; a private mount is used"
				 : "mounted");
	else
		add_fact(out, false, "tracefs", "%s", env->tracefs_why);
	add_fact(out, true, "task state", "%s",
		 env->has_prev_state ? "from sched_switch" : "from the task (before 5.18)");
	k = ksyms__new(NULL, &why);
	if (k)
		add_fact(out, true, "kernel symbols", "%zu", ksyms__count(k));
	else
		add_fact(out, false, "kernel symbols", "%s", why.text);
	ksyms__free(k);
}

int live__check(const struct live_opts *opts, struct live_check *out, struct err *e)
{
	struct probe_plan plan;
	struct probe_env env;
	int rc = preconditions(e);

	memset(out, 0, sizeof(*out));
	describe_host(&out->host);
	if (rc)
		return rc;
	rc = probe_env__init(&env, opts, e);
	if (rc)
		return rc;
	rc = probe_plan__make(&plan, &env, opts, true, e);
	for (int n = 0; n < NEED_MAX; n++)
		if (plan.need[n].name)
			out->need[out->nr_needs++] = plan.need[n];
	check_facts(out, &env, opts);
	probe_env__close(&env);
	return rc;
}
