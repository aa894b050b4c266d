// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/usyms.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(el) ((el)->failed = true)
#include <uthash.h>

#include "base/base.h"
#include "host/elfsyms.h"
#include "host/intern.h"
#include "host/mapped.h"
#include "host/mounts.h"
#include "host/procfile.h"

#define MAX_STRINGS (8u << 20)
#define MAX_FRAMES 256
#define MAX_PROCS 64
#define MAX_MAPS_FILE (32u << 20)
#define MAX_MAPS 4096
#define MAX_FILES 256
#define MAX_FILE_BYTES (24u << 20)
/* A library that is loaded later is looked for again, but not at each frame. */
#define RELOAD_NS (100 * NSEC_PER_MSEC)
#define UNKNOWN "[unknown]"

struct map {
	uint64_t start, end, offset;
	uint64_t ino;
	uint32_t major, minor;
	const char *path;
};

/* Which program of which process: exec keeps pid and start time, but moves code and stack. */
struct identity {
	uint64_t start_time, start_code, start_stack;
};

struct proc {
	UT_hash_handle hh;
	pid_t pid;
	bool failed;
	struct identity who;
	uint64_t loaded_ns, used;
	struct map *map;
	size_t nr;
};

struct file_key {
	uint64_t ino;
	uint32_t major, minor;
	const char *path; /* interned: an inode number may be used again by another file */
};

struct file {
	UT_hash_handle hh;
	struct file_key key;
	bool failed;
	uint64_t used;
	struct elfsyms *syms; /* NULL: not readable, and not tried again */
	size_t bytes;
};

struct usyms {
	struct aside *aside;
	struct intern *strings;
	struct mounts *mounts;
	struct proc *procs;
	struct file *files;
	size_t file_bytes;
	uint64_t tick;
	const char *given[MAX_FRAMES]; /* names of the last usyms__frames */
	size_t nr_given;
	uint64_t recycled;
};

struct usyms *usyms__new(struct aside *a)
{
	struct usyms *u = calloc(1, sizeof(*u));

	if (!u)
		return NULL;
	u->aside = a;
	u->strings = intern__new(MAX_STRINGS);
	u->mounts = mounts__new(NULL, NULL);
	if (!u->strings) {
		usyms__free(u);
		return NULL;
	}
	return u;
}

static void put_maps(struct usyms *u, struct map *map, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		intern__put(u->strings, map[i].path);
	free(map);
}

static void free_proc(struct usyms *u, struct proc *p)
{
	put_maps(u, p->map, p->nr);
	free(p);
}

static void usyms__drop_proc(struct usyms *u, struct proc *p)
{
	HASH_DEL(u->procs, p);
	free_proc(u, p);
	u->recycled++;
}

static void usyms__drop_file(struct usyms *u, struct file *f)
{
	HASH_DEL(u->files, f);
	u->file_bytes -= f->bytes;
	elfsyms__free(f->syms);
	intern__put(u->strings, f->key.path);
	free(f);
	u->recycled++;
}

void usyms__free(struct usyms *u)
{
	struct proc *p, *ptmp;
	struct file *f, *ftmp;

	if (!u)
		return;
	HASH_ITER(hh, u->procs, p, ptmp)
	usyms__drop_proc(u, p);
	HASH_ITER(hh, u->files, f, ftmp)
	usyms__drop_file(u, f);
	mounts__free(u->mounts);
	intern__free(u->strings);
	free(u);
}

/* Fields 22, 26 and 28 of /proc/PID/stat, counted behind the name, which may hold anything. */
static int ask_identity(const void *pid, void *answer, int *fd)
{
	char path[64], *buf, *save = NULL, *word;
	uint64_t v[29] = {0};
	size_t len;
	struct identity who;
	int rc, i;

	(void)fd;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)*(const pid_t *)pid);
	rc = procfile__read(path, 8192, &buf, &len);
	if (rc)
		return rc;
	word = strrchr(buf, ')');
	word = word ? strtok_r(word + 1, " ", &save) : NULL;
	for (i = 3; word && i <= 28; i++, word = strtok_r(NULL, " ", &save)) {
		const char *s = word;

		if (procfile__number(&s, 10, UINT64_MAX, &v[i]))
			v[i] = 0;
	}
	free(buf);
	who = (struct identity){.start_time = v[22], .start_code = v[26], .start_stack = v[28]};
	memcpy(answer, &who, sizeof(who));
	return i > 22 ? 0 : -EINVAL;
}

static int take(const char **s, int base, char stop, uint64_t *v)
{
	if (procfile__number(s, base, UINT64_MAX, v) || **s != stop)
		return -EINVAL;
	++*s;
	return 0;
}

