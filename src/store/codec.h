/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Histograms as blobs: pairs of numbers in Elias' gamma code, the distance to
 * the last bucket that is set, and its count. Most are 1, which takes one bit:
 * a third of what whole bytes would take.
 */
#ifndef AIOSTALL_STORE_CODEC_H
#define AIOSTALL_STORE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "model/hist.h"
#include "model/sparse.h"

/* A pair takes 17 bits of distance at most and 127 of count. */
#define CODEC_HIST_MAX (HIST_BUCKETS * 18)

/* Returns the bytes used, 0 for an empty histogram. */
size_t codec__put_hist(const struct hist *h, uint8_t buf[CODEC_HIST_MAX]);
/* Add a blob to h; saturates. 0 or -EBADMSG, with h as it was or with a part added. */
int codec__add_hist(const uint8_t *blob, size_t size, struct hist *h);

/* The same of one with few buckets; puts it in order. */
size_t codec__put_sparse(struct sparse *s, uint8_t buf[CODEC_HIST_MAX]);

#endif
