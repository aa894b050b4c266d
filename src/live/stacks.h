/* SPDX-License-Identifier: GPL-2.0 */
/* Stacks with the names of their functions, each kept once; valid during the call that delivers an event. */
#ifndef AIOSTALL_LIVE_STACKS_H
#define AIOSTALL_LIVE_STACKS_H

#include "live/state.h"

/* Of what the programs have kept by that id; NULL if there is none, or no memory. */
const struct stack *live_stacks__of(struct live *lv, uint64_t id);
/* A copy of a stack with names of its own, kept like the others; NULL if empty or out of memory. */
const struct stack *live_stacks__keep(struct live *lv, const struct stack *stack);
void live_stacks__free(struct live *lv);

#endif
