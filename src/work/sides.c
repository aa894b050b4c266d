// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "work/sides.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "work/pace.h"

#define MAX_HOGS 64
#define BIG_MAP (64UL * 1024 * 1024)

struct side;

struct side_kind {
	const char *name, *help;
	/* One round; the thread pauses --side-us after it. */
	void (*round)(struct side *s);
};

struct side {
	const struct side_kind *kind;
	struct sides *all;
	pthread_t thread;
	uint64_t rounds;
};

struct sides {
	const struct work_opts *opts;
	char path[4096], dir[4096];
	int fd, guard_pipe;
	pid_t guard;
	uint64_t size, bs;
	char *map, *buf;
	atomic_bool stop;
	unsigned int n, nhogs;
	struct side side[WORK_MAX_SIDES], hogs[MAX_HOGS];
};

/* Scattered over the file, the same in every run. */
static off_t side__offset(const struct side *s)
{
	uint64_t blocks = work__max(s->all->size / s->all->bs, 1);

	return (off_t)(s->rounds * 7919 % blocks * s->all->bs);
}

static void round_truncate(struct side *s)
{
	off_t size = (off_t)s->all->size;

	if (ftruncate(s->all->fd, s->rounds & 1 ? size : size - (off_t)s->all->bs))
		pace__sleep_us(1000);
}

static void round_fallocate(struct side *s)
{
	off_t at = (off_t)s->all->size + side__offset(s);
	int mode = FALLOC_FL_KEEP_SIZE | (s->rounds & 1 ? FALLOC_FL_PUNCH_HOLE : 0);

	if (fallocate(s->all->fd, mode, at, 1024 * 1024))
		pace__sleep_us(1000);
}

static void round_punch(struct side *s)
{
	if (fallocate(s->all->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, side__offset(s),
		      (off_t)s->all->bs))
		pace__sleep_us(1000);
}

static void round_buffered_reader(struct side *s)
{
	off_t at = side__offset(s);

	if (pread(s->all->fd, s->all->buf, s->all->bs, at) < 0)
		pace__sleep_us(1000);
	posix_fadvise(s->all->fd, at, (off_t)s->all->bs, POSIX_FADV_DONTNEED);
}

static void round_buffered_writer(struct side *s)
{
	if (pwrite(s->all->fd, s->all->buf, s->all->bs, side__offset(s)) < 0)
		pace__sleep_us(1000);
}

static void round_mmap_writer(struct side *s)
{
	s->all->map[side__offset(s)]++;
}

static void round_fdatasync(struct side *s)
{
	if (fdatasync(s->all->fd))
		pace__sleep_us(1000);
}

static void round_sync(struct side *s)
{
	syncfs(s->all->fd);
}

static void round_freeze(struct side *s)
{
	int guard = s->all->guard_pipe;

	if (write(guard, "F", 1) != 1 || ioctl(s->all->fd, FIFREEZE, 0))
		return;
	pace__sleep_us(s->all->opts->freeze_us);
	if (ioctl(s->all->fd, FITHAW, 0) || write(guard, "T", 1) != 1)
		pace__sleep_us(1000);
}

static void round_creator(struct side *s)
{
	char path[sizeof(s->all->dir) + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/aioload-side.%d", s->all->dir, (int)(s->rounds % 32));
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	if (write(fd, s->all->buf, s->all->bs) > 0 && s->rounds % 8 == 0)
		fsync(fd);
	close(fd);
	unlink(path);
}

/* Holds mmap_lock for writing: faults of other threads must wait. */
static void round_mapper(struct side *s)
{
	void *p = mmap(NULL, BIG_MAP, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	(void)s;
	if (p != MAP_FAILED)
		munmap(p, BIG_MAP);
}

static void round_hog(struct side *s)
{
	for (volatile int i = 0; i < 1000000 && !atomic_load(&s->all->stop); i++)
		;
}

static const struct side_kind side_kinds[] = {
	{"truncate", "shortens and extends the file", round_truncate},
	{"fallocate", "preallocates and punches behind the end", round_fallocate},
	{"punch", "punches holes", round_punch},
	{"buffered-reader", "reads through the page cache", round_buffered_reader},
	{"buffered-writer", "writes through the page cache", round_buffered_writer},
	{"mmap-writer", "writes through a shared mapping", round_mmap_writer},
	{"fdatasync", "fdatasync", round_fdatasync},
	{"sync", "syncfs", round_sync},
	{"freeze", "freezes for --freeze-us and thaws", round_freeze},
	{"creator", "creates, writes, syncs, removes files", round_creator},
	{"mapper", "maps and unmaps memory (mmap_lock)", round_mapper},
};

static const struct side_kind hog_kind = {"hog", "", round_hog};

const char *sides__kind(size_t i, const char **help)
{
	if (i >= ARRAY_SIZE(side_kinds))
		return NULL;
	*help = side_kinds[i].help;
	return side_kinds[i].name;
}

static void *side__main(void *arg)
{
	struct side *s = arg;

	while (!atomic_load(&s->all->stop)) {
		s->kind->round(s);
		s->rounds++;
		pace__sleep_us(s->all->opts->side_us);
	}
	return NULL;
}

static void *hog__main(void *arg)
{
	struct side *s = arg;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	pace__pin((int)((s - s->all->hogs) % (cpus > 0 ? cpus : 1)));
	while (!atomic_load(&s->all->stop))
		s->kind->round(s);
	return NULL;
}

/*
 * The end of the pipe alone would not do: a killed process keeps its files until its submitter,
 * blocked in the frozen filesystem, can die too. So a freeze must also be followed by a thaw.
 */
static void guard__main(int fd, int fs, int limit_ms)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};
	char c = 'T';
	ssize_t n = 1;

	while (n) {
		if (poll(&pfd, 1, c == 'F' ? limit_ms : -1) > 0) {
			n = read(fd, &c, 1);
			continue;
		}
		ioctl(fs, FITHAW, 0);
		c = 'T';
	}
	ioctl(fs, FITHAW, 0);
	_exit(0);
}

