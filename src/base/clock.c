// SPDX-License-Identifier: GPL-2.0
#include "base/base.h"

#include <time.h>

static int64_t now_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return ts.tv_sec * (int64_t)NSEC_PER_SEC + ts.tv_nsec;
}

uint64_t clock__mono_ns(void)
{
	return (uint64_t)now_ns(CLOCK_MONOTONIC);
}

int64_t clock__wall_ns(void)
{
	return now_ns(CLOCK_REALTIME);
}
