/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work on what is not trusted, in a child that can do nothing else: no file can be opened, no process
 * made, no connection; another user, if it began as root; bounded processor time, memory and output.
 */
#ifndef AIOSTALL_CMD_CONFINE_H
#define AIOSTALL_CMD_CONFINE_H

#include <sys/types.h>

#include "base/base.h"

struct confine_limits {
	unsigned int cpu_s;	 /* until confine__extend_time is called */
	unsigned int more_cpu_s; /* beyond, after that */
	uint64_t memory_bytes;	 /* of address space */
	uint64_t output_bytes;	 /* that the output may grow by */
	int output;		 /* descriptor */
	const int *keep;	 /* the only other descriptors that are there, besides stderr */
	size_t nr_keep;
};

struct confine_end {
	int status; /* what the work returned, if it ended by itself */
	int signal; /* what ended it, 0 = itself */
};

/* Run work(ctx) confined. 0, or -errno with e set: it could not be begun. */
int confine__run(int (*work)(void *ctx), void *ctx, const struct confine_limits *limits,
		 struct confine_end *end, struct err *e);
/* In the child: what is not trusted has been read, the rest of the time may be used. */
void confine__extend_time(void);

#endif
