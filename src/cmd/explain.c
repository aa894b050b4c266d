// SPDX-License-Identifier: GPL-2.0
#include "cmd/explain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cmd/fields.h"
#include "cmd/groups.h"

/* Tasks that a text names for one stack, and lines that were not read. */
#define NAMED_MAX 8

static bool is_direct(const struct causes *causes, const struct explained *e)
{
	char via[512];

	causes__via(causes, e->names, e->depth, via, sizeof(via));
	for (const char *p = via; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL)
		if (!strncmp(p, "dio", 3))
			return true;
	return false;
}

void explain__stack(struct explained *e, const struct causes *causes)
{
	e->cause = causes__match(causes, e->names, e->depth);
	e->doubt = causes__doubt(causes, e->cause->id, e->names, e->depth);
	e->submit = causes__entered(causes, e->names, e->depth);
	e->role = causes__role(causes, e->names, e->depth);
	e->direct = is_direct(causes, e);
}

bool explain__is_suspect(const struct explained *e)
{
	const struct task *t = &e->stack->task;

	return !e->submit && (e->role || t->state == 'D' || t->hung_s);
}

/* Why the task of the stack was not asleep; "" if it was. */
static const char *why_awake(const struct paste_stack *stack)
{
	if (stack->sleep == PASTE_RUNNING)
		return "The task was running: it did not wait for I/O or a lock. Where it used the "
		       "CPU is a "
		       "matter for perf.";
	if (stack->sleep == PASTE_PREEMPTED)
		return "The task was preempted: it could run, and another task had the CPU. Look "
		       "for what "
		       "used the CPU.";
	if (stack->sleep == PASTE_RECORD)
		return "This is a record of something earlier, where memory was allocated or a "
		       "lock was taken: no task sleeps there.";
	return "";
}

bool explain__fits(const struct program *p, const void *ctx)
{
	const struct explained *e = ctx;

	/* The only filesystem that a setting speaks of. */
	if (strstr(p->why, "btrfs")) {
		for (size_t i = 0; i < e->depth; i++)
			if (!strncmp(e->names[i], "btrfs_", 6))
				return true;
		return false;
	}
	return !e->direct || (!strstr(p->setting, "O_DIRECT") && !strstr(p->why, "O_DIRECT"));
}

/* The module of the frame with this name, which is one of the paste's; NULL if it is not said. */
static const char *module_of(const struct paste *paste, const struct paste_stack *s,
			     const char *name)
{
	for (size_t i = s->first; i < s->first + s->nr; i++)
		if (paste->frames[i].name == name)
			return paste->frames[i].module;
	return NULL;
}

char *explain__where(const struct explained *e, const struct causes *causes,
		     const struct paste *paste, char *buf, size_t size)
{
	size_t i = causes__waiter(causes, e->names, e->depth);
	const char *module, *place;

	buf[0] = '\0';
	if ((strcmp(e->cause->id, CAUSE_UNKNOWN) && !e->doubt) || e->stack->cut ||
	    e->stack->mixed || e->stack->sleep != PASTE_ASLEEP || i == e->depth)
		return buf;
	if (!strcmp(e->names[i], PASTE_NOT_READ)) {
		snprintf(buf, size, "waits in a function whose line was not understood");
		return buf;
	}
	module = module_of(paste, e->stack, e->names[i]);
	place = causes__where(causes, e->names, e->depth);
	if (module)
		snprintf(buf, size, "waits inside module %.64s, in %.200s", module, e->names[i]);
	else if (place)
		snprintf(buf, size, "waits in %.200s, inside %.64s or below it", e->names[i],
			 place);
	else
		snprintf(buf, size, "waits in %.200s", e->names[i]);
	return buf;
}

bool explain__is_certain(const struct explained *e)
{
	return !e->doubt && !e->stack->cut && !e->stack->mixed;
}

