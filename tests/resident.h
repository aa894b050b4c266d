/* SPDX-License-Identifier: GPL-2.0 */
#ifndef AIOSTALL_TESTS_RESIDENT_H
#define AIOSTALL_TESTS_RESIDENT_H

#include <stdio.h>

/*
 * Resident memory of this process that is no file's, in KiB; 0 if /proc does not tell. Of programs and
 * libraries the page cache decides how many pages are mapped, which differs by half a megabyte between two
 * runs. By its pages: the counts in statm lack what each CPU has yet to add to them (kernels from 6.2 on).
 */
static inline long resident_kib(void)
{
	FILE *in = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long kib = 0;

	while (in && fgets(line, sizeof(line), in))
		if (sscanf(line, "Anonymous: %ld", &kib) == 1)
			break;
	if (in)
		fclose(in);
	return kib;
}

#endif
