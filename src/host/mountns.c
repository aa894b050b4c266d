// SPDX-License-Identifier: GPL-2.0
#include "host/mountns.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t number_of(const char *root, const char *process)
{
	char path[320];
	struct stat st;

	snprintf(path, sizeof(path), "%s/proc/%s/ns/mnt", root, process);
	return stat(path, &st) ? 0 : st.st_ino;
}

static bool is_ours(const char *root)
{
	uint64_t first = number_of(root, "1");
	char path[320];

	snprintf(path, sizeof(path), "%s/proc/1/mountinfo", root);
	return !first || first == number_of(root, "self") || access(path, R_OK);
}

const char *mountns__path(const char *root, char *buf, size_t size)
{
	snprintf(buf, size, "%s/proc/%s/mountinfo", root, is_ours(root) ? "self" : "1");
	return buf;
}

const char *mountns__files(const char *root, char *buf, size_t size)
{
	snprintf(buf, size, "%s/proc/1/root", root);
	if (is_ours(root) || access(buf, R_OK | X_OK))
		snprintf(buf, size, "%s", root);
	return buf;
}

uint64_t mountns__number(const char *root)
{
	return number_of(root, is_ours(root) ? "self" : "1");
}
