// SPDX-License-Identifier: GPL-2.0
#include "paste/order.h"

#include <string.h>

#include "paste/chars.h"

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

static bool is_wait(const char *name)
{
	static const struct prefix list[] = {
		{"schedule", false},
		{"io_schedule", false},
	};

	return order__is_switch(name) || IS_ANY(name, list);
}

bool order__is_reversed(const struct paste_frame *frames, size_t nr)
{
	size_t out = nr, in = nr;

	for (size_t i = nr; i-- > 0;) {
		if (order__is_outermost(frames[i].name))
			out = i;
		if (is_wait(frames[i].name))
			in = i;
	}
	if (in < nr)
		return out < in;
	return nr > 2 && out < 2 && out + 1 < nr && !order__is_outermost(frames[nr - 1].name);
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

bool order__switched(const struct paste_frame *frames, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		if (order__is_switch(frames[i].name))
			return true;
	return false;
}

/* Who prints the stack of the task that calls it. */
static bool is_dumper(const char *name)
{
	static const struct prefix list[] = {
		{"dump_stack", false},	     {"__dump_stack", true},	  {"show_stack", false},
		{"dump_backtrace", true},    {"show_trace", false},	  {"dump_trace", true},
		{"nmi_cpu_backtrace", true}, {"print_stack_trace", true}, {"sched_show_task", true},
	};

	return IS_ANY(name, list);
}

enum paste_sleep order__sleep(const struct paste_frame *frames, size_t nr, bool interrupted)
{
	size_t i = 0;

	if (nr && is_dumper(frames[0].name))
		return PASTE_RUNNING;
	while (i < nr && !is_wait(frames[i].name) && !is_preemption(frames[i].name))
		i++;
	if (i == nr)
		return interrupted ? PASTE_RUNNING : PASTE_ASLEEP;
	for (; i < nr && (order__is_switch(frames[i].name) || !strcmp(frames[i].name, "schedule"));)
		i++;
	if (i < nr && is_preemption(frames[i].name))
		return PASTE_PREEMPTED;
	return PASTE_ASLEEP;
}
