// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "work/opts.h"
#include "work/pace.h"
#include "work/sides.h"

enum opt_kind { OPT_FLAG, OPT_NUM, OPT_TEXT, OPT_LIST };

/* An option is a row; parser, bounds and help follow from it. */
struct opt {
	const char *name;
	enum opt_kind kind;
	size_t offset, count_offset;
	uint64_t min, max;
	const char *help;
};

#define AT(field) offsetof(struct work_opts, field)
static const struct opt opts_table[] = {
	{"engine", OPT_TEXT, AT(engine), 0, 0, 0, "how to hand it over, see below (aio)"},
	{"pattern", OPT_TEXT, AT(pattern), 0, 0, 0, "what to do, see below (overwrite)"},
	{"file", OPT_LIST, AT(files), AT(nfiles), 0, WORK_MAX_FILES,
	 "[PATTERN=]PATH, repeatable: requests of a batch take turns; in a folder a file without "
	 "a name"},
	{"size", OPT_NUM, AT(size), 0, 512, 1ULL << 44, "file size (16M)"},
	{"bs", OPT_NUM, AT(bs), 0, 1, 1 << 30, "bytes per request (4k)"},
	{"batch", OPT_NUM, AT(batch), 0, 1, 65536, "requests per call (1)"},
	{"qd", OPT_NUM, AT(qd), 0, 1, 65536, "requests in flight at most (batch)"},
	{"calls", OPT_NUM, AT(calls), 0, 1, 100000000, "submits per thread (101)"},
	{"threads", OPT_NUM, AT(threads), 0, 1, WORK_MAX_THREADS,
	 "submitters, each its own context and file PATH.N (1)"},
	{"dir", OPT_TEXT, AT(dir), 0, 0, 0, "read, write or mixed, instead of the pattern's"},
	{"state", OPT_TEXT, AT(state), 0, 0, 0,
	 "empty, written, hole, unwritten or fragmented, instead of the pattern's"},
	{"direct", OPT_FLAG, AT(direct), 0, 0, 0, "O_DIRECT, instead of the pattern's"},
	{"buffered", OPT_FLAG, AT(buffered), 0, 0, 0, "no O_DIRECT, instead of the pattern's"},
	{"vectored", OPT_FLAG, AT(vectored), 0, 0, 0, "PREADV and PWRITEV"},
	{"nowait", OPT_FLAG, AT(nowait), 0, 0, 0, "RWF_NOWAIT on any pattern"},
	{"dsync", OPT_FLAG, AT(dsync), 0, 0, 0, "O_DSYNC on any pattern"},
	{"nocow", OPT_FLAG, AT(nocow), 0, 0, 0, "files with FS_NOCOW_FL (btrfs)"},
	{"buffers", OPT_TEXT, AT(buffers), 0, 0, 0,
	 "ready, fresh, ready-huge, fresh-huge, cold, shared, swapped, swapped-shared or uffd "
	 "(ready)"},
	{"buffer-file", OPT_TEXT, AT(buffer_file), 0, 0, 0, "file behind cold and shared buffers"},
	{"uffd-delay-us", OPT_NUM, AT(uffd_delay_us), 0, 0, 60000000,
	 "time to serve a fault (5000)"},
	{"feed-delay-us", OPT_NUM, AT(feed_delay_us), 0, 0, 60000000,
	 "time that a call sleeps until the peer of a pipe or socket moves a block (2000)"},
	{"max-ms", OPT_NUM, AT(max_ms), 0, 0, 3600000, "no more calls after so long (0: never)"},
	{"gap-us", OPT_NUM, AT(gap_us), 0, 0, 60000000, "pause after each call (0)"},
	{"seed", OPT_NUM, AT(seed), 0, 0, UINT32_MAX, "first block (1)"},
	{"prepare", OPT_FLAG, AT(prepare), 0, 0, 0, "make the files and end"},
	{"no-prepare", OPT_FLAG, AT(no_prepare), 0, 0, 0, "use the files as they are"},
	{"drop-caches", OPT_FLAG, AT(drop_caches), 0, 0, 0,
	 "sync and drop caches before the first call"},
	{"pin", OPT_NUM, AT(pin), 0, 0, 1023, "CPU of the submitters"},
	{"hogs", OPT_NUM, AT(hogs), 0, 0, 64, "threads that burn CPU, one per CPU in turn"},
	{"side", OPT_LIST, AT(sides), AT(nsides), 0, WORK_MAX_SIDES,
	 "a thread that disturbs the first file, see below; repeatable"},
	{"side-us", OPT_NUM, AT(side_us), 0, 0, 60000000, "pause between its rounds (1000)"},
	{"freeze-us", OPT_NUM, AT(freeze_us), 0, 0, 60000000, "time frozen (50000)"},
	{"per-call", OPT_FLAG, AT(per_call), 0, 0, 0, "figures of every call in the report"},
	{"ready-file", OPT_TEXT, AT(ready_file), 0, 0, 0, "written with the pid when prepared"},
	{"start-file", OPT_TEXT, AT(start_file), 0, 0, 0, "the first call waits until it exists"},
};

