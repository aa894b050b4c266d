// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "base/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/place.h"

#define TEMP_TRIES 100
#define FD_MAX 1000000

struct outfile {
	char *path; /* as the user wrote it */
	struct place place;
	int fd;
	bool direct;   /* what was there is written to */
	bool linkable; /* fd can be given a name; false = its content must be copied */
};

static int failed(const struct outfile *o, int err, struct err *e)
{
	return err__set(e, -err, "cannot write %s: %s", o->path, strerror(err));
}

/* The descriptor that a path like /dev/stdout means; -1 if it means none. */
static int own_descriptor(const char *path)
{
	static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
	uint64_t fd;

	if (!strcmp(path, "/dev/stdout"))
		return STDOUT_FILENO;
	if (!strcmp(path, "/dev/stderr"))
		return STDERR_FILENO;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		size_t n = strlen(folders[i]);

		if (!strncmp(path, folders[i], n) && !parse__u64(path + n, 0, FD_MAX, &fd))
			return (int)fd;
	}
	return -1;
}

/* ---- a file without a name ---- */

static int name_temp(const struct outfile *o, char *name, size_t size)
{
	uint32_t random;
	/* a name may be as long as the directory allows */
	int n = snprintf(name, size, ".%.*s.", 200, o->place.name);

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return -errno;
	snprintf(name + n, size - (size_t)n, "%08x", random);
	return 0;
}

/* A descriptor, or -errno; its name is in name. */
static int create_temp(const struct outfile *o, char *name, size_t size)
{
	for (int i = 0; i < TEMP_TRIES; i++) {
		int rc = name_temp(o, name, size), fd;

		if (rc)
			return rc;
		fd = openat(o->place.dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : -errno;
	}
	return -EEXIST;
}

/* Network filesystems have no O_TMPFILE: what it holds goes into a named file in the end. */
static int open_nameless(struct outfile *o)
{
	char name[256];

	o->fd = openat(o->place.dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	o->linkable = o->fd >= 0;
	if (o->linkable)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return -errno;
	o->fd = create_temp(o, name, sizeof(name));
	if (o->fd < 0)
		return o->fd;
	return unlinkat(o->place.dir, name, 0) ? -errno : 0;
}

/* ---- opening ---- */

static int open_place(struct outfile *o, struct err *e)
{
	const struct place *p = &o->place;
	int rc = place__find(o->path, &o->place, e);

	if (rc)
		return rc;
	o->direct = p->dir < 0 || (p->there >= 0 && !S_ISREG(p->st.st_mode));
	if (!o->direct)
		rc = open_nameless(o);
	else if (S_ISDIR(p->st.st_mode))
		rc = -EISDIR;
	else
		o->fd = place__open(p, O_WRONLY | (S_ISREG(p->st.st_mode) ? O_TRUNC : 0));
	if (!rc && o->fd < 0)
		rc = -errno;
	return rc ? failed(o, -rc, e) : 0;
}

struct outfile *outfile__open(const char *path, struct err *e)
{
	struct outfile *o = calloc(1, sizeof(*o));
	int own = own_descriptor(path), rc = 0;

	if (!o || !(o->path = strdup(path))) {
		free(o);
		err__set(e, -ENOMEM, "out of memory");
		return NULL;
	}
	o->place = (struct place){.dir = -1, .there = -1};
	o->fd = -1;
	if (own < 0) {
		rc = open_place(o, e);
	} else {
		o->direct = true;
		o->fd = fcntl(own, F_DUPFD_CLOEXEC, 3);
		if (o->fd < 0)
			rc = failed(o, errno, e);
	}
	if (!rc)
		return o;
	outfile__free(o);
	return NULL;
}

int outfile__fd(const struct outfile *o)
{
	return o->fd;
}

/* ---- putting it in its place ---- */

static int link_as(const struct outfile *o, const char *name)
{
	char self[40];

	snprintf(self, sizeof(self), "/proc/self/fd/%d", o->fd);
	return linkat(AT_FDCWD, self, o->place.dir, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

static int copy_to(const struct outfile *o, int to)
{
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	while ((n = pread(o->fd, buf, sizeof(buf), at)) > 0) {
		for (ssize_t done = 0, w; done < n; done += w) {
			w = write(to, buf + done, (size_t)(n - done));
			if (w < 0)
				return -errno;
		}
		at += n;
	}
	return n < 0 ? -errno : 0;
}

/* Who could read the file that is replaced can read this one, and nobody else. */
static int like_replaced(const struct place *p, int fd)
{
	mode_t mode = p->st.st_mode & 0777;

	if (p->there < 0 || !S_ISREG(p->st.st_mode))
		return 0;
	if (fchown(fd, p->st.st_uid, p->st.st_gid))
		mode &= 0700;
	return fchmod(fd, mode) ? -errno : 0;
}

static int make_named(const struct outfile *o, char *name, size_t size)
{
	int rc = -EEXIST, fd;

	if (!o->linkable) {
		fd = create_temp(o, name, size);
		if (fd < 0)
			return fd;
		rc = copy_to(o, fd);
		if (!rc)
			rc = like_replaced(&o->place, fd);
		/* here NFS and quota tell of a full disk */
		if (close(fd) && !rc)
			rc = -errno;
		if (rc)
			unlinkat(o->place.dir, name, 0);
		return rc;
	}
	for (int i = 0; i < TEMP_TRIES && rc == -EEXIST; i++) {
		rc = name_temp(o, name, size);
		if (!rc)
			rc = link_as(o, name);
	}
	return rc;
}

/* Only here does it have a name that is not its own: for two system calls, with signals held. */
static int replace(struct outfile *o)
{
	char name[256];
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	rc = make_named(o, name, sizeof(name));
	if (!rc && renameat(o->place.dir, name, o->place.dir, o->place.name)) {
		rc = -errno;
		unlinkat(o->place.dir, name, 0);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* What flush says at a close, of a descriptor that is still needed. */
static int flush(int fd)
{
	int other = dup(fd);

	return other < 0 || close(other) ? -errno : 0;
}

static int put(struct outfile *o, struct err *e)
{
	int rc = place__refresh(o->path, &o->place, e);

	if (rc)
		return rc;
	if (o->place.there >= 0 && S_ISDIR(o->place.st.st_mode))
		return failed(o, EISDIR, e);
	rc = flush(o->fd);
	if (!rc)
		rc = like_replaced(&o->place, o->fd);
	if (!rc && o->linkable && o->place.there < 0) {
		rc = link_as(o, o->place.name);
		if (rc != -EEXIST)
			return rc ? failed(o, -rc, e) : 0;
		/* somebody was faster */
		return put(o, e);
	}
	if (!rc)
		rc = replace(o);
	return rc ? failed(o, -rc, e) : 0;
}

int outfile__commit(struct outfile *o, struct err *e)
{
	int rc = o->direct ? 0 : put(o, e), fd = o->fd;

	o->fd = -1;
	if (close(fd) && !rc && o->direct)
		rc = failed(o, errno, e);
	return rc;
}

void outfile__free(struct outfile *o)
{
	if (!o)
		return;
	if (o->fd >= 0)
		close(o->fd);
	place__close(&o->place);
	free(o->path);
	free(o);
}
