/* SPDX-License-Identifier: GPL-2.0 */
#ifndef AIOSTALL_TESTS_RESIDENT_H
#define AIOSTALL_TESTS_RESIDENT_H

#include <stdio.h>
#include <unistd.h>

/* Resident memory of this process in KiB; 0 if /proc does not tell. */
static inline long resident_kib(void)
{
	long pages = 0, resident = 0;
	FILE *in = fopen("/proc/self/statm", "r");

	if (in && fscanf(in, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (in)
		fclose(in);
	return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

#endif
