// SPDX-License-Identifier: GPL-2.0
#include "host/procwho.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/procfile.h"

static char *read_file(const char *root, uint32_t pid, const char *name, size_t *len)
{
	char path[320], *text;

	snprintf(path, sizeof(path), "%s/%u/%s", root, pid, name);
	return procfile__read(path, 64 << 10, &text, len) ? NULL : text;
}

struct procwho procwho__of(const char *proc_root, uint32_t pid)
{
	const char *root = proc_root ? proc_root : "/proc";
	struct procwho who = {0};
	char *text, *pos, *line;
	size_t len;

	text = read_file(root, pid, "comm", &len);
	if (text)
		snprintf(who.comm, sizeof(who.comm), "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	text = pos = read_file(root, pid, "cgroup", &len);
	while (text && (line = procfile__line(&pos, text + len)))
		if (!strncmp(line, "0::", 3))
			snprintf(who.cgroup, sizeof(who.cgroup), "%s", line + 3);
	free(text);
	return who;
}
