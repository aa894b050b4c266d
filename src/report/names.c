// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE /* strerrorname_np */
#include "report/names.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "model/container.h"

static const char *const op_cells[NAMES_OPS] = {
	"pread", "pwrite", "fsync", "fdsync", "poll", "preadv", "pwritev", "other",
};

static const char *const how_names[] = {
	[HOW_UNKNOWN] = "unknown",
	[HOW_EXACT] = "exact",
	[HOW_SCANNED] = "scanned",
	[HOW_BATCH] = "batch",
};

static const char *const waker_names[] = {
	[WAKER_UNKNOWN] = "unknown",
	[WAKER_TASK] = "task",
	[WAKER_IRQ] = "interrupt",
};

static const struct names_shape shapes[] = {
	{SHAPE_DIRECT, "direct", "O_DIRECT"},
	{SHAPE_BEYOND_EOF, "beyond_eof", "beyond end of file"},
	{SHAPE_UNALIGNED, "unaligned", "not aligned to the filesystem block"},
	{SHAPE_UNALIGNED_LB, "unaligned_logical_block",
	 "not aligned to the logical block of the device"},
	{SHAPE_UNALIGNED_MEM, "unaligned_memory", "memory not aligned to the filesystem block"},
	{SHAPE_DSYNC, "dsync", "O_DSYNC"},
	{SHAPE_NOWAIT, "nowait", "RWF_NOWAIT"},
	{SHAPE_APPEND, "append", "O_APPEND"},
};

const char *names__op_cell(size_t i)
{
	return i < ARRAY_SIZE(op_cells) ? op_cells[i] : "other";
}

const char *names__how(enum request_how how)
{
	return (size_t)how < ARRAY_SIZE(how_names) ? how_names[how] : "unknown";
}

static const char *const lock_names[] = {
	[LOCK_NONE] = "none",	[LOCK_MUTEX] = "mutex",		[LOCK_RWSEM] = "rwsem",
	[LOCK_RT] = "rt_mutex", [LOCK_PERCPU] = "percpu_rwsem", [LOCK_OTHER] = "other",
};

const char *names__lock(enum lock_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(lock_names) ? lock_names[kind] : "other";
}

const char *names__waker(enum waker_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(waker_names) ? waker_names[kind] : "unknown";
}

const struct names_shape *names__shape(size_t i)
{
	return i < ARRAY_SIZE(shapes) ? &shapes[i] : NULL;
}

const char *names__unit(const char *cgroup, char *buf, size_t size)
{
	size_t len;
	const char *unit = container__unit(cgroup, &len);

	snprintf(buf, size, "%.*s", (int)len, unit);
	return buf;
}

const char *names__unit_short(const char *cgroup, char *buf, size_t size)
{
	size_t len;
	const char *unit = container__unit(cgroup, &len);

	snprintf(buf, size, "%.*s", (int)(len - container__kind_of_unit(unit, len)), unit);
	return buf;
}

const char *names__errno(int err, char *buf, size_t size)
{
	const char *name = strerrorname_np(err);

	if (name && err)
		snprintf(buf, size, "%s", name);
	else
		snprintf(buf, size, "errno %d", err);
	return buf;
}

const char *names__plane(enum plane plane)
{
	static const char *const names[PLANES] = {
		[PLANE_SUBMIT] = "",
		[PLANE_TASKWORK] = "task work",
		[PLANE_WORKER] = "worker threads",
		[PLANE_SQPOLL] = "the thread that submits",
	};

	return names[plane];
}

const char *names__elsewhere(const struct counters *c, char *buf, size_t size)
{
	size_t used = 0;

	*buf = '\0';
	for (enum plane plane = PLANE_SUBMIT + 1; plane < PLANES; plane++) {
		uint64_t n = counters__sleeps_in(c, plane);
		char sleeps[32], blocked[16];

		if (!n || used >= size)
			continue;
		fmt__many(n, "stall{|s}", sleeps, sizeof(sleeps));
		fmt__duration(counters__blocked_in(c, plane), blocked, sizeof(blocked));
		used += (size_t)snprintf(buf + used, size - used, "; %s: %s, %s blocked",
					 names__plane(plane), sleeps, blocked);
	}
	return buf;
}