/* NULL: the answer is certain. */
static const char *why_doubted(const struct explained *e)
{
	if (explain__is_certain(e) || e->stack->sleep != PASTE_ASLEEP)
		return NULL;
	if (e->stack->cut)
		return "The text begins in the middle of this stack: the functions where the task "
		       "waits are missing.";
	if (e->stack->mixed)
		return "Frames of two tasks are mixed here, since both printed at the same time: "
		       "which "
		       "is whose is not known.";
	if (!strcmp(e->doubt, PASTE_NOT_READ))
		return "A line inward of what the cause is told from was not understood: the task "
		       "may "
		       "wait for something else. Advice is left out.";
	return "";
}

char *explain__doubt(const struct explained *e, char *buf, size_t size)
{
	const char *why = why_doubted(e);

	snprintf(buf, size, "%s", why ? why : "");
	return why && !*why ? causes__say_doubt(e->doubt, true, buf, size) : buf;
}

char *explain__hung(const struct paste *paste, char *buf, size_t size)
{
	buf[0] = '\0';
	if (paste->hung_s)
		snprintf(buf, size,
			 "A task was blocked for more than %u seconds. No load does that: a "
			 "device, a server, "
			 "or the holder of a lock does not answer. Look first for resets, timeouts "
			 "and failed "
			 "members in dmesg, for a server or path that is gone, for a task below "
			 "that holds "
			 "what is waited for, and for a bug of this kernel; advice on tuning comes "
			 "after that.",
			 paste->hung_s);
	return buf;
}

/* "fio (1234)", "a task" */
static const char *task_name(const struct task *t, char *buf, size_t size)
{
	if (*t->comm && t->pid)
		snprintf(buf, size, "%s (%u)", t->comm, t->pid);
	else if (t->pid)
		snprintf(buf, size, "task %u", t->pid);
	else
		snprintf(buf, size, "%s", *t->comm ? t->comm : "a task");
	return buf;
}

static void print_lines(const char *label, const struct paste_line *lines, size_t nr, size_t total)
{
	char text[512];

	for (size_t i = 0; i < nr && i < NAMED_MAX; i++) {
		snprintf(text, sizeof(text), "line %u%s%s: %.300s", lines[i].number,
			 lines[i].what ? ", " : "", lines[i].what ? lines[i].what : "",
			 lines[i].text);
		fields__print(label, text);
	}
	if (total > NAMED_MAX) {
		snprintf(text, sizeof(text), "and %zu more line%s", total - NAMED_MAX,
			 plural(total - NAMED_MAX));
		fields__print(label, text);
	}
}

static void print_paste(const struct paste *p)
{
	char text[1024];

	printf("%zu of %zu lines read as frames%s\n", p->nr_frame_lines, p->nr_lines,
	       p->cut ? "; the end of the text was not read" : "");
	print_lines("not read", p->lost, p->nr_lost < PASTE_LOST_MAX ? p->nr_lost : PASTE_LOST_MAX,
		    p->nr_lost);
	fields__print("first", explain__hung(p, text, sizeof(text)));
	print_lines("trouble", p->trouble, p->nr_trouble, p->nr_trouble);
}

/* The tasks with this stack. */
static void print_tasks(const struct groups *g, const struct paste *paste,
			const struct group *group)
{
	const struct task *first = &paste->stacks[group->first].task;
	char text[1024], name[64];
	size_t len = 0, nr = 0;

	for (size_t i = group->first; i != GROUPS_NONE && nr++ < NAMED_MAX; i = g->next[i])
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "",
					task_name(&paste->stacks[i].task, name, sizeof(name)));
	if (group->nr > NAMED_MAX)
		snprintf(text + len, sizeof(text) - len, " and %zu more", group->nr - NAMED_MAX);
	if (group->nr > 1 || *first->comm || first->pid)
		fields__print("task", text);
}

/* Settings of each program that has the stack, of the first ones. */
static void print_programs(const struct causes *causes, const struct groups *g,
			   const struct paste *paste, const struct group *group,
			   const struct explained *e)
{
	const char *seen[NAMED_MAX];
	size_t nr = 0;

	for (size_t i = group->first; i != GROUPS_NONE && nr < NAMED_MAX; i = g->next[i]) {
		const char *comm = paste->stacks[i].task.comm;
		bool new = *comm;

		for (size_t k = 0; k < nr; k++)
			new &= strcmp(seen[k], comm) != 0;
		if (!new)
			continue;
		seen[nr++] = comm;
		fields__programs(causes, comm, group->cause->id, explain__fits, e);
	}
}