/*
 * A filesystem must not stay frozen when this process is killed: a child sees to it. Signals to
 * the group do not reach it.
 */
static int sides__guard(struct sides *s)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -errno;
	s->guard = fork();
	if (s->guard < 0) {
		close(fds[0]);
		close(fds[1]);
		return -errno;
	}
	if (!s->guard) {
		setsid();
		signal(SIGINT, SIG_IGN);
		signal(SIGTERM, SIG_IGN);
		close(fds[1]);
		guard__main(fds[0], s->fd, (int)(s->opts->freeze_us / 1000) + 1000);
	}
	close(fds[0]);
	s->guard_pipe = fds[1];
	return 0;
}

static void sides__unguard(struct sides *s)
{
	if (s->guard_pipe >= 0)
		close(s->guard_pipe);
	if (s->guard > 0)
		waitpid(s->guard, NULL, 0);
}

/* Freezing what everything runs on would stop this process too. */
static int sides__may_freeze(const struct sides *s)
{
	struct stat root, file;

	if (stat("/", &root) || fstat(s->fd, &file))
		return -errno;
	return root.st_dev == file.st_dev ? -EPERM : 0;
}

static const struct side_kind *side_kind__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(side_kinds); i++)
		if (!strcmp(side_kinds[i].name, name))
			return &side_kinds[i];
	return NULL;
}

static int sides__add(struct sides *s, const char *name)
{
	const struct side_kind *k = side_kind__find(name);
	int err = 0;

	if (!k)
		return -EINVAL;
	if (s->fd < 0 && k->round != round_mapper)
		return -EBADF;
	s->side[s->n] = (struct side){.kind = k, .all = s};
	if (k->round == round_freeze) {
		err = sides__may_freeze(s);
		if (!err)
			err = sides__guard(s);
	}
	if (k->round == round_mmap_writer) {
		s->map = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd, 0);
		if (s->map == MAP_FAILED)
			err = -errno;
	}
	if (!err)
		s->n++;
	return err;
}

/* A store behind the end of a file that is being cut is SIGBUS, not a stall. */
static int sides__check(const struct work_opts *opts, const struct target *t)
{
	bool mapped = false, cut = (t->flags & P_APPEND) || t->state == STATE_EMPTY;

	for (unsigned int i = 0; i < opts->nsides; i++) {
		mapped |= !strcmp(opts->sides[i], "mmap-writer");
		cut |= !strcmp(opts->sides[i], "truncate");
	}
	return mapped && cut ? -EINVAL : 0;
}

static int sides__open(struct sides *s, const struct target *t)
{
	char *slash;

	s->buf = calloc(1, s->bs);
	if (!s->buf)
		return -ENOMEM;
	if (t->flags & P_FED)
		return 0;
	target__reopen_path(t, s->path, sizeof(s->path));
	snprintf(s->dir, sizeof(s->dir), "%s", t->path);
	slash = t->is_nameless ? NULL : strrchr(s->dir, '/');
	if (slash)
		*slash = '\0';
	else if (!t->is_nameless)
		snprintf(s->dir, sizeof(s->dir), ".");
	s->fd = open(s->path, O_RDWR | O_CLOEXEC);
	return s->fd < 0 ? -errno : 0;
}

static int sides__spawn(struct sides *s)
{
	unsigned int started = 0;
	int err = 0;

	for (; !err && started < s->n; started += !err)
		err = -pthread_create(&s->side[started].thread, NULL, side__main,
				      &s->side[started]);
	s->n = started;
	for (; !err && s->nhogs < s->opts->hogs; s->nhogs += !err) {
		s->hogs[s->nhogs] = (struct side){.kind = &hog_kind, .all = s};
		err = -pthread_create(&s->hogs[s->nhogs].thread, NULL, hog__main,
				      &s->hogs[s->nhogs]);
	}
	return err;
}

int sides__start(struct sides **out, const struct work_opts *opts, const struct target *t)
{
	struct sides *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	if (!s)
		return -ENOMEM;
	*s = (struct sides){.opts = opts,
			    .fd = -1,
			    .guard_pipe = -1,
			    .size = t->size,
			    .bs = opts->bs,
			    .map = MAP_FAILED};
	err = opts->hogs > MAX_HOGS ? -ERANGE : sides__check(opts, t);
	if (!err && opts->nsides)
		err = sides__open(s, t);
	/* The guard is forked in here, while there is no thread yet that may hold a lock. */
	for (unsigned int i = 0; !err && i < opts->nsides; i++)
		err = sides__add(s, opts->sides[i]);
	if (err)
		s->n = 0;
	if (!err)
		err = sides__spawn(s);
	if (err)
		sides__stop(s);
	else
		*out = s;
	return err;
}

void sides__stop(struct sides *s)
{
	if (!s)
		return;
	atomic_store(&s->stop, true);
	for (unsigned int i = 0; i < s->n; i++)
		pthread_join(s->side[i].thread, NULL);
	for (unsigned int i = 0; i < s->nhogs; i++)
		pthread_join(s->hogs[i].thread, NULL);
	sides__unguard(s);
	if (s->map != MAP_FAILED)
		munmap(s->map, s->size);
	if (s->fd >= 0)
		close(s->fd);
	free(s->buf);
	free(s);
}
