// SPDX-License-Identifier: GPL-2.0
/*
 * slowdev: a dependable slow device. A FUSE filesystem with one file, "data", in memory; each
 * read, write and flush takes as long as a small control file says, which can change at any time.
 * A loop device with direct I/O on that file is the slow block device.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312
#include <fuse_lowlevel.h>

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0x31564544574f4c53ULL /* "SLOWDEV1" */
#define WORKERS 64
#define MAX_IO (1024 * 1024)
#define INO_DATA 2

/* Mapped by the device and by whoever sets or reads it. */
struct control {
	uint64_t magic;
	_Atomic uint64_t read_us, write_us, fsync_us, hold, error;
	_Atomic uint64_t reads, writes, fsyncs;
};

struct key {
	const char *name;
	size_t offset;
	bool writable;
};

#define KEY(name, field, writable)                                                                 \
	{                                                                                          \
		name, offsetof(struct control, field), writable                                    \
	}
static const struct key keys[] = {
	KEY("read", read_us, true),   KEY("write", write_us, true), KEY("fsync", fsync_us, true),
	KEY("hold", hold, true),      KEY("error", error, true),    KEY("reads", reads, false),
	KEY("writes", writes, false), KEY("fsyncs", fsyncs, false),
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

struct slowdev {
	struct control *ctl;
	struct fuse_session *se;
	const char *ready_file;
	uint64_t size;
	int mem;
};

static _Atomic uint64_t *control__field(struct control *c, const struct key *k)
{
	return (_Atomic uint64_t *)((char *)c + k->offset);
}

/* Returns the mapping or NULL with errno set. A new file starts without delays. */
static struct control *control__map(const char *path, bool create)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | (create ? O_CREAT : 0), 0600);
	struct control *c = NULL;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (create && ftruncate(fd, sizeof(*c)))
		goto out;
	if (fstat(fd, &st) || st.st_size < (off_t)sizeof(*c)) {
		errno = EINVAL;
		goto out;
	}
	c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (c == MAP_FAILED) {
		c = NULL;
		goto out;
	}
	if (create)
		c->magic = MAGIC;
	if (c->magic != MAGIC) {
		munmap(c, sizeof(*c));
		c = NULL;
		errno = EINVAL;
	}
out:
	close(fd);
	return c;
}

static int parse_u64(const char *text, uint64_t max, uint64_t *out)
{
	char *end;

	errno = 0;
	if (*text < '0' || *text > '9')
		return -EINVAL;
	*out = strtoull(text, &end, 10);
	if (!strcmp(end, "M") && *out < UINT64_MAX >> 20) {
		*out <<= 20;
		end++;
	} else if (!strcmp(end, "G") && *out < UINT64_MAX >> 30) {
		*out <<= 30;
		end++;
	}
	return errno || *end || *out > max ? -EINVAL : 0;
}

static int set_one(struct control *c, const char *assignment)
{
	const char *eq = strchr(assignment, '=');
	uint64_t v;

	for (size_t i = 0; eq && i < COUNT(keys); i++) {
		size_t len = (size_t)(eq - assignment);

		if (!keys[i].writable || strlen(keys[i].name) != len ||
		    strncmp(keys[i].name, assignment, len))
			continue;
		if (parse_u64(eq + 1, 3600000000ULL, &v))
			break;
		atomic_store(control__field(c, &keys[i]), v);
		return 0;
	}
	fprintf(stderr, "slowdev: %s: want read=US, write=US, fsync=US, hold=0|1 or error=0|1\n",
		assignment);
	return 2;
}

