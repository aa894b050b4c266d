// SPDX-License-Identifier: GPL-2.0
#include "host/memlimit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "host/procfile.h"

#define FILE_MAX (1u << 20)

/* Where a version keeps what. A hybrid host has version 2 without its memory controller. */
struct layout {
	const char *mount, *max, *usage, *inactive, *active;
};

static const struct layout unified[] = {
	{"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file", "active_file"},
	{"/sys/fs/cgroup/unified", "memory.max", "memory.current", "inactive_file", "active_file"},
};
static const struct layout legacy[] = {
	{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
	 "total_inactive_file", "total_active_file"},
};

struct place {
	const char *root, *mount, *cgroup;
};

static char *read_file(const struct place *p, const char *name)
{
	char path[PATH_MAX];
	size_t len;
	char *text;

	if (snprintf(path, sizeof(path), "%s%s%s/%s", p->root, p->mount, p->cgroup, name) >=
		    (int)sizeof(path) ||
	    procfile__read(path, FILE_MAX, &text, &len))
		return NULL;
	return text;
}

/* "max" is no number, and that of version 1 is so large that nothing has it. */
static bool read_number(const struct place *p, const char *name, uint64_t *v)
{
	char *text = read_file(p, name);
	const char *at = text;
	bool ok = text && !procfile__number(&at, 10, INT64_MAX, v);

	free(text);
	return ok;
}

static uint64_t field(const char *stat, const char *name)
{
	size_t len = strlen(name);
	uint64_t v;

	for (const char *line = stat; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) || line[len] != ' ')
			continue;
		line += len + 1;
		return procfile__number(&line, 10, INT64_MAX, &v) ? 0 : v;
	}
	return 0;
}

static uint64_t reclaimable(const struct place *p, const struct layout *l)
{
	char *stat = read_file(p, "memory.stat");
	uint64_t bytes = stat ? field(stat, l->inactive) + field(stat, l->active) : 0;

	free(stat);
	return bytes;
}

static void take_if_tighter(const struct place *p, const struct layout *l, struct memlimit *out)
{
	uint64_t limit, usage, cache, left;

	if (!read_number(p, l->max, &limit) || !read_number(p, l->usage, &usage))
		return;
	cache = reclaimable(p, l);
	usage -= cache < usage ? cache : usage;
	left = usage < limit ? limit - usage : 0;
	if (left >= out->left_bytes)
		return;
	out->limit_bytes = limit;
	out->left_bytes = left;
	snprintf(out->cgroup, sizeof(out->cgroup), "%s", *p->cgroup ? p->cgroup : "/");
}

/*
 * From the cgroup up to what is mounted. In a container the path may be one of the host's, and only
 * the last step finds files: they are those of the container.
 */
static void walk_up(const char *root, const struct layout *l, const char *cgroup,
		    struct memlimit *out)
{
	char path[PATH_MAX];
	struct place p = {root, l->mount, path};
	char *slash = path;

	snprintf(path, sizeof(path), "%s", strcmp(cgroup, "/") ? cgroup : "");
	/* a cgroup outside of the own namespace */
	if (strstr(path, "/.."))
		*path = '\0';
	for (;;) {
		take_if_tighter(&p, l, out);
		slash = strrchr(path, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

static bool has_controller(const char *list, const char *end, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; at < end; at += strcspn(at, ",:") + 1)
		if (!strncmp(at, name, len) && (at[len] == ',' || at[len] == ':'))
			return true;
	return false;
}

/* "4:cpu,memory:/path" of version 1, "0::/path" of version 2 */
static void read_line(const char *root, const char *line, struct memlimit *out)
{
	const char *list = strchr(line, ':');
	const char *path = list ? strchr(list + 1, ':') : NULL;

	if (!path || path[1] != '/')
		return;
	if (path == list + 1)
		for (size_t i = 0; i < ARRAY_SIZE(unified); i++)
			walk_up(root, &unified[i], path + 1, out);
	else if (has_controller(list + 1, path, "memory"))
		for (size_t i = 0; i < ARRAY_SIZE(legacy); i++)
			walk_up(root, &legacy[i], path + 1, out);
}

void memlimit__read(const char *root, struct memlimit *out)
{
	struct place self = {root, "/proc/self", ""};
	char *text = read_file(&self, "cgroup"), *pos = text, *line;

	*out = (struct memlimit){.left_bytes = UINT64_MAX};
	if (!text)
		return;
	for (char *end = text + strlen(text); (line = procfile__line(&pos, end));)
		read_line(root, line, out);
	free(text);
}
