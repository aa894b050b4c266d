// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include "cmd/targets.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Thread group of a thread; 0 if there is no such thread. */
static uint32_t thread_group(uint32_t tid)
{
	char path[64], line[128];
	unsigned int tgid = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/status", tid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Tgid: %u", &tgid) == 1)
			break;
	fclose(f);
	return tgid;
}

static int pidfd_of(uint32_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

static int add(struct targets *t, uint32_t id, bool process, struct err *e)
{
	uint32_t tgid = thread_group(id);

	if (!tgid)
		return err__set(e, -ESRCH, "no %s %u", process ? "process" : "thread", id);
	if (process && tgid != id) {
		err__set(e, -ESRCH, "%u is not a process but a thread of process %u", id, tgid);
		err__hint(e, "Use -t %u for the thread or -p %u for the process.", id, tgid);
		return -ESRCH;
	}
	t->one[t->nr].id = id;
	t->one[t->nr].pidfd = process ? pidfd_of(id) : -1;
	t->nr++;
	return 0;
}

int targets__open(struct targets *t, const struct live_filter *f, struct err *e)
{
	int rc = 0;

	memset(t, 0, sizeof(*t));
	for (size_t i = 0; !rc && i < f->nr_pids; i++)
		rc = add(t, f->pids[i], true, e);
	for (size_t i = 0; !rc && i < f->nr_tids; i++)
		rc = add(t, f->tids[i], false, e);
	if (rc)
		targets__close(t);
	return rc;
}

/* A pidfd tells a process that has ended from a later one with the same number. */
static bool gone(uint32_t id, int pidfd)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	char path[64];

	if (pidfd >= 0)
		return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
	snprintf(path, sizeof(path), "/proc/%u", id);
	return access(path, F_OK) != 0;
}

bool targets__all_gone(struct targets *t)
{
	size_t left = 0;

	for (size_t i = 0; i < t->nr; i++) {
		if (!t->one[i].gone)
			t->one[i].gone = gone(t->one[i].id, t->one[i].pidfd);
		left += !t->one[i].gone;
	}
	return t->nr && !left;
}

void targets__close(struct targets *t)
{
	for (size_t i = 0; i < t->nr; i++)
		if (t->one[i].pidfd >= 0)
			close(t->one[i].pidfd);
	t->nr = 0;
}
