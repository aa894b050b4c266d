/* SPDX-License-Identifier: GPL-2.0 */
/* What the formatters must know of where they print to. */
#ifndef AIOSTALL_CMD_SCREEN_H
#define AIOSTALL_CMD_SCREEN_H

#include "report/format.h"

/* Width and colour of the terminal behind fd; 80 columns, no colour, if it is none. */
struct format_opts screen__format_opts(int fd, size_t top);

#endif