static int cmd_set(const char *path, int argc, char **argv)
{
	struct control *c = control__map(path, false);
	int status = 0;

	if (!c) {
		fprintf(stderr, "slowdev: %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (int i = 0; i < argc && !status; i++)
		status = set_one(c, argv[i]);
	munmap(c, sizeof(*c));
	return status;
}

static int cmd_get(const char *path)
{
	struct control *c = control__map(path, false);

	if (!c) {
		fprintf(stderr, "slowdev: %s: %s\n", path, strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < COUNT(keys); i++)
		printf("%s=%llu\n", keys[i].name,
		       (unsigned long long)atomic_load(control__field(c, &keys[i])));
	munmap(c, sizeof(*c));
	return fflush(stdout) ? 1 : 0;
}

static void sleep_us(uint64_t us)
{
	struct timespec ts = {.tv_sec = (time_t)(us / 1000000),
			      .tv_nsec = (long)(us % 1000000) * 1000};

	if (us)
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

/* What every request goes through. Returns 0 or the errno to answer with. */
static int device_time(fuse_req_t req, size_t delay_offset, size_t count_offset)
{
	struct slowdev *d = fuse_req_userdata(req);
	char *base = (char *)d->ctl;

	atomic_fetch_add((_Atomic uint64_t *)(base + count_offset), 1);
	sleep_us(atomic_load((_Atomic uint64_t *)(base + delay_offset)));
	/* A device held for ever must still come away at the end. */
	while (atomic_load(&d->ctl->hold) && !fuse_session_exited(d->se))
		sleep_us(1000);
	return atomic_load(&d->ctl->error) ? EIO : 0;
}

#define DEVICE_TIME(req, delay, count)                                                             \
	device_time(req, offsetof(struct control, delay), offsetof(struct control, count))

static int stat_ino(const struct slowdev *d, fuse_ino_t ino, struct stat *st)
{
	memset(st, 0, sizeof(*st));
	st->st_ino = ino;
	st->st_nlink = 1;
	st->st_mode = ino == FUSE_ROOT_ID ? S_IFDIR | 0700 : S_IFREG | 0600;
	st->st_size = ino == FUSE_ROOT_ID ? 0 : (off_t)d->size;
	st->st_blksize = 4096;
	return ino == FUSE_ROOT_ID || ino == INO_DATA ? 0 : ENOENT;
}

static void sd_init(void *userdata, struct fuse_conn_info *conn)
{
	struct slowdev *d = userdata;
	FILE *f;

	/* All that may go in parallel goes in parallel, up to the number of workers. */
	conn->want |= conn->capable & FUSE_CAP_ASYNC_DIO;
	conn->max_background = WORKERS;
	conn->congestion_threshold = WORKERS;
	conn->max_write = MAX_IO;
	if (!d->ready_file)
		return;
	f = fopen(d->ready_file, "we");
	if (f) {
		fprintf(f, "%d\n", getpid());
		fclose(f);
	}
}

static void sd_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct slowdev *d = fuse_req_userdata(req);
	struct fuse_entry_param e = {.ino = INO_DATA, .attr_timeout = 3600, .entry_timeout = 3600};

	if (parent != FUSE_ROOT_ID || strcmp(name, "data")) {
		fuse_reply_err(req, ENOENT);
		return;
	}
	stat_ino(d, INO_DATA, &e.attr);
	fuse_reply_entry(req, &e);
}

static void sd_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;
	int err = stat_ino(fuse_req_userdata(req), ino, &st);

	(void)fi;
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_attr(req, &st, 3600);
}

static void sd_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		       struct fuse_file_info *fi)
{
	(void)attr;
	/* Times and modes do not matter, the size is fixed. */
	if (to_set & FUSE_SET_ATTR_SIZE)
		fuse_reply_err(req, EPERM);
	else
		sd_getattr(req, ino, fi);
}

static void sd_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	if (ino == INO_DATA)
		fuse_reply_open(req, fi);
	else
		fuse_reply_err(req, EISDIR);
}

static void sd_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t off,
		    struct fuse_file_info *fi)
{
	struct slowdev *d = fuse_req_userdata(req);
	int err = DEVICE_TIME(req, read_us, reads);
	char *buf = malloc(size ? size : 1);
	ssize_t n = -1;

	(void)ino;
	(void)fi;
	if (!err && !buf)
		err = ENOMEM;
	if (!err) {
		n = pread(d->mem, buf, size, off);
		err = n < 0 ? errno : 0;
	}
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_buf(req, buf, (size_t)n);
	free(buf);
}

static void sd_write(fuse_req_t req, fuse_ino_t ino, const char *buf, size_t size, off_t off,
		     struct fuse_file_info *fi)
{
	struct slowdev *d = fuse_req_userdata(req);
	int err = DEVICE_TIME(req, write_us, writes);
	ssize_t n = -1;

	(void)ino;
	(void)fi;
	if (!err && (uint64_t)off + size > d->size)
		err = ENOSPC;
	if (!err) {
		n = pwrite(d->mem, buf, size, off);
		err = n < 0 ? errno : 0;
	}
	if (err)
		fuse_reply_err(req, err);
	else
		fuse_reply_write(req, (size_t)n);
}

static void sd_fsync(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fuse_reply_err(req, DEVICE_TIME(req, fsync_us, fsyncs));
}

