/* SPDX-License-Identifier: GPL-2.0 */
#ifndef AIOSTALL_LIVE_OBJECT_H
#define AIOSTALL_LIVE_OBJECT_H

struct aiostall_bpf;
struct bpf_object_open_opts;

/*
 * The skeleton, opened, its programs not yet loaded; it is the caller's, for
 * aiostall_bpf__destroy(). NULL with errno: no memory, or libbpf refused the object.
 */
struct aiostall_bpf *object__open(const struct bpf_object_open_opts *opts);

#endif
