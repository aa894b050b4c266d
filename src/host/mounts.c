// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/mountns.h"
#include "host/procfile.h"

#define MAX_FILE (64u << 20)
#define MAX_ENTRIES (64u << 10)
#define MAX_BYTES (16u << 20)
/* What is mounted no more and what was left longest ago makes room. */
#define MAX_GONE 4096
#define MAX_NAMESPACES 256
#define MAX_AGE_NS NSEC_PER_SEC

struct slot {
	struct mount_entry *e; /* its strings lie behind it */
	size_t bytes;
	bool seen; /* by the reading that is under way */
};

struct namespace
{
	uint64_t ino;
	uint64_t read_ns, used;
	struct mounts *m;
};

struct mounts {
	struct slot *slot;
	size_t nr, cap;
	size_t bytes; /* of all entries */
	uint64_t dropped, recycled;
	int fd; /* kept open to be told of changes; -1 for another namespace's table */
	uint64_t ns_ino;
	struct namespace *ns;
	size_t nr_ns;
	uint64_t tick;
};

/* The kernel writes blank, tab, newline, backslash and # as \ooo. */
static void unescape(char *s)
{
	char *to = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	}
	*to = '\0';
}

/* Next field of the line, unescaped; NULL at its end. */
static const char *field(char **line)
{
	char *s = *line, *end;

	if (!s || !*s)
		return NULL;
	end = strchrnul(s, ' ');
	*line = *end ? end + 1 : end;
	*end = '\0';
	unescape(s);
	return s;
}

static int number(const char **s, uint32_t *v, char stop)
{
	uint64_t n;

	if (!*s || procfile__number(s, 10, UINT32_MAX, &n) || **s != stop)
		return -EINVAL;
	*v = (uint32_t)n;
	++*s;
	return 0;
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext3 /dev/root rw,errors=continue" */
static int parse_line(char *line, struct mount_entry *e)
{
	const char *id = field(&line), *parent = field(&line), *dev = field(&line);
	const char *tag;

	memset(e, 0, sizeof(*e));
	if (number(&id, &e->id, '\0') || number(&parent, &e->parent, '\0') ||
	    number(&dev, &e->major, ':') || number(&dev, &e->minor, '\0'))
		return -EINVAL;
	e->root = field(&line);
	e->mount_point = field(&line);
	e->options = field(&line);
	do {
		tag = field(&line);
	} while (tag && strcmp(tag, "-"));
	e->fstype = field(&line);
	/* An empty source is an empty field; one that is missing altogether is not an entry. */
	e->source = field(&line);
	e->super_options = field(&line);
	if (!e->super_options)
		e->super_options = "";
	return e->source && e->mount_point && e->mount_point[0] == '/' ? 0 : -EINVAL;
}

static bool same_entry(const struct mount_entry *a, const struct mount_entry *b)
{
	return a->id == b->id && a->parent == b->parent && a->major == b->major &&
	       a->minor == b->minor && !strcmp(a->root, b->root) &&
	       !strcmp(a->mount_point, b->mount_point) && !strcmp(a->fstype, b->fstype) &&
	       !strcmp(a->source, b->source);
}

static const char *append(char **to, const char *s)
{
	size_t size = strlen(s) + 1;
	char *copy = memcpy(*to, s, size);

	*to += size;
	return copy;
}

/* A copy in one piece; NULL on lack of memory. */
static struct mount_entry *copy_entry(const struct mount_entry *from, size_t *bytes)
{
	struct mount_entry *e;
	char *to;

	*bytes = sizeof(*e) + strlen(from->root) + strlen(from->mount_point) +
		 strlen(from->options) + strlen(from->fstype) + strlen(from->source) +
		 strlen(from->super_options) + 6;
	e = malloc(*bytes);
	if (!e)
		return NULL;
	to = (char *)(e + 1);
	*e = *from;
	e->root = append(&to, from->root);
	e->mount_point = append(&to, from->mount_point);
	e->options = append(&to, from->options);
	e->fstype = append(&to, from->fstype);
	e->source = append(&to, from->source);
	e->super_options = append(&to, from->super_options);
	return e;
}

static bool mounts__has_room(const struct mounts *m, size_t bytes)
{
	return m->bytes + bytes <= MAX_BYTES;
}

/* Options change by remount: the entry stays the same mount. */
static void take_options(struct mounts *m, struct slot *slot, const struct mount_entry *from)
{
	struct mount_entry *e;
	size_t bytes;

	slot->e->gone = false;
	if (!strcmp(slot->e->options, from->options) &&
	    !strcmp(slot->e->super_options, from->super_options))
		return;
	e = copy_entry(from, &bytes);
	if (!e || !mounts__has_room(m, bytes)) {
		free(e);
		return;
	}
	free(slot->e);
	m->bytes += bytes - slot->bytes;
	slot->e = e;
	slot->bytes = bytes;
}

static int mounts__append(struct mounts *m, const struct mount_entry *from)
{
	struct slot *slot, new = {.seen = true};
	size_t cap;

	if (m->nr >= MAX_ENTRIES)
		return -ENOSPC;
	if (m->nr == m->cap) {
		cap = m->cap ? m->cap * 2 : 64;
		slot = realloc(m->slot, cap * sizeof(*slot));
		if (!slot)
			return -ENOMEM;
		m->slot = slot;
		m->cap = cap;
	}
	new.e = copy_entry(from, &new.bytes);
	if (!new.e || !mounts__has_room(m, new.bytes)) {
		free(new.e);
		return -ENOMEM;
	}
	m->bytes += new.bytes;
	m->slot[m->nr++] = new;
	return 0;
}

/* Takes out the first n entries that are gone, which are those that were mounted first. */
static void mounts__forget(struct mounts *m, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < m->nr; i++) {
		if (n && m->slot[i].e->gone) {
			m->bytes -= m->slot[i].bytes;
			free(m->slot[i].e);
			m->recycled++;
			n--;
			continue;
		}
		m->slot[to++] = m->slot[i];
	}
	m->nr = to;
}

