// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* O_PATH */
#include "cmd/rotation.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/place.h"
#include "store/claim.h"

#define SUFFIX ".db"
#define STAMP "00000000T000000Z" /* a digit for each zero */

/* Of a path: where its name begins, and how much of that is before the suffix. */
struct parts {
	const char *name;
	size_t stem;
};

static struct parts parts_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct parts p = {.name = slash ? slash + 1 : path};
	size_t len = strlen(p.name), suffix = strlen(SUFFIX);

	p.stem = len > suffix && !strcmp(p.name + len - suffix, SUFFIX) ? len - suffix : len;
	return p;
}

int rotation__path(const char *path, int64_t unix_ns, char *buf, size_t size, struct err *e)
{
	struct parts p = parts_of(path);
	time_t secs = (time_t)(unix_ns / (int64_t)NSEC_PER_SEC);
	char stamp[32];
	struct tm tm;
	int n;

	if (!gmtime_r(&secs, &tm) || !strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", &tm))
		return err__set(e, -EINVAL, "the clock is not set");
	n = snprintf(buf, size, "%.*s-%s%s", (int)(p.name - path + (long)p.stem), path, stamp,
		     SUFFIX);
	return n < 0 || (size_t)n >= size ? err__set(e, -ENAMETOOLONG, "%s: too long", path) : 0;
}

static bool is_stamp(const char *s)
{
	for (const char *want = STAMP; *want; want++, s++)
		if (*want == '0' ? !isdigit((unsigned char)*s) : *s != *want)
			return false;
	return true;
}

static bool is_one(const struct parts *p, const char *name)
{
	size_t stamp = strlen(STAMP);

	if (strlen(name) != p->stem + 1 + stamp + strlen(SUFFIX))
		return false;
	return !memcmp(name, p->name, p->stem) && name[p->stem] == '-' &&
	       is_stamp(name + p->stem + 1) && !strcmp(name + p->stem + 1 + stamp, SUFFIX);
}

static bool is_old(int dir, const char *name, int64_t before_ns)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid())
		return false;
	return (int64_t)st.st_mtim.tv_sec * (int64_t)NSEC_PER_SEC + st.st_mtim.tv_nsec < before_ns;
}

static void remove_one(int dir, const char *name)
{
	int rc = claim__remove(dir, name);
	char safe[1025];

	if (!rc)
		return;
	esc__terminal(name, safe, sizeof(safe));
	if (rc == -EEXIST)
		log__print(LOG_INFO, "%s is left: no recording that is ours and done with", safe);
	else
		log__print(LOG_WARN, "cannot remove %s: %s", safe, strerror(-rc));
}

/* The folder by the same way that the recording takes: where links of others are not followed. */
static DIR *open_folder(const struct parts *p, const char *path, struct err *e)
{
	char folder[4096];
	struct place place;
	DIR *dir = NULL;
	int fd;

	snprintf(folder, sizeof(folder), "%.*s.", (int)(p->name - path), path);
	if (place__find(folder, &place, e))
		return NULL;
	fd = openat(place.dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0)
		dir = fdopendir(fd);
	if (!dir) {
		err__set(e, -errno, "%s: %s", folder, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
	place__close(&place);
	return dir;
}

void rotation__retire(const char *path, uint64_t keep_ns, int64_t unix_ns)
{
	struct parts p = parts_of(path);
	const struct dirent *d;
	struct err e = {0};
	DIR *dir = open_folder(&p, path, &e);

	if (!dir) {
		log__print(LOG_WARN, "cannot look for old recordings: %s", e.text);
		return;
	}
	while ((d = readdir(dir)))
		if (is_one(&p, d->d_name) &&
		    is_old(dirfd(dir), d->d_name, unix_ns - (int64_t)keep_ns))
			remove_one(dirfd(dir), d->d_name);
	closedir(dir);
}
