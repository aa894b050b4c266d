/* SPDX-License-Identifier: GPL-2.0 */
/* Work that goes on in a thread of its own until it is waited for. */
#ifndef AIOSTALL_BASE_BESIDE_H
#define AIOSTALL_BASE_BESIDE_H

#include <pthread.h>
#include <stdbool.h>

struct beside {
	pthread_t thread;
	bool goes_on;
};

/*
 * fn(ctx) in a thread that takes no signals; without a thread to have it is done before this
 * returns. ctx is the caller's, and stays until beside__wait().
 */
void beside__start(struct beside *b, void (*fn)(void *ctx), void *ctx);
/* Returns once it is done; at once if nothing was started. */
void beside__wait(struct beside *b);

#endif
