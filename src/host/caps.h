/* SPDX-License-Identifier: GPL-2.0 */
/* Capabilities of this thread: what it may still do. */
#ifndef AIOSTALL_HOST_CAPS_H
#define AIOSTALL_HOST_CAPS_H

#include <stdbool.h>
#include <stdint.h>

#define CAPS_BIT(cap) (1ULL << (cap))

/* As bits, CAPS_BIT(CAP_BPF) and so on. 0 or -errno. */
int caps__get(uint64_t *effective, uint64_t *permitted);

/*
 * Gives all others up for good, and with them that a program which is executed gains any. What is in
 * `aside` alone can be raised again. 0 or -errno.
 */
int caps__keep(uint64_t keep, uint64_t aside);

/* Gives all up; a program that is executed may gain its own. 0 or -errno. */
int caps__keep_none(void);

/* Makes one effective that is permitted, or takes that back. True if it was changed. */
bool caps__raise(int cap);
void caps__lower(int cap);

#endif
