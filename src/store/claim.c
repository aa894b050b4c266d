// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* open file description locks */
#include "store/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/pages.h"
#include "store/schema.h"

/* Far from the bytes that SQLite locks, and from where a file ends. */
#define LOCK_AT (1LL << 42)
#define HEADER_BYTES 100
#define JOURNAL_HEADER_BYTES 28
#define PATIENCE_MS 2000
#define STEP_MS 20
#define OPEN_FLAGS (O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int failed(const struct claim *c, const char *suffix, int rc, struct err *e)
{
	return err__set(e, rc, "cannot record into %s%s: %s", c->path, suffix, strerror(-rc));
}

static int with_suffix(const struct claim *c, const char *suffix, char name[256])
{
	int n = snprintf(name, 256, "%s%s", c->place.name, suffix);

	return n < 256 ? 0 : -ENAMETOOLONG;
}

static int lock(int fd)
{
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_AT, .l_len = 1};

	if (!fcntl(fd, F_OFD_SETLK, &l))
		return 0;
	return errno == EAGAIN || errno == EACCES ? -EBUSY : -errno;
}

/* A recorder that was killed is gone a little before its helpers, which share the lock with it. */
static int lock_patiently(int fd)
{
	const struct timespec step = {.tv_nsec = STEP_MS * NSEC_PER_MSEC};
	int rc = lock(fd);

	for (int ms = 0; rc == -EBUSY && ms < PATIENCE_MS; ms += STEP_MS) {
		nanosleep(&step, NULL);
		rc = lock(fd);
	}
	return rc;
}

/* ---- what is there ---- */

/* A first transaction that was never finished: the journal says that there was nothing before. */
static bool has_not_begun(const struct claim *c, const char *suffix)
{
	uint8_t h[JOURNAL_HEADER_BYTES];
	char name[256], journal[16];
	bool begun = true;
	int fd;

	snprintf(journal, sizeof(journal), "%s-journal", suffix);
	if (with_suffix(c, journal, name))
		return false;
	fd = openat(c->place.dir, name, OPEN_FLAGS);
	if (fd >= 0 && pread(fd, h, sizeof(h), 0) == sizeof(h))
		begun = h[0] == 0 || pages__be32(h + 16) != 0;
	close_fd(&fd);
	return !begun;
}

enum kind { KIND_EMPTY, KIND_RECORDING, KIND_FOREIGN };

static enum kind kind_of(const struct claim *c, const char *suffix, int fd)
{
	uint8_t h[HEADER_BYTES] = {0};
	ssize_t n = pread(fd, h, sizeof(h), 0);

	if (!n)
		return KIND_EMPTY;
	if (n == sizeof(h) && !memcmp(h, "SQLite format 3", 16) &&
	    pages__be32(h + 68) == SCHEMA_APPLICATION_ID)
		return KIND_RECORDING;
	return has_not_begun(c, suffix) ? KIND_EMPTY : KIND_FOREIGN;
}

static int refuse(const struct claim *c, const char *suffix, const char *why, struct err *e)
{
	err__set(e, -EEXIST, "cannot record into %s: %s%s %s", c->path, c->path, suffix, why);
	err__hint(e, "It is left as it is. Choose another name with -o, or move it away.");
	return -EEXIST;
}

