/* SPDX-License-Identifier: GPL-2.0 */
/* Lines that show a process as ps, /proc/PID/status and loops over /proc do. */
#ifndef AIOSTALL_PASTE_PROCESS_H
#define AIOSTALL_PASTE_PROCESS_H

#include "paste/heads.h"

/* HEAD_MAYBE or HEAD_NONE; *t is empty before. line: behind its prefix. */
enum head_kind process__read(const char *line, struct task *t);

#endif
