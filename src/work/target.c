// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "work/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "work/nameless.h"
#include "work/pace.h"

#define CHUNK (1024 * 1024)
#define SECTOR 512

static const struct pattern patterns[] = {
	{"append", "direct writes behind the end of the file", STATE_EMPTY,
	 P_WRITE | P_APPEND | P_SEQUENTIAL},
	{"overwrite", "direct writes of written blocks", STATE_WRITTEN, P_WRITE},
	{"hole", "direct writes into a sparse file", STATE_HOLE, P_WRITE | P_ONCE | P_SEQUENTIAL},
	{"unwritten", "direct writes into preallocated blocks", STATE_UNWRITTEN,
	 P_WRITE | P_ONCE | P_SEQUENTIAL},
	{"unaligned", "direct writes of one sector inside a block (--state says of which)",
	 STATE_UNWRITTEN, P_WRITE | P_ONCE | P_SEQUENTIAL | P_UNALIGNED},
	{"cold-read", "direct reads of a file with one extent per block", STATE_FRAGMENTED, P_ONCE},
	{"read", "direct reads of written blocks", STATE_WRITTEN, 0},
	{"buffered-read", "reads through the page cache", STATE_WRITTEN, P_BUFFERED | P_ONCE},
	{"cached-read", "reads of what the page cache has", STATE_WRITTEN, P_BUFFERED | P_CACHED},
	{"buffered-write", "writes through the page cache", STATE_WRITTEN, P_BUFFERED | P_WRITE},
	{"dsync", "direct writes with O_DSYNC", STATE_WRITTEN, P_WRITE | P_DSYNC},
	{"fsync", "IOCB_CMD_FSYNC, after a buffered write", STATE_WRITTEN, P_WRITE | P_FSYNC},
	{"fdsync", "IOCB_CMD_FDSYNC, after a buffered write", STATE_WRITTEN, P_WRITE | P_FDSYNC},
	{"poll", "IOCB_CMD_POLL of a pipe", STATE_EMPTY, P_POLL},
	{"nowait", "direct reads with RWF_NOWAIT", STATE_WRITTEN, P_NOWAIT},
	{"pipe", "reads of an empty pipe (--dir write: writes to a full one)", STATE_EMPTY, P_PIPE},
	{"socket", "reads of an empty socket", STATE_EMPTY, P_SOCKET},
};

static const char *const state_names[] = {
	[STATE_EMPTY] = "empty",	 [STATE_WRITTEN] = "written",	    [STATE_HOLE] = "hole",
	[STATE_UNWRITTEN] = "unwritten", [STATE_FRAGMENTED] = "fragmented",
};

struct feeder {
	pthread_t thread;
	sem_t tokens;
	int fd;
	bool drain;
	volatile bool stop;
	volatile int served; /* thread that submits */
	uint64_t delay_us, bs;
};

const struct pattern *pattern__at(size_t i)
{
	return i < ARRAY_SIZE(patterns) ? &patterns[i] : NULL;
}

const struct pattern *pattern__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++)
		if (!strcmp(patterns[i].name, name))
			return &patterns[i];
	return NULL;
}

static int state__find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (!strcmp(state_names[i], name))
			return (int)i;
	}
	return -EINVAL;
}

/* Splits [PATTERN=]PATH; a name that is no pattern belongs to the path. */
static const char *target__parse(struct target *t, const char *spec)
{
	const char *eq = strchr(spec, '=');
	char name[32];

	t->pattern = pattern__find(t->opts->pattern);
	if (!eq || (size_t)(eq - spec) >= sizeof(name))
		return spec;
	memcpy(name, spec, eq - spec);
	name[eq - spec] = '\0';
	if (!pattern__find(name))
		return spec;
	t->pattern = pattern__find(name);
	return eq + 1;
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t r = a % b;

		a = b;
		b = r;
	}
	return a;
}

/*
 * A stride with no common factor visits each block once in a scattered order, so requests in
 * flight never overlap: overlapping ones would wait for each other.
 */
