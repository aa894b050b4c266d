/* SPDX-License-Identifier: GPL-2.0 */
/* What is given up once the probes are attached. */
#ifndef AIOSTALL_CMD_PRIVILEGES_H
#define AIOSTALL_CMD_PRIVILEGES_H

#include "cmd/options.h"

/* With the probes attached and CMD started: keeps what looking names up and writing results needs. */
int privileges__drop(const struct cmd_opts *opts, struct err *e);

#endif