/* "5581a000-5581b000 r-xp 00001000 08:01 1234   /usr/bin/x (deleted)"; only what can run. */
static int parse_map(struct usyms *u, const char *s, struct map *m)
{
	uint64_t major, minor;
	size_t len;
	bool runs;

	if (take(&s, 16, '-', &m->start) || take(&s, 16, ' ', &m->end) || strnlen(s, 5) < 5)
		return -EINVAL;
	runs = s[2] == 'x';
	s += 5;
	if (!runs || take(&s, 16, ' ', &m->offset) || take(&s, 16, ':', &major) ||
	    take(&s, 16, ' ', &minor) || procfile__number(&s, 10, UINT64_MAX, &m->ino))
		return -EINVAL;
	s += strspn(s, " ");
	len = strlen(s);
	if (len > 10 && !strcmp(s + len - 10, " (deleted)"))
		len -= 10;
	m->major = (uint32_t)major;
	m->minor = (uint32_t)minor;
	if (m->start >= m->end)
		return -EINVAL;
	m->path = intern__mem(u->strings, s, len);
	return m->path ? 0 : -ENOSPC;
}

/* A file in memory: a reader of the mappings themselves waits for who changes them. */
static int text_file(const char *text, size_t len)
{
	int fd = memfd_create("maps", MFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (size_t done = 0; done < len;) {
		ssize_t n = write(fd, text + done, len - done);

		if (n <= 0) {
			close(fd);
			return n ? -errno : -EIO;
		}
		done += (size_t)n;
	}
	return lseek(fd, 0, SEEK_SET) ? -errno : fd;
}

static int ask_maps(const void *pid, void *answer, int *fd)
{
	char path[64], *text;
	size_t len;
	int rc;

	(void)answer;
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)*(const pid_t *)pid);
	rc = procfile__read(path, MAX_MAPS_FILE, &text, &len);
	if (rc)
		return rc;
	*fd = text_file(text, len);
	free(text);
	return *fd < 0 ? *fd : 0;
}

static int read_maps(struct usyms *u, pid_t pid, char **text, size_t *len)
{
	char nothing;
	int fd = -1, rc;

	rc = aside__ask(u->aside, ask_maps, &pid, sizeof(pid), &nothing, 0, &fd);
	if (rc || fd < 0)
		return rc ? rc : -EIO;
	rc = procfile__read_fd(fd, MAX_MAPS_FILE, text, len);
	close(fd);
	return rc;
}

static int load_maps(struct usyms *u, struct proc *p)
{
	char *buf, *pos, *line;
	struct map *maps, *fit;
	size_t len, nr = 0;
	int rc = read_maps(u, p->pid, &buf, &len);

	if (rc)
		return rc;
	maps = calloc(MAX_MAPS, sizeof(*maps));
	if (!maps) {
		free(buf);
		return -ENOMEM;
	}
	for (pos = buf; nr < MAX_MAPS && (line = procfile__line(&pos, buf + len));)
		if (!parse_map(u, line, &maps[nr]))
			nr++;
	free(buf);
	fit = realloc(maps, (nr ? nr : 1) * sizeof(*maps));
	put_maps(u, p->map, p->nr);
	p->map = fit ? fit : maps;
	p->nr = nr;
	p->loaded_ns = clock__mono_ns();
	return 0;
}

static void usyms__evict_proc(struct usyms *u)
{
	struct proc *p, *tmp, *oldest = NULL;

	if (HASH_COUNT(u->procs) < MAX_PROCS)
		return;
	HASH_ITER(hh, u->procs, p, tmp)
	if (!oldest || p->used < oldest->used)
		oldest = p;
	usyms__drop_proc(u, oldest);
}

static struct proc *usyms__add_proc(struct usyms *u, pid_t pid, const struct identity *who)
{
	struct proc *p;

	usyms__evict_proc(u);
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	p->pid = pid;
	p->who = *who;
	if (load_maps(u, p)) {
		free_proc(u, p);
		return NULL;
	}
	HASH_ADD(hh, u->procs, pid, sizeof(p->pid), p);
	if (p->failed) {
		free_proc(u, p);
		return NULL;
	}
	return p;
}

static struct proc *usyms__proc(struct usyms *u, pid_t pid)
{
	struct identity who;
	struct proc *p;

	HASH_FIND(hh, u->procs, &pid, sizeof(pid), p);
	if (aside__ask(u->aside, ask_identity, &pid, sizeof(pid), &who, sizeof(who), NULL)) {
		/* Gone, or it does not say: what was known of it still holds for its last stacks. */
	} else if (p && memcmp(&p->who, &who, sizeof(who))) {
		usyms__drop_proc(u, p);
		p = usyms__add_proc(u, pid, &who);
	} else if (!p) {
		p = usyms__add_proc(u, pid, &who);
	}
	if (p)
		p->used = ++u->tick;
	return p;
}

static const struct map *proc__find(const struct proc *p, uint64_t ip)
{
	size_t lo = 0, hi = p->nr;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ip < p->map[mid].start)
			hi = mid;
		else if (ip >= p->map[mid].end)
			lo = mid + 1;
		else
			return &p->map[mid];
	}
	return NULL;
}

static const struct map *usyms__map(struct usyms *u, struct proc *p, uint64_t ip)
{
	const struct map *m = proc__find(p, ip);

	if (m || clock__mono_ns() - p->loaded_ns < RELOAD_NS)
		return m;
	if (load_maps(u, p)) {
		p->loaded_ns = clock__mono_ns();
		return NULL;
	}
	return proc__find(p, ip);
}