static void target__layout(struct target *t)
{
	const struct work_opts *o = t->opts;
	uint64_t want = (o->calls * o->batch + o->nfiles - 1) / work__max(o->nfiles, 1);
	uint64_t step = t->state == STATE_FRAGMENTED ? 2 : 1;

	t->size = o->size;
	if ((t->flags & P_ONCE) && !t->is_device)
		t->size = work__max(t->size, want * step * o->bs);
	t->nblocks = work__max(t->size / o->bs / step, 1);
	t->stride = 1;
	if (!(t->flags & P_SEQUENTIAL)) {
		t->stride = t->nblocks * 618 / 1000 + 1;
		while (gcd(t->stride, t->nblocks) != 1)
			t->stride++;
		t->next = o->seed % t->nblocks;
	}
}

static unsigned int target__flags(const struct target *t)
{
	const struct work_opts *o = t->opts;
	unsigned int flags = t->pattern->flags;

	if (o->buffered)
		flags |= P_BUFFERED;
	if (o->direct)
		flags &= ~P_BUFFERED;
	if (o->nowait)
		flags |= P_NOWAIT;
	if (o->dsync)
		flags |= P_DSYNC;
	if (o->dir && !strcmp(o->dir, "read"))
		flags &= ~P_WRITE;
	if (o->dir && !strcmp(o->dir, "write"))
		flags |= P_WRITE;
	if (t->is_device)
		flags &= ~P_APPEND;
	return flags;
}

int target__init(struct target *t, const struct work_opts *opts, const char *spec, int thread)
{
	struct stat st;
	int n, state;

	*t = (struct target){.opts = opts, .fd = -1, .nameless_fd = -1};
	spec = target__parse(t, spec);
	if (!stat(spec, &st)) {
		t->is_device = S_ISBLK(st.st_mode);
		t->is_nameless = S_ISDIR(st.st_mode);
	}
	if (thread >= 0 && !t->is_device && !t->is_nameless)
		n = snprintf(t->path, sizeof(t->path), "%s.%d", spec, thread);
	else
		n = snprintf(t->path, sizeof(t->path), "%s", spec);
	if (n < 0 || (size_t)n >= sizeof(t->path))
		return -ENAMETOOLONG;
	state = opts->state ? state__find(opts->state) : (int)t->pattern->state;
	if (state < 0)
		return state;
	t->state = state;
	t->flags = target__flags(t);
	target__layout(t);
	return 0;
}

static int write_range(int fd, char *chunk, uint64_t from, uint64_t len)
{
	while (len) {
		ssize_t n = pwrite(fd, chunk, len < CHUNK ? len : CHUNK, (off_t)from);

		if (n < 0)
			return -errno;
		from += n;
		len -= n;
	}
	return 0;
}

static int prepare_written(int fd, const struct target *t, char *chunk)
{
	return write_range(fd, chunk, 0, t->size);
}

static int prepare_hole(int fd, const struct target *t, char *chunk)
{
	(void)chunk;
	return ftruncate(fd, (off_t)t->size) ? -errno : 0;
}

static int prepare_unwritten(int fd, const struct target *t, char *chunk)
{
	(void)chunk;
	return fallocate(fd, 0, 0, (off_t)t->size) ? -errno : 0;
}

static int prepare_fragmented(int fd, const struct target *t, char *chunk)
{
	int err = prepare_hole(fd, t, chunk);

	for (uint64_t i = 0; !err && i < t->nblocks; i++)
		err = write_range(fd, chunk, i * 2 * t->opts->bs, t->opts->bs);
	return err;
}

static int (*const prepare_ops[])(int fd, const struct target *t, char *chunk) = {
	[STATE_WRITTEN] = prepare_written,
	[STATE_HOLE] = prepare_hole,
	[STATE_UNWRITTEN] = prepare_unwritten,
	[STATE_FRAGMENTED] = prepare_fragmented,
};

static int set_nocow(int fd)
{
	int attr = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &attr))
		return -errno;
	attr |= FS_NOCOW_FL;
	return ioctl(fd, FS_IOC_SETFLAGS, &attr) ? -errno : 0;
}

