// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "live/progload.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "base/beside.h"

#define LOADS_MAX 16
/* A thread is not worth it for less. */
#define BIG_INSNS 1000
#define LOG_BYTES (1u << 20)
#define CHILD_STACK_BYTES (256u << 10)
#define CHILDREN_MAX 3

struct load {
	progload_fn *fn;
	enum bpf_prog_type type;
	const char *name, *license;
	struct bpf_insn *insns;
	size_t nr_insns;
	struct bpf_prog_load_opts opts;
	void *func_info, *line_info; /* what opts points to */
	int fd, rc;
};

/* What stands in for a function of libbpf is told nothing of whose programs these are. */
static struct {
	struct load load[LOADS_MAX];
	struct beside worker[LOADS_MAX];
	size_t nr, next, nr_workers; /* next: whose turn it is */
	bool on;
} loads;

struct attempt {
	progload_fn *fn;
	enum bpf_prog_type type;
	const char *name, *license;
	const struct bpf_insn *insns;
	size_t nr_insns;
	const void *opts;
	int fd, err;
};

static void attempt(struct attempt *a)
{
	a->fd = a->fn(a->type, a->name, a->license, a->insns, a->nr_insns, a->opts);
	a->err = a->fd < 0 ? errno : 0;
}

static int attempt_in_child(void *ctx)
{
	/* what is sent to our process group is not for it either */
	setsid();
	attempt(ctx);
	return 0;
}

/* The thread waits in clone() for the end of the child, which has its memory and its descriptors. */
static void attempt_undisturbed(struct attempt *a)
{
	char *stack = malloc(CHILD_STACK_BYTES);
	sigset_t all, before;
	pid_t child;

	if (!stack)
		return;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	child = clone(attempt_in_child, stack + CHILD_STACK_BYTES,
		      CLONE_VM | CLONE_VFORK | CLONE_FILES, a);
	while (child > 0 && waitpid(child, NULL, __WCLONE) < 0 && errno == EINTR)
		;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	free(stack);
}

int progload__now(progload_fn *fn, enum bpf_prog_type type, const char *name, const char *license,
		  const struct bpf_insn *insns, size_t nr_insns, const void *opts)
{
	struct attempt a = {fn, type, name, license, insns, nr_insns, opts, -1, EAGAIN};

	attempt(&a);
	for (int i = 0; i < CHILDREN_MAX && a.fd < 0 && a.err == EAGAIN; i++)
		attempt_undisturbed(&a);
	errno = a.err;
	return a.fd;
}

/* What libbpf has got in its hand until the program has one of its own. */
static int load_placeholder(progload_fn *fn)
{
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return fn(BPF_PROG_TYPE_SOCKET_FILTER, NULL, "GPL", nothing, ARRAY_SIZE(nothing), NULL);
}

static void tell(char *words)
{
	char *line, *rest;

	for (line = strtok_r(words, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log__print(LOG_INFO, "%s", line);
}

/* Once more, for the verifier's words. */
static void explain(struct load *l)
{
	struct bpf_prog_load_opts opts = l->opts;
	char *words = calloc(1, LOG_BYTES);
	int fd;

	if (!words)
		return;
	opts.log_buf = words;
	opts.log_size = LOG_BYTES;
	opts.log_level = 1;
	fd = l->fn(l->type, l->name, l->license, l->insns, l->nr_insns, &opts);
	if (fd >= 0)
		close(fd);
	log__print(LOG_INFO, "%s: %s", l->name, strerror(-l->rc));
	tell(words);
	free(words);
}

static void load(struct load *l)
{
	int fd =
		progload__now(l->fn, l->type, l->name, l->license, l->insns, l->nr_insns, &l->opts);

	l->rc = fd < 0 ? -errno : 0;
	if (fd < 0)
		return;
	if (dup3(fd, l->fd, O_CLOEXEC) < 0)
		l->rc = -errno;
	close(fd);
}

static void work(void *ctx)
{
	size_t i;

	(void)ctx;
	while ((i = __atomic_fetch_add(&loads.next, 1, __ATOMIC_RELAXED)) < loads.nr)
		load(&loads.load[i]);
}

static int by_size(const void *a, const void *b)
{
	const struct load *x = a, *y = b;

	return (x->nr_insns < y->nr_insns) - (x->nr_insns > y->nr_insns);
}

/* The largest first, and one for each CPU at a time: nobody is to wait in the end for one alone. */
void progload__start(void)
{
	size_t cpus = (size_t)sysconf(_SC_NPROCESSORS_ONLN);

	qsort(loads.load, loads.nr, sizeof(*loads.load), by_size);
	loads.next = 0;
	loads.nr_workers = cpus < loads.nr ? cpus : loads.nr;
	for (size_t i = 0; i < loads.nr_workers; i++)
		beside__start(&loads.worker[i], work, NULL);
}

static void *copy_of(const void *from, size_t bytes)
{
	void *to = malloc(bytes ? bytes : 1);

	if (to && bytes)
		memcpy(to, from, bytes);
	return to;
}

static void free_load(struct load *l)
{
	free(l->insns);
	free(l->func_info);
	free(l->line_info);
}

/* libbpf frees what the kernel has read. */
static int take_copies(struct load *l, const struct bpf_insn *insns,
		       const struct bpf_prog_load_opts *opts)
{
	memcpy(&l->opts, opts, opts->sz < sizeof(l->opts) ? opts->sz : sizeof(l->opts));
	l->opts.sz = sizeof(l->opts);
	l->insns = copy_of(insns, l->nr_insns * sizeof(*insns));
	l->func_info = copy_of(l->opts.func_info,
			       (size_t)l->opts.func_info_cnt * l->opts.func_info_rec_size);
	l->line_info = copy_of(l->opts.line_info,
			       (size_t)l->opts.line_info_cnt * l->opts.line_info_rec_size);
	l->opts.func_info = l->func_info;
	l->opts.line_info = l->line_info;
	return l->insns && l->func_info && l->line_info ? 0 : -ENOMEM;
}

int progload__beside(progload_fn *fn, enum bpf_prog_type type, const char *name,
		     const char *license, const struct bpf_insn *insns, size_t nr_insns,
		     const struct bpf_prog_load_opts *opts)
{
	struct load *l = &loads.load[loads.nr];

	/* with a log it is a second try */
	if (!loads.on || loads.nr == LOADS_MAX || nr_insns < BIG_INSNS || !opts || opts->log_level)
		return -EAGAIN;
	*l = (struct load){
		.fn = fn, .type = type, .name = name, .license = license, .nr_insns = nr_insns};
	l->fd = take_copies(l, insns, opts) ? -1 : load_placeholder(fn);
	if (l->fd < 0) {
		free_load(l);
		return -EAGAIN;
	}
	loads.nr++;
	return l->fd;
}

void progload__begin(void)
{
	loads.on = true;
}

int progload__end(void)
{
	int rc = 0;

	for (size_t i = 0; i < loads.nr_workers; i++)
		beside__wait(&loads.worker[i]);
	for (size_t i = 0; i < loads.nr; i++) {
		struct load *l = &loads.load[i];

		if (l->rc && !rc) {
			rc = l->rc;
			explain(l);
		}
		free_load(l);
	}
	loads.nr = loads.nr_workers = 0;
	loads.on = false;
	return rc;
}
