// SPDX-License-Identifier: GPL-2.0
#include "host/inflight.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "host/caps.h"
#include "host/procfile.h"

#define FILE_MAX_BYTES 65536

static char *read_text(const char *dir, const char *name)
{
	char path[512], *text;
	size_t len;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return NULL;
	return procfile__read(path, FILE_MAX_BYTES, &text, &len) ? NULL : text;
}

/* "209 0x7f.. 0x10 0x7f.. ...": number, then arguments. The second one is nr. */
static bool is_io_submit(const char *line, uint32_t *nr)
{
	unsigned long arg = 0;
	long number = -1;

	if (sscanf(line, "%ld %*x %lx", &number, &arg) < 1 || number != SYS_io_submit)
		return false;
	*nr = arg > UINT32_MAX ? 0 : (uint32_t)arg;
	return true;
}

/* "[<0>] folio_wait_bit+0x12/0x34 [mod]" to "folio_wait_bit", in place. */
static uint32_t split_stack(char *text, const char **frames)
{
	char *pos = text, *end = text + strlen(text), *line;
	uint32_t n = 0;

	while (n < INFLIGHT_FRAMES && (line = procfile__line(&pos, end))) {
		char *name = strstr(line, "] ");

		name = name ? name + 2 : line;
		name[strcspn(name, "+ ")] = '\0';
		if (*name)
			frames[n++] = name;
	}
	return n;
}

/* The kernel shows stacks to CAP_SYS_ADMIN alone, which is effective for no longer than this. */
static char *read_stack(const char *dir)
{
	bool raised = caps__raise(CAP_SYS_ADMIN);
	char *text = read_text(dir, "stack");

	if (raised)
		caps__lower(CAP_SYS_ADMIN);
	return text;
}

static void look_at(const char *dir, uint32_t pid, uint32_t tid,
		    void (*fn)(void *, const struct inflight *), void *ctx)
{
	struct inflight in = {.pid = pid, .tid = tid};
	char *syscall_text = read_text(dir, "syscall"), *comm, *stack;

	if (!syscall_text || !is_io_submit(syscall_text, &in.nr)) {
		free(syscall_text);
		return;
	}
	comm = read_text(dir, "comm");
	stack = read_stack(dir);
	if (comm)
		comm[strcspn(comm, "\n")] = '\0';
	in.comm = comm ? comm : "?";
	in.depth = stack ? split_stack(stack, in.frames) : 0;
	fn(ctx, &in);
	free(syscall_text);
	free(comm);
	free(stack);
}

static void scan_threads(const char *root, uint32_t pid,
			 void (*fn)(void *, const struct inflight *), void *ctx)
{
	char dir[256], task[320];
	struct dirent *d;
	uint64_t tid;
	DIR *threads;

	snprintf(dir, sizeof(dir), "%s/%u/task", root, pid);
	threads = opendir(dir);
	if (!threads)
		return;
	while ((d = readdir(threads))) {
		if (parse__u64(d->d_name, 1, UINT32_MAX, &tid))
			continue;
		snprintf(task, sizeof(task), "%s/%u", dir, (uint32_t)tid);
		look_at(task, pid, (uint32_t)tid, fn, ctx);
	}
	closedir(threads);
}

int inflight__scan(const char *proc_root, void (*fn)(void *ctx, const struct inflight *in),
		   void *ctx)
{
	const char *root = proc_root ? proc_root : "/proc";
	DIR *procs = opendir(root);
	struct dirent *d;
	uint64_t pid;

	if (!procs)
		return -errno;
	while ((d = readdir(procs)))
		if (isdigit((unsigned char)d->d_name[0]) &&
		    !parse__u64(d->d_name, 1, UINT32_MAX, &pid))
			scan_threads(root, (uint32_t)pid, fn, ctx);
	closedir(procs);
	return 0;
}
