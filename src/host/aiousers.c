// SPDX-License-Identifier: GPL-2.0
#include "host/aiousers.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "host/pidwalk.h"
#include "host/procfile.h"

#define MAPS_MAX_BYTES (64 << 20)

/* Mappings "... /[aio] (deleted)": one for each ring of completions. A file may be named like that. */
static bool is_context(const char *line)
{
	static const char tail[] = " /[aio] (deleted)";
	size_t len = strlen(line);

	return len >= sizeof(tail) && !strcmp(line + len - (sizeof(tail) - 1), tail);
}

static bool count_contexts(const char *root, struct aiouser *u)
{
	char path[320], *text, *pos, *line;
	size_t len;

	snprintf(path, sizeof(path), "%s/%u/maps", root, u->pid);
	if (procfile__read(path, MAPS_MAX_BYTES, &text, &len))
		return false;
	pos = text;
	while ((line = procfile__line(&pos, text + len)))
		u->contexts += is_context(line);
	free(text);
	return true;
}

static bool count_rings(const char *root, struct aiouser *u)
{
	char path[320], target[64];
	struct dirent *d;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%u/fd", root, u->pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while ((d = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), d->d_name, target, sizeof(target) - 1);

		if (n <= 0)
			continue;
		target[n] = '\0';
		u->rings += !strcmp(target, "anon_inode:[io_uring]");
	}
	closedir(dir);
	return true;
}

static struct aiouser look(const char *root, uint32_t pid)
{
	struct aiouser u = {.pid = pid};
	char path[320], *text;
	size_t len;

	snprintf(path, sizeof(path), "%s/%u/comm", root, pid);
	if (!procfile__read(path, 4096, &text, &len)) {
		text[strcspn(text, "\n")] = '\0';
		snprintf(u.comm, sizeof(u.comm), "%s", text);
		free(text);
	}
	u.known = count_rings(root, &u);
	u.known = count_contexts(root, &u) && u.known;
	return u;
}

struct whom {
	char root[256];
	uint32_t pid;
};

static int ask(const void *ctx, void *answer, int *fd)
{
	const struct whom *whom = ctx;
	struct aiouser u = look(whom->root, whom->pid);

	(void)fd;
	memcpy(answer, &u, sizeof(u));
	return 0;
}

struct aiouser aiousers__look(struct aside *a, const char *proc_root, uint32_t pid)
{
	struct aiouser u = {.pid = pid};
	struct whom whom = {.pid = pid};

	snprintf(whom.root, sizeof(whom.root), "%s", proc_root ? proc_root : "/proc");
	if (aside__ask(a, ask, &whom, sizeof(whom), &u, sizeof(u), NULL))
		return (struct aiouser){.pid = pid};
	u.comm[sizeof(u.comm) - 1] = '\0';
	return u;
}

static bool uses_any(const char *root, uint32_t pid, uint32_t *key, void *found)
{
	struct aiouser u;

	if (*key)
		return false;
	*key = 1;
	u = look(root, pid);
	memcpy(found, &u, sizeof(u));
	return u.contexts || u.rings;
}

struct teller {
	void (*fn)(void *ctx, const struct aiouser *u);
	void *ctx;
};

static void tell(void *ctx, const void *found)
{
	const struct teller *to = ctx;
	struct aiouser u;

	memcpy(&u, found, sizeof(u));
	u.comm[sizeof(u.comm) - 1] = '\0';
	to->fn(to->ctx, &u);
}

int aiousers__scan(struct aside *a, const char *proc_root,
		   void (*fn)(void *ctx, const struct aiouser *u), void *ctx)
{
	struct teller to = {fn, ctx};
	const struct pidwalk walk = {uses_any, sizeof(struct aiouser), tell, &to};

	return pidwalk__each(a, proc_root ? proc_root : "/proc", &walk);
}

/* A number that is all there is in a file of /proc. */
static bool read_number(const char *proc_root, const char *name, uint64_t *nr)
{
	char path[320], *text;
	const char *s;
	size_t len;
	int rc;

	snprintf(path, sizeof(path), "%s/%s", proc_root ? proc_root : "/proc", name);
	if (procfile__read(path, 4096, &text, &len))
		return false;
	s = text;
	rc = procfile__number(&s, 10, UINT64_MAX, nr);
	free(text);
	return !rc;
}

bool aiousers__reserved(const char *proc_root, uint64_t *nr)
{
	return read_number(proc_root, "sys/fs/aio-nr", nr);
}

unsigned int aiousers__rings_refused(const char *proc_root)
{
	uint64_t value;

	return read_number(proc_root, "sys/kernel/io_uring_disabled", &value) ? (unsigned int)value
									      : 0;
}
