/* SPDX-License-Identifier: GPL-2.0 */
/* Sockets that listen: opened by address, or handed over by systemd. */
#ifndef AIOSTALL_SERVE_LISTEN_H
#define AIOSTALL_SERVE_LISTEN_H

#include "base/base.h"

/* As in http__listen. A descriptor that does not block, or -errno with e set. */
int listen__open(const char *address, struct err *e);
/* How many descriptors LISTEN_FDS hands over to this process, the first in *first; they are no child's. */
int listen__inherited(int *first);
/* Of one that was handed over: it must listen, and not block. 0 or -errno. */
int listen__prepare(int fd);
/* Only this machine can connect. */
bool listen__is_local(int fd);
/* "127.0.0.1:9758". buf is returned. */
char *listen__where(int fd, char *buf, size_t size);

#endif
