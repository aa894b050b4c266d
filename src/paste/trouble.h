/* SPDX-License-Identifier: GPL-2.0 */
/* Lines of a kernel log in which a device, a server or a filesystem is in trouble. */
#ifndef AIOSTALL_PASTE_TROUBLE_H
#define AIOSTALL_PASTE_TROUBLE_H

/* What such a line means, a constant; NULL for all others. */
const char *trouble__in_line(const char *line);

#endif