/* hint is where the entry is if the table did not change before it: almost always. */
static void mounts__merge(struct mounts *m, const struct mount_entry *e, size_t *hint, size_t old)
{
	size_t i, k;

	for (k = 0; k < old; k++) {
		i = (*hint + k) % old;
		if (m->slot[i].seen || !same_entry(m->slot[i].e, e))
			continue;
		m->slot[i].seen = true;
		take_options(m, &m->slot[i], e);
		*hint = i + 1;
		return;
	}
	if (mounts__append(m, e))
		m->dropped++;
}

/* Before new ones are added: of those that are gone only the newest stay, and fewer if room is short. */
static void mounts__make_room(struct mounts *m)
{
	size_t gone = 0, keep = MAX_GONE;

	for (size_t i = 0; i < m->nr; i++)
		gone += m->slot[i].e->gone;
	if (m->nr > MAX_ENTRIES / 2 || m->bytes > MAX_BYTES / 2)
		keep = MAX_GONE / 16;
	if (gone > keep)
		mounts__forget(m, gone - keep);
}

static void mounts__parse(struct mounts *m, char *buf, size_t len)
{
	char *pos = buf, *end = buf + len, *line;
	size_t i, hint = 0, old;
	struct mount_entry e;

	mounts__make_room(m);
	old = m->nr;
	for (i = 0; i < m->nr; i++)
		m->slot[i].seen = false;
	while ((line = procfile__line(&pos, end)))
		if (!parse_line(line, &e))
			mounts__merge(m, &e, &hint, old);
	for (i = 0; i < m->nr; i++)
		m->slot[i].e->gone = !m->slot[i].seen;
}

static int mounts__read(struct mounts *m, int fd)
{
	char *buf;
	size_t len;
	int rc;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	rc = procfile__read_fd(fd, MAX_FILE, &buf, &len);
	if (rc)
		return rc;
	mounts__parse(m, buf, len);
	free(buf);
	return 0;
}