static void print_blocker(const struct task *t)
{
	char text[128];

	if (!t->blocker_pid)
		return;
	snprintf(text, sizeof(text), "%s (%u) has the %s, says the kernel", t->blocker_comm,
		 t->blocker_pid, *t->lock ? t->lock : "lock");
	fields__print("holder", text);
}

static void print_main(const struct causes *causes, const struct paste *paste,
		       const struct groups *g, const struct group *group)
{
	struct explained e;
	const char *awake;
	char text[1024];

	groups__explain(g, paste, group->first, &e);
	awake = why_awake(e.stack);
	printf("\n%s%s\n", *awake ? "not asleep" : e.cause->id,
	       !explain__is_certain(&e) && !*awake ? " (not certain)" : "");
	print_tasks(g, paste, group);
	print_blocker(&e.stack->task);
	if (*awake) {
		fields__print("meaning", awake);
	} else {
		fields__print("name", e.cause->name);
		fields__print("where", explain__where(&e, causes, paste, text, sizeof(text)));
		fields__print("doubt", explain__doubt(&e, text, sizeof(text)));
	}
	if (!*awake && explain__is_certain(&e)) {
		fields__cause(e.cause, e.direct);
		print_programs(causes, g, paste, group, &e);
	}
	fields__print("via", causes__via(causes, e.names, e.depth, text, sizeof(text)));
	fields__print("telling", causes__telling(causes, e.names, e.depth, 3, text, sizeof(text)));
}

/* One line for a task that may hold up the others. */
static void print_suspect(const struct causes *causes, const struct explained *e, size_t more)
{
	char text[1024], name[64], telling[256], others[32] = "";

	if (more)
		snprintf(others, sizeof(others), " and %zu more", more);

	causes__telling(causes, e->names, e->depth, 2, telling, sizeof(telling));
	snprintf(text, sizeof(text), "%s%s%s%s%s%s in %s%s%s",
		 task_name(&e->stack->task, name, sizeof(name)), others, e->role ? " " : "",
		 e->role ? e->role : "", *e->stack->task.queue ? ", queue " : "",
		 e->stack->task.queue, telling,
		 *why_awake(e->stack) ? "; not asleep"
		 : e->doubt	      ? ", perhaps: "
				      : ": ",
		 *why_awake(e->stack) ? "" : e->cause->name);
	fields__print("", text);
}

/* Of equal stacks the first suspect is printed, the others are counted. */
static size_t count_suspects(const struct groups *g, const struct paste *paste, size_t from)
{
	struct explained e;
	size_t nr = 0;

	for (size_t i = from; i != GROUPS_NONE; i = g->next[i]) {
		groups__explain(g, paste, i, &e);
		nr += explain__is_suspect(&e);
	}
	return nr;
}

static void print_others(const struct causes *causes, const struct paste *paste, struct groups *g)
{
	size_t suspects = 0, rest = 0;
	struct explained e;

	for (size_t i = 0; i < paste->nr_stacks; i++) {
		struct group *group = &g->v[g->of[i]];

		groups__explain(g, paste, i, &e);
		if (e.submit)
			continue;
		if (!explain__is_suspect(&e)) {
			rest++;
			continue;
		}
		if (group->shown)
			continue;
		group->shown = true;
		if (!suspects++)
			printf("\nothers, each of which may be what the tasks above wait for\n");
		print_suspect(causes, &e, count_suspects(g, paste, i) - 1);
	}
	if (rest)
		printf("\n%zu other task%s of no known part in it\n", rest, rest > 1 ? "s" : "");
}

int explain__text(const struct causes *causes, const struct paste *paste)
{
	struct groups *g = groups__new(causes, paste);

	if (!g)
		return -ENOMEM;
	print_paste(paste);
	for (size_t i = 0; i < g->nr; i++)
		if (g->v[i].submit || !g->any_submit)
			print_main(causes, paste, g, &g->v[i]);
	if (g->any_submit)
		print_others(causes, paste, g);
	groups__free(g);
	return 0;
}
