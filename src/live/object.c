// SPDX-License-Identifier: GPL-2.0
/*
 * The BPF object that the skeleton opens. The binary holds it packed, a fifth
 * of its size, and unpacks it for the few milliseconds in which libbpf reads it.
 */
#include "live/object.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

/* The records that the skeleton names. */
#include "bpf/wire.h"

#include "aiostall.skel.h"

/* What `gzip` made of the object, and its length: see the Makefile. */
extern const char bpf_object_gz[];
extern const size_t bpf_object_gz_bytes;

static void *unpacked;

/* The last four bytes of a gzip file are the length of what is packed, little endian (RFC 1952). */
static size_t length_unpacked(void)
{
	const unsigned char *end = (const unsigned char *)bpf_object_gz + bpf_object_gz_bytes;

	return end[-4] | end[-3] << 8 | end[-2] << 16 | (size_t)end[-1] << 24;
}

static void *unpack(size_t bytes)
{
	z_stream z = {.next_in = (unsigned char *)bpf_object_gz,
		      .avail_in = (uInt)bpf_object_gz_bytes};
	void *to = malloc(bytes);
	int rc;

	if (!to || inflateInit2(&z, 15 + 16) != Z_OK) {
		free(to);
		return NULL;
	}
	z.next_out = to;
	z.avail_out = (uInt)bytes;
	rc = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	if (rc == Z_STREAM_END && !z.avail_out)
		return to;
	free(to);
	return NULL;
}

const void *aiostall_bpf__elf_bytes(size_t *sz)
{
	*sz = length_unpacked();
	return unpacked;
}

struct aiostall_bpf *object__open(const struct bpf_object_open_opts *opts)
{
	struct aiostall_bpf *skel = NULL;

	unpacked = unpack(length_unpacked());
	if (unpacked)
		skel = aiostall_bpf__open_opts(opts);
	else
		errno = ENOMEM;
	free(unpacked);
	unpacked = NULL;
	return skel;
}
