// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "base/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel's own limit */
#define PATH_ONLY (O_PATH | O_NOFOLLOW | O_CLOEXEC)

struct walk {
	struct place *place;
	unsigned int links;
	bool strangers_link;
	char todo[2 * PATH_MAX]; /* what is left of the path */
};

static void replace_fd(int *fd, int with)
{
	if (*fd >= 0)
		close(*fd);
	*fd = with;
}

static int start_at(struct walk *w, const char *path)
{
	int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	replace_fd(&w->place->dir, fd);
	return 0;
}

/*
 * Where all may write, a name is trusted only if we or the directory's owner made it: for
 * links that is what the kernel's fs.protected_symlinks does, for the rest protected_regular
 * and protected_fifos; they can be off, and know nothing of a rename.
 */
static bool is_strangers(const struct stat *dir, const struct stat *st)
{
	return (dir->st_mode & S_IWOTH) && st->st_uid != geteuid() && st->st_uid != dir->st_uid;
}

/* The kernel's links to open files have no path that could be walked. */
static bool is_magic(int fd)
{
	struct statfs fs;

	return !fstatfs(fd, &fs) && fs.f_type == PROC_SUPER_MAGIC;
}

/* Put the link's text before what is left. */
static int expand_link(struct walk *w, int link)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(link, "", text, sizeof(text) - 1);
	size_t left = strlen(w->todo) + 1;

	if (n < 0)
		return -errno;
	if (!n)
		return -ENOENT;
	text[n] = '\0';
	if ((size_t)n + 1 + left > sizeof(w->todo))
		return -ENAMETOOLONG;
	memmove(w->todo + n + 1, w->todo, left);
	memcpy(w->todo, text, (size_t)n);
	w->todo[n] = '/';
	/* the last name must stay the last */
	if (left == 1)
		w->todo[n] = '\0';
	return *text == '/' ? start_at(w, text) : 0;
}

static int follow(struct walk *w, int link, const struct stat *st, const char *name)
{
	struct stat dir;
	int fd;

	if (fstat(w->place->dir, &dir))
		return -errno;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	w->strangers_link = is_strangers(&dir, st);
	if (w->strangers_link)
		return -EACCES;
	if (!is_magic(link))
		return expand_link(w, link);
	fd = openat(w->place->dir, name, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (*w->todo) {
		replace_fd(&w->place->dir, fd);
		return 0;
	}
	replace_fd(&w->place->dir, -1);
	w->place->there = fd;
	return fstat(fd, &w->place->st) ? -errno : 0;
}

/* Take the first name off what is left. False at its end. */
static bool next_name(struct walk *w, char *name, size_t size, int *rc)
{
	char *at = w->todo + strspn(w->todo, "/");
	size_t n = strcspn(at, "/");

	*rc = n < size ? 0 : -ENAMETOOLONG;
	if (!n || *rc)
		return false;
	memcpy(name, at, n);
	name[n] = '\0';
	memmove(w->todo, at + n, strlen(at + n) + 1);
	return true;
}

/* One that ends with a slash is a directory, also if there is nothing yet. */
static int step_last(struct walk *w, const char *name)
{
	struct place *p = w->place;
	int fd = openat(p->dir, name, PATH_ONLY), rc;
	struct stat st;

	snprintf(p->name, sizeof(p->name), "%s", name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	rc = fstat(fd, &st) ? -errno : 0;
	if (!rc && S_ISLNK(st.st_mode)) {
		rc = follow(w, fd, &st, name);
		close(fd);
		return rc;
	}
	p->there = fd;
	p->st = st;
	return rc;
}

static int step_into(struct walk *w, const char *name)
{
	/* O_DIRECTORY lets the kernel mount what is mounted on demand */
	int fd = openat(w->place->dir, name, PATH_ONLY | O_DIRECTORY), rc;
	struct stat st;

	if (fd >= 0) {
		replace_fd(&w->place->dir, fd);
		return 0;
	}
	if (errno != ENOTDIR)
		return -errno;
	fd = openat(w->place->dir, name, PATH_ONLY);
	if (fd < 0)
		return -errno;
	rc = fstat(fd, &st) ? -errno : S_ISLNK(st.st_mode) ? follow(w, fd, &st, name) : -ENOTDIR;
	close(fd);
	return rc;
}

static int walk(struct walk *w)
{
	char name[sizeof(w->place->name)];
	int rc = 0;

	while (!rc && w->place->there < 0 && w->place->dir >= 0 &&
	       next_name(w, name, sizeof(name), &rc)) {
		if (*w->todo)
			rc = step_into(w, name);
		else
			rc = step_last(w, name);
	}
	/* the slash at the end, or none but slashes */
	if (!rc && w->place->there < 0 && (*w->todo || !*w->place->name))
		rc = -EISDIR;
	return rc;
}

static int check(const char *path, struct place *p, struct err *e)
{
	if (p->dir < 0 || p->there < 0)
		return 0;
	if (!is_strangers(&p->dir_st, &p->st))
		return 0;
	err__set(e, -EACCES, "cannot write %s: it belongs to another user (%u)", path,
		 (unsigned int)p->st.st_uid);
	err__hint(e, "All may write to its directory; name a file that is yours, or remove it.");
	return -EACCES;
}

static int failed(const char *path, int rc, struct err *e)
{
	return err__set(e, rc, "cannot write %s: %s", path, strerror(-rc));
}

static int refused_link(const char *path, struct err *e)
{
	err__set(e, -EACCES, "cannot write %s: a symbolic link of another user leads there", path);
	err__hint(e, "All may write to the link's directory; name the file itself.");
	return -EACCES;
}

int place__find(const char *path, struct place *p, struct err *e)
{
	struct walk w = {.place = p};
	int rc;

	*p = (struct place){.dir = -1, .there = -1};
	rc = strlen(path) < PATH_MAX ? 0 : -ENAMETOOLONG;
	if (!rc)
		rc = *path ? start_at(&w, path) : -ENOENT;
	if (!rc) {
		snprintf(w.todo, sizeof(w.todo), "%s", path);
		rc = walk(&w);
	}
	if (!rc && p->dir >= 0 && fstat(p->dir, &p->dir_st))
		rc = -errno;
	if (w.strangers_link)
		rc = refused_link(path, e);
	else
		rc = rc ? failed(path, rc, e) : check(path, p, e);
	if (rc)
		place__close(p);
	return rc;
}

int place__refresh(const char *path, struct place *p, struct err *e)
{
	int fd = openat(p->dir, p->name, PATH_ONLY);

	replace_fd(&p->there, fd);
	if (fd < 0)
		return errno == ENOENT ? 0 : failed(path, -errno, e);
	return fstat(fd, &p->st) ? failed(path, -errno, e) : check(path, p, e);
}

int place__open(const struct place *p, int flags)
{
	char name[40];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", p->there);
	return open(name, flags | O_CLOEXEC | O_NOCTTY);
}

bool place__is_strangers(const struct place *p, const struct stat *st)
{
	return is_strangers(&p->dir_st, st);
}

void place__close(struct place *p)
{
	replace_fd(&p->dir, -1);
	replace_fd(&p->there, -1);
}
