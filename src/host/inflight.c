// SPDX-License-Identifier: GPL-2.0
#include "host/inflight.h"

#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "host/caps.h"
#include "host/pidwalk.h"
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

struct thread {
	uint32_t pid, tid, nr;
	char comm[64];
	char stack[4000]; /* as the kernel writes it */
};

static void copy_text(const char *dir, const char *name, char *to, size_t size)
{
	char *text = read_text(dir, name);

	snprintf(to, size, "%s", text ? text : "");
	free(text);
}

static bool is_inside(const char *dir, uint32_t *nr)
{
	char *text = read_text(dir, "syscall");
	bool inside = text && is_io_submit(text, nr);

	free(text);
	return inside;
}

static void look_at(const char *dir, struct thread *t)
{
	char *stack = read_stack(dir);

	snprintf(t->stack, sizeof(t->stack), "%s", stack ? stack : "");
	free(stack);
	copy_text(dir, "comm", t->comm, sizeof(t->comm));
	t->comm[strcspn(t->comm, "\n")] = '\0';
}

/* The next thread of a process, by number. */
static bool next_thread(const char *root, uint32_t pid, uint32_t *after, void *found)
{
	char dir[300], task[330];
	struct thread *t = found;
	uint32_t *tids;
	bool any = false;
	size_t nr, i;

	snprintf(dir, sizeof(dir), "%s/%u/task", root, pid);
	tids = pidwalk__numbers(dir, &nr);
	for (i = 0; i < nr && !any; i++) {
		if (tids[i] <= *after)
			continue;
		snprintf(task, sizeof(task), "%s/%u", dir, tids[i]);
		*t = (struct thread){.pid = pid, .tid = tids[i]};
		any = is_inside(task, &t->nr);
		if (any)
			look_at(task, t);
		*after = tids[i];
	}
	free(tids);
	return any;
}

struct teller {
	void (*fn)(void *ctx, const struct inflight *in);
	void *ctx;
};

static void tell(void *ctx, const void *found)
{
	const struct teller *to = ctx;
	struct thread t = *(const struct thread *)found;
	struct inflight in = {.pid = t.pid, .tid = t.tid, .nr = t.nr};

	t.comm[sizeof(t.comm) - 1] = t.stack[sizeof(t.stack) - 1] = '\0';
	in.comm = *t.comm ? t.comm : "?";
	in.depth = split_stack(t.stack, in.frames);
	to->fn(to->ctx, &in);
}

int inflight__scan(struct aside *a, const char *proc_root,
		   void (*fn)(void *ctx, const struct inflight *in), void *ctx)
{
	struct teller to = {fn, ctx};
	const struct pidwalk walk = {next_thread, sizeof(struct thread), tell, &to};

	return pidwalk__each(a, proc_root ? proc_root : "/proc", &walk);
}