/*
 * A file on a filesystem that a process serves could make us wait for ever, so
 * such files stay closed, and so do files of devices that no mount accounts for.
 */
static bool may_open(struct usyms *u, pid_t pid, const struct map *m)
{
	const struct mount_entry *e = NULL;

	if (m->path[0] != '/')
		return false;
	if (u->mounts) {
		mounts__refresh(u->mounts);
		e = mounts__by_dev(mounts__for_pid(u->mounts, u->aside, pid), m->major, m->minor);
	}
	return e ? strncmp(e->fstype, "fuse", 4) != 0 : m->major != 0;
}

static int open_in_time(struct usyms *u, pid_t pid, const struct map *m)
{
	struct mapped what = {.pid = pid, .start = m->start, .end = m->end, .ino = m->ino};

	if (strlen(m->path) >= sizeof(what.path))
		return -ENAMETOOLONG;
	snprintf(what.path, sizeof(what.path), "%s", m->path);
	return mapped__open(u->aside, &what);
}

static void usyms__evict_files(struct usyms *u)
{
	struct file *f, *tmp, *oldest;

	while (HASH_COUNT(u->files) >= MAX_FILES || u->file_bytes > MAX_FILE_BYTES) {
		oldest = NULL;
		HASH_ITER(hh, u->files, f, tmp)
		if (!oldest || f->used < oldest->used)
			oldest = f;
		usyms__drop_file(u, oldest);
	}
}

static struct file *usyms__add_file(struct usyms *u, pid_t pid, const struct map *m,
				    const struct file_key *key)
{
	struct file *f;
	int fd = may_open(u, pid, m) ? open_in_time(u, pid, m) : -EACCES;

	if (fd == -EAGAIN)
		return NULL;
	usyms__evict_files(u);
	f = calloc(1, sizeof(*f));
	if (!f) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	f->key = *key;
	f->key.path = intern__str(u->strings, key->path); /* held by the file now, too */
	if (fd >= 0) {
		if (elfsyms__new(fd, &f->syms))
			f->syms = NULL;
		close(fd);
	}
	f->bytes = sizeof(*f) + (f->syms ? elfsyms__bytes(f->syms) : 0);
	HASH_ADD(hh, u->files, key, sizeof(f->key), f);
	if (f->failed) {
		elfsyms__free(f->syms);
		intern__put(u->strings, f->key.path);
		free(f);
		return NULL;
	}
	u->file_bytes += f->bytes;
	return f;
}

static struct file *usyms__file(struct usyms *u, pid_t pid, const struct map *m)
{
	struct file_key key;
	struct file *f;

	/* The key is hashed as bytes. */
	memset(&key, 0, sizeof(key));
	key.ino = m->ino;
	key.major = m->major;
	key.minor = m->minor;
	key.path = m->path;
	HASH_FIND(hh, u->files, &key, sizeof(key), f);
	if (!f)
		f = usyms__add_file(u, pid, m, &key);
	if (f)
		f->used = ++u->tick;
	return f;
}

/* Valid until the next stack. */
static const char *usyms__give(struct usyms *u, const char *name)
{
	const char *s = u->nr_given < MAX_FRAMES ? intern__str(u->strings, name) : NULL;

	if (!s)
		return UNKNOWN;
	u->given[u->nr_given++] = s;
	return s;
}

static void usyms__take_back(struct usyms *u)
{
	while (u->nr_given)
		intern__put(u->strings, u->given[--u->nr_given]);
}

static const char *in_file(struct usyms *u, pid_t pid, const struct map *m, uint64_t ip)
{
	const struct file *f = usyms__file(u, pid, m);
	const char *base = strrchr(m->path, '/') + 1;
	const char *name = NULL;
	uint64_t at = ip - m->start + m->offset;
	char buf[640];

	if (f && f->syms && !elfsyms__address(f->syms, at, &at))
		name = elfsyms__name(f->syms, at);
	if (name)
		snprintf(buf, sizeof(buf), "%.255s`%s", base, name);
	else
		snprintf(buf, sizeof(buf), "%.255s+0x%" PRIx64, base, at);
	return usyms__give(u, buf);
}

static const char *usyms__name(struct usyms *u, struct proc *p, uint64_t ip)
{
	const struct map *m = p ? usyms__map(u, p, ip) : NULL;

	if (!m)
		return UNKNOWN;
	if (m->path[0] == '/')
		return in_file(u, p->pid, m, ip);
	if (!strcmp(m->path, "[vdso]") || !strcmp(m->path, "[vsyscall]"))
		return usyms__give(u, m->path);
	return UNKNOWN;
}

size_t usyms__frames(struct usyms *u, pid_t pid, const uint64_t *ip, size_t n, const char **out)
{
	struct proc *p;
	size_t i;

	usyms__take_back(u);
	p = usyms__proc(u, pid);
	/* All but the innermost are return addresses: the call is one byte before. */
	for (i = 0; i < n; i++)
		out[i] = usyms__name(u, p, ip[i] - (i && ip[i]));
	return n;
}

uint64_t usyms__recycled(const struct usyms *u)
{
	return u->recycled;
}