static int ask_namespace(const void *pid, void *ino, int *fd)
{
	char path[64];
	struct stat st;

	(void)fd;
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int)*(const pid_t *)pid);
	if (stat(path, &st))
		return -errno;
	*(uint64_t *)ino = st.st_ino;
	return 0;
}

/* 0 = not known. */
static uint64_t ns_of(struct aside *a, pid_t pid)
{
	uint64_t ino;

	return aside__ask(a, ask_namespace, &pid, sizeof(pid), &ino, sizeof(ino), NULL) ? 0 : ino;
}

static struct mounts *mounts__alloc(void)
{
	struct mounts *m = calloc(1, sizeof(*m));

	if (m)
		m->fd = -1;
	return m;
}

struct mounts *mounts__new(const char *mountinfo_path, struct err *e)
{
	char host[64];
	const char *path = mountinfo_path ? mountinfo_path : mountns__path("", host, sizeof(host));
	struct mounts *m = mounts__alloc();
	int rc;

	if (!m) {
		err__set(e, -ENOMEM, "cannot read %s: out of memory", path);
		return NULL;
	}
	m->fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = m->fd < 0 ? -errno : mounts__read(m, m->fd);
	if (rc) {
		err__set(e, rc, "cannot read the mount table %s: %s", path, strerror(-rc));
		mounts__free(m);
		return NULL;
	}
	m->ns_ino = mountinfo_path ? ns_of(NULL, getpid()) : mountns__number("");
	return m;
}

void mounts__free(struct mounts *m)
{
	size_t i;

	if (!m)
		return;
	for (i = 0; i < m->nr_ns; i++)
		mounts__free(m->ns[i].m);
	free(m->ns);
	for (i = 0; i < m->nr; i++)
		free(m->slot[i].e);
	free(m->slot);
	if (m->fd >= 0)
		close(m->fd);
	free(m);
}

int mounts__refresh(struct mounts *m)
{
	struct pollfd p = {.fd = m->fd, .events = POLLPRI};
	int rc;

	if (m->fd < 0)
		return 0;
	if (poll(&p, 1, 0) < 0)
		return -errno;
	if (!(p.revents & (POLLPRI | POLLERR)))
		return 0;
	rc = mounts__read(m, m->fd);
	return rc ? rc : 1;
}

/* The one that was asked for longest ago, empty. */
static struct namespace *mounts__recycle(struct mounts *m)
{
	struct namespace *oldest = m->ns;
	struct mounts *fresh = mounts__alloc();

	if (!fresh)
		return NULL;
	for (size_t i = 1; i < m->nr_ns; i++)
		if (m->ns[i].used < oldest->used)
			oldest = &m->ns[i];
	m->recycled += oldest->m->nr;
	m->dropped += oldest->m->dropped;
	mounts__free(oldest->m);
	*oldest = (struct namespace){.m = fresh};
	return oldest;
}

static struct namespace *mounts__add_namespace(struct mounts *m)
{
	struct namespace *ns;

	if (m->nr_ns == MAX_NAMESPACES)
		return mounts__recycle(m);
	ns = realloc(m->ns, (m->nr_ns + 1) * sizeof(*ns));
	if (!ns)
		return NULL;
	m->ns = ns;
	ns += m->nr_ns;
	*ns = (struct namespace){.m = mounts__alloc()};
	if (!ns->m)
		return NULL;
	m->nr_ns++;
	return ns;
}

static struct namespace *mounts__namespace(struct mounts *m, uint64_t ino)
{
	struct namespace *ns = NULL;

	for (size_t i = 0; i < m->nr_ns && !ns; i++)
		if (m->ns[i].ino == ino)
			ns = &m->ns[i];
	if (!ns)
		ns = mounts__add_namespace(m);
	if (!ns)
		return NULL;
	ns->ino = ino;
	ns->used = ++m->tick;
	return ns;
}

struct mounts *mounts__for_pid(struct mounts *m, struct aside *a, pid_t pid)
{
	char path[64];
	struct namespace *ns;
	uint64_t ino, now;
	int fd;

