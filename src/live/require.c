// SPDX-License-Identifier: GPL-2.0
/* What must be there before a program is loaded. */
#define _GNU_SOURCE
#include "live/require.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bpf/wire.h"
#include "live/memory.h"

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

/*
 * Before a probe is said not to work because its file could not be opened. Programs, maps and links want more;
 * how many more, the probes decide.
 */
#define FILES_MIN 16

static int check_files(struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= FILES_MIN)
		return 0;
	return err__set(e, -EMFILE, "not more than %llu files may be open",
			(unsigned long long)files.rlim_cur);
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
int require__all(struct err *e)
{
	int rc = check_files(e);

	libbpf_set_print(quiet);
	if (!rc)
		rc = check_io_submit(e);
	if (!rc)
		rc = check_pid_namespace(e);
	if (!rc)
		rc = check_capabilities(e);
	if (!rc)
		rc = check_cpus(e);
	return rc ? rc : memory__check(e);
}
