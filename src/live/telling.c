// SPDX-License-Identifier: GPL-2.0
#include "live/telling.h"

#include <assert.h>
#include <string.h>

#include "base/base.h"

/*
 * By name, since kernels inline what they like: a function that is missing from one is part of
 * another there. 5.10 to 7.3.
 */
static const struct {
	const char *function;
	enum wire_telling tells;
} functions[] = {
	{"__do_sys_io_uring_enter", WIRE_TELLS_ENTER},
	{"__se_sys_io_uring_enter", WIRE_TELLS_ENTER},
	{"__x64_sys_io_uring_enter", WIRE_TELLS_ENTER},
	{"__ia32_sys_io_uring_enter", WIRE_TELLS_ENTER},
	{"__arm64_sys_io_uring_enter", WIRE_TELLS_ENTER},
	{"io_sq_thread", WIRE_TELLS_ENTER},
	{"io_submit_sqes", WIRE_TELLS_SUBMIT},
	{"io_issue_sqe", WIRE_TELLS_ISSUE},
	{"__io_issue_sqe", WIRE_TELLS_ISSUE},
	{"blk_finish_plug", WIRE_TELLS_FLUSH},
	{"__blk_flush_plug", WIRE_TELLS_FLUSH},
	{"blk_flush_plug_list", WIRE_TELLS_FLUSH},
	{"task_work_run", WIRE_TELLS_TASKWORK},
	{"tctx_task_work", WIRE_TELLS_TASKWORK},
	{"tctx_task_work_run", WIRE_TELLS_TASKWORK},
	{"io_handle_tw_list", WIRE_TELLS_TASKWORK},
	{"io_run_local_work", WIRE_TELLS_TASKWORK},
	{"__io_run_local_work", WIRE_TELLS_TASKWORK},
	{"__io_run_local_work_loop", WIRE_TELLS_TASKWORK},
	{"io_cqring_wait", WIRE_TELLS_CQWAIT},
	{"io_cqring_wait_schedule", WIRE_TELLS_CQWAIT},
	{"io_cqring_schedule_timeout", WIRE_TELLS_CQWAIT},
	{"io_run_loop", WIRE_TELLS_CQWAIT},
	{"io_sqd_handle_event", WIRE_TELLS_IDLE},
	{"io_uring_cancel_generic", WIRE_TELLS_IDLE},
	{"schedule", WIRE_TELLS_SLEEP},
	{"io_schedule", WIRE_TELLS_SLEEP},
	{"schedule_timeout", WIRE_TELLS_SLEEP},
	{"schedule_hrtimeout", WIRE_TELLS_SLEEP},
	{"schedule_hrtimeout_range", WIRE_TELLS_SLEEP},
	{"schedule_hrtimeout_range_clock", WIRE_TELLS_SLEEP},
};
static_assert(ARRAY_SIZE(functions) <= WIRE_TELLING_MAX, "a place each");

void telling__fill(const struct ksyms *k, struct wire_telling_range *to)
{
	uint64_t start, end;

	memset(to, 0, WIRE_TELLING_MAX * sizeof(*to));
	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		if (ksyms__range(k, functions[i].function, &start, &end))
			continue;
		*to++ = (struct wire_telling_range){start, end, functions[i].tells};
	}
}