	ino = ns_of(a, pid);
	if (!ino || ino == m->ns_ino)
		return m;
	ns = mounts__namespace(m, ino);
	if (!ns)
		return m;
	now = clock__mono_ns();
	if (ns->read_ns && now - ns->read_ns < MAX_AGE_NS)
		return ns->m;
	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	/* Not kept open: that would hold the namespace, and all that is mounted in it, for ever. */
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		if (!mounts__read(ns->m, fd))
			ns->read_ns = now;
		close(fd);
	}
	return ns->m->nr ? ns->m : m;
}

static const struct mount_entry *find_id(const struct mounts *m, uint32_t id, uint32_t major,
					 uint32_t minor)
{
	const struct mount_entry *gone = NULL;
	size_t i;

	for (i = m->nr; i-- > 0;) {
		const struct mount_entry *e = m->slot[i].e;

		if (e->id != id || e->major != major || e->minor != minor)
			continue;
		if (!e->gone)
			return e;
		if (!gone)
			gone = e;
	}
	return gone;
}

const struct mount_entry *mounts__by_id(const struct mounts *m, uint32_t id, uint32_t major,
					uint32_t minor)
{
	const struct mount_entry *best = find_id(m, id, major, minor), *e;
	size_t i;

	for (i = 0; i < m->nr_ns && (!best || best->gone); i++) {
		e = find_id(m->ns[i].m, id, major, minor);
		if (e && (!best || !e->gone))
			best = e;
	}
	return best;
}

/* Is a the better name for its superblock? */
static bool better(const struct mount_entry *a, const struct mount_entry *b)
{
	bool whole_a = !strcmp(a->root, "/"), whole_b = !strcmp(b->root, "/");

	if (a->gone != b->gone)
		return !a->gone;
	if (whole_a != whole_b)
		return whole_a;
	return strlen(a->mount_point) < strlen(b->mount_point);
}

const struct mount_entry *mounts__by_dev(const struct mounts *m, uint32_t major, uint32_t minor)
{
	const struct mount_entry *best = NULL;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		const struct mount_entry *e = m->slot[i].e;

		if (e->major == major && e->minor == minor && (!best || better(e, best)))
			best = e;
	}
	return best;
}

static bool contains(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (n == 1)
		return path[0] == '/';
	return !strncmp(path, dir, n) && (path[n] == '\0' || path[n] == '/');
}

const struct mount_entry *mounts__by_path(const struct mounts *m, const char *path)
{
	const struct mount_entry *best = NULL;
	size_t i;

	for (i = 0; i < m->nr; i++) {
		const struct mount_entry *e = m->slot[i].e;

		if (e->gone || !contains(e->mount_point, path))
			continue;
		/* Of two at the same place the later one covers the other. */
		if (!best || strlen(e->mount_point) >= strlen(best->mount_point))
			best = e;
	}
	return best;
}

size_t mounts__count(const struct mounts *m)
{
	return m->nr;
}

const struct mount_entry *mounts__at(const struct mounts *m, size_t i)
{
	return i < m->nr ? m->slot[i].e : NULL;
}

uint64_t mounts__dropped(const struct mounts *m)
{
	uint64_t n = m->dropped;
	size_t i;

	for (i = 0; i < m->nr_ns; i++)
		n += m->ns[i].m->dropped;
	return n;
}

static bool has_option(const char *list, const char *option, size_t len)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",") == len && !memcmp(list, option, len))
			return true;
	return false;
}

const char *mount_entry__options(const struct mount_entry *e, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "%s", e->options);

	for (const char *o = e->super_options; *o; o += strcspn(o, ","), o += *o == ',') {
		size_t len = strcspn(o, ",");

		if (has_option(e->options, o, len) || used + len + 2 > size)
			continue;
		used += (size_t)snprintf(buf + used, size - used, "%s%.*s", used ? "," : "",
					 (int)len, o);
	}
	return buf;
}

uint64_t mounts__recycled(const struct mounts *m)
{
	uint64_t n = m->recycled;

	for (size_t i = 0; i < m->nr_ns; i++)
		n += m->ns[i].m->recycled;
	return n;
}
