/* SPDX-License-Identifier: GPL-2.0 */
/* What of a filesystem and a device decides about asynchronous I/O and stands in no mount option. */
#ifndef AIOSTALL_QUALIFY_FSFACTS_H
#define AIOSTALL_QUALIFY_FSFACTS_H

#include "qualify/result.h"

/* By a new file of it: extents or none, copy on write, extent-size hint, data profile. */
void fsfacts__note(int fd, const char *fstype, struct result *r);
/* "md raid1", "dm crypt", "loop", "nvme", "disk": of a whole disk by its name. buf is returned. */
char *fsfacts__device_kind(const char *disk, char *buf, size_t size);

#endif
