/* SPDX-License-Identifier: GPL-2.0 */
/* Settings of this host that bear on io_submit: mounts, block devices, sysctls. */
#ifndef AIOSTALL_HOST_HOSTFACTS_H
#define AIOSTALL_HOST_HOSTFACTS_H

#include <stddef.h>

#include "model/source.h"

typedef void (*hostfacts_fn)(void *ctx, const char *what, const char *of, const char *value);

/* Each fact as docs/recording.md lists them; root is put before /proc and /sys, "" = this host. */
void hostfacts__each(const char *root, hostfacts_fn fn, void *ctx);
/* Name, kernel, CPUs: of this host, whatever the root of the others. */
void hostfacts__describe(struct host_info *h);
/* Of the running kernel: "" if it does not say. buf is returned. */
char *hostfacts__boot_id(const char *root, char *buf, size_t size);
char *hostfacts__kernel_build(const char *root, char *buf, size_t size);

#endif