static void usage(void)
{
	const struct engine_ops *e;
	const struct pattern *p;
	const char *side, *help;

	puts("Usage: aioload [OPTIONS]\n\nHands over I/O requests and prints what that costs the "
	     "thread, "
	     "as JSON.\n\nOptions:");
	for (size_t i = 0; i < sizeof(opts_table) / sizeof(*opts_table); i++)
		printf("  --%-16s%s\n", opts_table[i].name, opts_table[i].help);
	puts("\nEngines:");
	for (size_t i = 0; (e = engine__at(i)); i++)
		printf("  %-18s%s\n", e->name, e->help);
	puts("\nPatterns:");
	for (size_t i = 0; (p = pattern__at(i)); i++)
		printf("  %-18s%s\n", p->name, p->help);
	puts("\nSide threads:");
	for (size_t i = 0; (side = sides__kind(i, &help)); i++)
		printf("  %-18s%s\n", side, help);
}

static int opt__number(const struct opt *o, const char *text, uint64_t *out)
{
	static const char units[] = "kMG";
	const char *unit;
	char *end;

	errno = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	*out = strtoull(text, &end, 10);
	unit = *end ? strchr(units, *end) : NULL;
	if (unit) {
		unsigned int shift = 10 * (unsigned int)(unit - units + 1);

		if (*out > UINT64_MAX >> shift)
			return -ERANGE;
		*out <<= shift;
		end++;
	}
	return errno || *end || *out < o->min || *out > o->max ? -EINVAL : 0;
}

static int opt__store(const struct opt *o, struct work_opts *opts, const char *text)
{
	char *field = (char *)opts + o->offset;
	uint64_t *count;

	switch (o->kind) {
	case OPT_FLAG:
		*(uint64_t *)field = 1;
		return 0;
	case OPT_NUM:
		return opt__number(o, text, (uint64_t *)field);
	case OPT_TEXT:
		*(const char **)field = text;
		return 0;
	case OPT_LIST:
		count = (uint64_t *)((char *)opts + o->count_offset);
		if (*count >= o->max)
			return -E2BIG;
		((const char **)field)[(*count)++] = text;
		return 0;
	}
	return -EINVAL;
}

static const struct opt *opt__find(const char *arg)
{
	for (size_t i = 0; i < sizeof(opts_table) / sizeof(*opts_table); i++) {
		if (!strncmp(arg, "--", 2) && !strcmp(arg + 2, opts_table[i].name))
			return &opts_table[i];
	}
	return NULL;
}

