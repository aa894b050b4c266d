/* SPDX-License-Identifier: GPL-2.0 */
/* How requests were handed over to the kernel, and in which part of that a thread slept. */
#ifndef AIOSTALL_MODEL_API_H
#define AIOSTALL_MODEL_API_H

#include <stdint.h>

/* In recordings by name, so that the numbers are free to change. */
enum api { API_AIO, API_URING, APIS }; /* io_submit(2), io_uring */

#define API_BIT(api) (1u << (api))
#define API_ALL (API_BIT(APIS) - 1)

/* "aio". */
const char *api__name(enum api api);
/* API_AIO for "aio", APIS if there is none of that name. */
enum api api__find(const char *name);

/* In recordings by number. Of aio there is but the first. Sleeps of several are never added up. */
enum plane {
	PLANE_SUBMIT,	/* the submitter, while it hands over */
	PLANE_TASKWORK, /* the submitter, in work that the kernel had put off */
	PLANE_WORKER,	/* a thread of io-wq, which has taken over the request */
	PLANE_SQPOLL,	/* the kernel's thread that submits for a ring */
	PLANES
};

/* "submit"; of all beyond "". */
const char *plane__name(enum plane plane);

/* Opcodes of io_uring (IORING_OP_*) have this bit, those of aio (IOCB_CMD_*) have not. */
#define OP_URING 0x100

/* "pwrite" of aio, "write" of io_uring; "other" if it is not known. */
const char *op__name(uint16_t opcode);

#endif
