// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/confine.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/caps.h"

#define NOBODY 65534

#if defined(__x86_64__)
#define ARCH_HERE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_HERE AUDIT_ARCH_AARCH64
#else
#error "which AUDIT_ARCH_ is this?"
#endif

/* Read what is open, write what is open, get memory, know the time, end. */
static const int allowed[] = {
	__NR_read,	     __NR_pread64,	   __NR_write,	       __NR_writev,
	__NR_lseek,	     __NR_close,	   __NR_fcntl,	       __NR_brk,
	__NR_mmap,	     __NR_munmap,	   __NR_mremap,	       __NR_madvise,
	__NR_mprotect,	     __NR_futex,	   __NR_clock_gettime, __NR_gettimeofday,
	__NR_nanosleep,	     __NR_clock_nanosleep, __NR_getpid,	       __NR_gettid,
	__NR_tgkill,	     __NR_getrandom,	   __NR_sched_yield,   __NR_rt_sigaction,
	__NR_rt_sigprocmask, __NR_rt_sigreturn,	   __NR_prlimit64,     __NR_restart_syscall,
	__NR_exit,	     __NR_exit_group,
};

static int close_others(const struct confine_limits *l)
{
	int next = STDERR_FILENO + 1;

	for (;;) {
		int lowest = -1;

		for (size_t i = 0; i <= l->nr_keep; i++) {
			int fd = i < l->nr_keep ? l->keep[i] : l->output;

			if (fd >= next && (lowest < 0 || fd < lowest))
				lowest = fd;
		}
		if (lowest != next)
			syscall(__NR_close_range, next, lowest < 0 ? ~0U : (unsigned int)lowest - 1,
				0);
		if (lowest < 0)
			return 0;
		next = lowest + 1;
	}
}

static int set_limit(int what, rlim_t soft, rlim_t hard)
{
	struct rlimit before, limit = {soft, hard};

	if (getrlimit((__rlimit_resource_t)what, &before))
		return -errno;
	if (limit.rlim_max > before.rlim_max)
		limit.rlim_max = before.rlim_max;
	if (limit.rlim_cur > limit.rlim_max)
		limit.rlim_cur = limit.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &limit) ? -errno : 0;
}

static int set_limits(const struct confine_limits *l)
{
	uint64_t size = l->output_bytes;
	struct stat st;
	int rc;

	/* what is there already counts: a log is added to */
	if (!fstat(l->output, &st) && S_ISREG(st.st_mode))
		size += (uint64_t)st.st_size;
	rc = set_limit(RLIMIT_CPU, l->cpu_s, l->cpu_s + l->more_cpu_s + 1);
	if (!rc)
		rc = set_limit(RLIMIT_AS, l->memory_bytes, l->memory_bytes);
	if (!rc)
		rc = set_limit(RLIMIT_FSIZE, size, size);
	if (!rc)
		rc = set_limit(RLIMIT_CORE, 0, 0);
	if (!rc)
		rc = set_limit(RLIMIT_NOFILE, 0, 0);
	return rc;
}

/*
 * Root of a container may have no other user there, or no right to become one: then it stays who it
 * is, without capabilities.
 */
static int become_nobody(void)
{
	if (geteuid() == 0 &&
	    (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	     setresuid(NOBODY, NOBODY, NOBODY)) &&
	    errno != EPERM && errno != EINVAL)
		return -errno;
	if (caps__keep_none())
		return -errno;
	/* after the change of user, which clears it */
	return prctl(PR_SET_PDEATHSIG, SIGKILL) ? -errno : 0;
}

/* Those that could be meant for another process of the same user: it is the first argument. */
static const int own_only[] = {__NR_tgkill, __NR_prlimit64};

static bool is_own_only(int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(own_only); i++)
		if (own_only[i] == nr)
			return true;
	return false;
}

/* If it is this call: allowed, or for this process alone (0 = itself). Else what comes after. */
static unsigned short add_call(struct sock_filter *to, int nr)
{
	const struct sock_filter own[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)getpid(), 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};
	const struct sock_filter any[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	if (is_own_only(nr)) {
		memcpy(to, own, sizeof(own));
		return ARRAY_SIZE(own);
	}
	memcpy(to, any, sizeof(any));
	return ARRAY_SIZE(any);
}

static int filter_calls(void)
{
	struct sock_filter code[6 + 6 * ARRAY_SIZE(allowed)] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH_HERE, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog prog = {.filter = code};
	unsigned short n = 4;

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		n = (unsigned short)(n + add_call(code + n, allowed[i]));
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
	prog.len = n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		return 0;
	/* the limits hold without it, on a kernel that was built without */
	log__print(LOG_INFO, "no seccomp filter: %s", strerror(errno));
	return errno == EINVAL ? 0 : -errno;
}

static void __attribute__((noreturn))
run_child(int (*work)(void *ctx), void *ctx, const struct confine_limits *l, int pipe)
{
	int rc, n;

	/* what SIGXFSZ would end becomes an error that is said */
	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	tzset(); /* needs a file */
	close(STDIN_FILENO);
	rc = set_limits(l);
	if (!rc)
		rc = become_nobody();
	n = (int)write(pipe, &rc, sizeof(rc));
	close_others(l);
	if (!rc && n == sizeof(rc))
		rc = filter_calls();
	if (rc)
		_exit(1);
	rc = work(ctx);
	fflush(stdout);
	fflush(stderr);
	_exit(rc);
}

static int wait_for(pid_t pid, struct confine_end *end)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	*end = (struct confine_end){
		.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	};
	return 0;
}

static int failed(int rc, struct err *e)
{
	return err__set(e, rc, "cannot confine the reading of recordings: %s", strerror(-rc));
}

int confine__run(int (*work)(void *ctx), void *ctx, const struct confine_limits *limits,
		 struct confine_end *end, struct err *e)
{
	int result[2], rc = -EIO;
	ssize_t n;
	pid_t pid;

	if (pipe(result))
		return failed(-errno, e);
	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		rc = -errno;
		close(result[0]);
		close(result[1]);
		return failed(rc, e);
	}
	if (!pid)
		run_child(work, ctx, limits, result[1]);
	close(result[1]);
	do
		n = read(result[0], &rc, sizeof(rc));
	while (n < 0 && errno == EINTR);
	close(result[0]);
	if (n != sizeof(rc))
		rc = -EIO;
	n = wait_for(pid, end);
	if (!rc)
		rc = (int)n;
	return rc ? failed(rc, e) : 0;
}

void confine__extend_time(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_CPU, &limit) && limit.rlim_max > 0 &&
	    limit.rlim_max != RLIM_INFINITY) {
		limit.rlim_cur = limit.rlim_max - 1;
		setrlimit(RLIMIT_CPU, &limit);
	}
}