/* Returns 0, or -1 after it said what is wrong. */
static int opts__parse(struct work_opts *opts, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const struct opt *o = opt__find(argv[i]);
		const char *text = NULL;

		if (!o) {
			fprintf(stderr, "aioload: unknown option %s, try --help\n", argv[i]);
			return -1;
		}
		if (o->kind != OPT_FLAG) {
			if (i + 1 == argc) {
				fprintf(stderr, "aioload: --%s needs a value\n", o->name);
				return -1;
			}
			text = argv[++i];
		}
		if (opt__store(o, opts, text)) {
			fprintf(stderr, "aioload: --%s %s: not a valid value\n", o->name, text);
			return -1;
		}
	}
	return 0;
}

static void on_signal(int sig)
{
	(void)sig;
	work_stop = 1;
}

static void signals__init(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	/* A feeder may write to a pipe that has just been closed. */
	signal(SIGPIPE, SIG_IGN);
}

/* Helper threads must not take the signal that should end a blocked submit. */
static void signals__block(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	pthread_sigmask(how, &set, NULL);
}

static int wait_for_start(const struct work_opts *o)
{
	FILE *f;

	if (o->ready_file) {
		f = fopen(o->ready_file, "we");
		if (!f)
			return -errno;
		fprintf(f, "%d\n", getpid());
		if (fclose(f))
			return -errno;
	}
	while (o->start_file && access(o->start_file, F_OK) && !work_stop)
		pace__sleep_us(1000);
	return 0;
}

static void *worker__thread(void *arg)
{
	worker__run(arg);
	return NULL;
}

/* One worker runs in the main thread, so that pid and tid are the same. */
static int run_workers(struct worker *w, unsigned int n)
{
	pthread_t threads[WORK_MAX_THREADS];
	unsigned int started = 0;
	int err = 0;

	if (n == 1) {
		signals__block(SIG_UNBLOCK);
		worker__run(w);
		return 0;
	}
	for (; !err && started < n; started += !err)
		err = -pthread_create(&threads[started], NULL, worker__thread, &w[started]);
	signals__block(SIG_UNBLOCK);
	for (unsigned int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	return err;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "aioload: %s: %s\n", what, strerror(-err));
	return 1;
}

static int run(const struct work_opts *o, struct worker *w)
{
	struct sides *sides = NULL;
	unsigned int n = (unsigned int)o->threads;
	int err;

	for (unsigned int i = 0; i < n; i++) {
		if (worker__init(&w[i], o, (int)i))
			return fail(w[i].what, w[i].err);
	}
	if (o->prepare)
		return 0;
	err = o->drop_caches ? pace__drop_caches() : 0;
	if (err)
		return fail("--drop-caches", err);
	/* A major fault on our own text would count as a sleep of the submit. */
	mlockall(MCL_CURRENT);
	err = wait_for_start(o);
	if (err)
		return fail("--ready-file", err);
	signals__block(SIG_BLOCK);
	err = sides__start(&sides, o, &w[0].targets[0]);
	if (err)
		return fail("--side or --hogs", err);
	err = run_workers(w, n);
	sides__stop(sides);
	for (unsigned int i = 0; i < n && !err; i++) {
		if (w[i].err)
			return fail(w[i].what, w[i].err);
	}
	if (!err)
		err = report__print(o, w, n);
	return err ? fail("report", err) : 0;
}

int main(int argc, char **argv)
{
	struct work_opts o;
	const char *wrong;
	struct worker *w;
	int status;

	work_opts__init(&o);
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		usage();
		return fflush(stdout) ? 1 : 0;
	}
	if (opts__parse(&o, argc, argv))
		return 2;
	wrong = work_opts__complete(&o);
	if (wrong) {
		fprintf(stderr, "aioload: %s, try --help\n", wrong);
		return 2;
	}
	signals__init();
	w = calloc(o.threads, sizeof(*w));
	if (!w)
		return fail("memory", -ENOMEM);
	for (unsigned int i = 0; i < o.threads; i++)
		w[i].opts = &o;
	status = run(&o, w);
	for (unsigned int i = 0; i < o.threads; i++)
		worker__fini(&w[i]);
	free(w);
	return status;
}