static int create(const struct target *t)
{
	int fd;

	if (t->is_nameless)
		return nameless__create(t->path);
	/* A new inode, not a truncated one: nothing of an earlier run stays in memory. */
	if (unlink(t->path) && errno != ENOENT)
		return -errno;
	fd = open(t->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : fd;
}

int target__prepare(struct target *t)
{
	char *chunk;
	int fd, err = 0;

	if (t->is_device || (t->flags & P_FED))
		return 0;
	fd = create(t);
	if (fd < 0)
		return fd;
	chunk = malloc(work__max(CHUNK, t->opts->bs));
	if (!chunk) {
		err = -ENOMEM;
		goto out;
	}
	memset(chunk, 'a', work__max(CHUNK, t->opts->bs));
	if (t->opts->nocow)
		err = set_nocow(fd);
	if (!err && prepare_ops[t->state])
		err = prepare_ops[t->state](fd, t, chunk);
	if (!err && fsync(fd))
		err = -errno;
	if (!(t->flags & P_CACHED))
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
out:
	free(chunk);
	if (t->is_nameless)
		t->nameless_fd = fd;
	else
		close(fd);
	return err;
}

const char *target__reopen_path(const struct target *t, char *buf, size_t size)
{
	if (t->nameless_fd >= 0)
		snprintf(buf, size, "/proc/self/fd/%d", t->nameless_fd);
	else
		snprintf(buf, size, "%s", t->path);
	return buf;
}

static void *feeder__main(void *arg)
{
	struct feeder *f = arg;
	char *buf = calloc(1, f->bs);

	while (buf) {
		while (sem_wait(&f->tokens))
			;
		if (f->stop)
			break;
		if (f->delay_us) {
			while (!f->stop && pace__is_running(f->served))
				pace__sleep_us(50);
			pace__sleep_us(f->delay_us);
		}
		if (f->drain ? read(f->fd, buf, f->bs) <= 0 : write(f->fd, buf, f->bs) < 0)
			break;
	}
	free(buf);
	return NULL;
}

/* A pipe of one page, filled: the next write must wait for the feeder. */
static int fill_pipe(int fd, uint64_t bs)
{
	char *zeros;
	int err = 0;

	if (fcntl(fd, F_SETPIPE_SZ, 4096) < 0)
		return -errno;
	zeros = calloc(1, bs);
	if (!zeros)
		return -ENOMEM;
	if (write(fd, zeros, bs) < 0)
		err = -errno;
	free(zeros);
	return err;
}

static int target__open_fed(struct target *t)
{
	bool drain = (t->flags & P_PIPE) && (t->flags & P_WRITE);
	struct feeder *f;
	int fds[2], err;

	if (t->opts->bs > 4096)
		return -EINVAL;
	if ((t->flags & P_SOCKET) ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds)
				  : pipe2(fds, O_CLOEXEC))
		return -errno;
	f = calloc(1, sizeof(*f));
	if (!f) {
		err = -ENOMEM;
		goto out_close;
	}
	*f = (struct feeder){.fd = fds[drain ? 0 : 1],
			     .drain = drain,
			     .bs = t->opts->bs,
			     .delay_us = t->opts->feed_delay_us};
	t->fd = fds[drain ? 1 : 0];
	err = drain ? fill_pipe(t->fd, f->bs) : 0;
	if (!err && sem_init(&f->tokens, 0, 0))
		err = -errno;
	if (!err)
		err = -pthread_create(&f->thread, NULL, feeder__main, f);
	if (err)
		goto out_free;
	t->feeder = f;
	return 0;
out_free:
	free(f);
out_close:
	close(fds[0]);
	close(fds[1]);
	t->fd = -1;
	return err;
}

