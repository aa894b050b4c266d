/* SPDX-License-Identifier: GPL-2.0 */
/* The functions by which the programs tell what a sleep inside io_uring_enter is. */
#ifndef AIOSTALL_LIVE_TELLING_H
#define AIOSTALL_LIVE_TELLING_H

#include "bpf/wire.h"
#include "host/ksyms.h"

/* Where they lie in this kernel: WIRE_TELLING_MAX places, those at the end empty. */
void telling__fill(const struct ksyms *k, struct wire_telling_range *to);

#endif
