// SPDX-License-Identifier: GPL-2.0
#include "paste/order.h"

#include <string.h>

#include "paste/chars.h"
#include "paste/frames.h"

struct prefix {
	const char *name;
	bool whole; /* not only how it begins */
};

static bool is_any(const char *name, const struct prefix *list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (list[i].whole ? !strcmp(name, list[i].name) : chars__starts(name, list[i].name))
			return true;
	return false;
}

#define IS_ANY(name, list) is_any(name, list, sizeof(list) / sizeof((list)[0]))

bool order__is_switch(const char *name)
{
	static const struct prefix list[] = {
		{"__schedule", true},
		{"__switch_to", true},
		{"context_switch", true},
	};

	return IS_ANY(name, list);
}

bool order__is_outermost(const char *name)
{
	static const struct prefix list[] = {
		{"entry_SYSCALL", false}, {"entry_INT80", false},
		{"system_call", false},	  {"sysenter_", false},
		{"ret_from_fork", false}, {"kernel_thread_helper", true},
		{"child_rip", true},	  {"ret_fast_syscall", true},
		{"el0t_", false},	  {"el0_svc", true},
		{"el0_sync", false},	  {"ret_from_kernel_thread", false},
		{"tracesys", true},	  {"ia32_sysret", true},
		{"sysret", false},	  {"start_thread", true},
		{"_start", true},	  {"syscall_exit", true},
	};

	return IS_ANY(name, list);
}

bool order__is_wait(const char *name)
{
	static const struct prefix list[] = {
		{"schedule", false},
		{"io_schedule", false},
	};

	return order__is_switch(name) || IS_ANY(name, list);
}

static bool is_reversed(const struct paste_frame *frames, size_t nr)
{
	size_t out = nr, in = nr;

	for (size_t i = nr; i-- > 0;) {
		if (order__is_outermost(frames[i].name))
			out = i;
		if (order__is_wait(frames[i].name))
			in = i;
	}
	if (in < nr)
		return out < in;
	if (out + 1 < nr && chars__starts(frames[out + 1].name, "do_syscall"))
		return true;
	return nr > 2 && out < 2 && out + 1 < nr && !order__is_outermost(frames[nr - 1].name);
}

static void reverse(struct paste_frame *frames, size_t nr)
{
	for (size_t i = 0; i < nr / 2; i++) {
		struct paste_frame f = frames[i];

		frames[i] = frames[nr - 1 - i];
		frames[nr - 1 - i] = f;
	}
}

void order__turn_inward(struct paste_frame *frames, size_t nr)
{
	if (is_reversed(frames, nr))
		reverse(frames, nr);
}

/* Who calls the scheduler for a task that could run on. */
static bool is_preemption(const char *name)
{
	static const struct prefix list[] = {
		{"preempt_schedule", false},
		{"__cond_resched", false},
		{"_cond_resched", true},
		{"cond_resched", true},
		{"irqentry_exit", false},
		{"raw_irqentry_exit", false},
		{"retint_", false},
		{"exit_to_user_mode", false},
		{"prepare_exit_to_usermode", true},
		{"schedule_user", true},
		{"el1_preempt", true},
		{"arm64_preempt_schedule", false},
		{"exit_to_usermode_loop", true},
		{"__cond_resched_lock", false},
		{"syscall_exit_to_user_mode", false},
		{"do_notify_resume", true},
		{"work_resched", true},
	};

	return IS_ANY(name, list);
}

static bool switched(const struct paste_frame *frames, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (order__is_switch(frames[i].name))
			return true;
	return false;
}

/* Who prints the stack of the task that calls it, wakes another one, or spins: as the innermost it had the CPU. */
static bool is_running(const char *name)
{
	static const struct prefix list[] = {
		{"dump_stack", false},
		{"__dump_stack", true},
		{"show_stack", false},
		{"dump_backtrace", true},
		{"show_trace", false},
		{"dump_trace", true},
		{"nmi_cpu_backtrace", true},
		{"print_stack_trace", true},
		{"sched_show_task", true},
		{"ttwu_", false},
		{"try_to_wake_up", true},
		{"native_queued_spin_lock_slowpath", true},
		{"queued_spin_lock_slowpath", true},
		{"_raw_spin_lock", false},
		{"_raw_spin_unlock", false},
	};

	return IS_ANY(name, list);
}

static enum paste_sleep sleep_of_frames(const struct paste_frame *frames, size_t nr,
					bool interrupted)
{
	size_t i = 0;

	if (nr && is_running(frames[0].name))
		return PASTE_RUNNING;
	while (i < nr && !order__is_wait(frames[i].name) && !is_preemption(frames[i].name))
		i++;
	if (i == nr)
		return interrupted ? PASTE_RUNNING : PASTE_ASLEEP;
	for (; i < nr && (order__is_switch(frames[i].name) || !strcmp(frames[i].name, "schedule"));)
		i++;
	if (i < nr && is_preemption(frames[i].name))
		return PASTE_PREEMPTED;
	return PASTE_ASLEEP;
}

/* Whether it slept is told by the frames that are sure. */
enum paste_sleep order__sleep_of(const struct paste *p, const struct paste_stack *s)
{
	struct paste_frame sure[PASTE_DEPTH_MAX];
	const char *names[PASTE_DEPTH_MAX];
	size_t nr = paste__names(p, s, names);
	enum paste_sleep sleep;

	if (s->task.record)
		return PASTE_RECORD;
	for (size_t i = 0; i < nr; i++)
		sure[i].name = names[i];
	sleep = sleep_of_frames(sure, nr, s->interrupted);
	/* It was runnable, and another task had the CPU. */
	if (sleep == PASTE_ASLEEP && s->task.state == 'R' && switched(sure, nr))
		return PASTE_PREEMPTED;
	return sleep == PASTE_ASLEEP && s->task.running ? PASTE_RUNNING : sleep;
}

/* A log that begins in the middle of a stack: no head, and no frame of a wait, but heads behind it. */
bool order__is_mixed(const struct paste *p, const struct paste_stack *s)
{
	const char *entry = NULL;
	size_t inner = 0, outer = 0;

	for (size_t i = s->first; i < s->first + s->nr; i++) {
		if (p->frames[i].guess)
			continue;
		inner += !strcmp(p->frames[i].name, "__schedule");
		if (entry && !strcmp(p->frames[i].name, entry))
			outer++;
		else if (!entry && chars__starts(p->frames[i].name, "entry_SYSCALL"))
			entry = p->frames[i].name;
	}
	return inner > 1 || outer;
}

bool order__begins_within(const struct paste *p, const struct lines *lines)
{
	const struct paste_stack *s = &p->stacks[0];

	if (s->task.pid || *s->task.comm || !lines->nr || s->line != lines->v[0].number ||
	    frames__skip_prefix(lines->v[0].text) == chars__skip_blanks(lines->v[0].text))
		return false;
	for (size_t i = 0; i < s->nr; i++)
		if (order__is_wait(p->frames[s->first + i].name))
			return false;
	return p->stacks[1].task.pid;
}