int target__open(struct target *t)
{
	int flags = O_RDWR | O_CLOEXEC;
	char path[WORK_PATH_MAX];
	uint64_t bytes;

	if (t->flags & P_FED)
		return target__open_fed(t);
	if (!(t->flags & P_BUFFERED) && !(t->flags & (P_FSYNC | P_FDSYNC)))
		flags |= O_DIRECT;
	if (t->flags & P_DSYNC)
		flags |= O_DSYNC;
	t->fd = open(target__reopen_path(t, path, sizeof(path)), flags);
	if (t->fd < 0)
		return -errno;
	if (t->flags & P_BUFFERED)
		posix_fadvise(t->fd, 0, 0, POSIX_FADV_RANDOM);
	if (t->flags & P_APPEND) {
		off_t end = lseek(t->fd, 0, SEEK_END);

		if (end < 0)
			return -errno;
		t->next = ((uint64_t)end + t->opts->bs - 1) / t->opts->bs;
	}
	if (t->is_device) {
		if (!(t->flags & P_CACHED))
			posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED);
		if (ioctl(t->fd, BLKGETSIZE64, &bytes))
			return -errno;
		if (bytes / t->opts->bs < t->nblocks)
			t->nblocks = work__max(bytes / t->opts->bs, 1);
	}
	return 0;
}

void target__close(struct target *t)
{
	if (t->feeder) {
		t->feeder->stop = true;
		sem_post(&t->feeder->tokens);
		/* Our end first: a feeder inside read() or write() comes back. */
		close(t->fd);
		t->fd = -1;
		pthread_join(t->feeder->thread, NULL);
		close(t->feeder->fd);
		sem_destroy(&t->feeder->tokens);
		free(t->feeder);
		t->feeder = NULL;
	}
	if (t->fd >= 0)
		close(t->fd);
	if (t->nameless_fd >= 0)
		close(t->nameless_fd);
	t->fd = t->nameless_fd = -1;
}

static uint64_t target__next_offset(struct target *t)
{
	uint64_t bs = t->opts->bs, block = t->next;

	if (t->flags & P_APPEND) {
		t->next++;
		return block * bs;
	}
	block %= t->nblocks;
	t->next = (t->next + t->stride) % t->nblocks;
	if (t->state == STATE_FRAGMENTED)
		block *= 2;
	return block * bs + (t->flags & P_UNALIGNED ? SECTOR : 0);
}

static void fill_rw(struct target *t, struct iocb *cb, void *buf, struct iovec *vec)
{
	bool mixed = t->opts->dir && !strcmp(t->opts->dir, "mixed");
	bool write = mixed ? t->next & 1 : !!(t->flags & P_WRITE);
	uint64_t len = t->flags & P_UNALIGNED ? SECTOR : t->opts->bs;

	cb->aio_offset = (int64_t)(t->flags & P_FED ? 0 : target__next_offset(t));
	cb->aio_buf = (uintptr_t)buf;
	cb->aio_nbytes = len;
	cb->aio_lio_opcode = write ? IOCB_CMD_PWRITE : IOCB_CMD_PREAD;
	if (t->opts->vectored) {
		vec[0] = (struct iovec){.iov_base = buf, .iov_len = len};
		cb->aio_buf = (uintptr_t)vec;
		cb->aio_nbytes = 1;
		cb->aio_lio_opcode = write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV;
	}
}

int target__fill(struct target *t, struct iocb *cb, void *buf, struct iovec *vec)
{
	memset(cb, 0, sizeof(*cb));
	cb->aio_fildes = (uint32_t)t->fd;
	if (t->flags & P_NOWAIT)
		cb->aio_rw_flags = RWF_NOWAIT;
	if (t->flags & P_POLL) {
		cb->aio_lio_opcode = IOCB_CMD_POLL;
		cb->aio_buf = POLLIN;
	} else if (t->flags & (P_FSYNC | P_FDSYNC)) {
		cb->aio_lio_opcode = t->flags & P_FSYNC ? IOCB_CMD_FSYNC : IOCB_CMD_FDSYNC;
		cb->aio_rw_flags = 0;
		if (pwrite(t->fd, "b", 1, (off_t)target__next_offset(t)) != 1)
			return -errno;
	} else {
		fill_rw(t, cb, buf, vec);
	}
	return 0;
}

void target__arm(struct target *t)
{
	if (!t->feeder)
		return;
	t->feeder->served = (int)syscall(SYS_gettid);
	sem_post(&t->feeder->tokens);
}