/* Discards give the memory back; they take no time. */
static void sd_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t off, off_t len,
			 struct fuse_file_info *fi)
{
	struct slowdev *d = fuse_req_userdata(req);

	(void)ino;
	(void)fi;
	if (!(mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)))
		fuse_reply_err(req, EOPNOTSUPP);
	else
		fuse_reply_err(
			req, fallocate(d->mem, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, off, len)
				     ? errno
				     : 0);
}

/* ENOSYS once, and the kernel never asks again before a write. */
static void sd_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size)
{
	(void)ino;
	(void)name;
	(void)size;
	fuse_reply_err(req, ENOSYS);
}

static const struct fuse_lowlevel_ops ops = {
	.init = sd_init,
	.lookup = sd_lookup,
	.getattr = sd_getattr,
	.setattr = sd_setattr,
	.open = sd_open,
	.read = sd_read,
	.write = sd_write,
	.fsync = sd_fsync,
	.fallocate = sd_fallocate,
	.getxattr = sd_getxattr,
};

static int serve(struct slowdev *d, const char *mountpoint)
{
	char *argv[] = {"slowdev", "-ofsname=aiostall-slowdev,subtype=slowdev", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, argv);
	struct fuse_loop_config *cfg = fuse_loop_cfg_create();
	int err = 1;

	d->se = fuse_session_new(&args, &ops, sizeof(ops), d);
	if (!d->se || !cfg)
		goto out;
	fuse_loop_cfg_set_max_threads(cfg, WORKERS);
	fuse_loop_cfg_set_idle_threads(cfg, WORKERS);
	if (fuse_set_signal_handlers(d->se))
		goto out;
	if (fuse_session_mount(d->se, mountpoint))
		goto out_signals;
	/* A positive result is the signal that ended the loop. */
	err = fuse_session_loop_mt(d->se, cfg) < 0;
	fuse_session_unmount(d->se);
out_signals:
	fuse_remove_signal_handlers(d->se);
out:
	if (d->se)
		fuse_session_destroy(d->se);
	fuse_loop_cfg_destroy(cfg);
	fuse_opt_free_args(&args);
	return err;
}

static int cmd_serve(struct slowdev *d, const char *control, const char *mountpoint)
{
	int status;

	d->ctl = control__map(control, true);
	if (!d->ctl) {
		fprintf(stderr, "slowdev: %s: %s\n", control, strerror(errno));
		return 1;
	}
	d->mem = memfd_create("aiostall-slowdev", MFD_CLOEXEC);
	if (d->mem < 0 || ftruncate(d->mem, (off_t)d->size)) {
		fprintf(stderr, "slowdev: memory: %s\n", strerror(errno));
		return 1;
	}
	/* The default slack of 50 us would show in short delays; threads inherit it. */
	prctl(PR_SET_TIMERSLACK, 1UL);
	status = serve(d, mountpoint);
	close(d->mem);
	munmap(d->ctl, sizeof(*d->ctl));
	return status;
}

static int usage(FILE *to)
{
	fputs("Usage: slowdev --size SIZE --control FILE [--ready-file FILE] MOUNTPOINT\n"
	      "       slowdev --set FILE [read=US] [write=US] [fsync=US] [hold=0|1] [error=0|1]\n"
	      "       slowdev --get FILE\n\n"
	      "Serves MOUNTPOINT/data until SIGTERM. --set changes a running device.\n",
	      to);
	return to == stdout && fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	const char *control = NULL, *mountpoint = NULL;
	struct slowdev d = {.mem = -1};

	if (argc > 1 && !strcmp(argv[1], "--help"))
		return usage(stdout);
	if (argc > 2 && !strcmp(argv[1], "--set"))
		return cmd_set(argv[2], argc - 3, argv + 3);
	if (argc == 3 && !strcmp(argv[1], "--get"))
		return cmd_get(argv[2]);
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--size") && i + 1 < argc) {
			if (parse_u64(argv[++i], 1ULL << 40, &d.size))
				d.size = 0;
		} else if (!strcmp(argv[i], "--control") && i + 1 < argc) {
			control = argv[++i];
		} else if (!strcmp(argv[i], "--ready-file") && i + 1 < argc) {
			d.ready_file = argv[++i];
		} else {
			mountpoint = argv[i];
		}
	}
	if (!control || !mountpoint || !d.size || *mountpoint == '-') {
		usage(stderr);
		return 2;
	}
	return cmd_serve(&d, control, mountpoint);
}