/* Open and lock what has the name and the suffix, if anything has. */
static int check_one(struct claim *c, const char *suffix, int *fd, enum kind *kind, struct err *e)
{
	char name[256];
	struct stat st;
	int rc = with_suffix(c, suffix, name);

	*kind = KIND_EMPTY;
	if (rc)
		return failed(c, suffix, rc, e);
	if (fstatat(c->place.dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : failed(c, suffix, -errno, e);
	if (!S_ISREG(st.st_mode))
		return refuse(c, suffix, "is not a regular file", e);
	if (place__is_strangers(&c->place, &st))
		return refuse(c, suffix, "belongs to another user", e);
	*fd = openat(c->place.dir, name, OPEN_FLAGS);
	if (*fd < 0)
		return failed(c, suffix, -errno, e);
	*kind = kind_of(c, suffix, *fd);
	if (*kind == KIND_FOREIGN)
		return refuse(c, suffix, "is no recording of aiostall", e);
	rc = lock_patiently(*fd);
	if (rc == -EBUSY)
		return refuse(c, suffix, "is being recorded by another aiostall", e);
	return rc ? failed(c, suffix, rc, e) : 0;
}

/* What is to be removed as a journal: SQLite's, one that is done with, or nothing of a file. */
static bool is_journal(const struct claim *c, const char *name)
{
	uint8_t h[8] = {0};
	struct stat st;
	int fd;

	if (fstatat(c->place.dir, name, &st, AT_SYMLINK_NOFOLLOW) || S_ISLNK(st.st_mode))
		return true;
	fd = S_ISREG(st.st_mode) ? openat(c->place.dir, name, OPEN_FLAGS) : -1;
	if (fd < 0)
		return false;
	if (pread(fd, h, sizeof(h), 0) < 0)
		h[0] = 1;
	close_fd(&fd);
	return !h[0] || !memcmp(h, JOURNAL_MAGIC, sizeof(h));
}

static int check_journal(const struct claim *c, const char *suffix, struct err *e)
{
	char name[256];
	int rc = with_suffix(c, suffix, name);

	if (rc)
		return failed(c, suffix, rc, e);
	return is_journal(c, name) ? 0 : refuse(c, suffix, "is not the journal of a recording", e);
}

static int check(struct claim *c, struct err *e)
{
	int older = -1, rc;
	enum kind kind;

	close_fd(&c->old);
	rc = check_one(c, "", &c->old, &kind, e);
	c->empty = kind == KIND_EMPTY;
	/* it would be replaced */
	if (!rc && !c->empty)
		rc = check_one(c, ".old", &older, &kind, e);
	close_fd(&older);
	return rc ? rc : check_journal(c, c->empty ? "-journal" : ".old-journal", e);
}

/* Found out now and not when the command runs. */
static int check_directory(const struct claim *c, struct err *e)
{
	int fd = openat(c->place.dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EROFS || errno == EACCES || errno == EPERM || errno == ENOSPC))
		return failed(c, "", -errno, e);
	close_fd(&fd);
	return 0;
}

int claim__check(const char *path, struct claim *c, struct err *e)
{
	int rc;

	*c = (struct claim){.path = path, .fd = -1, .old = -1};
	rc = place__find(path, &c->place, e);
	if (!rc && (c->place.dir < 0 || (c->place.there >= 0 && !S_ISREG(c->place.st.st_mode))))
		rc = refuse(c, "", "is not a regular file", e);
	if (!rc)
		rc = check(c, e);
	if (!rc)
		rc = check_directory(c, e);
	if (rc)
		claim__drop(c);
	return rc;
}

/* ---- taking it ---- */

static int move(const struct claim *c, const char *from, const char *to, struct err *e)
{
	char old[256], new[256];
	int rc = with_suffix(c, from, old);

	if (!rc)
		rc = with_suffix(c, to, new);
	if (!rc && renameat(c->place.dir, old, c->place.dir, new) && errno != ENOENT)
		rc = -errno;
	return rc ? failed(c, to, rc, e) : 0;
}

static int remove_one(const struct claim *c, const char *suffix, struct err *e)
{
	char name[256];
	int rc = with_suffix(c, suffix, name);

	if (!rc && unlinkat(c->place.dir, name, 0) && errno != ENOENT)
		rc = -errno;
	return rc ? failed(c, suffix, rc, e) : 0;
}

/* The journal goes with its file: a new file must never meet the old one's, nor the other way round. */
static int clear_name(struct claim *c, struct err *e)
{
	int rc;

	if (c->empty) {
		rc = remove_one(c, "", e);
		return rc ? rc : remove_one(c, "-journal", e);
	}
	rc = remove_one(c, ".old-journal", e);
	if (!rc)
		rc = move(c, "", ".old", e);
	c->moved = !rc;
	return rc ? rc : move(c, "-journal", ".old-journal", e);
}

/* Unless somebody else has the name by now. */
static void put_back(struct claim *c)
{
	char old[256], name[256];

	for (size_t i = 0; c->moved && i < 2; i++)
		if (!with_suffix(c, i ? ".old-journal" : ".old", old) &&
		    !with_suffix(c, i ? "-journal" : "", name))
			renameat2(c->place.dir, old, c->place.dir, name, RENAME_NOREPLACE);
	c->moved = false;
}

/* Made here and not by SQLite: nobody else's file or link is written to. */
static int create(const struct claim *c, const char *suffix, int *fd, struct err *e)
{
	char name[256];
	int rc = with_suffix(c, suffix, name);

	if (rc)
		return failed(c, suffix, rc, e);
	*fd = openat(c->place.dir, name, OPEN_FLAGS | O_CREAT | O_EXCL, 0600);
	return *fd < 0 ? failed(c, suffix, -errno, e) : 0;
}

int claim__take(struct claim *c, struct err *e)
{
	int journal = -1, rc = check(c, e);

	if (!rc)
		rc = clear_name(c, e);
	if (!rc)
		rc = create(c, "", &c->fd, e);
	if (!rc)
		rc = lock(c->fd) ? failed(c, "", -EBUSY, e) : 0;
	if (!rc)
		rc = create(c, "-journal", &journal, e);
	close_fd(&journal);
	if (rc && c->fd < 0)
		put_back(c);
	close_fd(&c->old);
	return rc;
}

void claim__name(const struct claim *c, char *name, size_t size)
{
	snprintf(name, size, "/proc/self/fd/%d/%s", c->place.dir, c->place.name);
}

void claim__abandon(struct claim *c)
{
	struct stat ours, there;
	struct err e;

	if (c->fd < 0 || fstat(c->fd, &ours) || ours.st_size ||
	    fstatat(c->place.dir, c->place.name, &there, AT_SYMLINK_NOFOLLOW) ||
	    ours.st_ino != there.st_ino || ours.st_dev != there.st_dev)
		return;
	remove_one(c, "-journal", &e);
	if (!remove_one(c, "", &e))
		put_back(c);
}

void claim__drop(struct claim *c)
{
	close_fd(&c->fd);
	close_fd(&c->old);
	place__close(&c->place);
}

/* ---- one that has been kept for long enough ---- */

int claim__remove(int dir, const char *name)
{
	struct claim c = {.path = name, .fd = -1, .old = -1, .place = {.dir = dir, .there = -1}};
	enum kind kind;
	struct err e;
	int fd = -1, rc;

	if (fstat(dir, &c.place.dir_st))
		return -errno;
	snprintf(c.place.name, sizeof(c.place.name), "%s", name);
	rc = check_one(&c, "", &fd, &kind, &e);
	if (!rc)
		rc = check_journal(&c, "-journal", &e);
	if (!rc)
		rc = remove_one(&c, "-journal", &e);
	if (!rc)
		rc = remove_one(&c, "", &e);
	close_fd(&fd);
	return rc;
}
