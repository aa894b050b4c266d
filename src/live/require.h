/* SPDX-License-Identifier: GPL-2.0 */
/* What must be there before a program is loaded. */
#ifndef AIOSTALL_LIVE_REQUIRE_H
#define AIOSTALL_LIVE_REQUIRE_H

#include "base/base.h"

/* 0, or -errno with what is missing, and what to do, in e. */
int require__all(struct err *e);

#endif
