/* SPDX-License-Identifier: GPL-2.0 */
/* Which processes could call io_submit, and which use io_uring instead: a look into /proc. */
#ifndef AIOSTALL_HOST_AIOUSERS_H
#define AIOSTALL_HOST_AIOUSERS_H

#include <stdbool.h>
#include <stdint.h>

#include "host/aside.h"

struct aiouser {
	uint32_t pid;
	char comm[64];	   /* as the program chose it */
	uint32_t contexts; /* of io_setup(2) */
	uint32_t rings;	   /* of io_uring_setup(2) */
	bool known;	   /* false: /proc did not let us look */
};

/* proc_root NULL = /proc. */
struct aiouser aiousers__look(struct aside *a, const char *proc_root, uint32_t pid);
/*
 * Call fn for each process that has a context or a ring. Contexts cost a walk of each process'
 * mappings, rings one of its descriptors. As pidwalk__each.
 */
int aiousers__scan(struct aside *a, const char *proc_root,
		   void (*fn)(void *ctx, const struct aiouser *u), void *ctx);
/* Requests that all io_setup calls of the host have reserved; false if the kernel does not say. */
bool aiousers__reserved(const char *proc_root, uint64_t *nr);
/*
 * The sysctl kernel.io_uring_disabled (from 6.6 on, Documentation/admin-guide/sysctl/kernel.rst): who
 * cannot make a ring. 0 nobody, or the kernel does not say; 1 who has neither CAP_SYS_ADMIN nor the
 * group kernel.io_uring_group; 2 everybody. Rings that are there go on in each case.
 */
unsigned int aiousers__rings_refused(const char *proc_root);

#endif
